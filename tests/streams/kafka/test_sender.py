"""Sending: whole batches, one of a partition at a time, and nothing after what was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from faust.types import TP

from streams.kafka.errors import SendFailed
from streams.kafka.sender import Row, Sender

HERE, THERE = TP("t", 0), TP("t", 1)


class FakeBatch:
    def __init__(self, room: int) -> None:
        self.room, self.values = room, list[bytes | None]()

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None) -> object:
        if len(self.values) == self.room:
            return None
        self.values.append(value)
        return self

    def close(self) -> None:
        pass


class FakeProducer:
    """Acknowledges when told to; ``room`` rows fit into a batch."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.sent: list[tuple[int, list[bytes | None], asyncio.Future[None]]] = []

    def create_batch(self) -> FakeBatch:
        return FakeBatch(self.room)

    async def send_batch(self, batch: FakeBatch, topic: str, *, partition: int) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent.append((partition, batch.values, done))
        return done

    def values(self, partition: int) -> list[list[bytes | None]]:
        return [values for at, values, _ in self.sent if at == partition]


def rows(*values: bytes) -> list[Row]:
    return [Row(b"k", value) for value in values]


async def settle_down() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def run(scene: Callable[[Sender, FakeProducer], Awaitable[None]], room: int = 100) -> None:
    async def play() -> None:
        producer: Any = FakeProducer(room)
        await scene(Sender(producer), producer)

    asyncio.run(play())


def test_what_comes_while_a_batch_is_on_its_way_goes_into_the_next_one() -> None:
    async def scene(sender: Sender, producer: FakeProducer) -> None:
        sender.append(HERE, rows(b"1"))
        await settle_down()
        sender.append(HERE, rows(b"2"))
        sender.append(HERE, rows(b"3"))
        await settle_down()
        assert producer.values(0) == [[b"1"]]
        producer.sent[0][2].set_result(None)
        await settle_down()
        assert producer.values(0) == [[b"1"], [b"2", b"3"]]
        assert sender.backlog == 2
        await sender.close()

    run(scene)


def test_partitions_do_not_wait_for_each_other() -> None:
    async def scene(sender: Sender, producer: FakeProducer) -> None:
        sender.append(HERE, rows(b"1"))
        sender.append(THERE, rows(b"2"))
        await settle_down()
        assert producer.values(0) == [[b"1"]]
        assert producer.values(1) == [[b"2"]]
        producer.sent[1][2].set_result(None)
        await asyncio.wait_for(sender.settle(THERE), 1)
        await sender.close()

    run(scene)


def test_what_does_not_fit_into_a_batch_waits_for_its_acknowledgement() -> None:
    async def scene(sender: Sender, producer: FakeProducer) -> None:
        sender.append(HERE, rows(b"1", b"2", b"3"))
        await settle_down()
        assert producer.values(0) == [[b"1", b"2"]]
        producer.sent[0][2].set_result(None)
        await settle_down()
        assert producer.values(0) == [[b"1", b"2"], [b"3"]]
        await sender.close()

    run(scene, room=2)


def test_settling_waits_for_what_was_taken_so_far_and_not_for_more() -> None:
    async def scene(sender: Sender, producer: FakeProducer) -> None:
        sender.append(HERE, rows(b"1"))
        settling = asyncio.create_task(sender.settle())
        await settle_down()
        assert not settling.done()
        sender.append(HERE, rows(b"2"))
        producer.sent[0][2].set_result(None)
        await asyncio.wait_for(settling, 1)
        assert sender.backlog == 1
        await sender.close()

    run(scene)


def test_nothing_follows_what_was_lost() -> None:
    """
    1 sent, refused;  2 and 3 waiting: never sent, of this partition or of another; whoever settles is told
    """

    async def scene(sender: Sender, producer: FakeProducer) -> None:
        sender.append(HERE, rows(b"1"))
        sender.append(THERE, rows(b"a"))
        await settle_down()
        sender.append(HERE, rows(b"2"))
        settling = asyncio.create_task(sender.settle())
        await settle_down()
        producer.sent[0][2].set_exception(ValueError("too large"))
        with pytest.raises(SendFailed, match=r"t/0.*too large"):
            await asyncio.wait_for(settling, 1)
        sender.append(HERE, rows(b"3"))
        sender.append(THERE, rows(b"b"))
        await settle_down()
        assert producer.values(0) == [[b"1"]]
        assert producer.values(1) == [[b"a"]]
        with pytest.raises(SendFailed):
            await sender.settle()

    run(scene)
