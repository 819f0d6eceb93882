"""What must hold of a log on Kafka when the dust has settled, partition by partition."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from agents.topology import TOPOLOGY
from commands.replaying import Bounds, Cause, Proof
from streams.checkpoint import Mark, Restored, restore
from streams.driver import LogDriver
from streams.lane import Lane
from streams.log import EventLog
from streams.operating.reading import Span, checkpoint, eras, is_whole, snapshots, stretch
from streams.record import Record
from streams.topics import JOURNAL, SNAPSHOTS, TOPICS
from tests.support.reader import Reader
from tests.support.statistics import entries_in_hand


class Verdict(NamedTuple):
    """How much was compared, how many repeats a reader dropped, and the engines as the replay left them."""

    compared: int
    repeats: int
    driver: LogDriver


def replayed(log: EventLog, partitions: int, *, drained: bool = True) -> Verdict:
    """Replay every partition's lanes, and hold what was published against it, byte for byte.

    From the log's beginning, or, where that is gone, from the first snapshot after it. Of engines that were drained it
    ends where the last marks stand: what came later (a tick, as the engine left), nobody has processed. Of others it goes
    on to the end, for they have published more than they have marked.
    """
    compared = repeats = 0
    begins = {(lane.name, p): _begin(log, lane, p) for lane in TOPOLOGY.lanes for p in range(partitions)}
    starts = {(lane.topic, p): log.start(lane.topic, p) for lane in TOPOLOGY.lanes for p in range(partitions)}
    driver = LogDriver(
        TOPOLOGY, partitions=partitions, restore=lambda lane, p: begins[lane.name, p], starts=starts
    )  # fmt: skip
    for partition in range(partitions):
        marks = {lane.name: checkpoint(log, lane, partition).mark for lane in TOPOLOGY.lanes}
        begun = {lane: begin.mark for lane in marks if (begin := begins[lane, partition]) is not None}
        topics = [topic.name for topic in TOPICS if topic.name != SNAPSHOTS]
        proof, reader = Proof(), Reader(cut={topic for topic in topics if log.start(topic, partition)})
        records = heapq.merge(*(stretch(log, topic, partition) for topic in topics), key=lambda r: r.timestamp_ms)
        span = begun, marks if drained else {}
        for output in driver.run(_told(records, *span, (proof.published, reader.take))):
            if output.id is not None:
                proof.replayed(output.topic, output.partition, output.id, output.value)
        bounds = _bounds(log, partition, begun, marks)
        verdict = proof.compare(bounds._replace(starts=bounds.starts | driver.began_with_a_loss()))
        first = verdict.differences[:1]
        assert not first, f"partition {partition}: {len(verdict.differences)} streams differ; first: {first}"
        reader.check(f"partition {partition}")
        compared, repeats = compared + verdict.compared, repeats + reader.repeats
    return Verdict(compared, repeats, driver)


Marks = Mapping[str, Mark | None]
"""By lane."""


def _begin(log: EventLog, lane: Lane, partition: int) -> Restored | None:
    """What the replay starts from; None: the log's first record, and nothing before it, if its era is still going on."""
    newest = checkpoint(log, lane, partition)
    if newest.mark is None or newest.mark.next_offset == 0 or is_whole(log, lane, partition, newest.mark.era):
        return None
    if newest.mark.pending:
        return newest
    for name in snapshots(log, lane, partition, eras(newest.mark)):
        pieces = {
            r.key: r.value
            for r in stretch(log, SNAPSHOTS, partition)
            if (r.key or b"").split(b"/")[0] == str(name).encode()
        }
        found = restore({key: value for key, value in pieces.items() if key is not None and value is not None})
        if found.mark is not None:
            return found
    return newest


def _cause(mark: Mark | None) -> Cause:
    return (mark.era, mark.next_offset) if mark is not None and not mark.pending else (0, 0)


def _bounds(log: EventLog, partition: int, starts: Marks, marks: Marks) -> Bounds:
    """Between the first state and the last marks, as far as retention left what there was."""
    topics = [topic.name for topic in TOPICS if topic.name != SNAPSHOTS]
    return Bounds(
        starts={(lane, partition): _cause(mark) for lane, mark in starts.items()},
        ends={(lane, partition): _cause(mark) for lane, mark in marks.items()},
        cut=frozenset((topic, partition) for topic in topics if log.start(topic, partition) > 0),
        kept={(lane.name, partition): log.start(lane.topic, partition) for lane in TOPOLOGY.lanes},
    )


def _told(
    records: Iterator[Record], starts: Marks, marks: Marks, tell: tuple[Callable[[Record], None], ...]
) -> Iterator[Record]:
    begins = {TOPOLOGY.lane(lane).topic: mark.next_offset if mark else 0 for lane, mark in starts.items()}
    stops = {TOPOLOGY.lane(lane).topic: mark.next_offset if mark else 0 for lane, mark in marks.items()}
    for record in records:
        if record.topic != TOPOLOGY.lanes[0].topic:
            for each in tell:
                each(record)
        if begins.get(record.topic, 0) <= record.offset < stops.get(record.topic, record.offset + 1):
            yield record


def states_equal(log: EventLog, verdict: Verdict, partitions: int) -> set[tuple[str, str]]:
    """The checkpointed states of a drained engine are those of the replay; which were compared, by lane and hall."""
    compared = set()
    for lane in TOPOLOGY.lanes:
        for partition in range(partitions):
            restored, engine = checkpoint(log, lane, partition), verdict.driver.engine(lane, partition)
            assert restored.mark is not None
            # Behind the last record there may be markers of transactions, and what was taken back: the mark stands behind them.
            span = Span(engine.next_offset, restored.mark.next_offset)
            assert span.start <= span.end, f"lane {lane.name}/{partition} was not drained: {span}"
            assert not list(stretch(log, lane.topic, partition, span)), (
                f"lane {lane.name}/{partition} has missed: {span}"
            )
            for hall, record in restored.halls.items():
                assert record.body == engine.halls[hall.encode()].encode(), (
                    f"{lane.name}/{partition}, {hall}: states differ"
                )
                compared.add((lane.name, hall))
    return compared


Counted = Counter[tuple[str, str]]
"""By (hall, zone)."""


def counted_once(log: EventLog, verdict: Verdict, partitions: int) -> int:
    """Entries in the statistics, published and still in hand, are the distinct entries in the journal; how many there are.

    Counted by hand from the journal's JSON, as far as the service lane has read it; every id once.
    """
    entered, counted, ids = Counted(), Counted(), set[str]()
    for partition in range(partitions):
        mark = checkpoint(log, TOPOLOGY.lane("service"), partition).mark
        for record in stretch(log, JOURNAL, partition):
            event = _named(record)
            if event is None or event["id"] in ids:
                continue
            ids.add(event["id"])
            if event["type"] == "zone_entered" and mark is not None and record.offset < mark.next_offset:
                entered[event["hall"], event["zone"]] += 1
            elif event["type"] == "zone_hour":
                counted[event["hall"], event["zone"]] += event["entries"]
        for hall in verdict.driver.engine(TOPOLOGY.lane("service"), partition).halls.values():
            for zone, entries in entries_in_hand(hall.state_of("statistics")).items():
                counted[hall.hall.id, zone] += entries
    assert +counted == +entered, f"counted {counted}, entered {entered}"
    return entered.total()


def _named(record: Record) -> dict[str, Any] | None:
    """What the engine published; None for what others wrote, or nobody can read."""
    try:
        event = json.loads(record.value or b"") if record.key is not None else None
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and str(event.get("id", "")).count(":") == 5 else None
