"""The engine on Kafka, as one of any number of processes: what ``streams.worker.service`` leaves to the log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError as ClientError
from aiokafka.errors import KafkaTimeoutError
from faust.types import TP

from streams.codec import TICK
from streams.kafka import denial
from streams.kafka.access import Access
from streams.kafka.errors import KafkaError, Unreachable
from streams.kafka.group import SESSION_S
from streams.kafka.lanes import OutsideLanes
from streams.kafka.log import KafkaLog
from streams.kafka.port import KafkaPort
from streams.kafka.sender import Row, Sender, make_producer
from streams.kafka.topics import check_topics
from streams.kafka.transport import Consumer, register
from streams.lane import Topology
from streams.log import Append
from streams.worker.app import build_app
from streams.worker.held import Ends
from streams.worker.port import LanePort
from streams.worker.service import WorkerService

HEARTBEAT_S = 1.5

METADATA_MS = 5000
"""How long the client believes what a broker said of the topics. One that has just been started does not know all of them
yet; what the group's leader does not see, nobody is assigned, and when it looks again (by default after five minutes) it is.
"""

REQUEST_S = 40.0
FETCH_BYTES = 2**20
CLOSE_WITHIN_S = 2.0


def in_words(access: Access, error: BaseException) -> BaseException:
    """What aiokafka raises, as the operator should read it; others' errors stay as they are.

    What it would itself have tried again (a connection refused, a coordinator that moves) is no fault of ours: it comes
    here where Faust does not try again, such as while it starts.
    """
    if (denied := denial.of_client(access, error)) is not None:
        return denied
    if isinstance(error, KafkaTimeoutError) or (isinstance(error, ClientError) and error.retriable):
        return Unreachable(f"no Kafka answers at {access.servers} now: {error!r}")
    return error


class KafkaService(WorkerService):
    """``worker``: a name that stays over restarts (static membership); None: a new member each time."""

    def __init__(
        self, place: Access | str, var: Path, topology: Topology, *, http: tuple[str, int] | None, ticker: bool = True,
        worker: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(topology, http=http, ticker=ticker)
        self._access, self._var, self._worker = Access.to(place), var, worker
        self._naming = self._access.naming
        self._log: KafkaLog | None = None
        self._producer: AIOKafkaProducer | None = None

    async def _open(self) -> tuple[LanePort, int]:
        self._log = log = await asyncio.to_thread(KafkaLog, self._access)
        topics = await asyncio.to_thread(check_topics, log, self._topology)
        # A played recording is its own clock.
        self._own_clock = topics[self._topology.lanes[0].topic].time == "producer"
        self._ticker = self._ticker and not self._own_clock
        self._producer = make_producer(self._access)
        self.sender = Sender(self._producer, self._access)
        try:
            await self._producer.start()
        except Exception as e:
            unreachable = Unreachable(f"no Kafka answers at {self._access.servers}: {e}")
            raise denial.of_client(self._access, e) or unreachable from e
        port = KafkaPort(self.sender, log, lambda: self.lanes.generation, self._commit)
        await port.watch()  # what stands now is what the states are read from
        return port, topics[self._topology.lanes[0].topic].partitions

    def _build(self, partitions: int) -> faust.App:
        register()
        conf: dict[str, Any] = {
            "broker_session_timeout": SESSION_S, "broker_heartbeat_interval": HEARTBEAT_S,
            "broker_request_timeout": REQUEST_S, "broker_client_id": "hallstream",
            "consumer_group_instance_id": self._worker, "consumer_max_fetch_size": FETCH_BYTES,
            "consumer_metadata_max_age_ms": METADATA_MS, **self._access.faust(),
        }  # fmt: skip
        servers = f"hallkafka://{self._access.servers}".replace(",", ";hallkafka://")
        lanes = OutsideLanes(self.lanes, self._naming)
        holder = self._holder if self._worker else None
        return build_app(servers, lanes, partitions, self._var, conf, group=self._naming.group, holder=holder)

    async def _holder(self) -> str | None:
        """Which member of the group has our name now; None, too, where nobody can say."""
        assert self._log is not None
        assert self._worker is not None
        try:
            return await asyncio.to_thread(self._log.holder, self._worker)
        except KafkaError:
            return None

    def _in_words(self, error: BaseException) -> BaseException:
        return in_words(self._access, error)

    @property
    def _consumer(self) -> Consumer:
        assert self._app is not None, "positions are committed by lanes, and those begin with the app"
        consumer: Consumer = self._app.consumer
        return consumer

    async def _commit(self, generation: int | None, tp: TP, offset: int) -> bool:
        return await self._consumer.commit_under(generation, self._outside(tp), offset)

    async def _seek(self, tp: TP, offset: int) -> None:
        await super()._seek(self._outside(tp), offset)

    def _outside(self, tp: TP) -> TP:
        return TP(self._naming.outside(tp.topic), tp.partition)

    def _ends(self, topic: str, partition: int) -> int:
        return self._consumer.end(self._naming.outside(topic), partition)

    def _both_ends(self, topic: str, partition: int) -> Ends:
        return self._consumer.ends(self._naming.outside(topic), partition)

    def _called(self, topic: str) -> str:
        return self._naming.outside(topic)

    async def append(self, rows: Sequence[Append]) -> None:
        for row in rows:
            self.sender.append(TP(row.topic, row.partition), [Row(row.key, row.value, row.timestamp_ms)])
        await self.sender.settle()

    async def _tick(self) -> None:
        """To the partitions that are ours, so that there is one tick a second however many workers there are."""
        for tp in list(self.lanes.parts):
            self.sender.append(tp, [Row(None, TICK)])

    async def _close(self) -> None:
        if self._producer is not None:
            await self.sender.close()
            with contextlib.suppress(Exception):  # what matters is acknowledged already
                await asyncio.wait_for(self._producer.stop(), CLOSE_WITHIN_S)
        if self._log is not None:
            await asyncio.to_thread(self._log.close)
