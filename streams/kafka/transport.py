"""Kafka as a Faust transport: Faust's own aiokafka driver, with whole batches for the lanes and positions by checkpoint.

What is Faust's: the group, the assignor, flow control, tables and their recovery. What is not: how records reach the
agents (``streams.kafka.fetching``, ``streams.worker.batches``), where a lane starts (its checkpoint says), and who commits
(the checkpoint does).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from aiokafka.errors import (
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.errors import KafkaError as ClientError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers import TRANSPORTS, aiokafka
from faust.types import TP
from mode import threads

from streams.kafka import fetching
from streams.kafka.errors import NameTaken
from streams.kafka.fetching import Stretch, Wanted
from streams.worker.batches import Batch, BatchConsumer
from streams.worker.held import UNKNOWN, Ends

REVOKE_WITHIN_S = 3.0
"""For the last checkpoint of an assignment: everybody waits for it."""

STOPPED_WITHIN_S = 1.0
"""How long the end of the process waits for aiokafka's thread, once that has been told."""

FORGOTTEN_AFTER_S = 2.0
"""Behind the end of its session: a member who is not alive has left the group by then."""

GONE_WITHIN_S = 60.0
"""A process that has said why it ends has ended by then."""

FETCH_WAIT_MS = 100
"""How long the broker may hold a fetch back when there is nothing to send."""

RETRY_S = 0.1
ROOM_S = 0.005
"""How long to wait before looking again, when no lane has room for another batch."""

REFUSED = (UnknownMemberIdError, IllegalGenerationError, RebalanceInProgressError)
"""What the coordinator says to whoever is not, or not any more, a member of this generation."""

T = TypeVar("T")


class Leaving(threads.WorkerThread):  # type: ignore[misc]
    """aiokafka's thread, which keeps nobody.

    It may wait for a broker, or for its own loop, without end. A process that has said why it ends and then does not is
    started again by nobody, and its heartbeat keeps the partitions.
    """

    def __init__(self, service: threads.ServiceThread, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True

    def run(self) -> None:
        # Its tasks are cancelled as the process ends: no news for anybody, who has just been told why it does.
        with contextlib.suppress(asyncio.CancelledError):
            super().run()

    def stop(self) -> None:
        """Called in the process's own loop, which must not stand still for it."""
        self.is_stopped.wait(STOPPED_WITHIN_S)


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):  # type: ignore[misc]
    Worker = Leaving

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = Wanted()

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust says 1.5 s, and gives nobody a say. A question to the broker waits behind a fetch that waits for records.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        # Faust says so only where it writes in transactions itself. What a producer takes back has not happened.
        consumer._isolation_level = "read_committed"
        return consumer

    async def _fetch_records(self, *args: Any, **kwargs: Any) -> dict[TP, Stretch]:
        """In aiokafka's thread, as seeking is: nothing comes between what was fetched and where that began."""
        found: dict[TP, Stretch] = await super()._fetch_records(*args, **kwargs)
        return self.wanted.chained(found)

    async def forget(self) -> None:
        """In aiokafka's thread: it begins where the group has committed, until we have sought. What was wanted in an
        assignment before may lie behind that, and would make it look like another log."""
        self.wanted = Wanted()

    def seek_here(self, tp: TP, offset: int) -> None:
        """In aiokafka's thread. Raises IllegalStateError when the partition is not ours."""
        self._ensure_consumer().seek(TopicPartition(tp.topic, tp.partition), offset)
        self.wanted.seek(tp, offset)


