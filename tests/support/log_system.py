"""A ``tests.support.system.System`` on any log of one partition: an engine's process, and what stands in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agents.topology import TOPOLOGY
from commands.replaying import Replayed
from streams.checkpoint import Restored
from streams.lane import Topology
from streams.log import Append, EventLog
from streams.operating import reading
from streams.record import Record
from streams.topics import JOURNAL
from tests.support.engine_process import EngineProcess
from tests.support.system import Halls, Pair, until
from tests.torture import verdict


class LogSystem(EngineProcess):
    """``log`` has the engine's topics already, and is closed with the system."""

    log: EventLog

    def __init__(self, directory: Path, halls: Halls, own: Mapping[str, str], log: EventLog) -> None:
        super().__init__(directory, halls, own)
        self.log = log

    def append(self, rows: list[Append]) -> None:
        self.log.append(rows)

    def put(self, topic: str, pairs: Sequence[Pair]) -> None:
        """Append to the topic, as anybody may."""
        self.append([Append(topic, 0, key, value) for key, value in pairs])

    def records(self, topic: str = JOURNAL) -> list[Record]:
        return list(reading.stretch(self.log, topic, 0))

    def checkpoint(self, lane: str) -> Restored:
        """What a worker that starts now would go on from."""
        return reading.checkpoint(self.log, TOPOLOGY.lane(lane), 0)

    def marked(self, lane: str) -> int:
        """Up to which offset the lane's last checkpoint goes; 0 without one."""
        mark = self.checkpoint(lane).mark
        return mark.next_offset if mark else 0

    def wait_until_marked(self) -> None:
        """Until a checkpoint covers everything that is in the log now; the engine must be running."""
        ends = {lane.name: self.log.end(lane.topic, 0) for lane in TOPOLOGY.lanes[:1]}
        until(
            f"a checkpoint up to {ends}; the engine said: {self.heard()[-2000:]}",
            lambda: all(self.marked(lane) >= end for lane, end in ends.items()) or not self.running,
        )
        assert self.running, f"the engine ended: {self.heard()[-3000:]}"

    def prove(self, topology: Topology | None = None) -> Replayed:
        """Hold what was published against the replay of the log, byte for byte."""
        return verdict.replayed(self.log, self.directory / "proof.jsonl", topology or TOPOLOGY)

    def close(self) -> None:
        self.kill()
        self.log.close()
