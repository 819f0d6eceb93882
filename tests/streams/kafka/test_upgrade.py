"""New code is rolled out worker by worker while the halls go on; and going back is refused until it is meant."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from agents.topology import TOPOLOGY, VERSION
from streams.checkpoint import Mark, Restored, restore
from streams.codec import BadRecord, id_of
from streams.driver import LogDriver
from streams.ids import parse_id
from streams.lane import Lane, Topology
from streams.operating.reading import checkpoint, stretch
from streams.record import Record
from streams.topics import SNAPSHOTS, TOPICS, state_topic
from tests.support.kafka_broker import KafkaBroker
from tests.support.kafka_system import Cameras, KafkaSystem, Worker
from tests.support.system import until
from tests.support.topologies import NEXT
from tests.torture.halls import halls

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture
def system(own_broker: KafkaBroker, tmp_path: Path) -> Iterator[KafkaSystem]:
    made = KafkaSystem(tmp_path / "system", own_broker.servers, halls(6))
    yield made
    made.close()


def versions(system: KafkaSystem) -> set[int]:
    """Of the programs that wrote the newest marks."""
    marks = [checkpoint(system.log, lane, p).mark for lane in TOPOLOGY.lanes for p in range(system.partitions)]
    return {mark.topology if mark else 0 for mark in marks}


def kept_up(system: KafkaSystem, workers: list[Worker]) -> bool:
    """As a supervisor does: who ended because it could not start just now is started again."""
    for number, worker in enumerate(workers):
        if not worker.running:
            assert worker.process.returncode == 75, worker.heard()[-3000:]
            workers[number] = system.start(worker.name)
    return True


def assert_refused(worker: Worker) -> None:
    """It met state of the newer version, and ended for good without touching it."""
    assert worker.process.returncode == 65, worker.heard()[-3000:]
    assert f"topology version {VERSION + 1}, this program has {VERSION}" in worker.heard()
    assert "Run the newer version, or `hall reset`" in worker.heard()
    assert "Traceback" not in worker.heard()


def test_rolled_out_and_not_back(system: KafkaSystem) -> None:
    """Two old workers, a new one beside them, the old ones leave; then an old one tries to join again."""
    old = [system.start("old-1"), system.start("old-2")]
    system.configure()
    cameras = Cameras(system, 5)
    cameras.start()
    until("old marks everywhere", lambda: kept_up(system, old) and versions(system) == {VERSION})
    time.sleep(3)
    new = system.start("new", topology="next")
    until("new marks somewhere", lambda: VERSION + 1 in versions(system))
    for worker in old:
        code = worker.drain()
        if code != 0:  # it was given a partition that the new one had before
            assert_refused(worker)
    until("new marks everywhere", lambda: versions(system) == {VERSION + 1})
    back = system.start("back")
    back.ended()
    assert_refused(back)
    time.sleep(3)
    assert versions(system) == {VERSION + 1}
    assert new.running
    cameras.stop()
    system.wait_until_marked()
    assert new.drain() == 0, new.heard()
    assert sum(exact(system, lane, p) for lane in TOPOLOGY.lanes for p in system.busy()) > 20


class Boundary(NamedTuple):
    """``before``: what the old code left; ``first``: the first mark of the new code, on the same records."""

    before: Restored
    first: Mark


def boundary(system: KafkaSystem, lane: Lane, partition: int) -> Boundary:
    """From the state topic, which is not compacted yet: what stood in it before the new code's first mark."""
    found: dict[bytes, bytes] = {}
    for record in stretch(system.log, state_topic(lane.name), partition):
        if record.key is None or record.value is None:
            continue
        if b"/" not in record.key:
            mark = msgspec.msgpack.decode(record.value, type=Mark)
            if mark.topology == VERSION + 1:
                before = {key: value for key, value in found.items() if key.partition(b"/")[0] != record.key}
                return Boundary(restore(before), mark)
        found[record.key] = record.value
    raise AssertionError(f"the new code wrote no mark for {lane.name}/{partition}")


def exact(system: KafkaSystem, lane: Lane, partition: int) -> int:
    """Before the boundary what the old code gives, after it what the new one does; how many were compared."""
    before, first = boundary(system, lane, partition)
    last = checkpoint(system.log, lane, partition).mark
    assert before.mark is not None
    assert last is not None
    assert before.mark.next_offset == first.next_offset, "the old owner's last checkpoint was in time"
    records = [r for r in stretch(system.log, lane.topic, partition) if r.offset < last.next_offset]
    expected = {
        **replay(TOPOLOGY, [r for r in records if r.offset < first.next_offset], system, None),
        **replay(NEXT, [r for r in records if r.offset >= first.next_offset], system, before),
    }
    assert published(system, lane, partition) == expected
    return len(expected)


Named = dict[tuple[str, str], bytes]
"""By topic and id."""


def replay(topology: Topology, records: list[Record], system: KafkaSystem, start: Restored | None) -> Named:
    driver = LogDriver(topology, partitions=system.partitions, restore=lambda lane, partition: start)
    return {(o.topic, str(o.id)): o.value for o in driver.run(records) if o.id is not None}


def published(system: KafkaSystem, lane: Lane, partition: int) -> Named:
    """What the lane published; what stands there twice must be the same."""
    found: Named = {}
    for topic in (topic.name for topic in TOPICS if topic.name != SNAPSHOTS):
        for record in stretch(system.log, topic, partition):
            try:
                name = id_of(record.value) if record.value is not None and record.key is not None else None
            except BadRecord:
                continue
            if name is not None and record.value is not None and parse_id(name).lane == lane.name:
                assert found.setdefault((topic, name), record.value) == record.value, f"{name} differs"
    return found
