"""One append: offsets and stamps for its rows, inside a write transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from streams.clock import stamp_after
from streams.embedded.compaction import Change, Row, supersede
from streams.embedded.schema import base
from streams.embedded.spec import Partition
from streams.log import Append


class _Head:
    """The growing end of one partition, for the length of one transaction."""

    __slots__ = ("base", "bytes", "compact", "id", "last_ms", "next", "producer", "rows")

    def __init__(self, db: sqlite3.Connection, part: Partition) -> None:
        row = db.execute("SELECT next, last_ts FROM partition WHERE id=?", (part.id,)).fetchone()
        self.next: int = row[0]
        self.last_ms: int | None = row[1]
        self.id, self.base = part.id, base(part.id)
        self.compact, self.producer = part.spec.compact, part.spec.time == "producer"
        self.rows: list[Row] = []
        self.bytes = 0

    def take(self, row: Append, now_ms: int) -> tuple[int, int]:
        offset = self.next
        stamp = row.timestamp_ms if self.producer and row.timestamp_ms is not None else now_ms
        self.last_ms = stamp if self.last_ms is None else stamp_after(self.last_ms, stamp)
        if not self.producer:
            stamp = self.last_ms
        self.rows.append((self.base + offset, stamp, row.key, row.value))
        self.bytes += len(row.key or b"") + len(row.value or b"")
        self.next = offset + 1
        return offset, stamp

    def write(self, db: sqlite3.Connection) -> None:
        everything = Change(self.rows, len(self.rows), self.bytes)
        change = supersede(db, self.id, self.rows) if self.compact else everything
        db.executemany("INSERT INTO record VALUES(?, ?, ?, ?)", change.rows)
        db.execute(
            "UPDATE partition SET next=?, last_ts=?, records=records+?, bytes=bytes+? WHERE id=?",
            (self.next, self.last_ms, change.records, change.bytes, self.id),
        )


def append_rows(
    db: sqlite3.Connection, find: Callable[[str, int], Partition], rows: Sequence[Append], now_ms: int
) -> list[tuple[int, int]]:
    """Writes ``rows`` in their order; (offset, timestamp) of each. Call inside a write transaction."""
    heads: dict[tuple[str, int], _Head] = {}
    taken = []
    for row in rows:
        head = heads.get(row[:2])
        if head is None:
            head = heads[row[:2]] = _Head(db, find(row.topic, row.partition))
        taken.append(head.take(row, now_ms))
    for head in heads.values():
        head.write(db)
    return taken
