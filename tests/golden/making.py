"""Logs as a running engine leaves them, made without one: for recordings that have to outlive the code that wrote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from agents.topology import TOPOLOGY
from streams.checkpoint import Restored
from streams.codec import TICK
from streams.driver import step
from streams.engine import Engine, Output
from streams.record import Record
from streams.recording import read_header, read_recording, write_recording
from streams.snapshot import as_snapshot, latest, snapshot_outputs
from streams.topics import OBSERVATIONS, SNAPSHOTS

HERE = Path(__file__).parent
WHOLE, GONE_ON = HERE / "log.jsonl.gz", HERE / "state.jsonl.gz"
"""A log from its first record on; and one that begins with a state, of whose next records some are lost."""

States = dict[str, Restored]
"""By lane."""


class LiveLog:
    """The lanes of a log of one partition, at work. ``records``: what stands in it, in the order in which it came."""

    def __init__(self, states: Mapping[str, Restored]) -> None:
        self.engines = {
            lane.topic: Engine(lane, topology=TOPOLOGY.version, log_id="golden", restored=states.get(lane.name))
            for lane in TOPOLOGY.lanes
        }
        self.begins = {engine.lane.name: engine.next_offset for engine in self.engines.values()}
        self._ends = Counter({topic: engine.next_offset for topic, engine in self.engines.items()})
        self.records: list[Record] = []

    def take(self, record: Record) -> None:
        """A record of the first lane; everything that follows from it in all lanes."""
        self._ends[record.topic] = record.offset
        self._append(record)
        if record.value == TICK:
            for topic in self.engines.keys() - {record.topic}:
                self._append(record._replace(topic=topic))

    def _append(self, record: Record) -> None:
        record = record._replace(offset=self._ends[record.topic])
        self._ends[record.topic] += 1
        self.records.append(record)
        engine = self.engines.get(record.topic)
        for output in step(engine, record) if engine else ():
            self._publish(output)

    def _publish(self, output: Output) -> None:
        self._append(Record(output.topic, 0, 0, output.timestamp_ms, output.key, output.value))

    def states(self) -> States:
        """As a snapshot has them."""
        pieces = [
            Record(SNAPSHOTS, 0, n, o.timestamp_ms, o.key, o.value)
            for engine in self.engines.values() for n, o in enumerate(snapshot_outputs(engine))
        ]  # fmt: skip
        return _states(pieces)

    def write(self, path: Path, states: Mapping[str, Restored]) -> None:
        about = {"kind": "log", "log_id": "golden", "partitions": "1", "topology": str(TOPOLOGY.version)}
        first = {record.topic: record.offset for record in reversed(self.records)}
        for engine in self.engines.values():
            name, begin = engine.lane.name, self.begins[engine.lane.name]
            about[f"begin.{name}.0"] = str(begin)
            about[f"cut.{engine.lane.topic}.0"] = str(first.get(engine.lane.topic, begin))
            about[f"end.{name}.0"] = f"{engine.era}/{engine.next_offset}"
        about["records"] = str(len(self.records))
        pieces = [record for lane, state in states.items() for record in as_snapshot(lane, 0, state)]
        write_recording(path, [*pieces, *self.records], about)


def lived(inputs: Iterable[Record], states: Mapping[str, Restored]) -> LiveLog:
    """The log that ``inputs`` make, gone on from ``states``."""
    log = LiveLog(states)
    for record in inputs:
        log.take(record)
    return log


def inputs(path: Path) -> Iterator[Record]:
    """What a golden recording's first lane was given: this stays as it is when the rest is renewed."""
    return (record for record in read_recording(path) if record.topic == OBSERVATIONS)


def states(path: Path) -> States:
    """The states that a golden recording begins with; none if it begins with the log."""
    return _states([record for record in read_recording(path) if record.topic == SNAPSHOTS])


def written_by(path: Path) -> int:
    """The version of the topology that made what is published in the recording."""
    return int(read_header(path).about["topology"])


def _states(pieces: list[Record]) -> States:
    found = {lane.name: latest(lambda: pieces, lane.name, 0) for lane in TOPOLOGY.lanes}
    return {lane: state for lane, state in found.items() if state is not None}
