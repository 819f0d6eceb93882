"""What must hold of a log on Kafka when the dust has settled, partition by partition."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from agents.topology import TOPOLOGY
from commands.replaying import Bounds, Cause, Part, Proof
from streams.checkpoint import Restored, restore
from streams.codec import BadRecord, id_of
from streams.driver import LogDriver
from streams.engine import Engine
from streams.ids import Seen, parse_id
from streams.lane import Lane
from streams.record import Record
from streams.topics import SNAPSHOTS, TOPICS, state_topic

PIECE = 5_000


class Readable(Protocol):
    """The reading side of a log."""

    def start(self, topic: str, partition: int) -> int: ...

    def end(self, topic: str, partition: int) -> int: ...

    def read(self, topic: str, partition: int, offset: int, limit: int = ...) -> list[Record]: ...


class Verdict(NamedTuple):
    """How much was compared, and the engines as the replay left them, by (lane, partition)."""

    compared: int
    repeats: int
    engines: dict[tuple[str, int], Engine]


def stretch(log: Readable, topic: str, partition: int) -> Iterator[Record]:
    """All that there is now."""
    at, end = log.start(topic, partition), log.end(topic, partition)
    while at < end and (piece := log.read(topic, partition, at, PIECE)):
        yield from (record for record in piece if record.offset < end)
        at = piece[-1].offset + 1


def checkpoint(log: Readable, lane: Lane, partition: int) -> Restored:
    """What a worker that starts now would go on from."""
    found = {r.key: r.value for r in stretch(log, state_topic(lane.name), partition) if r.key is not None}
    return restore({key: value for key, value in found.items() if value is not None})


def replayed(log: Readable, partitions: int) -> Verdict:
    """Replay every partition's lanes from the log's beginning, and hold what was published against it, byte for byte.

    The replay ends where the last marks stand: what came later (a tick, as the engine left), nobody has processed.
    """
    compared = repeats = 0
    driver = LogDriver(TOPOLOGY, partitions=partitions)
    for partition in range(partitions):
        ends = _ends(log, partition)
        proof, reader = Proof(), Reader()
        topics = [topic.name for topic in TOPICS if topic.name != SNAPSHOTS]
        records = heapq.merge(*(stretch(log, topic, partition) for topic in topics), key=lambda r: r.timestamp_ms)
        for output in driver.run(_told(records, ends, (proof.published, reader.take))):
            if output.id is not None:
                proof.replayed(output.topic, output.partition, output.id, output.value)
        verdict = proof.compare(Bounds({}, ends, frozenset(), {}))
        first = verdict.differences[:1]
        assert not first, f"partition {partition}: {len(verdict.differences)} streams differ; first: {first}"
        assert not reader.lost, f"partition {partition}: published after a later one: {reader.lost[:3]}"
        compared, repeats = compared + verdict.compared, repeats + reader.repeats
    return Verdict(compared, repeats, driver.engines)


def _ends(log: Readable, partition: int) -> dict[Part, Cause]:
    """Up to where everything must have been published: the last marks."""
    marks = {(lane.name, partition): checkpoint(log, lane, partition).mark for lane in TOPOLOGY.lanes}
    return {part: (mark.era, mark.next_offset) if mark and not mark.pending else (0, 0) for part, mark in marks.items()}


def _told(
    records: Iterator[Record], ends: dict[Part, Cause], tell: tuple[Callable[[Record], None], ...]
) -> Iterator[Record]:
    stops = {TOPOLOGY.lane(lane).topic: offset for (lane, _), (_, offset) in ends.items()}
    for record in records:
        if record.topic != TOPOLOGY.lanes[0].topic:
            for each in tell:
                each(record)
        if record.offset < stops.get(record.topic, 0):
            yield record


class Reader:
    """Reads as users do: keeps the highest place of each stream, and drops what is not above it.

    What it drops must be a repeat of something it had. ``lost``: ids that it dropped although it had never had them.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._had: set[tuple[str, str]] = set()
        self.lost: list[str] = []
        self.repeats = 0

    def take(self, record: Record) -> None:
        try:
            name = id_of(record.value) if record.value is not None and record.key is not None else None
        except BadRecord:
            return
        if name is None:
            return
        if self._seen.setdefault(record.topic, Seen()).is_new(parse_id(name)):
            self._had.add((record.topic, name))
        elif (record.topic, name) in self._had:
            self.repeats += 1
        else:
            self.lost.append(name)


def states_equal(log: Readable, verdict: Verdict, partitions: int) -> int:
    """The checkpointed states of a drained engine are those of the replay; how many halls were compared."""
    compared = 0
    for lane in TOPOLOGY.lanes:
        for partition in range(partitions):
            restored, engine = checkpoint(log, lane, partition), verdict.engines.get((lane.name, partition))
            assert restored.mark is not None
            if engine is None:
                continue  # nothing ever came
            assert restored.mark.next_offset == engine.next_offset, f"lane {lane.name}/{partition} was not drained"
            for hall, record in restored.halls.items():
                assert record.body == engine.halls[hall.encode()].encode(), (
                    f"{lane.name}/{partition}, {hall}: states differ"
                )
                compared += 1
    return compared
