"""A broker of our own, workers on it as their operators have them, and a reader of what they publish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from agents.topology import TOPOLOGY
from benchmarks.figures import NotMeasured
from benchmarks.journal import LOOK_EVERY_S
from streams.kafka.log import KafkaLog
from streams.kafka.topics import needed
from streams.log import Time
from streams.record import Record
from streams.topics import GROUP, JOURNAL, OBSERVATIONS
from tests.support.kafka_broker import KafkaBroker, remove_topics, require_jars
from tests.support.kafka_system import KafkaSystem
from tests.support.system import Halls

PARTITIONS = 16
"""As `hall topics create` makes them."""

PIECE = 5_000
AT_ONCE = 1_000
ASK_WITHIN_S = 10.0


@contextmanager
def broker(directory: Path) -> Iterator[str]:
    """The servers of a fresh one. Raises NotMeasured where there can be none."""
    try:
        require_jars()
    except pytest.skip.Exception as e:
        raise NotMeasured(str(e)) from None
    own = KafkaBroker(directory / "kafka")
    own.start()
    try:
        yield own.servers
    finally:
        own.kill()


@contextmanager
def system(
    directory: Path, servers: str, halls: Halls, *, partitions: int = PARTITIONS, time: Time = "log"
) -> Iterator[KafkaSystem]:
    """The topics that are missing are made; what still runs at the end is killed."""
    one = KafkaSystem(directory / "system", servers, halls, partitions=partitions, time=time)
    try:
        yield one
    finally:
        one.close()


def fill(target: KafkaSystem, records: Iterator[Record]) -> None:
    """Append these records, with the times they have; what has no key goes to every partition."""
    while piece := list(islice(records, PIECE)):
        for record in piece:
            target.put(OBSERVATIONS, [(record.key, record.value)], at_ms=record.timestamp_ms, wait=False)
        target.put(OBSERVATIONS, [])


def forget(servers: str) -> None:
    """What engines have made of the log, so that the next one begins at its beginning. None may be running."""
    remove_topics(servers, *({topic.name for topic in needed(TOPOLOGY)} - {OBSERVATIONS}))
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    admin.delete_consumer_groups([GROUP], request_timeout=ASK_WITHIN_S)[GROUP].result(ASK_WITHIN_S + 1)


class TopicReader:
    """Reads the journal, all partitions, from its end on (``benchmarks.journal.Reader``), on librdkafka."""

    def __init__(self, log: KafkaLog) -> None:
        places = [TopicPartition(JOURNAL, p, log.end(JOURNAL, p)) for p in range(log.partitions(JOURNAL))]
        settings = {"bootstrap.servers": log.servers, "group.id": "benchmarks", "log_level": 0}
        self._consumer = Consumer({**settings, "enable.auto.commit": False})
        self._consumer.assign(places)

    def close(self) -> None:
        self._consumer.close()

    def look(self) -> Sequence[Record]:
        """One is waited for; the rest is what came with it."""
        first = self._consumer.poll(LOOK_EVERY_S)
        if first is None:
            return ()
        messages = [first, *self._consumer.consume(AT_ONCE, timeout=0)]
        return [
            Record(JOURNAL, m.partition(), m.offset(), m.timestamp()[1], m.key(), m.value())
            for m in messages
            if m.error() is None
        ]
