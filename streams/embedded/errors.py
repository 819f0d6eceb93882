"""What can go wrong with the embedded log, each with the file and what to do; SQLite's errors are translated here."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


# SQLite's extended code, or else its primary one -> our error, what happened, what to do.
_DISK = (
    "free some space (retention; `hall log stats` shows what is large), or give the log a larger disk, or more than "
    "HALL_LOG_MAX_BYTES allows it, if that is set"
)
_FAILING = "read the kernel's messages about this disk (`dmesg`); when it is sound, restore the newest backup"
_DAMAGED = (
    "stop every process that uses it, keep a copy of it with its -wal and -shm files, and restore the newest backup"
)
_RIGHTS = (
    "the user needs to read and write this file and to make files in its directory; network file systems do not do"
)
_LOCKED = "find what holds it (`fuser FILE`): a stopped process or a database browser; end it and try again"
_TRANSLATIONS: dict[int, tuple[type[LogError], str, str]] = {
    sqlite3.SQLITE_FULL: (LogFull, "the log cannot grow", _DISK),
    sqlite3.SQLITE_IOERR: (LogFull, "the disk refused to write", _DISK),
    sqlite3.SQLITE_IOERR_READ: (LogDamaged, "the disk failed to read", _FAILING),
    sqlite3.SQLITE_IOERR_SHORT_READ: (LogDamaged, "the file is shorter than it says", _DAMAGED),
    sqlite3.SQLITE_IOERR_CORRUPTFS: (LogDamaged, "the file system is damaged", _FAILING),
    sqlite3.SQLITE_BUSY: (LogLocked, "another process keeps the log locked", _LOCKED),
    sqlite3.SQLITE_LOCKED: (LogLocked, "another part of this process keeps the log locked", _LOCKED),
    sqlite3.SQLITE_CORRUPT: (LogDamaged, "the file is damaged", _DAMAGED),
    sqlite3.SQLITE_NOTADB: (LogDamaged, "the file is not a log, or its first page is damaged", _DAMAGED),
    sqlite3.SQLITE_READONLY: (LogRefused, "the log may not be written", _RIGHTS),
    sqlite3.SQLITE_CANTOPEN: (LogRefused, "the log cannot be opened", _RIGHTS),
    sqlite3.SQLITE_PERM: (LogRefused, "the log may not be used", _RIGHTS),
    sqlite3.SQLITE_TOOBIG: (RowRefused, "a row is larger than 1 GB", "send smaller values"),
    sqlite3.SQLITE_CONSTRAINT: (
        RowRefused,
        "a row is not of the types it must be",
        "keys and values are bytes or None, timestamps and positions whole numbers",
    ),
}
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_UNKNOWN = (LogError, "SQLite failed", "report this, with the whole message")


def check_room(path: Path, keep_free: int) -> None:
    """Raises LogFull when the disk of ``path`` has less than ``keep_free`` bytes left."""
    with translated(path, "asking for free space"):
        free = free_bytes(path)
    if free < keep_free:
        raise LogFull(
            f"{path}: its disk has {free / 2**20:.1f} MiB left; the last {keep_free / 2**20:.1f} MiB are kept free, so "
            f"that retention can still work. Nothing was appended. What to do: {_DISK}."
        )


def explain(error: sqlite3.Error, path: Path, doing: str) -> LogError:
    """Our error for one of SQLite's, in words that can be acted upon."""
    code = getattr(error, "sqlite_errorcode", 0)
    kind, happened, advice = _TRANSLATIONS.get(code) or _TRANSLATIONS.get(code & 0xFF) or _UNKNOWN
    room = f"; {_free(path)}" if kind is LogFull else ""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return kind(f"{path}: {happened} ({doing}; SQLite: {error}, {name}){room}. What to do: {advice}.")


def _free(path: Path) -> str:
    """What an operator asks first. The disk may be gone altogether, and that must not hide the error itself."""
    try:
        return (
            f"{free_bytes(path) / 2**20:.1f} MiB are free on its disk, the file has {path.stat().st_size / 2**20:.1f}"
        )
    except OSError as error:
        return f"its disk does not answer: {error.strerror}"


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
        kind, advice = (LogFull, _DISK) if error.errno in _NO_ROOM else (LogRefused, _RIGHTS)
        raise kind(f"{path}: {error.strerror or error} ({doing}). What to do: {advice}.") from error
