"""A cluster as utilities have it: three brokers, three copies. One of them dies, and the halls go on."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from streams.kafka.errors import Unreachable
from streams.kafka.log import KafkaLog
from streams.topics import DEAD, JOURNAL, OBSERVATIONS
from tests.support.kafka_broker import cluster, free_port, start_together
from tests.support.kafka_system import KafkaSystem
from tests.support.kafka_transactions import Transactional
from tests.support.system import until
from tests.torture.halls import halls
from tests.torture.kafka.scene import Scene

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

FEW = 50
"""Records behind the end before the death: what was on its way then."""


def test_one_broker_dies_and_no_worker_ends(jars: None, tmp_path: Path) -> None:
    """
    broker 1 ────────────✝                     ┌──
    broker 2 ─────────────┬─ leads what 1 led ─┴──
    worker   ────────────(waits)───────────────────   the same process
    """
    scene = Scene(tmp_path, 2, seed=4, brokers=3)
    try:
        scene.begin()
        workers = list(scene.workers)
        gone = leading(scene)
        ends = {p: scene.system.log.end(OBSERVATIONS, p) + FEW for p in scene.system.busy()}
        scene.brokers[gone - 1].kill()
        until("checkpoints past what was there when it died", lambda: past(scene.system, ends))
        assert [worker.running for worker in workers] == [True, True], [worker.heard()[-2000:] for worker in workers]
        start_together([scene.brokers[gone - 1]])
        verdict, states, entries = scene.settle()
        assert verdict.compared > 20
        assert states == 12
        assert entries > 0
    finally:
        scene.close()


def test_an_open_transaction_holds_back_on_the_next_leader_too(jars: None, tmp_path: Path) -> None:
    """
    broker 1   a ── open ───✝
    broker 2                └ leads ── open ──✗ fenced   b commit
    processed                                            b
    """
    scene = Scene(tmp_path, 2, seed=6, brokers=3)
    try:
        scene.begin()
        log, partition = scene.system.log, scene.system.busy()[0]
        gateway = Transactional(scene.system.servers, "gateway")
        gateway.open(OBSERVATIONS, [(None, b"a")], partition=partition)
        until("it to hold back", lambda: partition in log.held(OBSERVATIONS))
        at, gone = log.held(OBSERVATIONS)[partition].offset, leading(scene)
        scene.brokers[gone - 1].kill()
        until("another to lead", lambda: led(scene) not in (gone, -1))
        assert log.held(OBSERVATIONS)[partition].offset == at
        assert scene.system.marked("sensing", partition) <= at
        Transactional(scene.system.servers, "gateway").committed(OBSERVATIONS, [(None, b"b")], partition=partition)
        until("checkpoints past it", lambda: past(scene.system, {partition: at}))
        assert all(w.process.poll() is None for w in scene.workers), [w.heard()[-2000:] for w in scene.workers]
        start_together([scene.brokers[gone - 1]])
        verdict, states, _ = scene.settle()
        assert verdict.compared > 20
        assert states == 12
        letters = [json.loads(r.value or b"")["raw"] for r in log.read(DEAD, partition, 0)]
        assert [base64.b64decode(raw) for raw in letters] == [b"b"]
    finally:
        scene.close()


def led(scene: Scene) -> int:
    """Who leads the partition now, as the brokers say that are there."""
    found = scene.system.log.admin.list_topics(OBSERVATIONS, timeout=10).topics[OBSERVATIONS].partitions
    return int(found[scene.system.busy()[0]].leader)


def leading(scene: Scene) -> int:
    """A broker that leads a partition in which there are halls."""
    return led(scene)


def past(system: KafkaSystem, ends: dict[int, int]) -> bool:
    try:
        return all(system.marked("sensing", p) > end for p, end in ends.items())
    except Unreachable:
        return False  # nobody leads it now


def test_a_topic_that_was_just_made_is_known_wherever_one_asks(jars: None, tmp_path: Path) -> None:
    brokers = cluster(tmp_path, (port := free_port(), port))
    start_together(brokers)
    try:
        for number, broker in enumerate(brokers):
            system = KafkaSystem(tmp_path / str(number), broker.servers, halls(1), copies=3)
            for other in brokers:
                with KafkaLog(other.servers) as log:
                    assert log.partitions(JOURNAL) == 4
            system.close()
    finally:
        for broker in brokers:
            broker.kill()
