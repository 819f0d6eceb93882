"""A log on Kafka, as verbs see it (``streams.log.EventLog``): on librdkafka, blocking, outside the workers' group."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Self, TypeVar

from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka import KafkaError as Refusal
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from streams.kafka import denial
from streams.kafka.access import PATIENCE_S, Access
from streams.kafka.errors import AccessDenied, KafkaError, TopicsWrong, Unreachable
from streams.kafka.group import Group
from streams.kafka.naming import is_engines
from streams.kafka.reading import Reading
from streams.kafka.words import translated
from streams.kafka.writing import Writer
from streams.log import NO_POSITIONS, Append, GroupPosition, PartitionStats, Place, Runner, TopicSpec
from streams.record import Record
from streams.topics import OBSERVATIONS

GLANCE_S = 1.0
"""Between two looks at why nobody answers."""

FETCH_BYTES = 4 * 2**20
SOON, SOON_S = (
    Refusal.NOT_LEADER_FOR_PARTITION, Refusal.LEADER_NOT_AVAILABLE, Refusal.NOT_COORDINATOR,
    Refusal.COORDINATOR_NOT_AVAILABLE, Refusal.COORDINATOR_LOAD_IN_PROGRESS, Refusal._DESTROY_BROKER,
), 0.05  # fmt: skip
"""What a broker says while the cluster changes, and how long to wait before it is asked again."""

SILENT = logging.Logger("librdkafka")
SILENT.addHandler(logging.NullHandler())
"""What it has to say comes as errors; by itself it would print some of it, too."""

SAMPLE = 100
"""Records of a partition that stand for all, where their size is asked for."""

T = TypeVar("T")


class KafkaLog:
    """``place``: where it is, and how to come in; servers alone (host:port,...) where everybody may.

    Raises Unreachable when nobody answers there within ten seconds, and AccessDenied, sooner, when somebody does and does
    not let us in.
    """

    def __init__(self, place: Access | str) -> None:
        self.access = Access.to(place)
        self.servers, self.naming = self.access.servers, self.access.naming
        self._heard: list[Refusal] = []
        common = {
            **self.access.librdkafka(), "log_level": 0, "logger": SILENT, "socket.connection.setup.timeout.ms": 5000,
            "reconnect.backoff.max.ms": 1000,
        }  # fmt: skip
        try:
            self._admin = AdminClient({**common, "error_cb": self._heard.append})
            # Librdkafka wants a group's name; without subscription and commits there is no group.
            self._consumer = Consumer(
                {
                    **common, "group.id": self.naming.look, "enable.auto.commit": False, "auto.offset.reset": "error",
                    "enable.partition.eof": True, "fetch.wait.max.ms": 20, "fetch.message.max.bytes": FETCH_BYTES,
                    "queued.min.messages": 10_000, "check.crcs": True,
                }
            )  # fmt: skip
            # On a connection of its own: a question behind a waiting fetch is answered when that has ended.
            self._asker = Consumer({**common, "group.id": self.naming.look, "enable.auto.commit": False})
        except KafkaException as e:
            raise translated(e, self.access, "the settings") from e
        self._common, self._writer = common, None  # type: dict[str, Any], Writer | None
        self._group = Group(self._admin, self._ask, self.naming)
        self._counts: dict[str, int] = {}
        self._reading = Reading(self._consumer, self.naming, self.servers)
        self._lock = threading.Lock()
        self._knock()

    def _knock(self) -> None:
        """Until somebody lets us in. The client itself would go on trying where it was refused."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._admin.list_topics(timeout=GLANCE_S)
            except KafkaException as e:
                over = time.monotonic() > deadline
                failure = self._denied(guess=over) or translated(e, self.access, "")
                if over or not isinstance(failure, Unreachable):
                    self.close()
                    raise failure from e
                time.sleep(SOON_S)
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._consumer.close()
            self._asker.close()

    @property
    def name(self) -> str:
        """As it is said in the settings."""
        return f"kafka://{self.servers}"

    @property
    def admin(self) -> AdminClient:
        """For what only `hall topics` asks (``streams.kafka.cluster``)."""
        return self._admin

    # -- topics ----------------------------------------------------------------------------------------------------

    def names(self) -> set[str]:
        """Of the topics that are there and carry our prefix."""
        found = self._ask(lambda: self._admin.list_topics(timeout=PATIENCE_S)).topics
        ours = self.naming.ours(name for name, topic in found.items() if topic.error is None)
        return {self.naming.inside(name) for name in ours}

    def _led(self) -> set[str]:
        """Topics all of whose partitions have a leader."""
        found = self._ask(lambda: self._admin.list_topics(timeout=PATIENCE_S)).topics
        return {
            self.naming.inside(name)
            for name in self.naming.ours(found)
            if found[name].error is None and all(part.leader >= 0 for part in found[name].partitions.values())
        }

    def topics(self) -> dict[str, TopicSpec]:
        """The engine's, by name, as far as we may look; others have theirs on the same cluster.

        Raises AccessDenied where we may look at nothing at all.
        """
        names = sorted(name for name in self.names() if is_engines(name))
        if not names:
            self.topic(OBSERVATIONS)  # is there nothing, or nothing for us?
            return {}
        counts = {name: len(topic.partitions) for name, topic in self._describe(names).items()}
        configs = self._configs(names) or self._configs(names, all_of_them=True)  # raises, and says which
        return {name: _spec(name, counts[name], config) for name, config in configs.items()}

    def topic(self, name: str) -> TopicSpec | None:
        """One of them, None if it is not there. Raises AccessDenied where we may not look."""
        try:
            return _spec(name, self.partitions(name), self._configs([name], all_of_them=True)[name])
        except TopicsWrong:
            return None

    def partitions(self, topic: str) -> int:
        """How many the topic has: for ever, so it is asked once. Raises TopicsWrong when it is not there."""
        if topic not in self._counts:
            self._counts[topic] = len(self._describe([topic])[topic].partitions)
        return self._counts[topic]

    def identity(self, topic: str) -> str:
        """Changes when the topic was removed and made again."""
        return str(self._describe([topic])[topic].topic_id)

    def _describe(self, names: list[str]) -> dict[str, Any]:
        collection = TopicCollection([self.naming.outside(name) for name in names])
        asked = self._each(lambda: self._admin.describe_topics(collection, request_timeout=PATIENCE_S), names)
        return {self.naming.inside(name): self._told(answer, name) for name, answer in asked.items()}

    def _configs(self, names: list[str], *, all_of_them: bool = False) -> dict[str, dict[str, str]]:
        """By topic; those that we may not look at are left out, unless all are asked for. Raises KafkaError."""
        resources = [ConfigResource(ResourceType.TOPIC, self.naming.outside(name)) for name in names]
        asked = self._each(lambda: self._admin.describe_configs(resources, request_timeout=PATIENCE_S), names)
        found: dict[str, dict[str, str]] = {}
        for resource, answer in asked.items():
            try:
                entries = self._told(answer, resource.name)
            except AccessDenied:
                if all_of_them:
                    raise
            else:
                found[self.naming.inside(resource.name)] = {key: entry.value for key, entry in entries.items()}
        return found

    def _each(self, request: Callable[[], Mapping[Any, Future[Any]]], names: Sequence[str]) -> dict[Any, Any]:
        """What is answered to each part of a request, or the KafkaException that it fails with.

        All of it is asked anew while Kafka will know a part in a moment: the answer to a request that failed stays a failure.
        """
        answers: dict[Any, Any] = self._ask(
            lambda: {key: _answer(future) for key, future in request().items()}, ", ".join(names)
        )
        return answers

    def _told(self, answer: Any, about: str) -> Any:
        if isinstance(answer, KafkaException):
            raise self._failure(answer, about) from answer
        return answer

    def create(self, topics: list[NewTopic]) -> None:
        """Make topics; returns when they are to be seen. One that is there by now was made by somebody else: fine.

        Raises KafkaError.
        """
        outside = [
            NewTopic(self.naming.outside(t.topic), t.num_partitions, t.replication_factor, config=t.config or {})
            for t in topics
        ]
        for name, future in self._admin.create_topics(outside, request_timeout=PATIENCE_S).items():
            try:
                future.result(PATIENCE_S + 1)
            except KafkaException as e:
                if e.args[0].code() != Refusal.TOPIC_ALREADY_EXISTS:
                    raise translated(e, self.access, name) from e
        self._wait_for({topic.topic for topic in topics})

    def _wait_for(self, names: set[str]) -> None:
        """The controller knows a topic before the brokers do."""
        deadline = time.monotonic() + PATIENCE_S
        while missing := names - self._led():
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
                lambda: self._asker.get_watermark_offsets(self._at(topic, partition), timeout=PATIENCE_S),
                topic,
            )
        return int(found[0]), int(found[1])

    def offset_at(self, topic: str, partition: int, at_ms: int) -> int:
        """The first offset whose record is of that time or later; the end if there is none."""
        asked = [self._at(topic, partition, max(0, at_ms))]
        with self._lock:
            found = self._ask(lambda: self._asker.offsets_for_times(asked, timeout=PATIENCE_S), topic)
        return int(found[0].offset) if found[0].offset >= 0 else self.end(topic, partition)

    def read(self, topic: str, partition: int, offset: int, *, limit: int = 1000) -> list[Record]:
        """Up to ``limit`` records from this offset on, or from the first that is still there; none at the end."""
        start, end = self._ends(topic, partition)
        offset = max(offset, start)
        if offset >= end:
            return []
        place = Place(topic, partition, offset)
        with self._lock:
            found: list[Record] = self._ask(lambda: self._reading.stretch(place, min(limit, end - offset)), topic)
            return found

    def read_each(self, places: Sequence[Place]) -> dict[Place, Record]:
        """The records at these offsets, of one partition at most one; those that are not there are left out."""
        return {place: record for place, record in self.next_of_each(places).items() if record.offset == place.offset}

    def next_of_each(self, places: Sequence[Place]) -> dict[Place, Record]:
        """The first record at each place or behind it, of one partition at most one; left out where there is none."""
        return {place: records[0] for place, records in self._of_each(places, 1).items() if records}

    def _of_each(self, places: Sequence[Place], limit: int) -> dict[Place, list[Record]]:
        about = ", ".join(sorted({place.topic for place in places}))
        with self._lock:
            found: dict[Place, list[Record]] = self._ask(lambda: self._reading.of_each(places, limit), about)
            return found

    def newest(self, topic: str) -> dict[int, dict[bytes, Record]]:
        """By partition, the newest record of each key, as far as it has a value: to the end as it is when it is reached."""
        count = self.partitions(topic)
        with self._lock:
            found: dict[int, dict[bytes, Record]] = self._ask(lambda: self._reading.newest(topic, count), topic)
            return found

    def _at(self, topic: str, partition: int, offset: int = 0) -> TopicPartition:
        return TopicPartition(self.naming.outside(topic), partition, offset)

    def stats(self) -> list[PartitionStats]:
        """All partitions of the engine's topics. Kafka tells no client what a partition holds: ``records`` are the
        offsets between start and end, and ``bytes`` follow from the first and last hundred."""
        counts = {name: spec.partitions for name, spec in sorted(self.topics().items())}
        ends = {(name, number): self._ends(name, number) for name, count in counts.items() for number in range(count)}
        first = {part: Place(*part, start) for part, (start, end) in ends.items() if end > start}
        last = {part: Place(*part, max(start, end - SAMPLE)) for part, (start, end) in ends.items() if end > start}
        oldest, newest = self._of_each(list(first.values()), SAMPLE), self._of_each(list(last.values()), SAMPLE)
        return [
            _stats(
                part,
                ends[part],
                oldest[first[part]] if part in first else [],
                newest[last[part]] if part in last else [],
            )
            for part in ends
        ]

    # -- writing, and the group ------------------------------------------------------------------------------------

    def append(
        self, rows: Sequence[Append], *, positions: Mapping[GroupPosition, int] = NO_POSITIONS
    ) -> list[tuple[int, int]]:
        """In order within each partition; returns when acknowledged. Then the positions, of a group without members.

        Raises Unreachable or SendFailed; some of the rows may have been written then.
        """
        if self._writer is None:
            self._writer = Writer(self.access, self._common)
        placed = self._writer.append(rows)
        self._group.commit(positions)
        return placed

    def position(self, group: str, topic: str, partition: int) -> int | None:
        """What the group has committed; None if nothing."""
        return self._group.position(group, topic, partition)

    def holder(self, name: str) -> str | None:
        """Which member of the workers' group has this name (static membership); None if nobody has."""
        return self._group.holder(name)

    def runners(self) -> list[Runner]:
        """The workers."""
        return self._group.runners()

    def _ask(self, question: Any, about: str = "") -> Any:
        """Asks again while Kafka says that it will know in a moment: a leader or a coordinator is being elected."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = question()
            except KafkaException as e:
                if e.args[0].code() not in SOON or time.monotonic() > deadline:
                    raise self._failure(e, about) from e
                time.sleep(SOON_S)
            else:
                self._admin.poll(0)
                self._heard.clear()
                return answer

    def _failure(self, error: KafkaException, about: str) -> KafkaError:
        """Where nobody answers, whether that is because we are not let in any more."""
        failure = translated(error, self.access, about)
        if not isinstance(failure, Unreachable):
            return failure
        # What was heard long ago, of one broker among others, says nothing about now.
        self._admin.poll(0)
        self._heard.clear()
        try:
            self._admin.list_topics(timeout=GLANCE_S)
        except KafkaException:
            return self._denied() or failure
        return failure

    def _denied(self, *, guess: bool = False) -> AccessDenied | None:
        self._admin.poll(0)
        heard = [denied for error in self._heard if (denied := denial.of_proof(self.access, error)) is not None]
        return heard[0] if heard else denial.of_servers(self.access, guess=guess)


def _stats(
    part: tuple[str, int], ends: tuple[int, int], oldest: Sequence[Record], newest: Sequence[Record]
) -> PartitionStats:
    start, end = ends
    sample = [*oldest, *newest]
    size = sum(len(r.key or b"") + len(r.value or b"") for r in sample)
    total = round(size / len(sample) * (end - start)) if sample else 0
    first_ms, last_ms = (r[0].timestamp_ms if r else None for r in (oldest[:1], newest[-1:]))
    return PartitionStats(*part, start, end, end - start, total, first_ms, last_ms)


def _answer(future: Future[Any]) -> Any:
    try:
        return future.result(PATIENCE_S + 1)
    except KafkaException as e:
        if e.args[0].code() in SOON:
            raise
        return e


def _spec(name: str, partitions: int, config: Mapping[str, str]) -> TopicSpec:
    compact = "compact" in config["cleanup.policy"]
    age_ms, size = int(config["retention.ms"]), int(config["retention.bytes"])
    return TopicSpec(
        name, partitions, compact, "log" if config["message.timestamp.type"] == "LogAppendTime" else "producer",
        None if compact or age_ms < 0 else age_ms, None if compact or size < 0 else size,
    )  # fmt: skip
