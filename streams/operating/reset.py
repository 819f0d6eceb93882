"""A new era: when the log is not the one that the state belongs to, somebody has to say what holds.

The state is kept where it fits the log's content, whatever the log's id: a restored backup, a moved file. First what
stands in the log behind the mark is processed, under the old era: some of it may have been published before, and under
its old ids it is dropped by whoever has seen it. The new era begins with the next record, so that what this log and
the one it was copied from say from here on can never be taken for one another.

Elsewhere the state is dropped, and the new era begins at the start of what the log retains, or at its end.

A state that is gone (its topic was removed) is rebuilt from the newest snapshot where that fits the log as a state has to:
what stands in the log since then is processed again, under the old era and so under the ids that it was published with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple
from uuid import uuid4

import msgspec

from streams.checkpoint import Mark, Restored, StateUnreadable, checksum, encode_mark, hall_key, mark_key
from streams.codec import event_id_of
from streams.driver import step
from streams.engine import Engine, Output
from streams.lane import Topology
from streams.log import Append, EventLog
from streams.operating import admin
from streams.operating.admin import LaneState
from streams.operating.reading import stretch
from streams.record import Record
from streams.snapshot import latest
from streams.topics import ALERTS, GROUP, JOURNAL, SNAPSHOTS, state_topic
from streams.traces import LanePlace, Traces, find, when

Where = Literal["auto", "start", "end"]
Kept = Literal["kept", "rebuilt", "empty", "dropped", "nothing"]

BATCH = 5_000
"""Records between two writes; also how much a hall that fails may have to go through again."""


class Plan(NamedTuple):
    """What a reset does with one partition of a lane, and why. ``next_offset``: the first record of the new era."""

    state: LaneState
    does: Kept
    why: str
    era: int
    next_offset: int


class Written(NamedTuple):
    """A checkpoint to write: (hall, value) of each hall, and the mark."""

    halls: list[tuple[str, bytes]]
    mark: Mark


LAST = 20_000
"""How many of the newest records of a topic are looked through for the era that they were published in."""

Progress = Callable[[int], None]
"""Told how many more records were processed."""


def plan(log: EventLog, states: Sequence[LaneState], topology: Topology, where: Where, now_ms: int) -> list[Plan]:
    """Changes nothing."""
    return [_plan(log, state, topology, where, now_ms) for state in states]


def _plan(log: EventLog, state: LaneState, topology: Topology, where: Where, now_ms: int) -> Plan:
    # Eras are never taken twice. One that cannot be read any more was given before now.
    left = _left(log, state) if state.mark is None else Traces()
    known = left.found or state.keys
    era = state.mark.era + 1 if state.mark else _above(log, state, left, now_ms) if known else 0
    if where != "auto":
        return Plan(
            state, "dropped", f"--from {where} was given", era, state.start if where == "start" else _end(state)
        )
    if state.mark is None and not state.fault:
        return _plan_without(log, state, topology, left, era)
    if (fault := state.fault or misfit(log, state, topology)) is not None:
        return Plan(state, "dropped", fault, era, state.start)
    but = "though the log has another id" if _renamed(log, state) else "and the engine would run on it as it is"
    why = f"the state fits this log, {but}"
    return Plan(state, "kept", why, era, _end(state))


def _end(state: LaneState) -> int:
    """Behind all that was or can be read. Whoever read what was not committed may have come further (versions before 24)."""
    seen = state.mark.next_offset if state.mark is not None else 0
    return seen if state.end < seen <= state.written else state.end


def _left(log: EventLog, state: LaneState) -> Traces:
    place = _place(state)
    return find(log, [place])[place]


def _place(state: LaneState) -> LanePlace:
    return LanePlace(state.lane.name, state.lane.topic, state.partition)


def _above(log: EventLog, state: LaneState, left: Traces, now_ms: int) -> int:
    """An era that was never given, as far as anything tells: the clock may have been ahead when one was."""
    snapshot = left.snapshot.name.era if left.snapshot is not None else 0
    return max(now_ms, published_era(log, state) + 1, snapshot + 1)


def _plan_without(log: EventLog, state: LaneState, topology: Topology, left: Traces, era: int) -> Plan:
    """Where there is no state: was there one, and what is left of it."""
    if not left.found:
        return Plan(state, "nothing", "the engine has kept no state of it yet", era, state.start)
    gone = f"its state is gone: {left.words(_place(state))}"
    if left.snapshot is None and _of_no_hall(log, state):
        return Plan(state, "empty", f"{gone}. No hall has a record in the log, nor a snapshot", era, state.end)
    if left.snapshot is None:
        return Plan(state, "dropped", f"{gone}. There is no snapshot of it", era, state.start)
    restored, why = _snapshot(log, state, topology, left.snapshot.name.era)
    if restored is None or restored.mark is None:
        return Plan(state, "dropped", f"{gone}. It cannot be rebuilt: {why}", era, state.start)
    mark = restored.mark
    why = f"its state is gone; the snapshot of {when(mark.time_ms)}, offset {mark.next_offset}, fits this log"
    return Plan(state._replace(restored=restored), "rebuilt", why, mark.era + 1, state.end)


def _of_no_hall(log: EventLog, state: LaneState) -> bool:
    """Most partitions of a small installation have no hall: nothing but ticks, which have no key."""
    return all(r.key is None for r in admin.records(log, state.lane.topic, state.partition, state.start, state.end))


def _snapshot(log: EventLog, state: LaneState, topology: Topology, newest: int) -> tuple[Restored | None, str]:
    """The newest whole one, if the state can be rebuilt from it; otherwise why not. ``newest``: the era of the last one."""
    try:
        found = latest(lambda: stretch(log, SNAPSHOTS, state.partition), state.lane.name, state.partition)
    except StateUnreadable as e:
        return None, str(e)
    if found is None or found.mark is None:
        return None, "no snapshot is whole"
    rebuilt = state._replace(restored=found)
    if (fault := misfit(log, rebuilt, topology)) is not None:
        return None, fault
    if (later := max(published_era(log, state), newest)) > found.mark.era:
        return None, f"a later era, {later}, was begun after the snapshot of era {found.mark.era}"
    if found.mark.topology != topology.version:
        return (
            None,
            f"the snapshot is of topology version {found.mark.topology}, this program would conclude other things",
        )
    if _at(log, rebuilt, found.mark.next_offset - 1) is None and _renamed(log, rebuilt):
        return None, "the record before it is not there any more, so nothing proves that this is the log it is of"
    return found, ""


def published_era(log: EventLog, state: LaneState) -> int:
    """The highest era in the newest ids that this lane's partition published; 0 where there is none."""
    eras = [0]
    for topic in (JOURNAL, ALERTS):
        end = log.end(topic, state.partition)
        newest = max(log.start(topic, state.partition), end - LAST)
        names = map(event_id_of, admin.records(log, topic, state.partition, newest, end))
        eras += [name.era for name in names if name is not None and name.lane == state.lane.name]
    return max(eras)


