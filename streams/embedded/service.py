"""The engine on the embedded log, as one process: what ``streams.worker.service`` leaves to the log, and retention."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import faust

from streams.embedded import topics
from streams.embedded.lock import ConsumerLock
from streams.embedded.log import Log
from streams.embedded.port import EmbeddedPort
from streams.embedded.transport import EmbeddedLog, register
from streams.embedded.witness import Witness
from streams.lane import Topology
from streams.log import Append
from streams.rows import ticks
from streams.topics import GROUP
from streams.worker.app import build_app
from streams.worker.port import LanePort
from streams.worker.service import WorkerService

log = logging.getLogger(__name__)

RETAIN_EVERY_S = 30.0


class EmbeddedService(WorkerService):
    """The caller opens the log, and closes it afterwards."""

    def __init__(
        self, store: Log, path: Path, topology: Topology, *, http: tuple[str, int] | None, ticker: bool = True
    ) -> None:
        super().__init__(topology, http=http, ticker=ticker)
        self._store, self._path = store, path
        self._lock = ConsumerLock(path)

    async def _open(self) -> tuple[LanePort, int]:
        self._lock.acquire()
        topics.ensure_topics(self._store, self._topology)
        self._own_clock = self._store.topics()[self._topology.lanes[0].topic].time == "producer"
        self.embedded = EmbeddedLog(self._store)
        return self._port(), self.embedded.partitions(self._topology.lanes[0].topic)

    def _port(self) -> EmbeddedPort:
        witness, positions = Witness(self._path, self._store.id), self._store.positions()
        seen = {(topic, number): at for (group, topic, number), at in positions.items() if group == GROUP}
        doubt = witness.doubt(seen, witnessed=self._store.witnessed())
        if doubt is not None:
            log.warning("%s: %s. A new era begins, so that no id stands for two events.", self._path, doubt)
        return EmbeddedPort(self.embedded, witness, copy=doubt is not None)

    def _build(self, partitions: int) -> faust.App:
        register()
        broker = f"embedded://{self._path.resolve()}"
        return build_app(broker, self.lanes, partitions, self._path.parent, embedded=self.embedded)

    def _ends(self, topic: str, partition: int) -> int:
        return self._store.end(topic, partition)

    async def append(self, rows: Sequence[Append]) -> None:
        await self.embedded.writer.append(rows)

    async def _tick(self) -> None:
        sources = [lane.topic for lane in self._topology.lanes]
        await self.embedded.writer.append(ticks(self._store, sources))

    def _beside(self) -> list[Coroutine[Any, Any, None]]:
        return [self._retain()]

    async def _retain(self) -> None:
        while True:
            await asyncio.to_thread(self._store.retain, time.time_ns() // 1_000_000, self._stop.is_set)
            await asyncio.sleep(RETAIN_EVERY_S)

    async def _close(self) -> None:
        self._lock.release()
