"""One partition of one lane at work: engine in the middle, log on both sides, checkpoints in between.

The order of a checkpoint is what makes a crash harmless (docs/architecture.md): outputs acknowledged, hall records,
mark, position. It is encoded between two records and written in the background, one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple
from uuid import uuid4
from zlib import crc32

from streams.checkpoint import BARE, hall_key, mark_key
from streams.engine import Checkpoint, Engine, Gap, OtherLog, Output
from streams.record import Record
from streams.snapshot import snapshot_outputs
from streams.topics import HOUR_MS, state_topic
from streams.worker.batches import Batch
from streams.worker.pace import Pace
from streams.worker.port import LanePort, StateRow

BACKLOG_AT_MOST = 20_000
"""Outputs not yet on disk before input has to wait."""

YIELD_EVERY = 64
"""Records between two chances for the rest of the process: the writer, /metrics, the heartbeat. What they gave is published
together: each call costs as much as a record."""

ADVICE = "If that is meant (a restored backup, a recreated topic), `hall reset` starts a new era."

OnOutputs = Callable[[list[Output]], None]


class Rewind(NamedTuple):
    """Something fetched was dropped on the way, or the log has a gap: fetch from this offset on."""

    offset: int


class LanePartition:
    """Takes batches; raises whatever must end the process. ``odd``: why one wonders that it begins without a state."""

    def __init__(self, engine: Engine, port: LanePort, on_outputs: OnOutputs, *, odd: str = "") -> None:
        self.engine, self._port, self._on_outputs = engine, port, on_outputs
        self.writer = uuid4().hex[:12]
        self._topic = state_topic(engine.lane.name)
        self._pace = Pace(monotonic(), _turn(engine))
        self._busy = asyncio.Lock()
        self._writing: asyncio.Task[bool] | None = None
        self._over = self._dropped = False
        self._told_era = None if engine.pending else engine.era
        """The era that a snapshot has told: from what it began with, a loss or another log's state, the log cannot tell."""
        self._odd = self._note = odd
        self.marked_at, self.marked = monotonic(), engine.next_offset
        """When, and up to which offset, the last checkpoint was on disk."""

    @property
    def without_state(self) -> bool:
        """It began with nothing where that is odd, and knows no hall since."""
        return bool(self._odd) and not self.engine.halls

    @property
    def checkpoint_s(self) -> float:
        return self._pace.spent_s

    async def begin(self, stale: list[bytes]) -> None:
        """Write everything under our own name first; then remove what the recovery saw of other writers.

        Only the owner removes: whose position was refused is not the owner any more.
        """
        await self._check_log()
        if (copied := await self._copied()) is not None:
            self.engine.end_era(*copied)
        if await self._write(self.engine.whole()) and stale:
            await self._port.forget(self._topic, self.engine.partition, stale)

    async def _copied(self) -> tuple[int, int] | None:
        return await self._port.copied(self.engine.lane.name, self.engine.partition, self.engine.mark())

    async def _check_log(self) -> None:
        """The log must be the one that the state belongs to."""
        engine, topic = self.engine, self.engine.lane.topic
        await self._check_id()
        end = await self._port.written(topic, engine.partition)
        if engine.next_offset > end:
            raise OtherLog(
                f"{topic}/{engine.partition}: the state has seen records up to {engine.next_offset}, but the log ends at "
                f"{end}: it is another log, or lost its end. {ADVICE}"
            )
        last = (
            await self._port.read_one(topic, engine.partition, engine.next_offset - 1) if engine.next_offset else None
        )
        if last is not None:
            engine.process(last)  # proves it against the mark

    async def _check_id(self) -> None:
        engine = self.engine
        log_id = await self._port.log_id(engine.lane.topic)
        if engine.log_id and engine.log_id != log_id:
            raise OtherLog(
                f"{engine.lane.topic}/{engine.partition}: the state belongs to log {engine.log_id}, this is {log_id}. {ADVICE}"
            )
        engine.log_id = log_id

    async def take(self, batch: Batch) -> Rewind | None:
        """Process a batch. A rewind asks to fetch from another offset; what was not processed comes again."""
        async with self._busy:
            if self._over:
                return None
            self._check_order(batch)
            for start in range(0, len(batch.records), YIELD_EVERY):
                if self._over:
                    return None
                if (rewind := await self._stretch(batch, start)) is not None:
                    return rewind
                if start + YIELD_EVERY <= len(batch.records):
                    await self._breathe()
            if (rewind := self._cross_end(batch)) is not None:
                return rewind
            self._pace.add(max(1, len(batch.records)))
            if self._pace.due(monotonic()):
                await self._mark()
        return None

    def _check_order(self, batch: Batch) -> None:
        gave = batch.began if batch.began is not None else batch.records[0].offset
        if gave < batch.asked:
            raise OtherLog(
                f"{batch.topic}/{batch.partition}: asked for offset {batch.asked}, the log gave {gave}: it is another log, or "
                f"lost its end. {ADVICE}"
            )

    def _cross_end(self, batch: Batch) -> Rewind | None:
        """What the batch ends with, or is, without a record of its own: a transaction's marker, records that were taken back.

        Else the mark would stay before it, and whoever waits for the mark would wait until the next record.
        """
        wanted = self.engine.next_offset
        if wanted >= batch.end:
            return None
        if not batch.records and wanted < batch.asked:
            return Rewind(wanted)
        self.engine.skip_to(batch.end, lost=False)
        return None

    async def _stretch(self, batch: Batch, start: int) -> Rewind | None:
        """The next few records. Whatever ends it, what the engine has concluded is published: it will not say it again."""
        engine, process, outputs = self.engine, self.engine.process, list[Output]()
        try:
            for record in batch.records[start : start + YIELD_EVERY]:
                turns = engine.until is not None and engine.turn_era_at(record.offset)
                if turns and not await self._begin_era(outputs):
                    return None
                try:
                    outputs += process(record)
                except Gap as gap:
                    if record is batch.records[0] and batch.asked != gap.wanted:
                        return Rewind(gap.wanted)
                    if not await self._cross(gap, record, batch, outputs):
                        return None
                    outputs += process(record)
        finally:
            self._publish(outputs)
        return None

    def _publish(self, outputs: list[Output]) -> None:
        if outputs:
            self._port.publish(outputs)
            self._on_outputs(outputs)

    async def idle(self) -> None:
        """Now and then, also when nothing comes in: what is in hand, or has failed, should not wait for the next record."""
        async with self._busy:
            if self._over:
                return
            if self._writing is not None and self._writing.done():
                await self.settled()
            if self._pace.due(monotonic()):
                await self._mark()

    async def _breathe(self) -> None:
        await asyncio.sleep(0)
        if self._port.backlog > BACKLOG_AT_MOST:
            await self._port.settle()

    async def _cross(self, gap: Gap, record: Record, batch: Batch, outputs: list[Output]) -> bool:
        """Asked for from the log, and not there: before the log's start it is lost, elsewhere it never was.

        Asked now, the log's start may have passed by what was a marker when it was fetched; and markers are many. A loss
        begins a new era. False: the partition is somebody else's by now.
        """
        start = batch.began if batch.began is not None else await self._port.start(record.topic, record.partition)
        lost = gap.wanted < start
        self.engine.skip_to(record.offset, lost=lost)
        return not lost or await self._begin_era(outputs)

    async def _begin_era(self, outputs: list[Output]) -> bool:
        """It is on disk before anything is published under it: two owners that lost different records, or one of which is
        not an owner any more, must not have the same one. False: the partition is somebody else's by now.
        """
        await self.settled()
        self._publish(outputs)
        outputs.clear()
        if self._dropped:
            return False
        self._over = not await self._write(self.engine.checkpoint())
        return not self._over

    async def _mark(self) -> None:
        """Encode a checkpoint here; write it in the background, after the one before."""
        await self.settled()
        if self._dropped:
            return
        started = monotonic()
        if self._snapshot_is_due():
            self.engine.snapshot_ms, self._told_era = self.engine.time_ms, self.engine.era
            self._port.publish(snapshot_outputs(self.engine))
        checkpoint = self.engine.checkpoint()
        self._pace.done(started, monotonic())
        self._writing = asyncio.create_task(self._write(checkpoint))

    def _snapshot_is_due(self) -> bool:
        # Not later, but another: time may have gone back over the last one.
        new_hour = self.engine.time_ms // HOUR_MS != self.engine.snapshot_ms // HOUR_MS
        return not self.engine.pending and bool(self.engine.halls) and (new_hour or self.engine.era != self._told_era)

    async def settled(self) -> None:
        """Until the checkpoint in the background is on disk. Raises what stopped it."""
        if (writing := self._writing) is None:
            return
        # Shielded: whoever waits here may be cancelled, the checkpoint must not be.
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            us = asyncio.current_task()
            if not self._dropped or (us is not None and us.cancelling()):
                raise
            # Only the checkpoint is: an agent that ended with it would be called crashed, with a traceback.
        self._writing = None

    async def finish(self) -> None:
        """Checkpoint what is in hand, and wait for it. Whatever comes later is not taken."""
        async with self._busy:
            self._over = True
            await self._mark()
            await self.settled()

    def drop(self) -> None:
        """Stop at once, without a checkpoint: what was published since the last one, the next owner publishes again."""
        self._over = self._dropped = True
        if self._writing is not None:
            self._writing.cancel()

    async def _write(self, checkpoint: Checkpoint) -> bool:
        halls = [StateRow(hall_key(self.writer, hall), value) for hall, value in (*checkpoint.halls, *self._noted())]
        # Here, where nothing waits for the answer but the mark: what belongs to another log must not get one.
        await self._check_id()
        await self._port.settle()
        accepted = await self._port.write_state(
            self._topic, self.engine.partition, halls, StateRow(mark_key(self.writer), checkpoint.mark),
            self.engine.lane.topic, checkpoint.next_offset,
        )  # fmt: skip
        if accepted:
            self.marked_at, self.marked = monotonic(), checkpoint.next_offset
        if accepted and checkpoint.gone:
            gone = [hall_key(self.writer, hall) for hall in checkpoint.gone]
            await self._port.forget(self._topic, self.engine.partition, gone)
        return accepted

    def _noted(self) -> list[tuple[str, bytes]]:
        """Once: it stays, and counts for as long as there is no hall."""
        note, self._note = self._note, ""
        return [(BARE, note.encode())] if note else []


def _turn(engine: Engine) -> float:
    """Spread evenly, as far as a checksum does that; by name, so that a worker finds its old one again."""
    return crc32(f"{engine.lane.name}/{engine.partition}".encode()) / 2**32
