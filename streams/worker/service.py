"""The engine as one process, on whichever log: Faust app, ticker, watchdog, HTTP; start and orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from typing import Any

import faust
from faust.types import TP

from streams.lane import Topology
from streams.log import Append
from streams.worker.clocks import ClockWatch
from streams.worker.failure import as_fatal, say_in_one_line
from streams.worker.held import Ends, HeldInput
from streams.worker.http import HttpServer
from streams.worker.lanes import Lanes
from streams.worker.metrics import WorkerMetrics
from streams.worker.port import LanePort
from streams.worker.watchdog import Watchdog

log = logging.getLogger(__name__)

FINISH_WITHIN_S = 6.0
STOP_WITHIN_S = 2.0
DRAIN_AFTER_S = 0.5


class WorkerService(ABC):
    """``run`` until ``stop`` is called or something ends it. What belongs to one log is in the methods below the line."""

    lanes: Lanes

    def __init__(self, topology: Topology, *, http: tuple[str, int] | None, ticker: bool) -> None:
        self._topology, self._http_at, self._ticker = topology, http, ticker
        self._own_clock = False
        self.metrics = WorkerMetrics(tuple(lane.name for lane in topology.lanes))
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._app: faust.App | None = None
        self.http: HttpServer | None = None

    def stop(self) -> None:
        """Ask for an orderly end: drain, checkpoint, leave."""
        self._stop.set()

    async def start(self) -> None:
        """Returns when the state is recovered. Raises Fatal."""
        asyncio.get_running_loop().set_exception_handler(say_in_one_line)
        try:
            await self._start()
        except Exception as e:
            await self.leave()
            raise as_fatal(self._in_words(e)) from e

    async def _start(self) -> None:
        port, partitions = await self._open()
        self.lanes = Lanes(self._topology, port, self.metrics.observe, self.metrics.meters)
        self.lanes.in_words = self._in_words
        self.lanes.own_clock = self._own_clock
        self.lanes.partition_counts = dict.fromkeys(self.lanes.topics, partitions)
        self._held = HeldInput(self.lanes, self._both_ends, self._called)
        self.metrics.bind(self.lanes, self._ends, self._held)
        if self._http_at is not None:
            self.http = HttpServer(*self._http_at, self.metrics.registry, self.lanes)
            await self.http.start()
        self._app = app = self._build(partitions)
        self.lanes.seek = self._seek
        # What runs beside starts first: on a full disk, retention is what makes the start possible.
        self._spawn(self._watch(), *self._beside())
        await app.start()
        self._spawn(self.lanes.tend(), self._stop_when_asked())
        await self._until(self.lanes.ready)
        # What stands now stands for good: keep the collector from walking over every hall's state again and again.
        gc.collect()
        gc.freeze()
        if self._ticker:
            self._spawn(self._ticks())

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
            raise as_fatal(self._in_words(e)) from e
        if self.lanes.fatal.done():
            raise self.lanes.fatal.result()

    async def leave(self) -> None:
        """Let go of everything, without a checkpoint. ``run`` and a failed ``start`` do it themselves; twice is fine."""
        self._stop.set()
        # What libraries' tasks end with from here on is our doing.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for task in self._tasks:
            task.cancel()
        if self.http is not None:
            await self.http.stop()
        if self._app is not None:
            # Nobody needs tracebacks of tasks that end because we end them, above the one line that says why.
            for library in ("faust", "aiokafka"):
                logging.getLogger(library).setLevel(logging.CRITICAL)
            try:
                await asyncio.wait_for(self._app.stop(), STOP_WITHIN_S)
            except Exception as e:  # noqa: BLE001 - everything that matters is on disk already
                log.debug("Faust did not stop in good order: %r", e)
        await self._close()

    # -- beside the engine -----------------------------------------------------------------------------------------

    def _spawn(self, *work: Coroutine[Any, Any, None]) -> None:
        for coroutine in work:
            task = asyncio.create_task(coroutine)
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.lanes.fail(error)

    async def _ticks(self) -> None:
        """A tick a second: time comes from the log, and a quiet hall must still escalate."""
        while True:
            await asyncio.sleep(1.0 - time.time() % 1.0)
            await self._tick()

    async def _stop_when_asked(self) -> None:
        await self.lanes.drain_asked.wait()
        # The other partitions were told in the same moment: what stood before that is still taken.
        await asyncio.sleep(DRAIN_AFTER_S)
        self.stop()

    async def _watch(self) -> None:
        watchdog, clocks = Watchdog(self.lanes, self._ends, time.monotonic()), ClockWatch(self.lanes)
        while True:
            await asyncio.sleep(1.0)
            clocks.look(time.time_ns() // 1_000_000)
            if (fatal := watchdog.check(time.monotonic())) is not None:
                self.lanes.fail(fatal)
            self._held.check(time.monotonic())
            if self._app is not None and self._app.crash_reason is not None:
                self.lanes.fail(self._app.crash_reason)

    # -- one log's own ---------------------------------------------------------------------------------------------

    @abstractmethod
    async def _open(self) -> tuple[LanePort, int]:
        """Take hold of the log and its topics: the port, and how many partitions every topic has."""

    @abstractmethod
    def _build(self, partitions: int) -> faust.App:
        """The app, on this log's transport."""

    @abstractmethod
    def _ends(self, topic: str, partition: int) -> int:
        """Up to where it can be read, as far as is known."""

    def _both_ends(self, topic: str, partition: int) -> Ends:
        """And the offset of the next record to come, where that may be another."""
        end = self._ends(topic, partition)
        return Ends(end, end)

    def _called(self, topic: str) -> str:
        """What the log calls the topic."""
        return topic

    @abstractmethod
    async def append(self, rows: Sequence[Append]) -> None:
        """Append to the log beside the engine, as a camera does; returns when it is durable."""

    @abstractmethod
    async def _tick(self) -> None:
        """Append a tick to every partition that this process works on."""

    async def _seek(self, tp: TP, offset: int) -> None:
        """Fetch this partition of a lane from there on."""
        assert self._app is not None, "lanes work only while the app does"
        await self._app.consumer.seek(tp, offset)

    def _in_words(self, error: BaseException) -> BaseException:
        """What ended the app, in words of ours where the log has better ones than its client."""
        return error

    def _beside(self) -> list[Coroutine[Any, Any, None]]:
        """What else runs, from before the state is recovered."""
        return []

    @abstractmethod
    async def _close(self) -> None:
        """Let go of the log. Also called when the start failed halfway."""