class Consumer(BatchConsumer, aiokafka.Consumer):  # type: ignore[misc]
    """aiokafka runs in a thread of its own, with a loop of its own; what must not be torn apart happens there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._member = ""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        """Beside the thread's queue of calls, where a long fetch may be waiting."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._thread.thread_loop))

    # -- assignment ------------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        # Before the group goes on without us: until this returns, the old generation's positions are accepted.
        self.stop_flow()
        await self.app.lanes.revoke(REVOKE_WITHIN_S)
        await self._keep_out_of_the_way()
        await super().on_partitions_revoked(revoked)

    async def _keep_out_of_the_way(self) -> None:
        """Of somebody who has taken our name while we lived: joining again would throw him out, and he us, for ever."""
        if not self._member or self._coordinator.member_id or self.app.holder is None:
            return  # new here, or known to the group, or without a name
        if not await self._name_taken():
            return
        await asyncio.sleep(self.app.conf.broker_session_timeout + FORGOTTEN_AFTER_S)
        if not await self._name_taken():
            return
        name = self.app.conf.consumer_group_instance_id
        self.app.lanes.fail(
            NameTaken(
                f"another worker has taken our partitions under our name, HALL_WORKER={name}. What to do: a name of its own "
                f"for each worker"
            )
        )
        await asyncio.sleep(GONE_WITHIN_S)

    async def _name_taken(self) -> bool:
        return await self.app.holder() not in (None, self._member)

    @property
    def _coordinator(self) -> Any:
        return self._thread._ensure_consumer()._coordinator

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await self.in_thread(self._thread.forget())
        await super().on_partitions_assigned(assigned, generation_id)
        self._member = self._coordinator.member_id
        if not assigned:
            # More workers than partitions: this one is ready to take over. Faust does not ask it where to start.
            await self.app.lanes.assign((), generation_id)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where each lane's checkpoint says. Faust calls it once the tables are recovered."""
        starts = await self.lane_starts(self.assignment())
        for tp, offset in starts.items():
            await self._seek(tp, offset)
        return starts

    async def _seek(self, partition: TP, offset: int) -> None:
        await self.in_thread(self._seek_here(partition, offset))

    async def _seek_here(self, tp: TP, offset: int) -> None:
        with contextlib.suppress(IllegalStateError):  # not ours any more
            self._thread.seek_here(tp, offset)

    # -- reading ---------------------------------------------------------------------------------------------------

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Any]]:
        # The driver takes an empty set for "all".
        tps = {tp for tp in (active_partitions or ()) if self.has_room(tp)}
        if not tps:
            await asyncio.sleep(ROOM_S)
            return {}
        found: dict[TP, list[Any]] = await super()._getmany(tps, timeout)
        return found

    def _batch(self, tp: TP, generation: int, fetched: Any) -> Batch:
        topic = self.app.lanes.topics[tp.topic].topic
        # By our name, whatever the cluster calls it.
        records = list(fetched) if topic == tp.topic else [record._replace(topic=topic) for record in fetched]
        return Batch(tp.topic, tp.partition, generation, fetched.asked, records, fetched.began, fetched.reached)

    def end(self, topic: str, partition: int) -> int:
        """Up to where it can be read, as the last fetch told it; 0 before the first."""
        return self.ends(topic, partition).readable

    def ends(self, topic: str, partition: int) -> Ends:
        """As the last fetch told them."""
        try:
            consumer, tp = self._thread._ensure_consumer(), TP(topic, partition)
            readable, written = consumer.last_stable_offset(tp), consumer.highwater(tp)
        except (AttributeError, ClientError, ConsumerNotStarted):
            return UNKNOWN  # between two assignments
        return UNKNOWN if readable is None or written is None else Ends(int(readable), int(written))

    # -- positions -------------------------------------------------------------------------------------------------

    async def commit_under(self, generation: int | None, tp: TP, offset: int) -> bool:
        """Commit a position as a member of this generation; False when the group has gone on without it."""
        if generation is None:
            return False
        return await self.in_thread(self._commit_here(generation, tp, offset))

    async def _commit_here(self, generation: int, tp: TP, offset: int) -> bool:
        coordinator = self._coordinator
        place = {TopicPartition(tp.topic, tp.partition): OffsetAndMetadata(offset, "")}
        while True:
            await coordinator.ensure_coordinator_known()
            # The request is put together before anything can come in between, with the generation just looked at.
            if coordinator.generation != generation:
                return False
            try:
                await coordinator._do_commit_offsets(None, place)
            except REFUSED:
                return False
            except ClientError as e:
                if not e.retriable:
                    raise
                await asyncio.sleep(RETRY_S)
            else:
                return True

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's own stall detector; ours watches marks against lag (``streams.worker.watchdog``)."""

    verify_recovery_event_path = verify_event_path


class Transport(aiokafka.Transport):  # type: ignore[misc]
    Consumer = Consumer


def register() -> None:
    """Make ``hallkafka://`` known to Faust."""
    fetching.register()
    TRANSPORTS.aliases["hallkafka"] = "streams.kafka.transport:Transport"
