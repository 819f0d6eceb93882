"""What the sensing lane publishes, as a reader of the journal sees it: what is new, and when it was read.

What a restarted engine publishes once more is not new. The two logs are read in ways of their own (``Reader``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from agents.topology import SENSING
from streams.codec import id_of
from streams.embedded.log import Log
from streams.ids import Seen, parse_id
from streams.record import Record
from streams.topics import JOURNAL

LOOK_EVERY_S = 0.002


class News(NamedTuple):
    """An event that had not been published before: when it was read, on the monotonic clock in nanoseconds, and the
    partition and offset of the record that it follows from."""

    at_ns: int
    partition: int
    offset: int


class Reader(Protocol):
    """A consumer of the journal, all partitions."""

    def look(self) -> Sequence[Record]:
        """What has come since the last look; returns within milliseconds when nothing has."""


class LogReader:
    """On an embedded log, from its beginning."""

    def __init__(self, log: Log) -> None:
        self._log, self._at, self._more = log, 0, True

    def look(self) -> Sequence[Record]:
        records = self._log.read(JOURNAL, 0, self._at) if self._more or self._log.changed() else []
        self._more = bool(records)
        if records:
            self._at = records[-1].offset + 1
        else:
            time.sleep(LOOK_EVERY_S)
        return records


class Journal:
    """Follows a reader; knows each stream's highest place, as every user of the journal does."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._seen = reader, Seen()

    def advance(self) -> list[News]:
        """What one look finds."""
        return self._new(self._reader.look())

    def catch_up(self) -> None:
        """To the end of what is there, when nothing is published any more."""
        while records := self._reader.look():
            self._new(records)

    def _new(self, records: Sequence[Record]) -> list[News]:
        now, news = time.monotonic_ns(), []
        for record in records:
            name = id_of(record.value) if record.value is not None else None
            if name is None:
                continue  # a tick
            event_id = parse_id(name)
            if event_id.lane == SENSING.name and self._seen.is_new(event_id):
                news.append(News(now, record.partition, event_id.offset))
        return news
