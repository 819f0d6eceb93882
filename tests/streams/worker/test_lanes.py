"""The lanes of a process: where each partition starts, who gets which batch, and that the first failure counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from faust.types import TP

from streams.checkpoint import restore
from streams.engine import Output
from streams.kafka.errors import TopicsChanged
from streams.lane import Topology
from streams.topics import JOURNAL, OBSERVATIONS
from streams.traces import Traces
from streams.worker import lanes
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
        room = Room(FakePort(), tables={"sensing": {b"0123456789ab": b"\xc1"}})
        assert await room.lanes.assign([SENSES], 1) == {}
        assert room.fatal is not None
        assert room.fatal.code == 65
        assert not room.lanes.ready.is_set()
        assert room.port.calls == []

    run(work)


def test_a_state_that_is_gone_ends_the_process_and_says_what_to_do() -> None:
    """Nothing in the state topic, but the group has a position: the topic was removed, and made again."""

    async def work() -> None:
        room = Room(FakePort(script().records))
        room.port.left = Traces(committed=5)
        assert await room.lanes.assign([SENSES], 1) == {}
        assert room.fatal is not None
        assert room.fatal.code == 65
        assert "hall.observations/0 is processed up to offset 5" in str(room.fatal)
        assert "`hall reset`" in str(room.fatal)
        assert room.port.calls == [], "nothing was written that would look like a beginning"

    run(work)


def test_who_finds_his_state_asks_for_no_traces() -> None:
    async def work() -> None:
        log, tables = saved()
        room = Room(FakePort(log.records), tables=tables)
        await room.lanes.assign([SENSES, SERVES], 1)
        assert [asked for asked in room.port.asked if asked.startswith("traces")] == ["traces of service/0"]

    run(work)


def test_an_odd_beginning_is_told_noted_and_passed_on_until_a_hall_is_known(caplog: pytest.LogCaptureFixture) -> None:
    """
    owner 1   begins at 40 without a state, notes it ─┐
    owner 2                     goes on noting it ────┴─ a hall is configured: all is well
    owner 3                                              notes nothing
    """

    async def work() -> None:
        room = Room(FakePort(script().records))
        room.port.left = Traces(start=40)
        await room.lanes.assign([SENSES], 1)
        assert "begins without a state: the log begins at offset 40" in caplog.text
        assert room.lanes.parts[SENSES].without_state
        state = dict(room.port.state)
        assert restore(state).bare.startswith("the log begins at offset 40")
        later = Room(FakePort(script().records), tables={"sensing": state})
        await later.lanes.assign([SENSES], 1)
        assert later.lanes.parts[SENSES].without_state
        assert restore(later.port.state).bare == restore(state).bare
        await later.lanes.take(batch(script().records))
        assert not later.lanes.parts[SENSES].without_state
        await later.lanes.finish()
        last = Room(FakePort(script().records), tables={"sensing": dict(later.port.state)})
        await last.lanes.assign([SENSES], 1)
        assert b"~bare" not in b"".join(last.port.state)

    run(work)


def test_junk_beside_the_state_is_told_and_removed(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        log, tables = saved()
        tables["sensing"][b"hello world"] = b"junk"
        room = Room(FakePort(log.records), tables=tables)
        assert await room.lanes.assign([SENSES], 1) == {SENSES: 2}
        assert "1 records of hallstream-sensing-state-changelog are none of the engine's" in caplog.text
        assert "forget 4" in room.port.calls

    run(work)


def test_another_number_of_partitions_ends_the_process() -> None:
    """
    with one partition   a, b  in 0
    with three           a in 0, b in 2: who goes on in 0 would look for b elsewhere
    """

    async def work() -> None:
        log, tables = saved()
        for count, tp in ((3, SENSES), (1, TP(OBSERVATIONS, 1))):
            room = Room(FakePort(log.records), tables=tables)
            room.lanes.partition_counts = {OBSERVATIONS: count}
            assert await room.lanes.assign([tp], 1) == {}
            assert room.fatal is not None
            assert room.fatal.code == 65
            assert "the number of partitions was changed" in str(room.fatal)
            assert "`hall topics check`" in str(room.fatal)

    run(work)


def test_topics_that_changed_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        monkeypatch.setattr(lanes, "WATCH_S", 0.01)
        room = Room(FakePort())
        room.port.changed = TopicsChanged("hall.journal: had 4 partitions, and has 5")
        await asyncio.gather(room.lanes.tend(), _soon(room))
        assert room.fatal is not None
        assert (room.fatal.code, str(room.fatal)) == (65, "hall.journal: had 4 partitions, and has 5")

    async def _soon(room: Room) -> None:
        await room.lanes.fatal

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
