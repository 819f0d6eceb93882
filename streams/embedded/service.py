"""The engine on the embedded log, as one process: Faust app, ticker, retention, watchdog, HTTP; start and orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from streams.embedded import topics
from streams.embedded.lock import ConsumerLock
from streams.embedded.log import Log
from streams.embedded.port import EmbeddedPort
from streams.embedded.transport import EmbeddedLog, register
from streams.lane import Topology
from streams.worker.app import build_app
from streams.worker.failure import as_fatal
from streams.worker.http import HttpServer
from streams.worker.lanes import Lanes
from streams.worker.metrics import WorkerMetrics
from streams.worker.watchdog import Watchdog

log = logging.getLogger(__name__)

RETAIN_EVERY_S = 30.0
FINISH_WITHIN_S = 6.0
STOP_WITHIN_S = 2.0


class EmbeddedService:
    """``run`` until ``stop`` is called or something ends it. The caller opens the log, and closes it afterwards."""

    def __init__(
        self, store: Log, path: Path, topology: Topology, *, http: tuple[str, int] | None, ticker: bool = True
    ) -> None:
        self._store, self._path, self._topology, self._http_at, self._ticker = store, path, topology, http, ticker
        self.metrics = WorkerMetrics(tuple(lane.name for lane in topology.lanes))
        self._stop = asyncio.Event()
        self._lock = ConsumerLock(path)
        self._tasks: list[asyncio.Task[None]] = []
        self._app: Any = None
        self.http: HttpServer | None = None

    def stop(self) -> None:
        """Ask for an orderly end: drain, checkpoint, leave."""
        self._stop.set()

    async def start(self) -> None:
        """Returns when the state is recovered. Raises Fatal."""
        try:
            await self._start()
        except Exception as e:
            await self.leave()
            raise as_fatal(e) from e

    async def _start(self) -> None:
        self._lock.acquire()
        topics.ensure_topics(self._store, self._topology)
        self.embedded = EmbeddedLog(self._store)
        self.lanes = Lanes(self._topology, EmbeddedPort(self.embedded), self.metrics.observe, self.metrics.meters)
        self.lanes.partition_counts = {
            lane.topic: self.embedded.partitions(lane.topic) for lane in self._topology.lanes
        }
        self.metrics.bind(self.lanes, self._store.end)
        if self._http_at is not None:
            self.http = HttpServer(*self._http_at, self.metrics.registry, self.lanes)
            await self.http.start()
        register()
        self._app = build_app(
            f"embedded://{self._path.resolve()}",
            self.lanes,
            topics.PARTITIONS,
            self._path.parent,
            embedded=self.embedded,
        )
        self.lanes.seek = lambda tp, offset: self._app.consumer.seek(tp, offset)
        # Retention from the first moment: on a full disk it is what makes the next start possible.
        self._spawn(self._watch(), self._retain())
        await self._app.start()
        self._spawn(self.lanes.tend())
        await self._until(self.lanes.ready)
        # What stands now stands for good: keep the collector from walking over every hall's state again and again.
        gc.collect()
        gc.freeze()
        if self._ticker:
            self._spawn(self._tick())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the engine, such as a simulator; what it raises ends the process."""
        self._spawn(work)

    async def run(self) -> None:
        """Until ``stop``; then drain and checkpoint. Raises Fatal when something ended it."""
        try:
            await self._until(self._stop)
            await self._drain()
        finally:
            await self.leave()

    async def _until(self, event: asyncio.Event) -> None:
        """Until the event, or until somebody asks for the end. Raises Fatal when something else ends it."""
        waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(e.wait()) for e in (event, self._stop)]
        await asyncio.wait([*waiting, self.lanes.fatal], return_when=asyncio.FIRST_COMPLETED)
        for wait in waiting:
            wait.cancel()
        if self.lanes.fatal.done():
            raise self.lanes.fatal.result()

    async def _drain(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await asyncio.wait_for(self.lanes.finish(), FINISH_WITHIN_S)
        except TimeoutError:
            log.warning(
                "the last checkpoint took longer than %.0f s: leaving without it, which is safe", FINISH_WITHIN_S
            )
        except Exception as e:
            raise as_fatal(e) from e
        if self.lanes.fatal.done():
            raise self.lanes.fatal.result()

    async def leave(self) -> None:
        """Let go of everything, without a checkpoint. ``run`` and a failed ``start`` do it themselves; twice is fine."""
        self._stop.set()
        for task in self._tasks:
            task.cancel()
        if self.http is not None:
            await self.http.stop()
        if self._app is not None:
            # Nobody needs tracebacks of tasks that end because we end them, above the one line that says why.
            logging.getLogger("faust").setLevel(logging.CRITICAL)
            try:
                await asyncio.wait_for(self._app.stop(), STOP_WITHIN_S)
            except Exception as e:  # noqa: BLE001 - everything that matters is on disk already
                log.debug("Faust did not stop in good order: %r", e)
        self._lock.release()

    # -- beside the engine -----------------------------------------------------------------------------------------

    def _spawn(self, *work: Coroutine[Any, Any, None]) -> None:
        for coroutine in work:
            task = asyncio.create_task(coroutine)
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.lanes.fail(error)

    async def _tick(self) -> None:
        """Append a tick a second to every lane: time comes from the log, and a quiet hall must still escalate."""
        sources = [lane.topic for lane in self._topology.lanes]
        while True:
            await asyncio.sleep(1.0 - time.time() % 1.0)
            await self.embedded.writer.append(topics.ticks(self._store, sources))

    async def _retain(self) -> None:
        while True:
            await asyncio.to_thread(self._store.retain, time.time_ns() // 1_000_000, self._stop.is_set)
            await asyncio.sleep(RETAIN_EVERY_S)

    async def _watch(self) -> None:
        watchdog = Watchdog(self.lanes, self._store.end, time.monotonic())
        while True:
            await asyncio.sleep(1.0)
            if (fatal := watchdog.check(time.monotonic())) is not None:
                self.lanes.fail(fatal)
            if self._app is not None and self._app.crash_reason is not None:
                self.lanes.fail(self._app.crash_reason)