def _renamed(log: EventLog, state: LaneState) -> bool:
    return state.mark is not None and state.mark.log_id not in ("", log.identity(state.lane.topic))


def misfit(log: EventLog, state: LaneState, topology: Topology) -> str | None:
    """Why a readable state cannot be of this log, or not be used by this program; None where it can."""
    mark = state.mark
    assert mark is not None
    if mark.topology > topology.version:
        return f"it was written by topology version {mark.topology}, this program has {topology.version}"
    if not state.start <= mark.next_offset <= state.written:
        return f"its mark is at {mark.next_offset}, the log has {state.start} to {state.written}"
    last = _at(log, state, mark.next_offset - 1) if mark.lost_from is None else None
    if last is not None and checksum(last) != mark.checksum:
        return f"the record at {last.offset} is not the one that it was computed from"
    try:
        _engine(log, state, topology)
    except StateUnreadable as e:
        return str(e)
    return None


def _engine(log: EventLog, state: LaneState, topology: Topology) -> Engine:
    """The engine as it was at the mark. Raises StateUnreadable."""
    return Engine(
        state.lane, state.partition, partitions=log.partitions(state.lane.topic), log_id=log.identity(state.lane.topic),
        topology=topology.version, restored=state.restored,
    )  # fmt: skip


def _at(log: EventLog, state: LaneState, offset: int) -> Record | None:
    found = log.read(state.lane.topic, state.partition, offset, limit=1) if offset >= 0 else []
    return found[0] if found and found[0].offset == offset else None


def carry_out(log: EventLog, plans: Sequence[Plan], topology: Topology, progress: Progress = lambda _: None) -> None:
    """Write the new era. The caller holds the consumer's lock, and has held it since the states were read.

    Ended half-way it has published what the engine would publish again under the same ids, and nothing else.
    """
    rows: list[Append] = []
    positions: dict[tuple[str, str, int], int] = {}
    for item in plans:
        if item.does == "nothing":
            continue
        goes_on = item.does in ("kept", "rebuilt")
        written = _caught_up(log, item, topology, progress) if goes_on else _fresh(log, item, topology)
        rows += _rows(item.state, written)
        positions[GROUP, item.state.lane.topic, item.state.partition] = written.mark.next_offset
    log.append(rows, positions=positions)


def _caught_up(log: EventLog, item: Plan, topology: Topology, progress: Progress) -> Written:
    """The state after all that stood in the log when the reset was planned, published once more under the old era."""
    state = item.state
    engine = _engine(log, state, topology)
    pending: list[Output] = []
    tail = admin.records(log, state.lane.topic, state.partition, engine.next_offset, state.end)
    for count, record in enumerate(tail, 1):
        pending += step(engine, record, state.start)
        if count % BATCH == 0:
            _publish(log, pending)
            engine.checkpoint()  # not to be written: the halls forget what they would go back over
            progress(BATCH)
    _publish(log, pending)
    mark = msgspec.structs.replace(engine.mark(), era=max(item.era, engine.era + 1), pending=True)
    return Written(engine.whole().halls, mark)


def _publish(log: EventLog, pending: list[Output]) -> None:
    log.append([Append(o.topic, o.partition, o.key, o.value, o.timestamp_ms) for o in pending])
    pending.clear()


def _fresh(log: EventLog, item: Plan, topology: Topology) -> Written:
    """No state. The record before the new beginning is remembered, so that the log is known again."""
    last = _at(log, item.state, item.next_offset - 1)
    known = checksum(last) if last else 0
    return Written(
        [], Mark(item.era, True, item.next_offset, 0, known, log.identity(item.state.lane.topic), topology.version, ())
    )


def _rows(state: LaneState, written: Written) -> list[Append]:
    """The records of a new writer, and the removal of all others'. Written at once, they end the old era."""
    topic, writer = state_topic(state.lane.name), uuid4().hex[:12]
    halls = [Append(topic, state.partition, hall_key(writer, hall), value) for hall, value in written.halls]
    mark = Append(topic, state.partition, mark_key(writer), encode_mark(written.mark))
    return [*halls, mark, *(Append(topic, state.partition, key, None) for key in state.keys)]
