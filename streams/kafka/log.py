"""A log on Kafka, as verbs see it (``streams.log.EventLog``): on librdkafka, blocking, outside the workers' group."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as Refusal
from confluent_kafka.admin import AdminClient, NewTopic

from streams.kafka import denial, looking
from streams.kafka.access import ATTEMPT_S, PATIENCE_S, Access
from streams.kafka.directory import Directory
from streams.kafka.errors import KafkaError, Unreachable
from streams.kafka.group import Group
from streams.kafka.reading import Reading
from streams.kafka.sizes import SAMPLE, estimated
from streams.kafka.standing import Stands
from streams.kafka.unsettled import UNCOMMITTED, Unsettled
from streams.kafka.words import NO_TOPIC, SILENCE, SOON, SOON_S, one_silent, translated
from streams.kafka.writing import Writer
from streams.log import NO_POSITIONS, Append, GroupPosition, Held, PartitionStats, Place, Runner, TopicSpec
from streams.record import Record

NEWS_S = 5.0
"""Until all brokers have heard of a topic that one of them knows; one that has just been started needs the longest."""

GLANCE_S = 1.0
"""Between two looks at why nobody answers."""

FETCH_BYTES = 4 * 2**20
SILENT = logging.Logger("librdkafka")
SILENT.addHandler(logging.NullHandler())
"""What it has to say comes as errors; by itself it would print some of it, too."""

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
            # Sparse, it would connect to a broker that is down some thousand times a second, for as long as it has a
            # question for that one.
            self._admin = AdminClient({**common, "error_cb": self._heard.append, "enable.sparse.connections": False})
            # Librdkafka wants a group's name; without subscription and commits there is no group.
            self._consumer = Consumer(
                {
                    **self._looking(common), "auto.offset.reset": "error", "enable.partition.eof": True,
                    "fetch.wait.max.ms": 20, "fetch.message.max.bytes": FETCH_BYTES, "queued.min.messages": 10_000,
                    "check.crcs": True,
                }
            )  # fmt: skip
            # On a connection of its own: a question behind a waiting fetch is answered when that has ended.
            self._asker = Consumer(self._looking(common))
        except KafkaException as e:
            raise translated(e, self.access, "the settings") from e
        self._common, self._writer = common, None  # type: dict[str, Any], Writer | None
        self.group = Group(self.access, self.ask)
        self._directory = Directory(self._admin, self.access, self.ask, self._failure)
        self._reading = Reading(self._consumer, self.naming, self.servers)
        self._unsettled = Unsettled(
            lambda: Consumer(self._looking(common) | UNCOMMITTED), self.ask, self.naming, self.servers
        )
        self._lock = threading.Lock()
        self._knock()

    def _looking(self, common: Mapping[str, Any]) -> dict[str, Any]:
        """Of every consumer. As the lanes do (decision 24), it sees only what is committed, and the end is where that ends."""
        own = {"group.id": self.naming.look, "enable.auto.commit": False, "isolation.level": "read_committed"}
        return {**common, **own}

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
            self._unsettled.close()
        self.group.close()

    @property
    def name(self) -> str:
        """As it is said in the settings."""
        return f"kafka://{self.servers}"

    @property
    def admin(self) -> AdminClient:
        """For what only `hall topics` asks (``streams.kafka.cluster``). Never of one group: see ``streams.kafka.asking``."""
        return self._admin

    # -- topics ----------------------------------------------------------------------------------------------------

    def names(self) -> set[str]:
        """Of the topics that are there and carry our prefix."""
        return self._directory.names()

    def topics(self) -> dict[str, TopicSpec]:
        """The engine's, by name, as far as we may look; others have theirs on the same cluster.

        Raises AccessDenied where we may look at nothing at all.
        """
        return self._directory.topics()

    def topic(self, name: str) -> TopicSpec | None:
        """One of them, None if it is not there. Raises AccessDenied where we may not look."""
        return self._directory.topic(name)

    def partitions(self, topic: str) -> int:
        """How many the topic has: for ever, so it is asked once. Raises TopicsWrong when it is not there."""
        return self._directory.partitions(topic)

    def identity(self, topic: str) -> str:
        """Changes when the topic was removed and made again."""
        return self._directory.identity(topic)

    def standing(self) -> dict[str, Stands]:
        """Which of the engine's topics there are now, with what tells whether they are still the same. Raises KafkaError."""
        return self._directory.standing()

    def create(self, topics: list[NewTopic]) -> None:
        """Make topics; returns when they are to be seen. One that is there by now was made by somebody else: fine.

        Raises KafkaError.
        """
        self._directory.create(topics)

    # -- records ---------------------------------------------------------------------------------------------------

    def start(self, topic: str, partition: int) -> int:
        """The first offset that is still there."""
        return self._ends(topic, partition)[0]

    def end(self, topic: str, partition: int) -> int:
        """Up to where it can be read: the last stable offset."""
        return self._ends(topic, partition)[1]

    def written(self, topic: str, partition: int) -> int:
        """The offset of the next record to come: the high watermark."""
        with self._lock:
            return self._unsettled.written(self._at(topic, partition), topic)

    def held(self, topic: str) -> dict[int, Held]:
        """By partition, what an open transaction keeps from being read."""
        return {n: held for n in range(self.partitions(topic)) if (held := self._held(topic, n)) is not None}

    def _held(self, topic: str, partition: int) -> Held | None:
        # Looked at before and after: what is written in between is no sign of a transaction.
        end, written = self.end(topic, partition), self.written(topic, partition)
        if written <= end or self.end(topic, partition) != end:
            return None
        with self._lock:
            first = self._unsettled.first(Place(topic, partition, end))
        since_ms = first.timestamp_ms if first is not None else None
        return Held(self.naming.outside(topic), partition, end, written - end, since_ms)

    def _ends(self, topic: str, partition: int) -> tuple[int, int]:
        place = self._at(topic, partition)
        with self._lock:
            found = self.ask(
                lambda: self._asker.get_watermark_offsets(place, timeout=ATTEMPT_S), topic, client=self._asker
            )
        return int(found[0]), int(found[1])

    def offset_at(self, topic: str, partition: int, at_ms: int) -> int:
        """The first offset whose record is of that time or later; the end if there is none."""
        places = [self._at(topic, partition, max(0, at_ms))]
        with self._lock:
            [found] = self.ask(
                lambda: self._asker.offsets_for_times(places, timeout=ATTEMPT_S), topic, client=self._asker
            )
        return int(found.offset) if found.offset >= 0 else self.end(topic, partition)

    def _at(self, topic: str, partition: int, offset: int = 0) -> TopicPartition:
        return TopicPartition(self.naming.outside(topic), partition, offset)

    def read(self, topic: str, partition: int, offset: int, *, limit: int = 1000) -> list[Record]:
        """Up to ``limit`` records from this offset on, or from the first that is still there; none at the end."""
        start, end = self._ends(topic, partition)
        offset = max(offset, start)
        if offset >= end:
            return []
        place = Place(topic, partition, offset)
        with self._lock:
            found: list[Record] = self.ask(lambda: self._reading.stretch(place, min(limit, end - offset)), topic)
            return found

    def read_each(self, places: Sequence[Place]) -> dict[Place, Record]:
        """The records at these offsets, of one partition at most one; those that are not there are left out."""
        # Behind the last stable offset librdkafka waits, and does not say that this is the end for now.
        there = [place for place in places if place.offset < self.end(place.topic, place.partition)]
        return {place: record for place, record in self.next_of_each(there).items() if record.offset == place.offset}

    def next_of_each(self, places: Sequence[Place]) -> dict[Place, Record]:
        """The first record at each place or behind it, of one partition at most one; left out where there is none."""
        return {place: records[0] for place, records in self._of_each(places, 1).items() if records}

    def _of_each(self, places: Sequence[Place], limit: int) -> dict[Place, list[Record]]:
        topics = sorted({place.topic for place in places})
        with self._lock:
            found: dict[Place, list[Record]] = self.ask(lambda: self._reading.of_each(places, limit), *topics)
            return found

    def newest(self, topic: str) -> dict[int, dict[bytes, Record]]:
        """By partition, the newest record of each key, as far as it has a value: to the end as it is when it is reached."""
        count = self.partitions(topic)
        with self._lock:
            found: dict[int, dict[bytes, Record]] = self.ask(lambda: self._reading.newest(topic, count), topic)
            return found

    def stats(self) -> list[PartitionStats]:
        """All partitions of the engine's topics. Kafka tells no client what a partition holds: ``records`` are the
        offsets between start and end, and ``bytes`` follow from the first and last hundred."""
        counts = {name: spec.partitions for name, spec in sorted(self.topics().items())}
        ends = {(name, number): self._ends(name, number) for name, count in counts.items() for number in range(count)}
        first = {part: Place(*part, start) for part, (start, _) in ends.items()}
        last = {part: Place(*part, max(start, end - SAMPLE)) for part, (start, end) in ends.items()}
        oldest, newest = self._of_each(list(first.values()), SAMPLE), self._of_each(list(last.values()), SAMPLE)
        return [estimated(part, ends[part], oldest[first[part]], newest[last[part]]) for part in ends]

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
        self.group.commit(positions)
        return placed

    def position(self, group: str, topic: str, partition: int) -> int | None:
        """What the group has committed; None if nothing."""
        return self.group.position(group, topic, partition)

    def holder(self, name: str) -> str | None:
        """Which member of the workers' group has this name (static membership); None if nobody has."""
        return self.group.holder(name)

    def runners(self) -> list[Runner]:
        """The workers."""
        return self.group.runners()

    def ask(self, question: Callable[[], Any], *about: str, client: Consumer | None = None) -> Any:
        """Runs a question to the cluster, again while Kafka may know better in a moment. Raises KafkaError.

        ``about``: topics, or a group as such. ``client``: who asks about the first of them, if it is not an administrator's handle.
        """
        began_s = time.monotonic()
        while True:
            try:
                answer = question()
            except KafkaException as e:
                if not self._may_change(e.args[0].code(), about, time.monotonic() - began_s):
                    raise self._failure(e, ", ".join(about)) from e
                time.sleep(SOON_S)
                self._look_around(client, about)
            else:
                self._admin.poll(0)
                self._heard.clear()
                return answer

    def _may_change(self, code: int, about: Sequence[str], waited_s: float) -> bool:
        """What is being elected will be there, another broker may answer; and not every broker knows every topic yet."""
        if code in NO_TOPIC:
            return waited_s < NEWS_S and self._directory.holds(about)
        return waited_s < PATIENCE_S and code in (*SOON, *SILENCE)

    def _look_around(self, client: Consumer | None, about: Sequence[str]) -> None:
        """librdkafka goes on with what it knew of brokers and leaders for minutes, each handle for itself."""
        with contextlib.suppress(KafkaException):
            if client is None:
                self._admin.list_topics(timeout=ATTEMPT_S)
            else:
                client.list_topics(self.naming.outside(about[0]), timeout=ATTEMPT_S)

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
        return one_silent(self.access, about)

    def _denied(self, *, guess: bool = False) -> KafkaError | None:
        self._admin.poll(0)
        heard = [denied for error in self._heard if (denied := denial.of_proof(self.access, error)) is not None]
        return heard[0] if heard else looking.of_servers(self.access, guess=guess)
