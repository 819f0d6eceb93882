"""Compact topics: the newest record of a key is kept, and what it supersedes goes in the transaction that writes it.

There is no compaction run to fall behind: a thousand states rewritten every second leave a thousand records, not a log
that grows until somebody tidies. That is allowed because compact topics are read from their start at recovery, where
only the newest record of a key means anything; a reader in the middle of one merely misses versions that were out of
date. What takes a key's place is found in the table ``latest``, whose only rows are those of compact topics.

A tombstone (no value) supersedes like any record, stays for a while, so that a reader that had seen the key learns of
its end, and then goes too. The last record of a partition always stays: readers know by it that they are at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from streams.embedded.errors import RowRefused
from streams.embedded.schema import base

TOMBSTONE_MS = 3_600_000
"""How long a tombstone stays; far longer than any reader takes from the start of a compact topic to its end."""

Row = tuple[int, int, bytes | None, bytes | None]
"""A row of the table ``record``: id, timestamp, key, value."""


class Change(NamedTuple):
    """The rows to insert, and by how much a partition's records and bytes change."""

    rows: Sequence[Row]
    records: int
    bytes: int


def supersede(db: sqlite3.Connection, partition_id: int, rows: Sequence[Row]) -> Change:
    """Removes what ``rows`` supersede, notes them as their keys' newest, and returns those still to be inserted.

    Raises RowRefused for a row without a key: it could never be superseded.
    """
    newest: dict[bytes, Row] = {}
    for row in rows:
        key = row[2]
        if key is None:
            raise RowRefused("expected a key on every record of a compact topic, got None. Nothing was appended.")
        newest[key] = row
    kept = sorted(newest.values())  # by id: inserts at the end of the table's range are the quick ones
    sizes = [_size(row) for row in kept]
    old = _previous(db, partition_id, newest)
    db.executemany("DELETE FROM record WHERE id=?", [(record,) for record, _ in old])
    db.executemany("INSERT OR REPLACE INTO latest VALUES(?, ?, ?, ?, ?)", _notes(partition_id, kept, sizes))
    return Change(kept, len(kept) - len(old), sum(sizes) - sum(size for _, size in old))


def _previous(db: sqlite3.Connection, partition_id: int, keys: dict[bytes, Row]) -> list[tuple[int, int]]:
    """(record id, bytes) of what the log holds of these keys."""
    query = "SELECT record, bytes FROM latest WHERE partition=? AND k=?"
    found = (db.execute(query, (partition_id, key)).fetchone() for key in keys)
    return [row for row in found if row is not None]


def _notes(
    partition_id: int, rows: Sequence[Row], sizes: Sequence[int]
) -> list[tuple[int, bytes | None, int, int, int | None]]:
    return [
        (partition_id, key, record, size, ts if value is None else None)
        for (record, ts, key, value), size in zip(rows, sizes, strict=True)
    ]


def _size(row: Row) -> int:
    return len(row[2] or b"") + len(row[3] or b"")


def bury(db: sqlite3.Connection, partition_id: int, before_ms: int, limit: int) -> int:
    """Removes up to ``limit`` tombstones older than ``before_ms``, but never the last record; how many went."""
    dead = db.execute(
        """SELECT l.k, l.record, l.bytes FROM latest l JOIN partition p ON p.id = l.partition
        WHERE l.partition = ? AND l.gone_ms IS NOT NULL AND l.gone_ms < ? AND l.record <> ? + p.next - 1 LIMIT ?""",
        (partition_id, before_ms, base(partition_id), limit),
    ).fetchall()
    if not dead:
        return 0
    db.executemany("DELETE FROM record WHERE id=?", [(record,) for _, record, _ in dead])
    db.executemany("DELETE FROM latest WHERE partition=? AND k=?", [(partition_id, key) for key, _, _ in dead])
    db.execute(
        "UPDATE partition SET records=records-?, bytes=bytes-? WHERE id=?",
        (len(dead), sum(size for _, _, size in dead), partition_id),
    )
    return len(dead)
