"""How long the log's file must be: one that is cut off while it is in use is noticed at the next use of it.

SQLite would not notice for as long as it has the missing pages in memory or in its write-ahead log, and would acknowledge appends
meanwhile. The file's length is in the same answer of the system that says whether it is the same file, so looking costs nothing.

A file grows, and shrinks in one case only: retention gives space back. That is announced in the log before it is done, with the
least number of pages that can be left, and settled when it is over, with the number that were. Announcements are counted: odd
while one stands.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from streams.embedded.errors import LogDamaged
from streams.embedded.schema import PAGE_BYTES

_NAME = "least_pages"
_POINTERS = 500
"""Of so many pages that are given back one more goes, at the most, which kept account of them."""
_WORTH_PAGES = 256
"""So much growth is worth a write, and waking the log's readers."""


class Least(NamedTuple):
    """``pages``: the file has them, whatever happens; ``number``: of the announcement, odd while it stands."""

    pages: int
    number: int


NEVER = Least(0, 0)


def least(db: sqlite3.Connection) -> Least:
    """What stands in the log; nothing in one that has never been looked after."""
    row = db.execute("SELECT value FROM meta WHERE name=?", (_NAME,)).fetchone()
    return NEVER if row is None else Least(*map(int, row[0].split()))


def announce(db: sqlite3.Connection, pages: int) -> None:
    """So many pages at the most will be given back. Call inside a write transaction, before."""
    there = int(db.execute("PRAGMA page_count").fetchone()[0])
    _write(db, Least(max(0, there - pages - pages // _POINTERS - 2), least(db).number | 1))


def settle(db: sqlite3.Connection, size: int) -> None:
    """The file has this size, and if SQLite has no shorter one in mind it will not shrink. Inside a write transaction."""
    before, there = least(db), int(db.execute("PRAGMA page_count").fetchone()[0])
    now = Least(size // PAGE_BYTES, before.number + before.number % 2)
    worth = now.number != before.number or now.pages - before.pages >= _WORTH_PAGES
    if there * PAGE_BYTES >= size and worth:
        _write(db, now)


def _write(db: sqlite3.Connection, now: Least) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (_NAME, f"{now.pages} {now.number}"))


class Watch:
    """One connection's eye on the file: it compares with what it saw when it was used last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen, self._known = 0, -1

    def look(self, db: sqlite3.Connection, size: int) -> None:
        """Raises LogDamaged when the file is shorter than it can be. ``verify`` comes first."""
        if size != self._seen and self._known >= 0:
            self.verify(db)

    def verify(self, db: sqlite3.Connection) -> None:
        """The file's length now, against the last and against what stands in the log."""
        found, size = self._now(db)
        settled = found.number == self._known and found.number % 2 == 0
        wanted = self._seen if settled else found.pages * PAGE_BYTES
        if size < wanted:
            raise LogDamaged(
                f"{self._path}: the file has {size:,} bytes, and must have {wanted:,} at the least: its end was cut off, or an "
                "older copy written over it. What to do: stop every process that uses it, keep a copy of it with its -wal and "
                "-shm files, and restore the newest backup."
            )
        self._seen, self._known = size, found.number

    def _now(self, db: sqlite3.Connection) -> tuple[Least, int]:
        """Both of one moment: other processes do not stand still."""
        while True:
            found, size = least(db), self._path.stat().st_size
            if least(db) == found:
                return found, size
