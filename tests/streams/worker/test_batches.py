"""From the fetcher to the agents: lanes get whole batches, changelogs go Faust's way, and what is stale is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.record import Record
from streams.worker.batches import Batch, BatchConsumer

LANE, CHANGELOG = TP("hall.observations", 0), TP("hallstream-sensing-state-changelog", 0)


class FakeLanes:
    def __init__(self) -> None:
        self.topics = {LANE.topic: "sensing"}
        self.failed: list[BaseException] = []
        self.asked: set[TP] = set()
        self.generation = 0

    def fail(self, error: BaseException) -> None:
        self.failed.append(error)

    async def assign(self, tps: Iterable[TP], generation: int) -> dict[TP, int]:
        self.asked, self.generation = set(tps), generation
        return dict.fromkeys(self.asked, 7)


class Channel:
    """Where an agent takes its batches from."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=2)


class FakeConsumer(BatchConsumer):
    """What Faust's consumer would bring along; ``fetches`` is what its log gives, one after another."""

    def __init__(self, *fetches: dict[TP, list[Record]] | BaseException) -> None:
        self.channel = Channel()
        self.lanes = FakeLanes()
        self.app = SimpleNamespace(
            lanes=self.lanes, consumer_generation_id=3, topics=SimpleNamespace(_tp_index={LANE: {self.channel}})
        )
        self.flow_active, self._stopped = True, asyncio.Event()
        self.asked: dict[TP, int] = {LANE: 0, CHANGELOG: 0}
        self.reached, self._read_offset = 0, {}
        self.stock: list[Any] = []
        self._fetches = list(fetches)

    def _batch(self, tp: TP, generation: int, fetched: list[Record]) -> Batch:
        return Batch(tp.topic, tp.partition, generation, self.asked[tp], fetched, None, self.reached)

    async def callback(self, message: Any) -> None:
        self.stock.append(message)

    def _to_message(self, tp: TP, record: Record) -> tuple[TP, int]:
        return tp, record.offset

    async def _wait_next_records(self, timeout: float) -> tuple[dict[TP, list[Record]], set[TP]]:
        if not self._fetches:
            self._stopped.set()
            return {}, set()
        fetched = self._fetches.pop(0)
        if isinstance(fetched, BaseException):
            raise fetched
        return fetched, set(fetched)

    async def drained(self) -> list[Batch]:
        await self._drain_messages(SimpleNamespace(_stopped=asyncio.Event()))
        return self.taken()

    def taken(self) -> list[Batch]:
        queue = self.channel.queue
        return [queue.get_nowait().value for _ in range(queue.qsize())]


def records(tp: TP, *offsets: int) -> list[Record]:
    return [Record(tp.topic, tp.partition, n, 1_000 + n, b"k", b"v") for n in offsets]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 30))


def test_a_lane_gets_what_was_fetched_as_one_batch() -> None:
    async def work() -> None:
        consumer = FakeConsumer({LANE: records(LANE, 4, 5, 6)})
        consumer.asked[LANE] = 2
        assert await consumer.drained() == [Batch(LANE.topic, 0, 3, 2, records(LANE, 4, 5, 6))]
        assert consumer._read_offset == {LANE: 6}
        assert consumer.stock == []

    run(work())


def test_a_batch_travels_in_an_event_that_faust_can_account_for() -> None:
    async def work() -> None:
        consumer = FakeConsumer()
        await consumer._hand_over({LANE: records(LANE, 4, 5)})
        event = consumer.channel.queue.get_nowait()
        assert event.app is consumer.app
        message = event.message
        assert (message.tp, message.offset, message.timestamp, message.generation_id) == (LANE, 5, 1.005, 3)

    run(work())


def test_what_a_producer_took_back_is_handed_over_as_a_batch_without_records() -> None:
    """4 5 6 aborted, 7 the marker: a lane that did not hear of them would stand before them for ever."""

    async def work() -> None:
        consumer = FakeConsumer()
        consumer.asked[LANE], consumer.reached = 4, 8
        await consumer._hand_over({LANE: []})
        event = consumer.channel.queue.get_nowait()
        assert event.value == Batch(LANE.topic, 0, 3, 4, [], None, 8)
        assert event.message.offset == 7
        assert consumer._read_offset == {LANE: 7}

    run(work())


def test_changelogs_go_record_by_record_so_that_tables_recover() -> None:
    async def work() -> None:
        consumer = FakeConsumer({CHANGELOG: records(CHANGELOG, 0, 1)})
        assert await consumer.drained() == []
        assert consumer.stock == [(CHANGELOG, 0), (CHANGELOG, 1)]
        assert consumer._read_offset == {CHANGELOG: 1}

    run(work())


def test_what_was_fetched_before_a_rebalance_is_dropped() -> None:
    """The agent's queue is full; while the first batch waits for room, the assignment changes."""

    async def work() -> None:
        consumer = FakeConsumer()
        other = TP(LANE.topic, 1)
        consumer.asked[other] = 0
        consumer.app.topics._tp_index[other] = {consumer.channel}
        for _ in range(2):
            consumer.channel.queue.put_nowait(None)
        handing = asyncio.create_task(consumer._hand_over({LANE: records(LANE, 1), other: records(other, 1)}))
        await asyncio.sleep(0)
        consumer.app.consumer_generation_id += 1
        consumer.channel.queue.get_nowait()
        await handing
        consumer.channel.queue.get_nowait()
        (batch,) = consumer.taken()
        assert (batch.partition, batch.generation) == (0, 3)  # of the old assignment, and says so

    run(work())


def test_nothing_is_handed_over_while_the_flow_is_suspended() -> None:
    async def work() -> None:
        consumer = FakeConsumer({LANE: records(LANE, 1)})
        consumer.flow_active = False
        assert await consumer.drained() == []
        assert consumer._read_offset == {}

    run(work())


def test_a_lane_whose_agent_has_enough_to_do_is_not_fetched_for() -> None:
    async def work() -> None:
        consumer = FakeConsumer()
        assert consumer.has_room(LANE)
        for _ in range(2):
            consumer.channel.queue.put_nowait(None)
        assert not consumer.has_room(LANE)
        assert consumer.has_room(CHANGELOG)

    run(work())


def test_a_log_that_cannot_be_read_ends_the_process_with_its_reason() -> None:
    async def work() -> None:
        error = OSError("the disk is gone")
        consumer = FakeConsumer(error)
        await consumer.drained()
        assert consumer.lanes.failed == [error]

    run(work())


def test_only_lanes_are_asked_where_to_start() -> None:
    async def work() -> None:
        consumer = FakeConsumer()
        assert await consumer.lane_starts([LANE, CHANGELOG]) == {LANE: 7}
        assert consumer.lanes.asked == {LANE}
        assert consumer.lanes.generation == 3

    run(work())


def test_being_stopped_is_no_failure() -> None:
    async def work() -> None:
        consumer = FakeConsumer(asyncio.CancelledError())
        with pytest.raises(asyncio.CancelledError):
            await consumer.drained()
        assert consumer.lanes.failed == []

    run(work())
