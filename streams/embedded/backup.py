"""A copy of a log while it is in use: one moment of it, whole, and under a new id.

To restore one: stop every process that uses the log, remove the damaged file *with its -wal and -shm files* (SQLite
would apply an old write-ahead log to the new file), and put the copy in its place.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from streams.embedded.connection import Connection
from streams.embedded.errors import LogRefused, translated
from streams.embedded.schema import connect, discard, draft_of, place


def copy(source: Connection, target: Path) -> str:
    """Copies the log to ``target``, which appears when it is complete; returns the id of the copy.

    Appenders go on meanwhile; the write-ahead log grows by what they append, as one reader stays at its moment.
    Raises LogRefused if there is anything at ``target`` already.
    """
    if os.path.lexists(target):
        raise _taken(target)
    draft = draft_of(target)
    try:
        with translated(target, "making the backup"):
            draft.touch(exist_ok=False)
        _fill(source, draft, target)
        log_id = _rename(draft, target)
        with translated(target, "making the backup"):
            place(draft, target)
    except LogRefused as error:
        if isinstance(error.__cause__, FileExistsError):
            raise _taken(target) from error
        raise
    finally:
        discard(draft)
    return log_id


def _fill(source: Connection, draft: Path, target: Path) -> None:
    with source.use("making a backup") as db, translated(target, "making the backup"):
        copied = connect(draft, "rw", 0)
        try:
            copied.execute("PRAGMA synchronous=OFF").close()  # made durable as a whole, when it gets its name
            db.backup(copied)  # in one step: in several, it would begin anew after every append
        finally:
            copied.close()


def _rename(draft: Path, target: Path) -> str:
    """A copy that lives on is another log: offsets mean other records in it as soon as one of the two is written."""
    log_id = uuid4().hex
    with translated(target, "making the backup"):
        copied = connect(draft, "rw", 0)
        try:
            copied.execute("UPDATE meta SET value=? WHERE name='id'", (log_id,)).close()
        finally:
            copied.close()
    return log_id


def _taken(target: Path) -> LogRefused:
    return LogRefused(f"{target}: there is something here already. What to do: name a file that does not exist yet.")
