"""Records from librdkafka's consumer: a stretch of one partition, or something of each of many."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from confluent_kafka import KafkaError as Refusal

from streams.kafka.access import PATIENCE_S
from streams.kafka.errors import Unreachable
from streams.kafka.naming import Naming
from streams.log import Place
from streams.record import Record

POLL_S = 0.5
MANY = 1000
NOT_THERE = (Refusal._PARTITION_EOF, Refusal._AUTO_OFFSET_RESET)
"""Behind the last record, or before the first: there is none of this offset."""


class Reading:
    """The consumer is this one's alone, and its caller's calls come one after another.

    Raises KafkaException, and Unreachable when nothing comes for ten seconds.
    """

    def __init__(self, consumer: Consumer, naming: Naming, servers: str) -> None:
        self._consumer, self._naming, self._servers = consumer, naming, servers
        self._next: Place | None = None
        """Where the consumer stands, if somebody reads on."""
        self._known: set[str] = set()
        self._asked: set[tuple[str, int]] = set()

    def stretch(self, place: Place, limit: int) -> list[Record]:
        """``limit``: no more than there are offsets left; fewer records come where the log has gaps."""
        if self._next != place:
            self._assign([place])
        self._next = None
        records: list[Record] = []
        ended, deadline = False, time.monotonic() + PATIENCE_S
        while len(records) < limit and not ended:
            messages = self._some(limit - len(records))
            ended = _take(messages, place.topic, records)
            if not messages:
                self._check(deadline, place)
        if records:
            self._next = place._replace(offset=records[-1].offset + 1)
        return records

    def of_each(self, places: Sequence[Place], limit: int = 1) -> dict[Place, list[Record]]:
        """Up to ``limit`` records from each place on, of one partition at most one place; none where there are none.

        One fetch brings them all; asked for one after the other, each would wait for a fetch of its own.
        """
        found: dict[Place, list[Record]] = {place: [] for place in places}
        left = set(places)
        for place, message in self._flow(left):
            if message is not None:
                found[place].append(_record(place.topic, message))
            if message is None or len(found[place]) == limit:
                left.discard(place)
        return found

    def newest(self, topic: str, partitions: int) -> dict[int, dict[bytes, Record]]:
        """By partition, the newest record of each key; of keys without a value there is none."""
        found: dict[int, dict[bytes, Record]] = {number: {} for number in range(partitions)}
        left = {Place(topic, number, OFFSET_BEGINNING) for number in range(partitions)}
        for place, message in self._flow(left):
            if message is None:
                left.discard(place)
                continue
            record, keys = _record(topic, message), found[place.partition]
            if record.key is not None and record.value is not None:
                keys[record.key] = record
            elif record.key is not None:
                keys.pop(record.key, None)
        return found

    def _flow(self, left: set[Place]) -> Iterator[tuple[Place, Message | None]]:
        """What comes of these places, None at the end of one, until the caller has taken them all out of ``left``."""
        self._next = None
        places = {(self._naming.outside(place.topic), place.partition): place for place in left}
        self._assign(list(places.values()))
        deadline = time.monotonic() + PATIENCE_S
        try:
            while left:
                self._check(deadline, next(iter(left)))
                for message in self._some(MANY):
                    error = message.error()
                    if error is not None and error.code() not in NOT_THERE:
                        raise KafkaException(error)
                    place = places.get((message.topic(), message.partition()))
                    if place is not None and place in left:
                        deadline = time.monotonic() + PATIENCE_S
                        yield place, message if error is None else None
        finally:
            self._consumer.unassign()

    def _some(self, limit: int) -> list[Message]:
        """One is waited for, the rest is what came with it: asked for many at once, librdkafka waits for all of them."""
        first = self._consumer.poll(POLL_S)
        found = [] if first is None else [first, *self._consumer.consume(limit - 1, timeout=0)]
        return [message for message in found if self._is_asked(message)]

    def _is_asked(self, message: Message) -> bool:
        """What goes wrong where was read before, such as in a topic that was made again since, is told later, too."""
        return message.topic() is None or (message.topic(), message.partition()) in self._asked

    def _assign(self, places: Sequence[Place]) -> None:
        """Of a topic it has not heard of, librdkafka would ask by itself only a second later."""
        for topic in {self._naming.outside(place.topic) for place in places} - self._known:
            self._consumer.list_topics(topic, timeout=PATIENCE_S)
            self._known.add(topic)
        self._asked = {(self._naming.outside(place.topic), place.partition) for place in places}
        self._consumer.assign([self._outside(place) for place in places])

    def _outside(self, place: Place) -> TopicPartition:
        return TopicPartition(self._naming.outside(place.topic), place.partition, place.offset)

    def _check(self, deadline: float, place: Place) -> None:
        if time.monotonic() > deadline:
            raise Unreachable(
                f"{self._servers}: {place.topic}/{place.partition}: nothing came for {PATIENCE_S:.0f} s at offset "
                f"{place.offset}"
            )


def _take(messages: Iterable[Message], topic: str, records: list[Record]) -> bool:
    """Whether the end of the partition was among them."""
    ended = False
    for message in messages:
        if (error := message.error()) is None:
            records.append(_record(topic, message))
        elif error.code() == Refusal._PARTITION_EOF:
            ended = True
        else:
            raise KafkaException(error)
    return ended


def _record(topic: str, message: Message) -> Record:
    return Record(
        topic, message.partition(), message.offset(), message.timestamp()[1], message.key(), message.value()
    )  # fmt: skip
