"""What is appended to a log by whoever has something to say: in the partition where it belongs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from streams.codec import TICK, encode
from streams.events import Configured, HallRemoved
from streams.log import Append
from streams.partitioner import partition_of
from streams.topics import OBSERVATIONS


class Counted(Protocol):
    """Any log."""

    def partitions(self, topic: str) -> int:
        """How many a topic has."""


def keyed(log: Counted, topic: str, key: str, value: bytes, at_ms: int | None = None) -> Append:
    """A row for the partition that its key belongs to."""
    return Append(topic, partition_of(key.encode(), log.partitions(topic)), key.encode(), value, at_ms)


def configured(log: Counted, halls: Mapping[str, Mapping[str, str]], at_ms: int) -> list[Append]:
    """Rows that put the files of halls in force."""
    return [
        keyed(log, OBSERVATIONS, hall, encode(Configured(hall=hall, at_ms=at_ms, files=dict(files))), at_ms)
        for hall, files in sorted(halls.items())
    ]


def removed(log: Counted, hall: str, at_ms: int) -> Append:
    """A row that removes a hall."""
    return keyed(log, OBSERVATIONS, hall, encode(HallRemoved(hall=hall, at_ms=at_ms)), at_ms)


def ticks(log: Counted, topics: Iterable[str], at_ms: int | None = None) -> list[Append]:
    """A tick for every partition of the topics."""
    return [Append(topic, p, None, TICK, at_ms) for topic in topics for p in range(log.partitions(topic))]
