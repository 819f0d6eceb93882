"""Reading with librdkafka's consumer, which tells late what went wrong where one has read before."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException

from streams.kafka.naming import Naming
from streams.kafka.reading import Reading
from streams.log import Place


class FakeMessage:
    """A record, or an error of a partition."""

    def __init__(self, topic: str | None, offset: int, error: int | None = None) -> None:
        self._topic, self._offset, self._error = topic, offset, error

    def topic(self) -> str | None:
        return self._topic

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return 1, 1000

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return b"v"

    def error(self) -> Refusal | None:
        return None if self._error is None else Refusal(self._error)


class FakeConsumer:
    def __init__(self, *messages: FakeMessage) -> None:
        self._messages = list(messages)

    def assign(self, places: list[Any]) -> None: ...

    def unassign(self) -> None: ...

    def list_topics(self, topic: str, timeout: float) -> None: ...

    def poll(self, timeout: float) -> FakeMessage | None:
        return self._messages.pop(0) if self._messages else None

    def consume(self, count: int, timeout: float) -> list[FakeMessage]:
        return []


def reading(*messages: FakeMessage) -> Reading:
    consumer: Any = FakeConsumer(*messages)
    return Reading(consumer, Naming("acme."), "h:9092")


def test_what_goes_wrong_where_was_read_before_spoils_nothing_here() -> None:
    """A state topic was read, then made again: the consumer's fetch behind it fails when somebody reads the journal."""
    late = FakeMessage("acme.state", -1, Refusal._AUTO_OFFSET_RESET)
    place = Place("journal", 0, 7)
    assert [r.offset for r in reading(late, FakeMessage("acme.journal", 7)).stretch(place, 1)] == [7]
    assert [r.offset for r in reading(late, FakeMessage("acme.journal", 7)).of_each([place])[place]] == [7]


@pytest.mark.parametrize("topic", ["acme.journal", None])
def test_what_goes_wrong_here_or_everywhere_is_raised(topic: str | None) -> None:
    wrong = FakeMessage(topic, -1, Refusal._AUTHENTICATION)
    with pytest.raises(KafkaException):
        reading(wrong).stretch(Place("journal", 0, 7), 1)
    with pytest.raises(KafkaException):
        reading(wrong).of_each([Place("journal", 0, 7)])
