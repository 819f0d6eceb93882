"""Records from librdkafka's consumer: a stretch of one partition, or one record of each of many."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka import KafkaError as Refusal

from streams.kafka.access import PATIENCE_S
from streams.kafka.errors import Unreachable
from streams.kafka.naming import Naming
from streams.record import Record

POLL_S = 0.5
NOT_THERE = (Refusal._PARTITION_EOF, Refusal._AUTO_OFFSET_RESET)
"""Behind the last record, or before the first: there is none of this offset."""


class Place(NamedTuple):
    topic: str
    partition: int
    offset: int


class Reading:
    """The consumer is this one's alone, and its caller's calls come one after another.

    Raises KafkaException, and Unreachable when nothing comes for ten seconds.
    """

    def __init__(self, consumer: Consumer, naming: Naming, servers: str) -> None:
        self._consumer, self._naming, self._servers = consumer, naming, servers
        self._next: Place | None = None
        """Where the consumer stands, if somebody reads on."""

    def stretch(self, place: Place, limit: int) -> list[Record]:
        """``limit``: no more than there are offsets left; fewer records come where the log has gaps."""
        if self._next != place:
            self._consumer.assign([self._outside(place)])
        self._next = None
        records: list[Record] = []
        ended, deadline = False, time.monotonic() + PATIENCE_S
        while len(records) < limit and not ended:
            # One is waited for, the rest is what came with it: asked for many at once, librdkafka waits for all of them.
            first = self._consumer.poll(POLL_S)
            messages = (
                [first, *self._consumer.consume(limit - len(records) - 1, timeout=0)] if first is not None else []
            )
            ended = _take(messages, place.topic, records)
            if not messages:
                self._check(deadline, place)
        if records:
            self._next = place._replace(offset=records[-1].offset + 1)
        return records

    def one_of_each(self, places: Sequence[Place]) -> dict[Place, Record]:
        """The records at these offsets, of one partition at most one; those that are not there are left out.

        One fetch brings them all; asked for one after the other, each would wait for a fetch of its own.
        """
        self._next = None
        wanted = {(self._naming.outside(place.topic), place.partition): place for place in places}
        found: dict[Place, Record] = {}
        self._consumer.assign([self._outside(place) for place in places])
        deadline = time.monotonic() + PATIENCE_S
        try:
            while wanted:
                self._check(deadline, next(iter(wanted.values())))
                if (message := self._consumer.poll(POLL_S)) is None:
                    continue
                if (error := message.error()) is not None and error.code() not in NOT_THERE:
                    raise KafkaException(error)
                place = wanted.pop((message.topic(), message.partition()), None)  # None: what comes behind it
                if place is not None and error is None:
                    found[place] = _record(place.topic, message)
        finally:
            self._consumer.unassign()
        return {place: record for place, record in found.items() if record.offset == place.offset}

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
