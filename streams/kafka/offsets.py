"""Where partitions begin and end: questions to their leaders, which change."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.kafka.access import ATTEMPT_S, PATIENCE_S
from streams.kafka.naming import Naming
from streams.kafka.words import SILENCE, SOON, SOON_S

T = TypeVar("T")


class Offsets:
    """The consumer only asks: it is this one's alone, and calls come one after another. Raises KafkaException."""

    def __init__(self, consumer: Consumer, naming: Naming) -> None:
        self._consumer, self._naming = consumer, naming

    def ends(self, topic: str, partition: int) -> tuple[int, int]:
        """The first offset that is still there, and that of the next record to come."""
        place = self._place(topic, partition)
        start, end = self._of_leader(place, lambda: self._consumer.get_watermark_offsets(place, timeout=ATTEMPT_S))
        return int(start), int(end)

    def at(self, topic: str, partition: int, at_ms: int) -> int | None:
        """The first offset whose record is of that time or later."""
        place = self._place(topic, partition, max(0, at_ms))
        [found] = self._of_leader(place, lambda: self._consumer.offsets_for_times([place], timeout=ATTEMPT_S))
        return int(found.offset) if found.offset >= 0 else None

    def _place(self, topic: str, partition: int, offset: int = 0) -> TopicPartition:
        return TopicPartition(self._naming.outside(topic), partition, offset)

    def _of_leader(self, place: TopicPartition, question: Callable[[], T]) -> T:
        """librdkafka goes on with what it knew of leaders for minutes: it has to be told to look again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return question()
            except KafkaException as e:
                if e.args[0].code() not in (*SILENCE, *SOON) or time.monotonic() > deadline:
                    raise
                time.sleep(SOON_S)
                self._consumer.list_topics(place.topic, timeout=ATTEMPT_S)
