"""Why an event was published: the record that caused it, the state it was decided from, and the proof by replay. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from config.rules import Rules
from streams.checkpoint import Restored
from streams.driver import step
from streams.engine import Engine, Output
from streams.ids import EventId
from streams.lane import Lane
from streams.record import Record


class Unexplained(Exception):
    """The event cannot be explained from what is still there: says why."""


@dataclass(frozen=True)
class Explanation:
    """``source``: the record; ``state``: of the agent, before it; ``made``: everything the hall published on it."""

    id: EventId
    source: Record
    state: dict[str, Any] | None
    rules: dict[str, Any] | None
    files: dict[str, str]
    made: tuple[Output, ...]
    replayed: Output | None
    records_replayed: int


def explain(
    event_id: EventId,
    lane: Lane,
    records: Iterable[Record],
    restored: Restored | None,
    *,
    partition: int,
    partitions: int,
    topology: int,
    start: int | None = None,
) -> Explanation:
    """Replay ``records``, which go on where ``restored`` ends, up to the one that caused the event.

    ``start``: where the log begins, if that is known.
    """
    engine = Engine(lane, partition, partitions=partitions, topology=topology, restored=restored)
    for count, record in enumerate(records, 1):
        if record.offset >= event_id.offset:
            return _at(event_id, engine, record, count, start)
        step(engine, record, start)
    raise Unexplained(f"the log of lane {lane.name} ends before offset {event_id.offset}, which this id names")


def _at(event_id: EventId, engine: Engine, record: Record, count: int, start: int | None) -> Explanation:
    if record.offset != event_id.offset:
        raise Unexplained(
            f"{record.topic}/{record.partition}: there is no record at offset {event_id.offset}: it has been removed, or its "
            f"producer has taken it back (a transaction that was aborted)"
        )
    key = event_id.hall.encode()
    hall = engine.halls.get(key)
    state = _state(engine, key, event_id.agent)
    made = tuple(o for o in step(engine, record, start) if o.id is not None and o.id.hall == event_id.hall)
    if engine.era != event_id.era:
        raise Unexplained(
            f"the event is of era {event_id.era}, and what is still in the log replays as era {engine.era}: either the era of "
            "the event began with a `hall reset` or with lost records, and its first snapshot, about a second later, comes after "
            "it; or it was ended by one, and no snapshot of it is left"
        )
    hall = hall or engine.halls.get(key)
    return Explanation(
        id=event_id, source=record, state=state, rules=_rules(hall.rules, event_id.agent) if hall else None,
        files=hall.files if hall else {}, made=made, replayed=next((o for o in made if o.id == event_id), None),
        records_replayed=count,
    )  # fmt: skip


def _state(engine: Engine, key: bytes, agent: str) -> dict[str, Any] | None:
    hall = engine.halls.get(key)
    state = hall.state_of(agent) if hall else None
    return None if state is None else msgspec.json.decode(msgspec.json.encode(state))


def _rules(rules: Rules, agent: str) -> dict[str, Any] | None:
    """The section of the rules that the agent goes by; every agent's is called as it is."""
    section = getattr(rules, agent, None)
    if section is None:
        return None
    if isinstance(section, tuple):
        return {agent: [item.model_dump(mode="json") for item in section]}
    return {agent: section.model_dump(mode="json")}
