"""What goes into the embedded log and what it says of itself: plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

Time = Literal["log", "producer"]

_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")  # Kafka's rule, so that every topic can move there


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic. ``partitions``, ``compact`` and ``time`` are for ever; retention may be altered.

    ``time`` "log": the writer stamps every record with ``max(now, newest stamp of the partition)``. "producer": the
    timestamp given stands as it is. ``retention_bytes`` counts keys and values, per partition.
    ``compact``: only the newest record of a key is kept, whatever its age, so such a topic has no retention.
    """

    name: str
    partitions: int = 1
    compact: bool = False
    time: Time = "log"
    retention_ms: int | None = None
    retention_bytes: int | None = None

    def __post_init__(self) -> None:
        for fault in (text for wrong, text in self._faults() if wrong):
            raise ValueError(f"topic {self.name!r}: {fault}")

    def _faults(self) -> tuple[tuple[bool, str], ...]:
        limits = (self.retention_ms, self.retention_bytes)
        return (
            (
                not _NAME.fullmatch(self.name),
                "expected 1 to 249 letters, digits, dots, hyphens or underscores as its name",
            ),
            (self.partitions < 1, f"expected at least 1 partition, got {self.partitions}"),
            (self.time not in ("log", "producer"), f"expected time 'log' or 'producer', got {self.time!r}"),
            (any(limit is not None and limit < 0 for limit in limits), f"expected limits of 0 or more, got {limits}"),
            (self.compact and limits != (None, None), "expected no retention on a compact topic: it keeps every key"),
        )


class Partition(NamedTuple):
    """One partition of a topic, under the number by which the whole log knows it."""

    id: int
    number: int
    spec: TopicSpec


class Append(NamedTuple):
    """One record to write. ``timestamp_ms`` counts only in topics of producer time; None there: now."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None


class PartitionStats(NamedTuple):
    """One partition: records from offset ``start`` up to, not including, ``end``; ``bytes`` counts keys and values.

    ``first_ms`` and ``last_ms`` are the timestamps of its first and last record; None when it is empty.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: int
    bytes: int
    first_ms: int | None
    last_ms: int | None
