"""Replays of a whole log, and the proof that they give what was published when the log was live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from agents.topology import TOPOLOGY
from commands.progress import tracked
from commands.results import Results
from streams.checkpoint import Restored
from streams.codec import BadRecord, id_of
from streams.driver import LogDriver
from streams.ids import EventId, Place, parse_id
from streams.lane import Lane, Topology
from streams.record import Record
from streams.recording import RecordingError, read_header, read_recording
from streams.snapshot import latest
from streams.topics import SNAPSHOTS

Stream = tuple[str, str, str, str]
"""(topic, hall, lane, agent): within one, places only grow."""


Cause = tuple[int, int]
"""(era, offset) of the record that something was published on."""

NEVER: Cause = (2**63, 0)


class Bounds(NamedTuple):
    """By lane: from where the replay ran, and up to where everything must have been published. ``cut``: topics that
    retention has shortened.

    ``kept``: by lane, the offset of the first record that is left. What an engine published on records before it, and had
    not marked yet when it ended and they were lost, nobody can compute again.
    """

    starts: dict[str, Cause]
    ends: dict[str, Cause]
    cut: frozenset[str]
    kept: dict[str, int]


class Difference(NamedTuple):
    """The first place at which a stream differs; None: nothing there."""

    stream: Stream
    place: Place
    published: bytes | None
    replayed: bytes | None


class Proof:
    """Collects what was published and what the replay gives, and compares them, repeats dropped."""

    def __init__(self) -> None:
        self._published: dict[Stream, dict[Place, bytes]] = defaultdict(dict)
        self._replayed: dict[Stream, dict[Place, bytes]] = defaultdict(dict)
        self.conflicts: list[Difference] = []

    def published(self, record: Record) -> None:
        """A record of a topic that the engine writes; what the edge wrote there has no id and is passed over."""
        try:
            name = id_of(record.value) if record.value is not None and record.key is not None else None
        except BadRecord:
            return
        if name is not None and record.value is not None:
            event_id = parse_id(name)
            stream = record.topic, event_id.hall, event_id.lane, event_id.agent
            before = self._published[stream].setdefault(event_id.place, record.value)
            if before != record.value:
                self.conflicts.append(Difference(stream, event_id.place, before, record.value))

    def replayed(self, topic: str, event_id: EventId, value: bytes) -> None:
        self._replayed[topic, event_id.hall, event_id.lane, event_id.agent][event_id.place] = value

    @property
    def compared(self) -> int:
        return sum(len(places) for places in self._published.values())

    def differences(self, bounds: Bounds) -> list[Difference]:
        """The first difference of every stream."""
        first = self._first_kept(bounds)
        found = list(self.conflicts)
        for stream in sorted(self._published.keys() | self._replayed.keys()):
            published, replayed, (topic, _, lane, _) = self._published[stream], self._replayed[stream], stream
            start, end = bounds.starts.get(lane, (0, 0)), bounds.ends.get(lane, (0, 0))
            for place in sorted(published.keys() | replayed.keys()):
                if place[1] < bounds.kept.get(lane, 0):
                    continue
                before, now = published.get(place), replayed.get(place)
                due = first.get((topic, lane), start) <= place[:2] < end if before is None else place[:2] >= start
                if before != now and due:
                    found.append(Difference(stream, place, before, now))
                    break
        return found

    def _first_kept(self, bounds: Bounds) -> dict[tuple[str, str], Cause]:
        """Where retention has cut a topic, what a lane published before the first that is left is not to be found."""
        first: dict[tuple[str, str], Cause] = {}
        for (topic, _, lane, _), places in self._published.items():
            if topic in bounds.cut and places:
                key, lowest = (topic, lane), min(places)[:2]
                first[key] = min(first.get(key, lowest), lowest)
        gone = {(topic, lane): NEVER for topic in bounds.cut for lane in bounds.ends}
        return gone | first


class Replayed(NamedTuple):
    """``driver`` holds the engines as the replay left them; the rest is 0 and empty unless a proof was asked for."""

    driver: LogDriver
    compared: int
    differences: list[Difference]


def replay_log(recording: Path, results: Results, *, prove: bool, topology: Topology = TOPOLOGY) -> Replayed:
    """Run every lane over its own records, from the snapshots in the recording."""
    about = read_header(recording).about
    total = int(about.get("records", "0"))
    snapshots = [r for r in read_recording(recording) if r.topic == SNAPSHOTS]
    starts: dict[str, Cause] = {}

    def restore(lane: Lane, partition: int) -> Restored | None:
        begin = int(about.get(f"begin.{lane.name}.{partition}", "0"))
        if begin == 0:
            return None
        found = latest(snapshots, lane.name, partition, before=begin)
        if found is None or found.mark is None:
            raise RecordingError(
                f"{recording}: no whole snapshot of lane {lane.name} at offset {begin}: it was cut, or made by hand"
            )
        starts[lane.name] = (found.mark.era, found.mark.next_offset)
        return found

    proof = Proof()
    driver = LogDriver(topology, partitions=int(about.get("partitions", "1")), restore=restore, tap=results.tap)
    for output in driver.run(_watched(tracked(read_recording(recording), total, "replaying"), proof, prove)):
        results.published(output)
        if prove and output.id is not None:
            proof.replayed(output.topic, output.id, output.value)
    ends = {lane.name: _end(about.get(f"end.{lane.name}.0")) for lane in topology.lanes}
    cut = frozenset(
        key.split(".", 1)[1].rpartition(".")[0] for key, at in about.items() if key.startswith("cut.") and at != "0"
    )
    kept = {lane.name: int(about.get(f"cut.{lane.topic}.0", "0")) for lane in topology.lanes}
    return Replayed(driver, proof.compared, proof.differences(Bounds(starts, ends, cut, kept)) if prove else [])


def _end(text: str | None) -> Cause:
    era, _, offset = (text or "0/0").partition("/")
    return int(era), int(offset)


def _watched(records: Iterable[Record], proof: Proof, prove: bool) -> Iterable[Record]:
    sources = {lane.topic for lane in TOPOLOGY.lanes[:1]}
    for record in records:
        if prove and record.topic not in sources and record.topic != SNAPSHOTS:
            proof.published(record)
        yield record
