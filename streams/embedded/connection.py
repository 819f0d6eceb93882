"""The connections of one open log: guarded against use by two threads at once, errors translated, the file watched."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from streams.embedded.errors import LogClosed, LogMissing, LogRefused, translated
from streams.embedded.length import Watch
from streams.embedded.schema import PAGE_BYTES, connect

WAL_LIMIT_BYTES = 64 * 2**20
"""Past this the write-ahead log is brought back to nothing, for which readers are waited for, a little."""
_WAL_PATIENCE_MS = 50
_CHECKPOINT_PAGES = 1_000
ASK_AGAIN_S = 0.000_3
"""Between two attempts to get the write lock."""

Identity = tuple[int, int]


def identity(path: Path) -> Identity:
    """Device and inode: whether the path still means the file that was opened. Does not open it (see ``schema``)."""
    status = path.stat()
    return status.st_dev, status.st_ino


class Connection:
    """One SQLite connection that one thread at a time may use."""

    def __init__(self, path: Path, file: Identity, mode: str, patience_ms: int) -> None:
        self.path = path
        self.file = file
        self._lock = threading.Lock()
        self._closed = False
        self._watch = Watch(path)
        with translated(path, "opening"):
            self._db = connect(path, mode, patience_ms)

    @contextmanager
    def use(self, doing: str) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone, until the block ends. Raises ``LogError``."""
        with self._lock, translated(self.path, doing):
            self._check()
            yield self._db

    def verify(self) -> None:
        """The file's length against what the log says of it. Raises LogDamaged."""
        with self.use("looking at the file") as db:
            self._watch.verify(db)

    def close(self) -> None:
        with self._lock, translated(self.path, "closing"):
            self._closed = True
            self._db.close()

    def _check(self) -> None:
        if self._closed:
            raise LogClosed(f"{self.path}: the log was closed. What to do: open it again.")
        try:
            status = self.path.stat()
        except FileNotFoundError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self.file:
            raise LogMissing(
                f"{self.path}: the log was moved, removed or replaced while it was open; what is written now would be "
                "lost. What to do: stop every process that uses it, see which file is right, and start again."
            )
        self._watch.look(self._db, status.st_size)


class WriteConnection(Connection):
    """The one connection of a log that writes: one transaction at a time, among threads and among processes."""

    def __init__(self, path: Path, file: Identity, sync: str, max_bytes: int | None, patience_ms: int) -> None:
        super().__init__(path, file, "rw", patience_ms)
        self._wal = path.with_name(path.name + "-wal")
        self._wal_limit = WAL_LIMIT_BYTES
        self._patience_ms = patience_ms
        with translated(path, "opening"):
            mode = self._db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            self._db.execute(f"PRAGMA synchronous={sync}").close()
            self._db.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}").close()
            self._db.execute(f"PRAGMA journal_size_limit={WAL_LIMIT_BYTES}").close()
            if max_bytes is not None:
                self._db.execute(f"PRAGMA max_page_count={max(1, max_bytes // PAGE_BYTES)}").close()
        if mode != "wal":
            raise LogRefused(
                f"{path}: its file system cannot share memory between processes. What to do: use a local disk."
            )

    @contextmanager
    def transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        """All that the block writes, or nothing of it; durable when the block has ended.

        Raises ``LogError``, after which the connection is as before and nothing was written. (If the disk failed in
        the last instant of a commit, and the process dies before it writes again, the next one may find the transaction
        after all: whole.)
        """
        with self.use(doing) as db:
            self._roll_back()  # a transaction whose roll-back failed too, on a failing disk
            self._begin(db)
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # the first error is the one to tell
                    self._roll_back()
                raise
            self._bound_wal()

    def _begin(self, db: sqlite3.Connection) -> None:
        """Begins to write now, not at the first write: a reader turned writer could not wait its turn.

        SQLite's own waiting asks again after 1, 2, 5 ... 100 ms, so that among processes that commit again and again the
        one that has waited longest asks least often (measured: 540 ms at the 99th percentile). Here all ask alike.
        """
        deadline = monotonic() + self._patience_ms / 1000
        db.execute("PRAGMA busy_timeout=0").close()
        try:
            while not _is_ours(db, last=monotonic() >= deadline):
                sleep(ASK_AGAIN_S)
        finally:
            db.execute(f"PRAGMA busy_timeout={self._patience_ms}").close()

    @contextmanager
    def upkeep(self, doing: str) -> Iterator[sqlite3.Connection]:
        """The connection without a transaction, for statements that bring their own."""
        with self.use(doing) as db:
            yield db
            self._bound_wal()

    def checkpoint(self) -> None:
        """Moves the write-ahead log into the file, which then takes the size that it needs."""
        with self.use("tidying up"):
            self._truncate_wal()

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _bound_wal(self) -> None:
        """SQLite starts its write-ahead log anew only at a moment without readers: make that moment if none comes.

        The commit stands already, so a failure here is nobody's: who appends next meets its cause.
        """
        with suppress(sqlite3.Error, OSError):
            size = self._wal.stat().st_size
            if size > self._wal_limit:
                # A reader that does not end (a backup): ask again only after as much again was written.
                self._wal_limit = WAL_LIMIT_BYTES if self._truncate_wal() else size + WAL_LIMIT_BYTES

    def _truncate_wal(self) -> bool:
        self._db.execute(f"PRAGMA busy_timeout={_WAL_PATIENCE_MS}").close()
        try:
            busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            self._db.execute(f"PRAGMA busy_timeout={self._patience_ms}").close()
        return not busy


def _is_ours(db: sqlite3.Connection, *, last: bool) -> bool:
    """Whether the write transaction was to be had; ``last``: if not, raise."""
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
