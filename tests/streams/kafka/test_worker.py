"""`hall worker` on a real broker: what it publishes equals the replay of its log, whatever happens to it on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.topology import TOPOLOGY
from streams.kafka.topics import Made, needed, new_topic
from streams.topics import OBSERVATIONS
from tests.support import kafka_verdict
from tests.support.kafka_broker import KafkaBroker, free_port, remove_topic
from tests.support.kafka_system import Cameras, KafkaSystem
from tests.support.system import until
from tests.torture import kafka
from tests.torture.halls import halls

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture
def system(own_broker: KafkaBroker, tmp_path: Path) -> Iterator[KafkaSystem]:
    made = KafkaSystem(tmp_path / "system", own_broker.servers, halls(4))
    yield made
    made.close()


def test_one_worker_publishes_what_the_replay_does(system: KafkaSystem) -> None:
    system.configure()
    worker = system.start()
    worker.wait_until_up()
    cameras = Cameras(system, 1)
    cameras.start()
    time.sleep(5)
    cameras.stop()
    time.sleep(3)
    system.wait_until_marked()
    assert worker.drain() == 0, worker.heard()
    verdict = kafka_verdict.replayed(system.log, system.partitions)
    assert verdict.compared > 20
    assert verdict.repeats == 0
    assert kafka_verdict.states_equal(system.log, verdict, system.partitions) == len(TOPOLOGY.lanes) * len(system.halls)


@pytest.mark.parametrize(
    ("fault", "workers", "named"),
    [
        (kafka.kill, 1, False), (kafka.kill, 2, True), (kafka.pause_past_session, 2, False), (kafka.kill_broker, 1, False),
        (kafka.add, 1, False),
    ],
)  # fmt: skip
def test_exact_after(
    fault: Callable[[kafka.Scene], None], workers: int, named: bool, jars: None, tmp_path: Path
) -> None:
    only = (kafka.Fault(fault.__name__, 1, fault),)
    result = kafka.ordeal(tmp_path, 2, 7, workers=workers, named=named, only=only)
    assert result.compared > 20


# -- clear errors, and no hang -----------------------------------------------------------------------------------------


def test_without_a_broker_it_says_where_it_looked(tmp_path: Path, own_broker: KafkaBroker, system: KafkaSystem) -> None:
    worker = system.start(env={"HALL_BROKER": f"kafka://127.0.0.1:{free_port()}"})
    assert worker.ended(40) == 75
    assert "no Kafka answers" in worker.heard()


def test_without_topics_it_says_how_to_make_them(system: KafkaSystem) -> None:
    remove_topic(system.servers, OBSERVATIONS)
    worker = system.start()
    assert worker.ended(40) == 75
    assert "hall topics create" in worker.heard()


def test_a_topic_made_again_under_a_running_worker_stops_it(system: KafkaSystem) -> None:
    """Going on would skip what the new topic holds below the old position, or take its records for the old ones."""
    system.configure()
    worker = system.start()
    worker.wait_until_up()
    until("a mark", lambda: all(system.marked("sensing", p) > 2 for p in range(system.partitions)))
    remove_topic(system.servers, OBSERVATIONS)
    [topic] = [t for t in needed(TOPOLOGY) if t.name == OBSERVATIONS]
    system.log.create([new_topic(topic, Made(system.partitions, 1))])
    assert worker.ended() == 65, worker.heard()[-2000:]
    assert "hall reset" in worker.heard()
