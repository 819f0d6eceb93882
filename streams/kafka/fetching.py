"""What a fetch gives: records of ours, where in the log they were looked for, and how far that went.

Lanes read what is committed: what a producer takes back has not happened. So the log has gaps, where aborted records and
the markers of transactions stand. They are in no stretch, but a stretch goes beyond them, if need be without any record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from streams.record import Record
from streams.topics import STATE_ENDING

_record = tuple.__new__
"""What ``Record(...)`` does in the end; a tenth of fetching is spent here."""


class Stretch(list[Any]):
    """All committed records of a partition from ``began`` up to, not with, ``reached``; there may be none.

    ``asked``: where the one before it ended, or what was sought. The log begins behind it (or ends before it) where
    ``began`` is another: aiokafka has gone to its first record then.
    """

    def __init__(self, records: list[Any], began: int, reached: int) -> None:
        super().__init__(records)
        self.asked, self.began, self.reached = began, began, reached

    def __bool__(self) -> bool:
        """The fetcher passes over what is false; a stretch without records is told, too."""
        return self.reached > self.began


class Wanted:
    """By partition, the offset that comes next of what its reader has had. Lives in aiokafka's thread."""

    def __init__(self) -> None:
        self._next: dict[TP, int] = {}

    def seek(self, tp: TP, offset: int) -> None:
        self._next[tp] = offset

    def chained(self, found: dict[TP, Stretch]) -> dict[TP, Stretch]:
        """The same, each told what it was asked for."""
        return {tp: stretch for tp, stretch in found.items() if self._chain(tp, stretch)}

    def _chain(self, tp: TP, stretch: Stretch) -> bool:
        stretch.asked = self._next.get(tp, stretch.began)
        if not len(stretch) and stretch.began > stretch.asked:
            return False  # what the log has lost is told with the first record behind it, as one loss
        self._next[tp] = stretch.reached
        return True


class Fetched(fetcher.FetchResult):  # type: ignore[misc]
    """The answer to a fetch, for one partition."""

    def getall(self, max_records: int | None = None) -> list[Any]:
        tp = self._topic_partition
        before = self._position()
        records: list[Any] = super().getall(max_records)
        reached = self._position()
        if before is None or reached is None or reached <= before:
            return records  # it was fetched for another position, or nothing of it was left
        if tp.topic.endswith(STATE_ENDING) and (not records or records[-1].offset < reached - 1):
            records.append(_blank(tp, reached - 1))
        return Stretch(records, before, reached)

    def _position(self) -> int | None:
        state = self._assignment.state_value(self._topic_partition) if self._assignment.active else None
        return state.position if state is not None and state.has_valid_position else None


def _blank(tp: Any, offset: int) -> ConsumerRecord[None, None]:
    """Stands for a gap. Faust's recovery waits for the very last offset of a state topic; no table keeps a key that is none."""
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 0, None, None, None, -1, -1, ())


class Unpacked(fetcher.PartitionRecords):  # type: ignore[misc]
    """A fetched stretch of a partition: records of ours from the start, where aiokafka would make its own of each first.

    What Faust reads by itself, the state topics, stays as Faust expects it.
    """

    def __iter__(self) -> Iterator[Any]:
        iterator: Iterator[Any] = self._records_iterator
        return iterator  # itself: aiokafka's way there is one more call for each record

    def _consumer_record(self, tp: TP, record: Any) -> Any:
        if tp.topic.endswith(STATE_ENDING):
            return super()._consumer_record(tp, record)
        return _record(Record, (tp.topic, tp.partition, record.offset, record.timestamp, record.key, record.value))


def register() -> None:
    """Put them where the fetcher looks for its own."""
    fetcher.PartitionRecords, fetcher.FetchResult = Unpacked, Fetched
