"""Group commit: what is appended while a transaction is being written goes into the next one, all together.

A commit to disk costs a millisecond or five, however many rows it holds. Nothing waits on purpose: an append to an idle
log is written at once, and under load the batches grow by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from streams.embedded.log import Log
from streams.log import Append

Positions = Mapping[tuple[str, str, int], int]
"""(group, topic, partition) -> next offset to read."""

Placed = list[tuple[int, int]]
"""(offset, timestamp) of each row."""

ROWS_AT_MOST = 5_000
"""In one transaction, unless a single append is larger: readers see nothing of it until it is committed."""


class Entry(NamedTuple):
    rows: Sequence[Append]
    positions: Positions
    done: asyncio.Future[Placed]


class Writer:
    """Appends from one event loop. The rows of one ``append`` are always in one transaction, in order with all others."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pool = ThreadPoolExecutor(1, "log-writer")
        self._waiting: list[Entry] = []
        self._task: asyncio.Task[None] | None = None
        self._broken: Exception | None = None
        self.grew = asyncio.Event()
        """Set after every commit; a reader clears it before it looks."""

    @property
    def backlog(self) -> int:
        """Rows that are not on disk yet."""
        return sum(len(entry.rows) for entry in self._waiting)

    def append(self, rows: Sequence[Append], positions: Positions | None = None) -> asyncio.Future[Placed]:
        """The future resolves when the rows are on disk. After one failure this writer writes nothing any more.

        Nothing may follow what was lost: a reader that has seen a later output would drop the earlier one's repeat.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Placed] = loop.create_future()
        if self._broken is not None:
            _fail(done, self._broken)
            return done
        self._waiting.append(Entry(rows, positions or {}, done))
        if self._task is None:
            self._task = loop.create_task(self._write())
        return done

    async def settle(self) -> None:
        """Until nothing waits, written or failed."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        await self.settle()
        self._pool.shutdown()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch = self._take()
                rows = [row for entry in batch for row in entry.rows]
                positions = {key: at for entry in batch for key, at in entry.positions.items()}
                try:
                    placed = await loop.run_in_executor(self._pool, self._append, rows, positions)
                except Exception as e:  # noqa: BLE001 - whoever waits gets it
                    self._break([*batch, *self._waiting], e)
                    return
                self._resolve(batch, placed)
        finally:
            self._task = None

    def _append(self, rows: list[Append], positions: dict[tuple[str, str, int], int]) -> Placed:
        return self._log.append(rows, positions=positions)

    def _take(self) -> list[Entry]:
        count = rows = 0
        for entry in self._waiting:
            rows += len(entry.rows)
            if count and rows > ROWS_AT_MOST:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def _resolve(self, batch: list[Entry], placed: Placed) -> None:
        at = 0
        for entry in batch:
            if not entry.done.done():
                entry.done.set_result(placed[at : at + len(entry.rows)])
            at += len(entry.rows)
        self.grew.set()

    def _break(self, entries: list[Entry], error: Exception) -> None:
        self._broken, self._waiting = error, []
        for entry in entries:
            if not entry.done.done():
                _fail(entry.done, error)


def _fail(done: asyncio.Future[Placed], error: Exception) -> None:
    done.set_exception(error)
    done.exception()  # looked at: whoever does not wait for it need not be told at the end of the program
