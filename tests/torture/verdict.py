"""What must hold of a log when the dust has settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from agents.topology import TOPOLOGY
from commands.record import record_log
from commands.replaying import Replayed, replay_log
from commands.results import Results
from streams.engine import Engine
from streams.ids import Seen, parse_id
from streams.lane import Topology
from streams.log import EventLog
from streams.operating.reading import checkpoint, stretch
from streams.record import Record
from streams.topics import JOURNAL, PUBLISHED
from tests.support.reader import Reader
from tests.support.statistics import entries_in_hand


def replayed(log: EventLog, file: Path, topology: Topology = TOPOLOGY) -> Replayed:
    """Record the log, replay it, and hold what was published against it, byte for byte."""
    record_log(log, file, None)
    result = replay_log(file, Results(None, None, None, None), prove=True, topology=topology)
    assert not result.differences, f"{len(result.differences)} streams differ; first: {result.differences[0]}"
    readers_miss_nothing(log)
    return result


def readers_miss_nothing(log: EventLog, abandoned: Iterable[Record] = ()) -> None:
    """Also of what nobody can compute again: no id stands for two events, and none comes after a later one.

    ``abandoned``: what was published in logs of which this one is a copy, behind what was copied.
    """
    reader = Reader(cut={topic for topic in PUBLISHED if log.start(topic, 0)})
    for topic in PUBLISHED:
        for record in stretch(log, topic, 0):
            reader.take(record)
    for record in abandoned:
        reader.compare(record)
    reader.check(log.name)


def states_equal(log: EventLog, result: Replayed) -> int:
    """The checkpointed states of a drained engine are those of the replay; how many halls were compared."""
    compared = 0
    for lane in TOPOLOGY.lanes:
        restored = checkpoint(log, lane, 0)
        engine = result.driver.engine(lane, 0)
        assert restored.mark is not None
        assert restored.mark.next_offset == engine.next_offset, f"lane {lane.name} was not drained"
        for hall, record in restored.halls.items():
            assert record.body == engine.halls[hall.encode()].encode(), f"lane {lane.name}, hall {hall}: states differ"
            compared += 1
    return compared


def counted_once(log: EventLog, engine: Engine) -> int:
    """Entries in the statistics, published and still in hand, are the distinct entries in the journal; how many there are."""
    entered, counted, seen = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Seen()
    for record in stretch(log, JOURNAL, 0):
        event = _event(record.value) if record.key is not None else None
        if event is None or not seen.is_new(parse_id(event["id"])):
            continue
        if event["type"] == "zone_entered":
            entered[event["hall"], event["zone"]] += 1
        elif event["type"] == "zone_hour":
            counted[event["hall"], event["zone"]] += event["entries"]
    for hall in engine.halls.values():
        for zone, entries in entries_in_hand(hall.state_of("statistics")).items():
            counted[hall.hall.id, zone] += entries
    assert +counted == +entered, f"counted {counted}, entered {entered}"
    return entered.total()


def _event(value: bytes | None) -> dict[str, Any] | None:
    try:
        event = msgspec.json.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return (
        event if isinstance(event, dict) and isinstance(event.get("id"), str) and event["id"].count(":") == 5 else None
    )
