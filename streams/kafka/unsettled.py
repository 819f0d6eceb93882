"""What stands in the log and is not for readers yet: where it ends, and what comes first of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.kafka.access import ATTEMPT_S
from streams.kafka.naming import Naming
from streams.kafka.reading import Reading
from streams.log import Place
from streams.record import Record

UNCOMMITTED = {
    "isolation.level": "read_uncommitted", "auto.offset.reset": "error", "enable.partition.eof": True,
    "fetch.wait.max.ms": 20,
}  # fmt: skip


class Unsettled:
    """On a consumer of its own, made when somebody asks: most of those who open a log do not. One call after another.

    ``ask``: as ``KafkaLog.ask``.
    """

    def __init__(self, make: Callable[[], Consumer], ask: Callable[..., Any], naming: Naming, servers: str) -> None:
        self._make, self._ask, self._naming, self._servers = make, ask, naming, servers
        self._made: tuple[Consumer, Reading] | None = None

    def written(self, place: TopicPartition, topic: str) -> int:
        """The offset of the next record to come."""
        consumer, _ = self._handles()
        found = self._ask(lambda: consumer.get_watermark_offsets(place, timeout=ATTEMPT_S), topic, client=consumer)
        return int(found[1])

    def first(self, place: Place) -> Record | None:
        """The first record from there on, committed or not."""
        _, reading = self._handles()
        found: dict[Place, list[Record]] = self._ask(lambda: reading.of_each([place]), place.topic)
        return found[place][0] if found[place] else None

    def _handles(self) -> tuple[Consumer, Reading]:
        if self._made is None:
            consumer = self._make()
            self._made = consumer, Reading(consumer, self._naming, self._servers)
        return self._made

    def close(self) -> None:
        if self._made is not None:
            self._made[0].close()
