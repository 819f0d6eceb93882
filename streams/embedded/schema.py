"""The SQLite file: its tables, how a record's place becomes one number, how a file is made whole and how it is checked.

One table holds the records of all partitions: a record's rowid is its partition's number and its offset in one integer,
so an append is an insert at the end of a key range, and a read is a range scan that needs no index. Nothing but SQLite
may ever open the file while a log is open: closing any descriptor of it drops the locks of the whole process on it
(POSIX), and another process may then take the write-ahead log away from under us. So even its header is read by SQLite.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from streams.embedded.errors import LogDamaged, LogMissing, LogRefused, LogTooNew, translated

APPLICATION_ID = 0x48414C4C  # "HALL"
VERSION = 1
PAGE_BYTES = 4096
OFFSET_BITS = 48  # 89 years at 100,000 records a second; leaves 15 bits of SQLite's signed 64 for the partition
OFFSETS = (1 << OFFSET_BITS) - 1
MAX_PARTITIONS = (1 << 63 - OFFSET_BITS) - 1

_TABLES = {
    "meta": "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "topic": """CREATE TABLE topic(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL,
        compact INTEGER NOT NULL, time TEXT NOT NULL, retention_ms INTEGER, retention_bytes INTEGER) STRICT""",
    # next: kept here and never derived from the records, so that removing all of them does not rewind the offsets.
    # last_ts: the newest stamp ever given. records and bytes: of what is retained, so that nobody has to count.
    "partition": """CREATE TABLE partition(id INTEGER PRIMARY KEY, topic INTEGER NOT NULL, number INTEGER NOT NULL,
        next INTEGER NOT NULL DEFAULT 0, last_ts INTEGER, records INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0, UNIQUE(topic, number)) STRICT""",
    "record": "CREATE TABLE record(id INTEGER PRIMARY KEY, ts INTEGER NOT NULL, k BLOB, v BLOB) STRICT",
    # Of compact topics only: where the newest record of a key is, its size, and its time if it is a tombstone.
    "latest": """CREATE TABLE latest(partition INTEGER NOT NULL, k BLOB NOT NULL, record INTEGER NOT NULL,
        bytes INTEGER NOT NULL, gone_ms INTEGER, PRIMARY KEY(partition, k)) STRICT, WITHOUT ROWID""",
    "latest_gone": "CREATE INDEX latest_gone ON latest(partition, gone_ms) WHERE gone_ms IS NOT NULL",
    "position": """CREATE TABLE position(grp TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
        PRIMARY KEY(grp, partition)) STRICT, WITHOUT ROWID""",
}


def base(partition_id: int) -> int:
    """The rowid of offset 0 of a partition; ``base + OFFSETS`` is that of the last one it can have."""
    return partition_id << OFFSET_BITS


def connect(path: Path, mode: str, patience_ms: int) -> sqlite3.Connection:
    """A connection that never makes a file (``mode`` rw or ro); the caller keeps two threads from using it at once."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, timeout=patience_ms / 1000, isolation_level=None, check_same_thread=False)
    # FAST: what expires is overwritten where that costs no further write. Said aloud: builds of SQLite differ in it.
    db.execute("PRAGMA secure_delete=FAST").close()
    return db


def create(path: Path) -> None:
    """Makes an empty log at ``path`` unless one is there: whole or not at all, even among processes that race."""
    draft = draft_of(path)
    with translated(path, "making the log"):
        _make_directory(path)
        try:
            _write_draft(draft)
            with suppress(FileExistsError):  # another process was quicker: its log is whole, and as good as ours
                place(draft, path)
        finally:
            discard(draft)


def _make_directory(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        inside = next((at for at in path.parents if os.path.lexists(at) and not at.is_dir()), path.parent)
        raise LogRefused(
            f"{path}: expected {inside} to be a directory, got something else. What to do: give the log another place "
            "(HALL_VAR, HALL_BROKER), or move what stands there away."
        ) from None


def _write_draft(draft: Path) -> None:
    draft.touch(exist_ok=False)
    db = connect(draft, "rw", 0)
    try:
        for setting in (f"page_size={PAGE_BYTES}", "auto_vacuum=INCREMENTAL", "journal_mode=WAL"):  # order matters
            db.execute(f"PRAGMA {setting}").close()
        db.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.values():
            db.execute(statement)
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("INSERT INTO meta VALUES('id', ?)", (uuid4().hex,))
        db.execute("COMMIT")
    finally:
        db.close()


def draft_of(path: Path) -> Path:
    """Where a new file is written before it gets its name; on the same disk, and nobody else's."""
    return path.with_name(f".{path.name}.{os.getpid()}.{uuid4().hex[:8]}.draft")


def place(draft: Path, path: Path) -> None:
    """Gives the finished ``draft`` its name, durably. Raises FileExistsError rather than replace what is there."""
    _sync(draft)
    os.link(draft, path)  # unlike rename, never replaces
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(draft: Path) -> None:
    """Takes a draft away, with what SQLite may have left beside it. What was placed stays: it has its own name."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def check_file(path: Path) -> None:
    """Refuses what cannot be a log, by its kind and size alone."""
    if not path.exists():
        raise LogMissing(f"{path}: there is no log here. What to do: check the path, or let `hall run` make one.")
    if not path.is_file():
        raise LogRefused(f"{path}: expected a file, got a directory or a device. What to do: name a file in it.")
    size = path.stat().st_size
    if size < PAGE_BYTES:  # SQLite would take it for a new database
        raise LogDamaged(
            f"{path}: the file has {size} bytes; even a new log has {PAGE_BYTES} and more. "
            "What to do: remove it if nothing was in it, or restore the newest backup."
        )


def check_content(db: sqlite3.Connection, path: Path) -> str:
    """The log's id, once the file has shown to be one that this version understands. Its records are not looked at."""
    number = _pragma(db, "application_id")
    if number != APPLICATION_ID:
        raise LogDamaged(
            f"{path}: expected a log of this program (application id {APPLICATION_ID:#x}), got another SQLite database "
            f"({number:#x}). What to do: check the path; nothing was changed."
        )
    version = _pragma(db, "user_version")
    if version > VERSION:
        raise LogTooNew(
            f"{path}: the log is of version {version}, this program knows versions up to {VERSION}. "
            "What to do: use the newer program again, or restore a backup from before the upgrade."
        )
    _check_tables(db, path)
    row = db.execute("SELECT value FROM meta WHERE name='id'").fetchone()
    if row is None:
        raise LogDamaged(f"{path}: the log has lost its id. What to do: restore the newest backup.")
    return str(row[0])


def _check_tables(db: sqlite3.Connection, path: Path) -> None:
    there = {str(name): str(sql) for name, sql in db.execute("SELECT name, sql FROM sqlite_schema")}
    wrong = [name for name, sql in _TABLES.items() if there.get(name) != sql]
    if wrong:
        raise LogDamaged(
            f"{path}: expected the tables of a log of version {VERSION}; missing or different: {', '.join(wrong)}. "
            "What to do: restore the newest backup."
        )


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
