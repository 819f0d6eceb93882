"""Kafka as the lanes see it: outputs acknowledged, then the halls, then the mark, then the group's position."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from faust.types import TP

from streams.engine import Output
from streams.kafka.errors import Unreachable
from streams.kafka.log import KafkaLog
from streams.kafka.sender import Row, Sender
from streams.record import Record
from streams.worker.port import StateRow

ID_FOR_S = 1.0
"""How old the answer to "is it still the same topic" may be: every partition asks, at every mark."""

Commit = Callable[[int | None, TP, int], Coroutine[Any, Any, bool]]
"""Generation, partition, position: tell the group, as a member of that generation; False when it is refused."""


class KafkaPort:
    """``generation``: of the assignment under which the lanes work now; None between two."""

    def __init__(self, sender: Sender, log: KafkaLog, generation: Callable[[], int | None], commit: Commit) -> None:
        self._sender, self._log, self._generation, self._commit = sender, log, generation, commit
        self._known: dict[str, str] = {}
        self._ids: dict[str, tuple[float, asyncio.Task[str]]] = {}

    async def log_id(self, topic: str) -> str:
        asked, found = self._ids.get(topic, (0.0, None))
        if found is None or time.monotonic() - asked > ID_FOR_S:
            found = asyncio.create_task(asyncio.to_thread(self._ask_id, topic))
            self._ids[topic] = time.monotonic(), found
        return await asyncio.shield(found)

    def _ask_id(self, topic: str) -> str:
        try:
            self._known[topic] = self._log.identity(topic)
        except Unreachable:
            # A broker that is away for a while ends nobody. It is asked again before the next mark.
            if topic not in self._known:
                raise
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

    async def start(self, topic: str, partition: int) -> int:
        return await asyncio.to_thread(self._log.start, topic, partition)

    async def end(self, topic: str, partition: int) -> int:
        return await asyncio.to_thread(self._log.end, topic, partition)

    async def read_one(self, topic: str, partition: int, offset: int) -> Record | None:
        found = await asyncio.to_thread(lambda: self._log.read(topic, partition, offset, limit=1))
        return found[0] if found and found[0].offset == offset else None
