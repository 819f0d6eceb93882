"""The embedded log as a Faust transport: one process owns every partition, so there is no group to coordinate.

What is Faust's: the assignment's life cycle, flow control, tables and their recovery, agents. What is not: how records
reach the agents (whole batches, ``streams.worker.batches``) and how positions are kept (in the checkpoint).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

from faust.assignor.client_assignment import ClientAssignment
from faust.transport import base
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.drivers import TRANSPORTS
from faust.types import TP, ConsumerMessage, RecordMetadata

from streams.embedded.log import Log
from streams.embedded.writer import Writer
from streams.log import Append, TopicSpec
from streams.partitioner import partition_of
from streams.record import Record
from streams.worker.batches import Batch, BatchConsumer

POLL_S = 0.01
"""How often to look for what other processes have appended."""

FETCH_RECORDS = 500


class EmbeddedLog:
    """The log and its writer, as the app and its transport share them."""

    def __init__(self, log: Log) -> None:
        self.log, self.writer = log, Writer(log)

    def partitions(self, topic: str) -> int:
        return self.log.partitions(topic)


class Consumer(BatchConsumer, FaustConsumer):  # type: ignore[misc]
    """Reads the log. Its fetch position is per partition, in memory; where a lane starts, its checkpoint says."""

    consumer_stopped_errors = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._embedded: EmbeddedLog = self.app.embedded
        self._positions: dict[TP, int] = {}
        self._asked: dict[TP, int] = {}
        self._assigned: set[TP] = set()

    # -- assignment ------------------------------------------------------------------------------------------------

    async def subscribe(self, topics: Iterable[str]) -> None:
        # Not inline: assigning waits for this very call to return.
        self.add_future(self._assign_all(sorted(topics)))

    async def _assign_all(self, topics: list[str]) -> None:
        counts = {topic: self._embedded.partitions(topic) for topic in topics}
        assigned = {TP(topic, p) for topic, n in counts.items() for p in range(n)}
        app = self.app
        app.on_rebalance_start()
        await self.on_partitions_revoked(self._assigned)
        app.consumer_generation_id += 1
        self._assigned = assigned
        self._tell_assignor(counts)
        await self.on_partitions_assigned(assigned, app.consumer_generation_id)

    def _tell_assignor(self, counts: dict[str, int]) -> None:
        """Faust asks its partition assignor who owns what; here, with one process, it is told."""
        assignor, url = self.app.assignor, str(self.app.conf.canonical_url)
        actives = {topic: list(range(n)) for topic, n in counts.items()}
        changelogs = self.app.tables.changelog_topics
        assignor._assignment = ClientAssignment(actives=actives, standbys={})
        assignor._topic_groups = dict(counts)
        assignor._active_tps, assignor._standby_tps = set(self._assigned), set()
        assignor.changelog_distribution = {url: {t: p for t, p in actives.items() if t in changelogs}}
        assignor.external_topic_distribution = {url: {t: p for t, p in actives.items() if t not in changelogs}}

    def assignment(self) -> set[TP]:
        return self._assigned

    # -- reading ---------------------------------------------------------------------------------------------------

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Record]]:
        tps = sorted(tp for tp in (active_partitions or ()) if self.has_room(tp))
        deadline = self.loop.time() + timeout
        while self.flow_active:
            self._embedded.writer.grew.clear()
            asked = {tp: self._positions.get(tp, 0) for tp in tps}
            found = await self.loop.run_in_executor(None, self._read, asked)
            # A seek may have come in between: what was read before it is not what is wanted any more.
            found = {tp: records for tp, records in found.items() if self._positions.get(tp, 0) == asked[tp]}
            for tp, records in found.items():
                self._asked[tp], self._positions[tp] = asked[tp], records[-1].offset + 1
            if found:
                return found
            if not tps or not await self._wait_for_growth(deadline):
                break
        return {}

    def _read(self, wanted: dict[TP, int]) -> dict[TP, list[Record]]:
        read = self._embedded.log.read
        found = {tp: read(tp.topic, tp.partition, at, limit=FETCH_RECORDS) for tp, at in wanted.items()}
        return {tp: records for tp, records in found.items() if records}

    def _batch(self, tp: TP, generation: int, fetched: list[Record]) -> Batch:
        return Batch(tp.topic, tp.partition, generation, self._asked[tp], fetched)

    async def _wait_for_growth(self, deadline: float) -> bool:
        """Until somebody appended, at most until the deadline; False when it passed."""
        while (left := deadline - self.loop.time()) > 0:
            try:
                await asyncio.wait_for(self._embedded.writer.grew.wait(), min(POLL_S, left))
            except TimeoutError:
                if not self._embedded.log.changed():
                    continue
            return True
        return False

    def _to_message(self, tp: TP, record: Record) -> ConsumerMessage:
        return ConsumerMessage(
            tp.topic, tp.partition, record.offset, record.timestamp_ms / 1000, 0, (), record.key, record.value, None,
            len(record.key or b""), len(record.value or b""), tp, generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    # -- positions -------------------------------------------------------------------------------------------------

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where each lane's checkpoint says. Faust calls it once the tables are recovered."""
        self._positions.update(await self.lane_starts(self._assigned))
        return {tp: at for tp, at in self._positions.items() if not self._is_changelog_tp(tp)}

    async def _seek(self, partition: TP, offset: int) -> None:
        self._positions[partition] = offset

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        for tp, offset in partitions.items():
            self._positions[tp] = max(offset, 0)
            self._read_offset[tp] = offset if offset > 0 else None

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        group = self.app.conf.id
        await self._embedded.writer.append((), {(group, tp.topic, tp.partition): at for tp, at in offsets.items()})
        return True

    def highwater(self, tp: TP) -> int:
        return self._embedded.log.end(tp.topic, tp.partition)

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        return {tp: self._embedded.log.end(tp.topic, tp.partition) for tp in tps}

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return {tp: self._embedded.log.start(tp.topic, tp.partition) for tp in tps}

    async def position(self, tp: TP) -> int | None:
        return self._positions.get(tp)

    # -- topics ----------------------------------------------------------------------------------------------------

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        _create(self._embedded.log, topic, partitions, options)

    def topic_partitions(self, topic: str) -> int | None:
        spec = self._embedded.log.topics().get(topic)
        return spec.partitions if spec else None

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        count = self.topic_partitions(topic)
        return partition if partition is not None or not count else partition_of(key or b"", count)

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's own stall detector; ours watches marks against lag (``streams.worker.watchdog``)."""

    verify_recovery_event_path = verify_event_path


