"""A log on Kafka, as whoever looks into it sees it: topics, ends, and records at offsets. No group, nothing committed.

Has the same reading side as the embedded log (``start``, ``end``, ``read``), on librdkafka, blocking; one at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from confluent_kafka import Consumer, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka import KafkaError as Refusal
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from streams.kafka.errors import KafkaError, TopicsWrong, Unreachable
from streams.record import Record

PATIENCE_S = 10.0
"""For one question to the broker."""

FETCH_BYTES = 4 * 2**20
T = TypeVar("T")


class KafkaTopic(NamedTuple):
    """``time``: whose clock stamps the records, the broker's ("log") or the sender's ("producer")."""

    name: str
    id: str
    partitions: int
    time: str
    compact: bool


class KafkaLog:
    """``servers``: host:port,...  Raises Unreachable when nobody answers there within ten seconds."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        common = {"bootstrap.servers": servers, "log_level": 0, "socket.connection.setup.timeout.ms": 5000}
        self._admin = AdminClient(common)
        # Librdkafka wants a group's name; without subscription and commits there is no group.
        self._consumer = Consumer(
            {
                **common, "group.id": "hallstream-look", "enable.auto.commit": False, "auto.offset.reset": "error",
                "enable.partition.eof": True, "fetch.wait.max.ms": 20, "fetch.message.max.bytes": FETCH_BYTES,
                "queued.min.messages": 10_000, "check.crcs": True,
            }
        )  # fmt: skip
        self._place: tuple[str, int, int] | None = None
        self._lock = threading.Lock()
        self._ask(lambda: self._admin.list_topics(timeout=PATIENCE_S))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._consumer.close()

    # -- topics ----------------------------------------------------------------------------------------------------

    def names(self) -> set[str]:
        """Of the topics that are there."""
        return {
            name
            for name, topic in self._ask(lambda: self._admin.list_topics(timeout=PATIENCE_S)).topics.items()
            if topic.error is None
        }

    def brokers(self) -> int:
        """How many there are."""
        return len(self._ask(lambda: self._admin.list_topics(timeout=PATIENCE_S)).brokers)

    def topics(self) -> dict[str, KafkaTopic]:
        """All topics but Kafka's own, by name."""
        names = sorted(name for name in self.names() if not name.startswith("__"))
        if not names:
            return {}
        configs = self._configs(names)
        return {
            name: KafkaTopic(
                name, str(found.topic_id), len(found.partitions),
                "log" if configs[name]["message.timestamp.type"] == "LogAppendTime" else "producer",
                "compact" in configs[name]["cleanup.policy"],
            )
            for name, found in self._describe(names).items()
        }  # fmt: skip

    def partitions(self, topic: str) -> int:
        """How many the topic has. Raises TopicsWrong when it is not there."""
        return len(self._describe([topic])[topic].partitions)

    def topic_id(self, topic: str) -> str:
        """Changes when the topic was removed and made again."""
        return str(self._describe([topic])[topic].topic_id)

    def _describe(self, names: list[str]) -> dict[str, Any]:
        asked = self._admin.describe_topics(TopicCollection(names), request_timeout=PATIENCE_S)
        return {
            name: self._ask(lambda future=future: future.result(PATIENCE_S + 1), name) for name, future in asked.items()
        }

    def _configs(self, names: list[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        asked: Mapping[ConfigResource, Future[Any]] = self._admin.describe_configs(
            resources, request_timeout=PATIENCE_S
        )
        return {
            resource.name: {
                key: entry.value
                for key, entry in self._ask(lambda future=future: future.result(PATIENCE_S + 1)).items()
            }
            for resource, future in asked.items()
        }

    def create(self, topics: list[NewTopic]) -> None:
        """Make topics; returns when they are to be seen. One that is there by now was made by somebody else: fine.

        Raises KafkaError.
        """
        for name, future in self._admin.create_topics(topics, request_timeout=PATIENCE_S).items():
            try:
                future.result(PATIENCE_S + 1)
            except KafkaException as e:
                if e.args[0].code() != Refusal.TOPIC_ALREADY_EXISTS:
                    raise translated(e, self.servers, name) from e
        self._wait_for({topic.topic for topic in topics})

    def _wait_for(self, names: set[str]) -> None:
        """The controller knows a topic before the brokers do."""
        deadline = time.monotonic() + PATIENCE_S
        while missing := names - self.names():
            if time.monotonic() > deadline:
                raise Unreachable(f"{self.servers}: made, but not to be seen: {', '.join(sorted(missing))}")
            time.sleep(0.02)

    # -- records ---------------------------------------------------------------------------------------------------

    def start(self, topic: str, partition: int) -> int:
        """The first offset that is still there."""
        return self._ends(topic, partition)[0]

    def end(self, topic: str, partition: int) -> int:
        """The offset of the next record to come."""
        return self._ends(topic, partition)[1]

    def _ends(self, topic: str, partition: int) -> tuple[int, int]:
        with self._lock:
            found = self._ask(
                lambda: self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_S),
                topic,
            )
        return int(found[0]), int(found[1])

    def read(self, topic: str, partition: int, offset: int, limit: int = 1000) -> list[Record]:
        """Up to ``limit`` records from this offset on, or from the first that is still there; none at the end."""
        start, end = self._ends(topic, partition)
        offset = max(offset, start)
        if offset >= end:
            return []
        with self._lock:
            found: list[Record] = self._ask(lambda: self._read(topic, partition, offset, limit), topic)
            return found

    def _read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        if self._place != (topic, partition, offset):
            self._consumer.assign([TopicPartition(topic, partition, offset)])
        self._place = None
        records: list[Record] = []
        deadline = time.monotonic() + PATIENCE_S
        while len(records) < limit:
            messages = self._consumer.consume(limit - len(records), timeout=0.05 if records else 0.5)
            ended = any(m.error() is not None and m.error().code() == Refusal._PARTITION_EOF for m in messages)
            for message in messages:
                if message.error() is None:
                    records.append(_record(message))
                elif message.error().code() != Refusal._PARTITION_EOF:
                    raise KafkaException(message.error())
            if ended or (records and not messages):
                break
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"{self.servers}: {topic}/{partition}: nothing came for {PATIENCE_S:.0f} s at offset {offset}"
                )
        if records:
            self._place = topic, partition, records[-1].offset + 1
        return records

    def _ask(self, question: Any, about: str = "") -> Any:
        try:
            return question()
        except KafkaException as e:
            raise translated(e, self.servers, about) from e


def translated(error: KafkaException, servers: str, about: str) -> KafkaError:
    """In words of ours: what to do is said, where it is known."""
    what = error.args[0]
    code = what.code() if isinstance(what, Refusal) else None
    if code in (Refusal._TRANSPORT, Refusal._TIMED_OUT, Refusal._ALL_BROKERS_DOWN, Refusal._RESOLVE):
        return Unreachable(
            f"no Kafka answers at {servers}: check HALL_BROKER, and that the broker runs (`make kafka` starts one)"
        )
    if code in (Refusal.UNKNOWN_TOPIC_OR_PART, Refusal._UNKNOWN_TOPIC, Refusal._UNKNOWN_PARTITION):
        return TopicsWrong(f"{servers}: there is no topic {about}: `hall topics create` makes what the engine needs")
    return KafkaError(f"{servers}: {about}: {what}")


def _record(message: Message) -> Record:
    return Record(
        message.topic(), message.partition(), message.offset(), message.timestamp()[1], message.key(), message.value()
    )  # fmt: skip
