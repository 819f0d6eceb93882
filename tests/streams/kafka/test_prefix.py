"""Two installations on one cluster: each works on its own log, and publishes what the replay of that log does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.topology import TOPOLOGY
from config.loading import load_files
from devices.simulator import Simulator
from streams.codec import encode
from streams.kafka.access import Access
from streams.kafka.log import KafkaLog
from streams.kafka.naming import Naming
from streams.kafka.topics import Made, ensure_topics
from streams.operating import configuring
from streams.operating.reading import checkpoint
from streams.rows import keyed
from streams.topics import OBSERVATIONS
from tests.support import kafka_verdict
from tests.support.kafka_broker import KafkaBroker
from tests.support.kafka_system import Worker
from tests.support.system import Halls, until
from tests.torture.halls import halls

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

PARTITIONS = 2
SECONDS = 4.0
STEP_S = 0.1


class Installation:
    """Topics under a prefix, cameras and one worker."""

    def __init__(self, directory: Path, servers: str, prefix: str, halls: Halls) -> None:
        self.log, self._halls, self._directory = KafkaLog(Access(servers, naming=Naming(prefix))), halls, directory
        directory.mkdir()
        ensure_topics(self.log, TOPOLOGY, Made(PARTITIONS, 1))
        configuring.put(self.log, halls, now_ms())
        self._env = {
            "HALL_BROKER": f"kafka://{servers}", "HALL_TOPIC_PREFIX": prefix, "HALL_VAR": str(directory / "var"),
            "HALL_HTTP": "127.0.0.1:0",
        }  # fmt: skip
        self._crowds = [
            Simulator(load_files(files).hall, seed=1, start_ms=now_ms(), level=8.0, fps=10, warm=True, always_open=True)
            for files in halls.values()
        ]
        self.worker = self.start()

    def start(self) -> Worker:
        return Worker("w", self._directory, self._env)

    def see(self) -> None:
        """What the cameras saw since they were asked last."""
        frames = [frame for crowd in self._crowds for frame in crowd.step(now_ms())]
        self.log.append([keyed(self.log, OBSERVATIONS, frame.hall, encode(frame)) for frame in frames])

    def marked(self) -> bool:
        """Whether a checkpoint covers all that the cameras saw."""
        lane = TOPOLOGY.lanes[0]
        marks = [checkpoint(self.log, lane, p).mark for p in range(PARTITIONS)]
        return all(m and m.next_offset >= self.log.end(OBSERVATIONS, p) - 2 for p, m in enumerate(marks))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def both(broker: KafkaBroker, tmp_path: Path) -> Iterator[list[Installation]]:
    made = [
        Installation(tmp_path / name, broker.servers, f"{name}.", halls(count))
        for name, count in (("one", 2), ("two", 3))
    ]
    yield made
    for installation in made:
        installation.worker.kill()
        installation.log.close()


def test_two_installations_work_side_by_side_and_recover_their_own(both: list[Installation]) -> None:
    for installation in both:
        installation.worker.wait_until_up()
    watch(both)
    both[0].worker.kill()
    both[0].worker = both[0].start()
    watch(both)
    for installation, count in zip(both, (2, 3), strict=True):
        until("checkpoints", installation.marked)
        assert len(installation.log.runners()) == 1, "the group is its own"
        assert installation.worker.drain() == 0, installation.worker.heard()
        verdict = kafka_verdict.replayed(installation.log, PARTITIONS)
        assert verdict.compared > 10
        states = kafka_verdict.states_equal(installation.log, verdict, PARTITIONS)
        assert len(states) == len(TOPOLOGY.lanes) * count


def watch(both: list[Installation]) -> None:
    """Some seconds pass, and people walk."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for installation in both:
            installation.see()
        time.sleep(STEP_S)
