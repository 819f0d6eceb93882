"""What can go wrong with the embedded log, each with the file and what to do; SQLite's errors are translated here."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.embedded import advice


class LogError(Exception):
    """Anything the embedded log refuses or cannot do. The text names the file and says what to do."""


class LogFull(LogError):
    """The disk, the quota (``max_bytes``) or a file size limit is used up, or the disk fails to write."""


class LogLocked(LogError):
    """Another process, or a long transaction, kept the write lock for longer than we wait."""


class LogInUse(LogError):
    """Another process consumes this log already."""


class LogDamaged(LogError):
    """The file is not a log, or not a whole one any more."""


class LogTooNew(LogError):
    """The file was written by a newer version of the program."""


class LogMissing(LogError):
    """There is no log at this path, or the one that was opened was moved away or replaced."""


class LogGone(LogError):
    """There was a log at this path, which the engine has worked on, and it is not there any more."""


class LogRefused(LogError):
    """The operating system does not let us use the file: its rights, its place, or what it is."""


class LogClosed(LogError):
    """Used after ``close()``."""


class TopicMissing(LogError):
    """No such topic, or no such partition of it."""


class TopicConflict(LogError):
    """A topic of this name exists, and differs in what can never change."""


class RowRefused(LogError, ValueError):
    """A row that the log cannot hold. Nothing of its append was kept."""


# SQLite's extended code, or else its primary one -> our error, what happened, what to do (_LOOK: look what is the case).
_LOOK = ""
_DAMAGED = (
    "stop every process that uses it, keep a copy of it with its -wal and -shm files, and restore the newest backup"
)
_LOCKED = "find what holds it (`fuser FILE`): a stopped process or a database browser; end it and try again"
_TRANSLATIONS: dict[int, tuple[type[LogError], str, str]] = {
    sqlite3.SQLITE_FULL: (LogFull, "the log cannot grow", _LOOK),
    sqlite3.SQLITE_IOERR: (LogFull, "the disk refused to write", _LOOK),
    sqlite3.SQLITE_IOERR_FSYNC: (LogFull, "the disk failed to keep what was written", advice.FAILING),
    sqlite3.SQLITE_IOERR_DIR_FSYNC: (LogFull, "the disk failed to keep what was written", advice.FAILING),
    sqlite3.SQLITE_IOERR_NOMEM: (LogFull, "there was no memory left", "give this machine, or this process, more of it"),
    sqlite3.SQLITE_IOERR_READ: (LogDamaged, "the disk failed to read", advice.FAILING),
    sqlite3.SQLITE_IOERR_SHORT_READ: (LogDamaged, "the file is shorter than it says", _DAMAGED),
    sqlite3.SQLITE_IOERR_CORRUPTFS: (LogDamaged, "the file system is damaged", advice.FAILING),
    sqlite3.SQLITE_BUSY: (LogLocked, "another process keeps the log locked", _LOCKED),
    sqlite3.SQLITE_LOCKED: (LogLocked, "another part of this process keeps the log locked", _LOCKED),
    sqlite3.SQLITE_CORRUPT: (LogDamaged, "the file is damaged", _DAMAGED),
    sqlite3.SQLITE_NOTADB: (LogDamaged, "the file is not a log, or its first page is damaged", _DAMAGED),
    sqlite3.SQLITE_READONLY: (LogRefused, "the log may not be written", advice.RIGHTS),
    sqlite3.SQLITE_CANTOPEN: (LogRefused, "the log cannot be opened", advice.RIGHTS),
    sqlite3.SQLITE_PERM: (LogRefused, "the log may not be used", advice.RIGHTS),
    sqlite3.SQLITE_TOOBIG: (RowRefused, "a row is larger than 1 GB", "send smaller values"),
    sqlite3.SQLITE_CONSTRAINT: (
        RowRefused,
        "a row is not of the types it must be",
        "keys and values are bytes or None, timestamps and positions whole numbers",
    ),
}
_UNKNOWN = (LogError, "SQLite failed", "report this, with the whole message")


def check_room(path: Path, keep_free: int) -> None:
    """Raises LogFull when the disk of ``path`` has less than ``keep_free`` bytes left."""
    with translated(path, "asking for free space"):
        free = free_bytes(path)
    if free < keep_free:
        raise LogFull(
            f"{path}: its disk has {free / 2**20:.1f} MiB left; the last {keep_free / 2**20:.1f} MiB are kept free, so "
            f"that retention can still work. Nothing was appended. What to do: {advice.SPACE}."
        )


def explain(error: sqlite3.Error, path: Path, doing: str) -> LogError:
    """Our error for one of SQLite's, in words that can be acted upon."""
    code = getattr(error, "sqlite_errorcode", 0)
    kind, happened, todo = _TRANSLATIONS.get(code) or _TRANSLATIONS.get(code & 0xFF) or _UNKNOWN
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR) and advice.no_more_files():
        kind, happened, todo = LogRefused, "too many open files", advice.of_system(errno.EMFILE)
    found, looked = _looked(path, full=code & 0xFF == sqlite3.SQLITE_FULL) if kind is LogFull else ("", "")
    return kind(f"{path}: {happened} ({doing}; SQLite: {error}, {name}){found}. What to do: {todo or looked}.")


def _looked(path: Path, *, full: bool) -> tuple[str, str]:
    """What an operator asks first, and what follows from it. The disk may be gone, and that must not hide the error itself."""
    try:
        room = advice.room_of(path)
    except OSError as error:
        return f"; its disk does not answer: {error.strerror}", advice.FAILING
    free, largest = room.free / 2**20, room.largest / 2**20
    return f"; {free:.1f} MiB are free on its disk, its file has {largest:.1f}", advice.of_writing(room, full=full)


def free_bytes(path: Path) -> int:
    """Bytes that an ordinary user may still write on the disk of ``path``."""
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize


@contextmanager
def translated(path: Path, doing: str) -> Iterator[None]:
    """What SQLite and the system raise in the block comes out as a ``LogError``; ``doing`` says what the block does."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path, doing) from error
    except OverflowError as error:
        raise RowRefused(f"{path}: a number is beyond 64 bits ({doing}). What to do: send smaller ones.") from error
    except OSError as error:
        kind = LogFull if error.errno in advice.NO_ROOM else LogRefused
        todo = advice.of_system(error.errno)
        raise kind(f"{path}: {error.strerror or error} ({doing}). What to do: {todo}.") from error
