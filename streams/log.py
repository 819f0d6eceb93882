"""What a log is, whichever it is: topics, partitions, offsets; plain values, and the port that verbs look at it through.

The embedded log (``streams.embedded.log``) and Kafka (``streams.kafka.log``) each are one. Whoever runs an engine on it
needs more (``streams.worker.port``); whoever asks, plays, records or resets gets along with this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol, Self

from streams.record import Record

Time = Literal["log", "producer"]

GroupPosition = tuple[str, str, int]
"""(group, topic, partition)."""

NO_POSITIONS: Mapping[GroupPosition, int] = MappingProxyType({})

_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")  # Kafka's rule, so that every topic can move there


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic. ``partitions``, ``compact`` and ``time`` are for ever; retention may be altered.

    ``time`` "log": the writer stamps every record with now, or with the last stamp of the partition if that is ahead by at
    most two minutes (``streams.clock``). "producer": the timestamp given stands as it is. ``retention_bytes`` counts keys and
    values, per partition.
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


class Append(NamedTuple):
    """One record to write. ``timestamp_ms`` counts only in topics of producer time; None there: now."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None


class Place(NamedTuple):
    """Where in a log."""

    topic: str
    partition: int
    offset: int


class Held(NamedTuple):
    """Records of a partition that nobody is given yet, because a producer's transaction is open before or among them.

    ``topic``: its name on the cluster; ``offset``: where the transaction begins; ``since_ms``: the timestamp of its first record.
    """

    topic: str
    partition: int
    offset: int
    records: int
    since_ms: int | None = None

    def said(self, seconds: float | None = None) -> str:
        """For the operator: what is the matter, what ends it, what to do. ``seconds``: for how long, if that is known."""
        long = "" if seconds is None else f" for {seconds:.0f} s"
        place = f"--topic {self.topic} --partition {self.partition}"
        return (
            f"{self.topic}/{self.partition}: an open transaction at offset {self.offset} has held back {self.records} records"
            f"{long}. It ends when its producer commits or aborts, or after that producer's transaction.timeout.ms. What to do "
            f"if it does not: `kafka-transactions.sh describe-producers {place}` says whose it is; where `find-hanging` lists "
            f"it, nobody will end it but `abort {place} --start-offset {self.offset}`"
        )


class PartitionStats(NamedTuple):
    """One partition: records from offset ``start`` up to, not including, ``end``; ``bytes`` is what they take.

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


class Runner(NamedTuple):
    """A process that runs the engine on a log. ``name``: for people. ``since_ms``: None where nobody can tell.

    ``pid``: its number, if it is a process of this machine that can be told; ``partitions``: of the origin lane, that it
    works on; None: all.
    """

    name: str
    since_ms: int | None = None
    pid: int | None = None
    partitions: tuple[int, ...] | None = None


class EventLog(Protocol):
    """A log, open. Its errors say what was expected, what came and what to do."""

    @property
    def name(self) -> str:
        """What people call it: the file's path, or where Kafka is."""

    def identity(self, topic: str) -> str:
        """Changes when what is under this name is not the same any more: a restored backup, a topic made again."""

    def topics(self) -> Mapping[str, TopicSpec]:
        """All of the engine's topics and others, by name."""

    def topic(self, name: str) -> TopicSpec | None:
        """One of them, None if it is not there. Raises where the log does not tell us: ``topics`` leaves it out then."""

    def partitions(self, topic: str) -> int:
        """How many a topic has, for ever."""

    def start(self, topic: str, partition: int) -> int:
        """The lowest offset that is retained; ``end`` if none is."""

    def end(self, topic: str, partition: int) -> int:
        """Up to where it can be read: below ``written`` while a producer's transaction is open."""

    def written(self, topic: str, partition: int) -> int:
        """The offset that the next record gets."""

    def held(self, topic: str) -> dict[int, Held]:
        """By partition, what cannot be read yet; nothing where all can."""

    def read(self, topic: str, partition: int, offset: int, *, limit: int = 500) -> list[Record]:
        """Records from ``offset`` on, or from the next one that exists, at least one; empty at the end."""

    def next_of_each(self, places: Sequence[Place]) -> dict[Place, Record]:
        """The first record at each place or behind it, of one partition at most one; left out where there is none."""

    def newest(self, topic: str) -> dict[int, dict[bytes, Record]]:
        """By partition, the newest record of each key, as far as it has a value."""

    def offset_at(self, topic: str, partition: int, at_ms: int) -> int:
        """The first offset whose record is of that time or later; the end if there is none."""

    def position(self, group: str, topic: str, partition: int) -> int | None:
        """What the group committed last; None if nothing."""

    def append(
        self, rows: Sequence[Append], *, positions: Mapping[GroupPosition, int] = NO_POSITIONS
    ) -> list[tuple[int, int]]:
        """Write the rows, in order within each partition, then the positions; (offset, timestamp) of each row.

        Durable when it returns. The embedded log writes all or nothing.
        """

    def runners(self) -> list[Runner]:
        """Who runs the engine on it now."""

    def stats(self) -> list[PartitionStats]:
        """All partitions."""

    def close(self) -> None:
        """Let go of it. May be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


PIECE = 4000


def records_from(log: EventLog, topic: str, partition: int, offset: int) -> Iterator[Record]:
    """From an offset on to the very end, not to the end as it was: what a checkpoint supersedes meanwhile moves there."""
    while piece := log.read(topic, partition, offset, limit=PIECE):
        yield from piece
        offset = piece[-1].offset + 1


def newest_in(log: EventLog, topic: str, partition: int) -> dict[bytes, Record]:
    """The newest record of every key of one partition, as far as it has a value."""
    found = {record.key: record for record in records_from(log, topic, partition, 0) if record.key is not None}
    return {key: record for key, record in found.items() if record.value is not None}
