"""Replays of a whole log, and the proof that they give what was published when the log was live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from agents.topology import TOPOLOGY
from commands.progress import tracked
from commands.results import Results
from streams.checkpoint import Restored
from streams.codec import event_id_of
from streams.driver import LogDriver
from streams.engine.hall import files_of
from streams.ids import EventId, Place
from streams.lane import Lane, Topology
from streams.record import Record
from streams.recording import RecordingError, read_header, read_recording
from streams.snapshot import latest
from streams.topics import SNAPSHOTS

Stream = tuple[str, int, str, str, str]
"""(topic, partition, hall, lane, agent): within one, places only grow."""


Cause = tuple[int, int]
"""(era, offset) of the record that something was published on."""

NEVER: Cause = (2**63, 0)


Part = tuple[str, int]
"""(lane, partition); or (topic, partition)."""


class Bounds(NamedTuple):
    """By (lane, partition): from where the replay ran, and up to where everything must have been published. ``cut``:
    partitions of topics that retention has shortened.

    ``kept``: the offset of the first record that is left. What an engine published on records before it, and had not
    marked yet when it ended and they were lost, nobody can compute again.
    """

    starts: dict[Part, Cause]
    ends: dict[Part, Cause]
    cut: frozenset[Part]
    kept: dict[Part, int]


class Difference(NamedTuple):
    """The first place at which a stream differs; None: nothing there."""

    stream: Stream
    place: Place
    published: bytes | None
    replayed: bytes | None


Pair = tuple[Place, bytes | None, bytes | None]
"""A place, what was published there, and what the replay gives."""


class Verdict(NamedTuple):
    """How many published events were held against the replay, and the first difference of every stream.

    ``unproved``: published events whose source is not in the recording, so that nobody can say.
    """

    compared: int
    differences: list[Difference]
    unproved: int = 0


class Proof:
    """Collects what was published and what the replay gives, and compares them, repeats dropped."""

    def __init__(self) -> None:
        self._published: dict[Stream, dict[Place, bytes]] = defaultdict(dict)
        self._replayed: dict[Stream, dict[Place, bytes]] = defaultdict(dict)
        self.conflicts: list[Difference] = []

    def published(self, record: Record) -> None:
        """A record of a topic that the engine writes; what others wrote there has no id, or none that is one: passed over."""
        name = event_id_of(record)
        if name is not None and record.value is not None:
            stream = record.topic, record.partition, name.hall, name.lane, name.agent
            before = self._published[stream].setdefault(name.place, record.value)
            if before != record.value:
                self.conflicts.append(Difference(stream, name.place, before, record.value))

    def replayed(self, topic: str, partition: int, event_id: EventId, value: bytes) -> None:
        self._replayed[topic, partition, event_id.hall, event_id.lane, event_id.agent][event_id.place] = value

    def compare(self, bounds: Bounds) -> Verdict:
        """What is due, from both sides."""
        first, compared = self._first_kept(bounds), 0
        found = list(self.conflicts)
        for stream in sorted(self._published.keys() | self._replayed.keys()):
            pairs = self._due(stream, bounds, first)
            compared += sum(published is not None for _, published, _ in pairs)
            different = (Difference(stream, *pair) for pair in pairs if pair[1] != pair[2])
            found.extend(islice(different, 1))
        return Verdict(compared, found, sum(map(len, self._published.values())) - compared)

    def _due(self, stream: Stream, bounds: Bounds, first: dict[Stream, Cause]) -> list[Pair]:
        """What was published and what the replay gives, by place, as far as both must be there."""
        topic, partition, _, lane, _ = stream
        part = lane, partition
        published, replayed = self._published[stream], self._replayed[stream]
        start, end, kept = bounds.starts.get(part, (0, 0)), bounds.ends.get(part, (0, 0)), bounds.kept.get(part, 0)
        left = first.get((topic, partition, "", lane, ""), start)
        return [
            (place, published.get(place), replayed.get(place))
            for place in sorted(published.keys() | replayed.keys())
            if place[1] >= kept and (place[:2] >= start if place in published else left <= place[:2] < end)
        ]

    def _first_kept(self, bounds: Bounds) -> dict[Stream, Cause]:
        """Where retention has cut a topic, what a lane published before the first that is left is not to be found.

        Nor is all that it published on that one's own record, for the cut may lie between two of its outputs. By streams
        without hall and agent, which stand for all of a lane in a partition of a topic.
        """
        gone = ((topic, p, "", lane, "") for topic, p in bounds.cut for lane, number in bounds.ends if number == p)
        first: dict[Stream, Cause] = dict.fromkeys(gone, NEVER)
        for (topic, partition, _, lane, _), places in self._published.items():
            if (topic, partition) in bounds.cut and places:
                era, offset, _ = min(places)
                key, lowest = (topic, partition, "", lane, ""), (era, offset + 1)
                first[key] = min(first.get(key, lowest), lowest)
        return first


class Replayed(NamedTuple):
    """``driver`` holds the engines as the replay left them; the rest is 0 and empty unless a proof was asked for."""

    driver: LogDriver
    compared: int
    differences: list[Difference]
    unproved: int


def replay_log(recording: Path, results: Results, *, prove: bool, topology: Topology = TOPOLOGY) -> Replayed:
    """Run every lane over its own records, from the snapshots in the recording."""
    about = read_header(recording).about
    total = int(about.get("records", "0"))
    partitions = int(about.get("partitions", "1"))
    starts: dict[Part, Cause] = {}

    def snapshots() -> Iterator[Record]:
        return (record for record in read_recording(recording) if record.topic == SNAPSHOTS)

    def restore(lane: Lane, partition: int) -> Restored | None:
        begin = int(about.get(f"begin.{lane.name}.{partition}", "0"))
        if begin == 0:
            return None
        found = latest(snapshots, lane.name, partition, before=begin)
        if found is None or found.mark is None:
            raise RecordingError(
                f"{recording}: no whole snapshot of lane {lane.name} at offset {begin}: it was cut, or made by hand"
            )
        starts[lane.name, partition] = (found.mark.era, found.mark.next_offset)
        for record in found.halls.values() if lane.origin else ():
            results.expect(files_of(record))
        return found

    proof = Proof()
    driver = LogDriver(topology, partitions=partitions, restore=restore, tap=results.tap, starts=_kept(about))
    records = tracked(read_recording(recording), total, "replaying")
    for output in driver.run(_watched(records, proof, topology) if prove else records):
        results.published(output)
        if prove and output.id is not None:
            proof.replayed(output.topic, output.partition, output.id, output.value)
    starts |= driver.began_with_a_loss()
    bounds = _bounds(about, topology, starts, partitions)
    return Replayed(driver, *(proof.compare(bounds) if prove else Verdict(0, [], 0)))


def _bounds(about: Mapping[str, str], topology: Topology, starts: dict[Part, Cause], partitions: int) -> Bounds:
    parts = [(lane, p) for lane in topology.lanes for p in range(partitions)]
    ends = {(lane.name, p): _end(about.get(f"end.{lane.name}.{p}")) for lane, p in parts}
    kept = {(lane.name, p): int(about.get(f"cut.{lane.topic}.{p}", "0")) for lane, p in parts}
    cuts = (
        key.removeprefix("cut.").rpartition(".") for key, at in about.items() if key.startswith("cut.") and at != "0"
    )
    return Bounds(starts, ends, frozenset((topic, int(p)) for topic, _, p in cuts), kept)


def _kept(about: Mapping[str, str]) -> dict[Part, int]:
    """By topic and partition, the offset from which the log was still there, as far as the recording says so."""
    keys = ((key.removeprefix("cut.").rpartition("."), at) for key, at in about.items() if key.startswith("cut."))
    return {(topic, int(number)): int(at) for (topic, _, number), at in keys}


def _end(text: str | None) -> Cause:
    era, _, offset = (text or "0/0").partition("/")
    return int(era), int(offset)


def _watched(records: Iterable[Record], proof: Proof, topology: Topology) -> Iterator[Record]:
    """The records, and the proof sees those of the topics that the engine publishes into."""
    others = {topology.lanes[0].topic, SNAPSHOTS}
    for record in records:
        if record.topic not in others:
            proof.published(record)
        yield record
