"""What a worker does when partitions come and go: the assignment begins, is taken away, and others write meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from faust.types import TP

from streams.checkpoint import restore
from streams.codec import encode
from streams.events import Configured
from streams.ids import EventId
from streams.record import Record
from streams.topics import OBSERVATIONS
from streams.worker.batches import Batch
from streams.worker.lanes import Lanes
from tests.support.lane_port import FakePort
from tests.support.toy import START_MS, TOPOLOGY, Poke, files

HERE = TP(OBSERVATIONS, 0)
LONG_S = 30.0


class World:
    """A log with a hall and pokes in it, and a worker's lanes over it."""

    def __init__(self) -> None:
        self.port = FakePort()
        self.lanes = self.worker()
        body = Configured(hall="h", at_ms=START_MS, files=files("h"))
        self.append(encode(body))

    def worker(self) -> Lanes:
        lanes = Lanes(TOPOLOGY, self.port, lambda lane, outputs: None, {})
        lanes.partition_counts = dict.fromkeys(lanes.topics, 1)
        lanes.recovered = {lane.name: lambda partition: dict(self.port.state) for lane in TOPOLOGY.lanes}
        return lanes

    def append(self, value: bytes) -> None:
        at = len(self.port.source)
        self.port.source.append(Record(OBSERVATIONS, 0, at, START_MS + at, b"h", value))

    def poke(self, count: int = 1) -> None:
        for _ in range(count):
            at = len(self.port.source)
            self.append(encode(Poke(hall="h", at_ms=START_MS + at, source="s", boot="1", seq=at)))

    def batch(self, start: int, generation: int, *, asked: int | None = None) -> Batch:
        return Batch(OBSERVATIONS, 0, generation, start if asked is None else asked, self.port.source[start:])

    def published(self) -> list[tuple[EventId, bytes]]:
        """Snapshots apart."""
        return [(output.id, output.value) for output in self.port.sent if output.id is not None]

    def mark(self) -> int:
        mark = restore(self.port.state).mark
        return mark.next_offset if mark else 0


def run(scene: Callable[[World], Awaitable[None]]) -> None:
    async def play() -> None:
        await scene(World())

    asyncio.run(play())


def test_an_assignment_begins_where_the_mark_stands_and_removes_what_it_recovered_from() -> None:
    async def scene(world: World) -> None:
        world.poke(3)
        assert await world.lanes.assign([HERE], 1) == {HERE: 0}
        await world.lanes.take(world.batch(0, 1))
        await world.lanes.revoke(LONG_S)
        before = set(world.port.state)
        assert await world.worker().assign([HERE], 2) == {HERE: 4}
        assert world.mark() == 4
        assert not before & set(world.port.state), "the writers before this one are gone"

    run(scene)


def test_whose_position_is_refused_removes_nothing() -> None:
    """
    owner:  writes its state
    stale:           recovers . . . writes its own, is refused: the owner's must stay
    """

    async def scene(world: World) -> None:
        world.poke(3)
        await world.lanes.assign([HERE], 1)
        await world.lanes.take(world.batch(0, 1))
        await world.lanes.revoke(LONG_S)
        before = dict(world.port.state)
        world.port.owner = False
        await world.worker().assign([HERE], 2)
        assert before.items() <= world.port.state.items()

    run(scene)


def test_a_batch_of_another_assignment_is_not_taken() -> None:
    async def scene(world: World) -> None:
        world.poke(3)
        await world.lanes.assign([HERE], 2)
        await world.lanes.take(world.batch(0, 1))
        assert not world.port.sent
        await world.lanes.take(world.batch(0, 2))
        assert world.port.sent

    run(scene)


def test_revoking_checkpoints_what_is_in_hand_and_forgets_it() -> None:
    async def scene(world: World) -> None:
        world.poke(3)
        await world.lanes.assign([HERE], 1)
        await world.lanes.take(world.batch(0, 1))
        assert world.mark() == 0, "the next checkpoint would be due in a second"
        await world.lanes.revoke(LONG_S)
        assert world.mark() == 4
        assert world.port.positions[OBSERVATIONS] == 4, "told to the group while it still listens"
        assert not world.lanes.parts
        assert not world.lanes.ready.is_set()
        published = len(world.port.sent)
        await world.lanes.take(world.batch(0, 1))
        assert len(world.port.sent) == published

    run(scene)


def test_what_cannot_be_checkpointed_in_time_is_dropped_and_computed_again() -> None:
    async def scene(world: World) -> None:
        world.poke(3)
        await world.lanes.assign([HERE], 1)
        await world.lanes.take(world.batch(0, 1))
        once = world.published()
        world.port.hold = asyncio.Event()
        await world.lanes.revoke(0.01)
        assert not world.lanes.fatal.done(), "dropping is safe"
        world.port.hold = None
        other = world.worker()
        assert await other.assign([HERE], 2) == {HERE: 0}
        await other.take(world.batch(0, 2))
        assert once
        assert world.published() == once * 2

    run(scene)


def test_an_assignment_that_ends_while_it_begins_starts_nothing() -> None:
    async def scene(world: World) -> None:
        world.port.hold = asyncio.Event()
        beginning = asyncio.create_task(world.lanes.assign([HERE], 1))
        await asyncio.sleep(0)
        await world.lanes.revoke(LONG_S)
        world.port.hold.set()
        assert await beginning == {}
        assert not world.lanes.parts

    run(scene)


def test_nothing_to_do_is_ready_too() -> None:
    """More workers than partitions."""

    async def scene(world: World) -> None:
        assert await world.lanes.assign([], 1) == {}
        assert world.lanes.ready.is_set()

    run(scene)


@pytest.mark.parametrize(("asked", "why"), [(0, "the log goes on"), (2, "it gave what is before that")])
def test_a_log_that_goes_back_is_another_log(asked: int, why: str) -> None:
    async def scene(world: World) -> None:
        world.poke(3)
        await world.lanes.assign([HERE], 1)
        await world.lanes.take(world.batch(0, 1, asked=asked))
        assert world.lanes.fatal.done() == (asked > 0), why
        if asked:
            assert world.lanes.fatal.result().code == 65
            assert "hall reset" in str(world.lanes.fatal.result())

    run(scene)


def test_a_topic_that_was_made_again_stops_the_worker_at_the_next_mark() -> None:
    async def scene(world: World) -> None:
        world.poke(3)
        await world.lanes.assign([HERE], 1)
        await world.lanes.take(world.batch(0, 1))
        world.port.id = "log-2"
        await world.lanes.revoke(LONG_S)
        assert world.lanes.fatal.result().code == 65
        assert world.mark() == 0, "nothing of the old log is marked in the new one"

    run(scene)
