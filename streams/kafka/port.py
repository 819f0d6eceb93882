"""Kafka as the lanes see it: outputs acknowledged, then the halls, then the mark, then the group's position."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from faust.types import TP

from streams.checkpoint import Mark
from streams.engine import Output
from streams.kafka.errors import KafkaError, TopicsChanged, Unreachable
from streams.kafka.log import KafkaLog
from streams.kafka.sender import Row, Sender
from streams.kafka.standing import Standing
from streams.kafka.together import Together
from streams.lane import Lane
from streams.log import Place
from streams.record import Record
from streams.traces import LanePlace, Traces, find
from streams.worker.port import StateRow

log = logging.getLogger(__name__)

T = TypeVar("T")

ID_FOR_S = 1.0
"""How old the answer to "is it still the same topic" may be: every partition asks, at every mark."""

GONE_S = 60.0
"""A partition whose leader is gone is waited for, while others work: electing one takes a cluster up to half a minute."""

AGAIN_S = 0.5

Commit = Callable[[int | None, TP, int], Coroutine[Any, Any, bool]]
"""Generation, partition, position: tell the group, as a member of that generation; False when it is refused."""


class KafkaPort:
    """``generation``: of the assignment under which the lanes work now; None between two."""

    def __init__(self, sender: Sender, log: KafkaLog, generation: Callable[[], int | None], commit: Commit) -> None:
        self._sender, self._log, self._generation, self._commit = sender, log, generation, commit
        self._known: dict[str, str] = {}
        self._ids: dict[str, tuple[float, asyncio.Task[str]]] = {}
        # All partitions ask when they begin. Another offset of the same one has to wait for the next reading.
        self._reading = Together(self._read, apart=lambda place: (place.topic, place.partition))
        self._tracing = Together(self._trace, apart=lambda place: place)
        self._standing = Standing(log)

    async def log_id(self, topic: str) -> str:
        asked, found = self._ids.get(topic, (0.0, None))
        if found is None or time.monotonic() - asked > ID_FOR_S:
            found = asyncio.create_task(self._ask_id(topic))
            self._ids[topic] = time.monotonic(), found
        return await asyncio.shield(found)

    async def _ask_id(self, topic: str) -> str:
        try:
            self._known[topic] = await asyncio.to_thread(self._log.identity, topic)
        except Unreachable:
            # A broker that is away for a while ends nobody. It is asked again before the next mark.
            if topic not in self._known:
                self._known[topic] = await _patiently(lambda: self._log.identity(topic))
        return self._known[topic]

    @property
    def backlog(self) -> int:
        return self._sender.backlog

    def publish(self, outputs: Sequence[Output]) -> None:
        rows: dict[tuple[str, int], list[Row]] = {}
        for output in outputs:
            rows.setdefault((output.topic, output.partition), []).append(
                Row(output.key, output.value, output.timestamp_ms)
            )
        for place, sent in rows.items():
            self._sender.append(TP(*place), sent)

    async def settle(self) -> None:
        await self._sender.settle()

    async def write_state(
        self, topic: str, partition: int, halls: Sequence[StateRow], mark: StateRow, source: str, next_offset: int
    ) -> bool:
        generation = self._generation()
        # One partition, in order, each batch acknowledged before the next: the mark cannot be there without the halls.
        tp = TP(topic, partition)
        self._sender.append(tp, [Row(key, value) for key, value in (*halls, mark)])
        await self._sender.settle(tp)
        return await self._commit(generation, TP(source, partition), next_offset)

    async def forget(self, topic: str, partition: int, keys: Sequence[bytes]) -> None:
        self._sender.append(TP(topic, partition), [Row(key, None) for key in keys])
        await self._sender.settle(TP(topic, partition))

    async def copied(self, lane: str, partition: int, mark: Mark) -> tuple[int, int] | None:
        """Never: a cluster whose disks were put back is noticed by its records, as far as anybody had read them."""
        return None

    async def start(self, topic: str, partition: int) -> int:
        return await _patiently(lambda: self._log.start(topic, partition))

    async def written(self, topic: str, partition: int) -> int:
        return await _patiently(lambda: self._log.written(topic, partition))

    async def read_one(self, topic: str, partition: int, offset: int) -> Record | None:
        return await self._reading.ask(Place(topic, partition, offset))

    async def _read(self, places: Sequence[Place]) -> dict[Place, Record]:
        return await _patiently(lambda: self._log.read_each(places))

    async def traces(self, lane: Lane, partition: int) -> Traces:
        return await self._tracing.ask(LanePlace(lane.name, lane.topic, partition)) or Traces()

    async def _trace(self, places: Sequence[LanePlace]) -> dict[LanePlace, Traces]:
        return await _patiently(lambda: find(self._log, places))

    async def watch(self) -> None:
        try:
            await asyncio.to_thread(self._standing.check)
        except TopicsChanged:
            raise
        except KafkaError as e:  # that ends nobody here; it is looked again
            log.debug("topics could not be looked at: %s", e)


async def _patiently(question: Callable[[], T]) -> T:
    deadline = time.monotonic() + GONE_S
    while True:
        try:
            return await asyncio.to_thread(question)
        except Unreachable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(AGAIN_S)