class Producer(base.Producer):  # type: ignore[misc]
    """What Faust itself sends. The engine's outputs go through the writer directly, in batches."""

    def _embedded(self) -> EmbeddedLog:
        return cast(EmbeddedLog, self.transport.app.embedded)

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None, timestamp: float | None,
        headers: Any, *, transactional_id: str | None = None,
    ) -> asyncio.Future[RecordMetadata]:  # fmt: skip
        tp = self.key_partition(topic, key or b"") if partition is None else TP(topic, partition)
        stamp = None if timestamp is None else int(timestamp * 1000)
        placed = self._embedded().writer.append([Append(topic, tp.partition, key, value, stamp)])
        return asyncio.ensure_future(_metadata(tp, placed))

    async def send_and_wait(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None, timestamp: float | None,
        headers: Any, *, transactional_id: str | None = None,
    ) -> RecordMetadata:  # fmt: skip
        return await (await self.send(topic, key, value, partition, timestamp, headers))

    async def flush(self) -> None:
        await self.buffer.flush()
        await self._embedded().writer.settle()

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        _create(self._embedded().log, topic, partitions, options)

    def key_partition(self, topic: str, key: bytes) -> TP:
        return TP(topic, partition_of(key, self._embedded().partitions(topic)))

    def supports_headers(self) -> bool:
        return False


async def _metadata(tp: TP, placed: asyncio.Future[list[tuple[int, int]]]) -> RecordMetadata:
    [(offset, stamp)] = await placed
    return RecordMetadata(tp.topic, tp.partition, tp, offset, stamp / 1000, 0)


def _create(log: Log, topic: str, partitions: int, options: Mapping[str, Any]) -> None:
    if topic not in log.topics():
        log.create_topic(TopicSpec(topic, partitions, compact=bool(options.get("compacting"))))


class Transport(base.Transport):  # type: ignore[misc]
    Consumer = Consumer
    Producer = Producer
    driver_version = "hallstream-embedded"
    default_port = 0


def register() -> None:
    """Make ``embedded://`` known to Faust."""
    TRANSPORTS.aliases["embedded"] = "streams.embedded.transport:Transport"
