"""Stretches of a log, read piece by piece: for recordings, explanations and viewers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streams.checkpoint import Mark, Restored, restore
from streams.lane import Lane
from streams.log import PIECE, EventLog, newest_in
from streams.record import Record
from streams.snapshot import SnapshotName, names
from streams.topics import SNAPSHOTS, state_topic


class Span(NamedTuple):
    """Offsets of a partition: from ``start`` up to, not with, ``end``."""

    start: int
    end: int


def stretch(log: EventLog, topic: str, partition: int, span: Span | None = None) -> Iterator[Record]:
    """The records of a partition in a span (None: all there are now)."""
    at, end = span or Span(log.start(topic, partition), log.end(topic, partition))
    while at < end:
        piece = log.read(topic, partition, at, limit=PIECE)
        for record in piece:
            if record.offset < end:
                yield record
        if not piece:
            return
        at = piece[-1].offset + 1


def state_records(log: EventLog, lane: Lane, partition: int) -> dict[bytes, Record]:
    """The newest record of every key of a lane's state topic that has a value."""
    return newest_in(log, state_topic(lane.name), partition)


def restored_from(records: Mapping[bytes, Record]) -> Restored:
    """The checkpoint that these ``state_records`` hold. Raises StateUnreadable."""
    return restore({key: record.value for key, record in records.items() if record.value is not None})


def checkpoint(log: EventLog, lane: Lane, partition: int) -> Restored:
    """The lane's last whole checkpoint, as a worker that starts now would find it. Raises StateUnreadable."""
    return restored_from(state_records(log, lane, partition))


def eras(mark: Mark) -> range:
    """The mark's era, and those that it follows from by computing: an engine begins one itself when time goes back."""
    return range(mark.root_era or mark.era, mark.era + 1)


def snapshots(log: EventLog, lane: Lane, partition: int, of: range | None) -> list[SnapshotName]:
    """The whole snapshots of these eras (None: of any) from which the log still goes on, oldest first."""
    start = log.start(lane.topic, partition)
    found = names(stretch(log, SNAPSHOTS, partition), lane.name)
    return sorted(name for name in found if name.next_offset >= start and (of is None or name.era in of))


def is_whole(log: EventLog, lane: Lane, partition: int, era: int) -> bool:
    """Whether the era began with the log's first record, and that record is still there.

    It need not be the one at offset 0: that may have been taken back by its producer.
    """
    first = log.read(lane.topic, partition, 0, limit=1)
    return bool(first) and log.start(lane.topic, partition) == 0 and first[0].timestamp_ms == era
