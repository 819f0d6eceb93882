"""The embedded log as the lanes see it: steps 2 to 4 of a checkpoint are one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from streams.checkpoint import Mark
from streams.embedded.log import wall_ms
from streams.embedded.published import published_end
from streams.embedded.transport import EmbeddedLog
from streams.embedded.witness import Witness
from streams.embedded.writer import Placed
from streams.engine import Output
from streams.lane import Lane
from streams.log import Append
from streams.record import Record
from streams.topics import GROUP, OBSERVATIONS
from streams.traces import LanePlace, Traces, find
from streams.worker.port import StateRow


class EmbeddedPort:
    """``witness``: of where the log's lanes have come; ``copy``: what it said when the log was opened."""

    def __init__(self, embedded: EmbeddedLog, witness: Witness | None = None, *, copy: bool = False) -> None:
        self._log, self._writer, self._witness, self._copy = embedded.log, embedded.writer, witness, copy
        self._last: asyncio.Future[Placed] | None = None
        self._failed: BaseException | None = None

    async def log_id(self, topic: str) -> str:
        return self._log.id

    @property
    def backlog(self) -> int:
        return self._writer.backlog

    def publish(self, outputs: Sequence[Output]) -> None:
        rows = [Append(o.topic, o.partition, o.key, o.value, o.timestamp_ms) for o in outputs]
        self._last = self._writer.append(rows)
        self._last.add_done_callback(self._note)

    def _note(self, done: asyncio.Future[Placed]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            self._failed = error

    async def settle(self) -> None:
        # Appends are written in order, so the last one stands for all.
        if self._last is not None:
            await asyncio.wait([self._last])
        if self._failed is not None:
            raise self._failed

    async def write_state(
        self, topic: str, partition: int, halls: Sequence[StateRow], mark: StateRow, source: str, next_offset: int
    ) -> bool:
        rows = [Append(topic, partition, key, value, None) for key, value in (*halls, mark)]
        await self._writer.append(rows, {(GROUP, source, partition): next_offset})
        if self._witness is not None:
            await asyncio.to_thread(self._witness.note, source, partition, next_offset)
        return True

    async def copied(self, lane: str, partition: int, mark: Mark) -> tuple[int, int] | None:
        if not self._copy:
            return None
        end = await asyncio.to_thread(published_end, self._log, lane, partition, mark)
        # In topics of producer time no era may be named by today: what bears it would be of the future there.
        return end, wall_ms() if self._log.topics()[OBSERVATIONS].time == "log" else 0

    async def forget(self, topic: str, partition: int, keys: Sequence[bytes]) -> None:
        await self._writer.append([Append(topic, partition, key, None, None) for key in keys])

    async def start(self, topic: str, partition: int) -> int:
        return self._log.start(topic, partition)

    async def written(self, topic: str, partition: int) -> int:
        return self._log.end(topic, partition)

    async def read_one(self, topic: str, partition: int, offset: int) -> Record | None:
        found = self._log.read(topic, partition, offset, limit=1)
        return found[0] if found and found[0].offset == offset else None

    async def traces(self, lane: Lane, partition: int) -> Traces:
        place = LanePlace(lane.name, lane.topic, partition)
        return find(self._log, [place])[place]

    async def watch(self) -> None:
        """Topics stand as long as the file does."""
