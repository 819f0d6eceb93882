"""The lanes of a process: where each partition starts, who gets which batch, and that the first failure counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from faust.types import TP

from streams.engine import Output
from streams.lane import Topology
from streams.topics import JOURNAL, OBSERVATIONS
from streams.worker.failure import Fatal
from streams.worker.lanes import Lanes
from tests.support.lane_port import FakePort, batch
from tests.support.script import Script, Store, running, told, write
from tests.support.toy import SENSING, SERVICE, TOPOLOGY

SENSES, SERVES = TP(OBSERVATIONS, 0), TP(JOURNAL, 0)


class Room:
    """Lanes over a fake log, with the tables that Faust would have recovered."""

    def __init__(self, port: FakePort, topology: Topology = TOPOLOGY, tables: dict[str, Store] | None = None) -> None:
        self.port, self.seen, self.sought = port, [], []  # type: tuple[FakePort, list[tuple[str, list[str]]], list[Any]]
        self.lanes = Lanes(topology, port, self._observe, {})
        self.lanes.recovered = {lane.name: _table((tables or {}).get(lane.name, {})) for lane in topology.lanes}
        self.lanes.partition_counts = {lane.topic: 1 for lane in topology.lanes}
        self.lanes.seek = self._seek

    def _observe(self, lane: str, outputs: list[Output]) -> None:
        self.seen.append((lane, told(outputs)))

    async def _seek(self, tp: TP, offset: int) -> None:
        self.sought.append((tp, offset))

    @property
    def fatal(self) -> Fatal | None:
        return self.lanes.fatal.result() if self.lanes.fatal.done() else None


def _table(store: Store) -> Callable[[int], Store]:
    return lambda partition: dict(store)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 30))


def script() -> Script:
    log = Script()
    log.configure("a", at=0)
    for _ in range(5):
        log.poke("a", at=1)
    return log


def saved() -> tuple[Script, dict[str, Store]]:
    """A log, and the tables after its first two records."""
    log, engine = running("a", "b")
    store: Store = {}
    write(store, "before", engine.whole())
    return log, {"sensing": store}


def test_each_partition_starts_where_its_own_checkpoint_says() -> None:
    async def work() -> None:
        log, tables = saved()
        room = Room(FakePort(log.records), tables=tables)
        assert not room.lanes.ready.is_set()
        assert await room.lanes.assign([SERVES, SENSES], 1) == {SENSES: 2, SERVES: 0}
        assert room.lanes.ready.is_set()
        assert set(room.lanes.parts[SENSES].engine.halls) == {b"a", b"b"}
        assert "forget 3" in room.port.calls  # two halls and a mark of the writer before

    run(work)


def test_a_state_that_cannot_be_read_ends_the_process_and_starts_nothing() -> None:
    async def work() -> None:
        room = Room(FakePort(), tables={"sensing": {b"w": b"\xc1"}})
        assert await room.lanes.assign([SENSES], 1) == {}
        assert room.fatal is not None
        assert room.fatal.code == 65
        assert not room.lanes.ready.is_set()
        assert room.port.calls == []

    run(work)


def test_the_state_of_a_newer_topology_is_refused_with_both_versions() -> None:
    async def work() -> None:
        log, engine = running("a")
        engine.topology = 7
        store: Store = {}
        write(store, "newer", engine.whole())
        room = Room(FakePort(log.records), tables={"sensing": store})
        await room.lanes.assign([SENSES], 1)
        assert room.fatal is not None
        assert room.fatal.code == 65
        assert "written by topology version 7, this program has 1" in str(room.fatal)
        assert room.port.calls == []

    run(work)


def test_an_older_topology_is_gone_on_from() -> None:
    async def work() -> None:
        log, tables = saved()
        room = Room(FakePort(log.records), Topology(8, (SENSING, SERVICE)), tables)
        assert await room.lanes.assign([SENSES, SERVES], 1) == {SENSES: 2, SERVES: 0}
        mark = room.lanes.parts[SENSES].engine.mark()
        assert mark.topology == 8

    run(work)


def test_batches_go_to_the_partition_they_are_of() -> None:
    async def work() -> None:
        log = script()
        room = Room(FakePort(log.records))
        await room.lanes.assign([SENSES, SERVES], 1)
        await room.lanes.take(batch(log.records))
        await room.lanes.take(batch([log.records[0]._replace(topic="hall.alerts")]))  # nobody's
        assert room.lanes.parts[SENSES].engine.next_offset == 6
        assert room.lanes.parts[SERVES].engine.next_offset == 0
        assert {lane for lane, _ in room.seen} == {"sensing"}
        assert room.fatal is None

    run(work)


def test_what_was_dropped_on_the_way_is_sought_again() -> None:
    async def work() -> None:
        log = script()
        room = Room(FakePort(log.records))
        await room.lanes.assign([SENSES], 1)
        await room.lanes.take(batch(log.records[3:]))
        assert room.sought == [(SENSES, 0)]
        await room.lanes.take(batch(log.records))
        assert room.lanes.parts[SENSES].engine.next_offset == 6

    run(work)


def test_the_first_failure_counts_and_nothing_is_taken_after_it() -> None:
    async def work() -> None:
        log = script()
        room = Room(FakePort(log.records))
        await room.lanes.assign([SENSES], 1)
        room.lanes.fail(Fatal(75, "first"))
        room.lanes.fail(Fatal(70, "second"))
        await room.lanes.take(batch(log.records))
        assert str(room.fatal) == "first"
        assert room.lanes.parts[SENSES].engine.next_offset == 0
        await room.lanes.finish()  # and no checkpoint is made of what is in hand
        assert not any("at 6" in call for call in room.port.calls)

    run(work)


def test_what_a_batch_raises_ends_the_process_not_the_agent() -> None:
    """An exception out of the Faust agent's body would acknowledge the batch and go on."""

    async def work() -> None:
        log = script()
        room = Room(FakePort(log.records))
        await room.lanes.assign([SENSES], 1)
        log.poke("a", "counter:disk")
        await room.lanes.take(batch(log.records))
        assert room.fatal is not None
        assert room.fatal.code == 70
        assert "OSError" in str(room.fatal)

    run(work)


def test_finish_checkpoints_what_is_in_hand_and_takes_no_more() -> None:
    async def work() -> None:
        log = script()
        room = Room(FakePort(log.records))
        await room.lanes.assign([SENSES, SERVES], 1)
        await room.lanes.take(batch(log.records[:4]))
        await room.lanes.finish()
        assert room.lanes.parts[SENSES].marked == 4
        await room.lanes.take(batch(log.records[4:]))
        assert room.lanes.parts[SENSES].engine.next_offset == 4

    run(work)


def test_tending_ends_with_the_process() -> None:
    async def work() -> None:
        room = Room(FakePort())
        room.lanes.fail(Fatal(75, "over"))
        await room.lanes.tend()

    run(work)


@pytest.mark.slow
def test_a_topic_made_again_is_noticed_by_who_has_no_partition_of_it() -> None:
    """The group hands out none of a topic that was away when it looked: no mark would ever tell."""

    async def work() -> None:
        room = Room(FakePort())
        tending = asyncio.create_task(room.lanes.tend())
        while not room.port.asked:
            await asyncio.sleep(0)
        room.port.id = "another"
        await tending
        assert room.fatal is not None
        assert room.fatal.code == 65
        assert "was log when this process began, and is another" in str(room.fatal)
        assert "`hall reset` starts a new era" in str(room.fatal)

    run(work)
