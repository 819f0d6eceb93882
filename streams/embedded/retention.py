"""Retention: what is too old or too much goes from the start of each partition, and the file gives its space back.

It runs beside appenders, so it works in small transactions and rests between them for as long as each took: an append
waits for one step at most, a few milliseconds. Offsets are never given twice: a partition's next one is kept apart.

Age is measured by the clock of the topic. In topics of log time that is the time handed in; in topics of producer time
it is the last timestamp of the partition, if that is earlier: a recording of last year that is played today is not old,
and one record with a timestamp far in the future does not make the others so. A timestamp that is ahead of the clock
says nothing of a record's age: a clock was ahead, and was set back. Such a record goes with what stands behind it.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from streams.clock import BACK_MS
from streams.embedded.compaction import TOMBSTONE_MS, bury
from streams.embedded.connection import WriteConnection
from streams.embedded.errors import LogClosed
from streams.embedded.length import announce, settle
from streams.embedded.schema import OFFSETS, PAGE_BYTES, base
from streams.embedded.spec import Partition

STEP_RECORDS = 500
STEP_BYTES = 4 * 2**20
STEP_PAGES = 128

# Free pages are used again by what is appended next, so some stay: to give them back would be wasted work.
_RESERVE_PAGES = 4 * 2**20 // PAGE_BYTES
_RESERVE_SHARE = 8


class Retention:
    """One run over a log. ``stopped`` is asked between steps, ``rest`` is given the seconds to leave the log alone."""

    def __init__(
        self,
        writer: WriteConnection,
        stopped: Callable[[], bool] = lambda: False,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._writer = writer
        self._stopped = stopped
        self._rest = rest

    def run(self, partitions: Iterable[Partition], now_ms: int) -> dict[tuple[str, int], int]:
        """How many records went from each (topic, partition); those that lost none are not named."""
        removed: Counter[tuple[str, int]] = Counter()
        try:
            for part in partitions:
                for gone in self._clean(part, now_ms):
                    removed[part.spec.name, part.number] += gone
            self._give_back()
        except LogClosed:  # between being asked and being used, as ``close`` may come from any thread
            if not self._stopped():
                raise
        return dict(removed)

    def _clean(self, part: Partition, now_ms: int) -> Iterator[int]:
        while not self._stopped():
            began = time.perf_counter()
            with self._writer.transaction("retention") as db:
                gone = _step(db, part, now_ms)
            if not gone:
                return
            yield gone
            self._rest(time.perf_counter() - began)

    def _give_back(self) -> None:
        """Announced before and settled afterwards, for whoever watches the file's length (``length``)."""
        returned, announced = 0, max(0, self._spare())
        if announced:
            with self._writer.transaction("giving space back") as db:
                announce(db, announced)
        while not self._stopped() and (pages := min(self._spare(), STEP_PAGES, announced - returned)) > 0:
            began = time.perf_counter()
            with self._writer.upkeep("giving space back") as db:
                # executescript steps a statement to its end; execute would free one page and no more
                db.executescript(f"PRAGMA incremental_vacuum({pages})").close()
            returned += pages
            self._rest(time.perf_counter() - began)
        if returned:
            self._writer.checkpoint()
        with self._writer.transaction("looking after the file") as db:
            settle(db, self._writer.path.stat().st_size)

    def _spare(self) -> int:
        with self._writer.use("giving space back") as db:
            free, pages = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
        return int(free - max(_RESERVE_PAGES, (pages - free) // _RESERVE_SHARE))


def _step(db: sqlite3.Connection, part: Partition, now_ms: int) -> int:
    """Removes a little of what has to go; 0 when nothing has."""
    spec = part.spec
    if not (spec.compact or spec.retention_bytes is not None or spec.retention_ms is not None):
        return 0
    last_ts, size = db.execute("SELECT last_ts, bytes FROM partition WHERE id=?", (part.id,)).fetchone()
    clock_ms = now_ms if spec.time == "log" or last_ts is None else min(now_ms, last_ts)
    if spec.compact:
        return bury(db, part.id, clock_ms - TOMBSTONE_MS, STEP_RECORDS)
    return _expire(db, part, size, clock_ms)


class _Ages:
    """Which records are too old, going up from the start of a partition."""

    def __init__(self, db: sqlite3.Connection, part: Partition, clock_ms: int) -> None:
        kept_ms = part.spec.retention_ms
        self._db, self._high, self._latest_ms = db, base(part.id) + OFFSETS, clock_ms + BACK_MS
        self._before_ms = None if kept_ms is None else clock_ms - kept_ms
        self._sure: tuple[int, int] | None = None
        """The first record behind whose timestamp is not ahead of the clock, and that timestamp."""

    def too_old(self, record: int, ts: int) -> bool:
        if self._before_ms is None:
            return False
        if ts > self._latest_ms:
            ts = self._of_the_next(record, ts)
        return ts < self._before_ms

    def _of_the_next(self, record: int, ts: int) -> int:
        if self._sure is None or self._sure[0] <= record:
            query = "SELECT id, ts FROM record WHERE id BETWEEN ? AND ? AND ts <= ? ORDER BY id LIMIT 1"
            self._sure = self._db.execute(query, (record, self._high, self._latest_ms)).fetchone() or (self._high, ts)
        return self._sure[1]


def _expire(db: sqlite3.Connection, part: Partition, size: int, clock_ms: int) -> int:
    """Removes from the start until a record is neither too old nor too much; the limit by bytes spares the last one."""
    ages = _Ages(db, part, clock_ms)
    limit, low, high = part.spec.retention_bytes, base(part.id), base(part.id) + OFFSETS
    rows = db.execute(
        """SELECT id, ts, ifnull(length(k), 0) + ifnull(length(v), 0), id = (SELECT max(id) FROM record WHERE id <= ?2)
        FROM record WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3""",
        (low, high, STEP_RECORDS),
    )
    count = taken = 0
    end = low
    for record, ts, length, last in rows:
        old = ages.too_old(record, ts)
        too_much = limit is not None and size - taken > limit and not last
        if taken >= STEP_BYTES or not (old or too_much):
            break
        count, taken, end = count + 1, taken + length, record
    rows.close()
    if count:
        db.execute("DELETE FROM record WHERE id BETWEEN ? AND ?", (low, end))
        db.execute("UPDATE partition SET records=records-?, bytes=bytes-? WHERE id=?", (count, taken, part.id))
    return count
