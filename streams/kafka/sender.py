"""Sends rows in whole batches, one batch of a partition at a time: what is appended meanwhile goes into the next one.

So nothing can follow what was lost, whatever the client does about retries; and under load the batches grow by themselves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from faust.types import TP

from streams.kafka import denial
from streams.kafka.access import Access

BATCH_BYTES = 512 * 1024
"""Of one batch, unless a single row is larger."""


class Row(NamedTuple):
    """``timestamp_ms`` counts only in topics of producer time; None there: now."""

    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None


def make_producer(place: Access | str) -> AIOKafkaProducer:
    """Idempotent: the broker drops what a retry sends twice, and refuses what comes out of order."""
    return AIOKafkaProducer(
        client_id="hallstream", acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=BATCH_BYTES,
        request_timeout_ms=20_000, **Access.to(place).aiokafka(),
    )  # fmt: skip


class Sender:
    """Appends from one event loop, in order per partition. After one failure it sends nothing any more.

    ``place``: the producer's, for what is said of a failure.
    """

    def __init__(self, producer: AIOKafkaProducer, place: Access | str = "") -> None:
        self._producer, self.access = producer, Access.to(place)
        self._boxes: dict[TP, _Outbox] = {}
        self.broken: Exception | None = None

    @property
    def backlog(self) -> int:
        """Rows that are not acknowledged yet."""
        return sum(box.taken - box.acknowledged for box in self._boxes.values())

    def append(self, tp: TP, rows: Iterable[Row]) -> None:
        """Take rows without waiting. What goes wrong comes out of ``settle``."""
        if self.broken is None:
            box = self._boxes.get(tp)
            if box is None:
                box = self._boxes[tp] = _Outbox(self, self._producer, tp)
            box.append(rows)

    async def settle(self, tp: TP | None = None) -> None:
        """Until all that was taken so far (for one partition, or for all) is acknowledged. Raises SendFailed or AccessDenied."""
        boxes = list(self._boxes.values()) if tp is None else [box for box in (self._boxes.get(tp),) if box is not None]
        # After a failure nothing is acknowledged any more: there is nothing to wait for.
        if self.broken is None and (waiting := [box.settled() for box in boxes if box.acknowledged < box.taken]):
            await asyncio.wait(waiting)
        if self.broken is not None:
            raise self.broken

    def fail(self, error: Exception) -> None:
        self.broken = self.broken or error
        for box in self._boxes.values():
            box.give_up()

    async def close(self) -> None:
        """What is not acknowledged yet is given up."""
        for box in self._boxes.values():
            box.give_up()


class _Outbox:
    """One partition's rows: those waiting, and one batch on its way."""

    def __init__(self, sender: Sender, producer: AIOKafkaProducer, tp: TP) -> None:
        self._sender, self._producer, self._tp = sender, producer, tp
        self._outside = sender.access.naming.outside(tp.topic)
        self._rows: deque[Row] = deque()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self.taken = self.acknowledged = 0

    def append(self, rows: Iterable[Row]) -> None:
        before = len(self._rows)
        self._rows.extend(rows)
        self.taken += len(self._rows) - before
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send())

    def settled(self) -> asyncio.Future[None]:
        """Resolves when all that was taken so far is acknowledged, or never will be."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((self.taken, done))
        return done

    def give_up(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._rows.clear()
        self._wake(self.taken)

    async def _send(self) -> None:
        try:
            while self._rows:
                count, batch = self._next()
                await (await self._producer.send_batch(batch, self._outside, partition=self._tp.partition))
                self.acknowledged += count
                self._wake(self.acknowledged)
        except Exception as e:  # noqa: BLE001 - whatever it is, nothing may follow
            self._sender.fail(denial.of_send(self._sender.access, self._tp.topic, self._tp.partition, e))
        finally:
            self._task = None

    def _next(self) -> tuple[int, Any]:
        batch = self._producer.create_batch()
        count = 0
        while self._rows:
            row = self._rows[0]
            if batch.append(timestamp=row.timestamp_ms, key=row.key, value=row.value) is None:
                break
            self._rows.popleft()
            count += 1
        batch.close()
        return count, batch

    def _wake(self, upto: int) -> None:
        while self._waiters and self._waiters[0][0] <= upto:
            done = self._waiters.pop(0)[1]
            if not done.done():
                done.set_result(None)
