"""Whole record batches of one partition, handed to a lane's Faust agent.

Faust's own path costs a task or two per message (3,500 frames/s); this one costs one queue entry per batch. The batch
carries the assignment (generation) under which it was fetched: one that comes through after a rebalance is dropped, and
the engine's contiguity rule fetches its records again.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from faust.events import Event
from faust.types import TP, ConsumerMessage

from streams.record import Record


class Batch(NamedTuple):
    """Records of one partition, consecutive in the log; fetched from offset ``asked`` under assignment ``generation``.

    ``reached``: what lies between the last of them and there is not to be read, and never will be: a transaction's marker,
    or records that were taken back. There may be nothing else in a batch. ``began``: where the log itself began to answer;
    None where it does not tell.
    """

    topic: str
    partition: int
    generation: int
    asked: int
    records: list[Record]
    began: int | None = None
    reached: int = 0

    @property
    def end(self) -> int:
        """The offset behind all of it."""
        return max(self.reached, self.records[-1].offset + 1) if self.records else self.reached


class BatchConsumer:
    """Mix-in for a Faust consumer: lanes get batches, changelogs keep Faust's stock path, so that tables recover.

    ``app.lanes`` knows the lanes' topics and where each partition starts.
    """

    app: Any
    callback: Any
    flow_active: bool
    suspend_flow: Any
    _stopped: Any
    _read_offset: dict[TP, int | None]

    def has_room(self, tp: TP) -> bool:
        """Whether the lane's agent can take another batch; changelogs always can."""
        if tp.topic not in self.app.lanes.topics:
            return True
        return not any(channel.queue.full() for channel in self._channels(tp))

    async def lane_starts(self, assigned: Iterable[TP]) -> Mapping[TP, int]:
        """Build the engines of the assigned partitions from the recovered tables; the offsets to start at."""
        starts: Mapping[TP, int] = await self.app.lanes.assign(
            {tp for tp in assigned if tp.topic in self.app.lanes.topics}, self.app.consumer_generation_id
        )
        return starts

    def _channels(self, tp: TP) -> list[Any]:
        return list(self.app.topics._tp_index.get(tp, ()))

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                records, _ = await self._wait_next_records(0.2)  # type: ignore[attr-defined]
                await asyncio.sleep(0)
                if records and self.flow_active:
                    await self._hand_over(records)
        except Exception as e:  # noqa: BLE001 - a log that cannot be read ends the process, with its reason
            self.app.lanes.fail(e)

    async def _hand_over(self, fetched: Mapping[TP, list[Any]]) -> None:
        generation = self.app.consumer_generation_id
        for tp, records in fetched.items():
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return
            if tp.topic in self.app.lanes.topics:
                batch = self._batch(tp, generation, records)
                await self._deliver(tp, batch)
                self._read_offset[tp] = batch.end - 1
            else:
                for record in records:
                    await self.callback(self._to_message(tp, record))  # type: ignore[attr-defined]
                self._read_offset[tp] = records[-1].offset

    @abstractmethod
    def _batch(self, tp: TP, generation: int, fetched: list[Any]) -> Batch:
        """What was fetched, with where it was looked for: without it, a gap of the log is not told from a loss on the way."""

    async def _deliver(self, tp: TP, batch: Batch) -> None:
        last_ms = batch.records[-1].timestamp_ms if batch.records else 0
        message = ConsumerMessage(
            tp.topic, tp.partition, batch.end - 1, last_ms / 1000, 0, (), None, None, None, 0, 0, tp,
            generation_id=batch.generation,
        )  # fmt: skip
        for channel in self._channels(tp):
            await channel.queue.put(Event(self.app, None, batch, {}, message))
