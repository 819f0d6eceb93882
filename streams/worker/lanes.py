"""The lanes of this process: which partitions it owns, their engines, and what to do when something ends it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from faust.types import TP

from streams.checkpoint import Restored, StateUnreadable, restore
from streams.codec import TICK, drain_asked_ms
from streams.engine import Engine, Meter, OtherLog, Output
from streams.lane import Lane, Topology, below
from streams.partitioner import partition_of
from streams.topics import PARTITIONS_ADVICE, state_topic
from streams.traces import LanePlace, gone
from streams.worker.batches import Batch
from streams.worker.failure import Fatal, as_fatal
from streams.worker.partition import ADVICE, LanePartition
from streams.worker.port import LanePort

log = logging.getLogger(__name__)

WATCH_S = 3.0
"""Between two looks at all topics: sooner than a producer gives up on one that is gone."""

Observer = Callable[[str, list[Output]], None]
"""Told of the lane's outputs, some records' together."""


class Lanes:
    """Owned by the app; the transport asks it where to start, the Faust agents hand it batches."""

    def __init__(self, topology: Topology, port: LanePort, observer: Observer, meters: Mapping[str, Meter]) -> None:
        self._topology, self._port, self._observer, self._meters = topology, port, observer, meters
        self.topics: dict[str, Lane] = {lane.topic: lane for lane in topology.lanes}
        self.parts: dict[TP, LanePartition] = {}
        self.recovered: dict[str, Callable[[int], dict[bytes, bytes]]] = {}
        """By lane: the records of a partition of its state topic, as they were recovered."""
        self.partition_counts: Mapping[str, int] = {}
        self.own_clock = False
        """The topics are of producer time: a recording that is played is the clock, and the first lane passes it on."""
        self.seek: Callable[[TP, int], Any] | None = None
        self.in_words: Callable[[BaseException], BaseException] = lambda error: error
        """What the log's client raises, as the log's own error where there is one that says more."""
        self.generation: int | None = None
        """The assignment under which batches are taken; None while there is none."""
        self.fatal: asyncio.Future[Fatal] = asyncio.get_running_loop().create_future()
        self.ready = asyncio.Event()
        self.drain_asked = asyncio.Event()
        """Somebody said in the log that this process should stop in good order."""
        self.born_ms = time.time_ns() // 1_000_000
        self._taking = True
        self._log_ids: dict[str, str] = {}

    def fail(self, error: BaseException) -> None:
        """End the process for this reason; the first one counts."""
        if not self.fatal.done():
            self.fatal.set_result(as_fatal(self.in_words(error)))

    # -- assignment ------------------------------------------------------------------------------------------------

    async def assign(self, tps: Iterable[TP], generation: int) -> dict[TP, int]:
        """Engines for these partitions, from the recovered tables, and the offsets to fetch from.

        ``generation`` names the assignment: batches fetched under another are not taken. Empty when the assignment
        ended before everything stood.
        """
        self.generation = generation
        try:
            begun = await asyncio.gather(*(self._begin(tp) for tp in sorted(tps)))
        except Exception as e:  # noqa: BLE001 - raised, it would only make Faust print tracebacks about its own end
            self.fail(e)
            return {}
        if self.generation != generation:
            return {}
        self.parts = {TP(part.engine.lane.topic, part.engine.partition): part for part in begun}
        self.ready.set()
        return {tp: part.engine.next_offset for tp, part in self.parts.items()}

    async def revoke(self, within_s: float) -> None:
        """The assignment is over: checkpoint what is in hand, then forget it all.

        What cannot be checkpointed in time is dropped; that is safe, for the next owner computes the same again.
        """
        parts, self.parts = self.parts, {}  # from here on no batch finds its engine
        self.ready.clear()
        try:
            if parts and not self.fatal.done():
                await self._finish_within(within_s, parts)
        finally:
            self.generation = None

    async def _finish_within(self, within_s: float, parts: Mapping[TP, LanePartition]) -> None:
        finishing = asyncio.gather(*(part.finish() for part in parts.values()))
        try:
            await asyncio.wait_for(finishing, within_s)
        except TimeoutError:
            log.warning("the last checkpoint took longer than %.1f s: dropped, which is safe", within_s)
        except Exception as e:  # noqa: BLE001
            self.fail(e)
        for part in parts.values():
            part.drop()

    async def _begin(self, tp: TP) -> LanePartition:
        lane = self.topics[tp.topic]
        records = self.recovered[lane.name](tp.partition)
        restored = restore(records)
        self._check_partitions(lane, tp.partition, restored)
        self._check_version(lane, restored)
        odd = restored.bare if restored.mark is not None else await self._without_state(lane, tp.partition)
        if restored.strange:
            log.warning(
                "lane %s partition %d: %d records of %s are none of the engine's (the first has the key %r): they are left out, "
                "and removed", lane.name, tp.partition, len(restored.strange), state_topic(lane.name), restored.strange[0][:80],
            )  # fmt: skip
        engine = Engine(
            lane, tp.partition, partitions=self.partition_counts[tp.topic], topology=self._topology.version,
            log_id=restored.mark.log_id if restored.mark else "", restored=restored, meter=self._meters.get(lane.name),
            time_to=below(self._topology, lane) if self.own_clock else (),
        )  # fmt: skip
        log.info(
            "lane %s partition %d starts at %d with %d halls",
            lane.name,
            tp.partition,
            engine.next_offset,
            len(engine.halls),
        )
        part = LanePartition(engine, self._port, lambda outputs: self._observer(lane.name, outputs), odd=odd)
        await part.begin(list(records))
        return part

    async def _without_state(self, lane: Lane, partition: int) -> str:
        """What is odd about beginning with nothing; empty at an ordinary first start. Raises StateGone."""
        place, found = LanePlace(lane.name, lane.topic, partition), await self._port.traces(lane, partition)
        if found.found:
            raise gone(place, found)
        if found.odd:
            log.warning("lane %s partition %d begins without a state: %s", lane.name, partition, found.odd)
        return found.odd

    def _check_partitions(self, lane: Lane, partition: int, restored: Restored) -> None:
        """They follow from the halls' ids: with another number of them, halls would be looked for elsewhere."""
        count = self.partition_counts[lane.topic]
        misplaced = sorted(hall for hall in restored.halls if partition_of(hall.encode(), count) != partition)
        if partition >= count or misplaced:
            halls = f", and the state has hall {misplaced[0]}, which does not belong here" if misplaced else ""
            raise StateUnreadable(
                f"{lane.topic}/{partition}: the number of partitions was changed: the engine began with {count}{halls}. "
                f"{PARTITIONS_ADVICE}"
            )

    def _check_version(self, lane: Lane, restored: Restored) -> None:
        if restored.mark and restored.mark.topology > self._topology.version:
            raise StateUnreadable(
                f"lane {lane.name}: the state was written by topology version {restored.mark.topology}, this program has "
                f"{self._topology.version}. Run the newer version, or `hall reset` to go back without the state."
            )

    # -- work ------------------------------------------------------------------------------------------------------

    async def take(self, batch: Batch) -> None:
        """Never raises: what goes wrong here ends the process instead."""
        tp = TP(batch.topic, batch.partition)
        part = self.parts.get(tp)
        if part is None or batch.generation != self.generation or not self._taking or self.fatal.done():
            return
        try:
            rewind = await part.take(batch)
            if rewind is not None and self.seek is not None and self.parts.get(tp) is part:
                log.warning("%s/%d: fetched past offset %d; fetching it again", tp.topic, tp.partition, rewind.offset)
                await self.seek(tp, rewind.offset)
            if rewind is None:
                self._obey(batch)
        except Exception as e:  # noqa: BLE001
            self.fail(e)

    def _obey(self, batch: Batch) -> None:
        """Requests to stop mean the processes that ran when they were made, not those that come to read them later."""
        asked = (drain_asked_ms(r.value) for r in batch.records if r.key is None and r.value != TICK)
        if any(at_ms is not None and at_ms >= self.born_ms for at_ms in asked):
            log.info("asked to stop (`hall drain`)")
            self.drain_asked.set()

    async def tend(self) -> None:
        """Until something ends the process: checkpoints that no record triggered, and an eye on the topics."""
        await asyncio.gather(
            self._every(1.0, self._idle), self._every(1.0, self._watch_topics), self._every(WATCH_S, self._port.watch)
        )

    async def _every(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while not self.fatal.done():
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception as e:  # noqa: BLE001
                self.fail(e)

    async def _idle(self) -> None:
        for part in list(self.parts.values()):
            await part.idle()

    async def _watch_topics(self) -> None:
        """Also those of lanes that this process has no partition of.

        A group that looks for its topics while one is being made again hands out no partition of it, for good: then
        nobody would ever write a mark there, and so notice.
        """
        for topic in self.topics:
            found = await self._port.log_id(topic)
            known = self._log_ids.setdefault(topic, found)
            if found != known:
                raise OtherLog(f"{topic} was {known} when this process began, and is {found}. {ADVICE}")

    async def finish(self) -> None:
        """Stop taking batches, checkpoint what is in hand."""
        self._taking = False
        if not self.fatal.done():
            for part in self.parts.values():
                await part.finish()
