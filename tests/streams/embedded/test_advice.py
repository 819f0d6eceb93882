"""The advice fits what is the case: "disk I/O error" with 72 GB free is not mended by freeing space."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from streams.embedded.advice import Room, of_system, of_writing
from streams.embedded.errors import LogFull, LogRefused, explain, translated

MIB, GIB = 2**20, 2**30


@pytest.mark.parametrize(
    ("room", "full", "advice"),
    [
        (Room(72 * GIB, 1_000, 5 * MIB, None), False, "there is room, so it is something else: read the kernel's messages"),
        (Room(72 * GIB, 1_000, 5 * MIB, None), True, "let the log take more than HALL_LOG_MAX_BYTES allows it"),
        (Room(MIB // 2, 1_000, 5 * MIB, None), False, "free some space (retention;"),
        (Room(MIB // 2, 1_000, 5 * MIB, None), True, "free some space (retention;"),
        (Room(72 * GIB, 0, 5 * MIB, None), False, "no more files may be made on it (`df -i`)"),
        (Room(72 * GIB, None, 5 * MIB, None), False, "there is room"),  # a file system that does not count its files
        (Room(72 * GIB, 1_000, 5 * MIB, 5 * MIB), False, "larger files than 5.0 MiB (`ulimit -f unlimited`"),
        (Room(72 * GIB, 1_000, 5 * MIB, 5 * GIB), False, "there is room"),  # a limit that is not met
    ],
)  # fmt: skip
def test_writing_that_fails(room: Room, full: bool, advice: str) -> None:
    assert advice in of_writing(room, full=full)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "a larger quota"),
        (errno.EFBIG, "larger files"),
        (errno.EIO, "dmesg"),
        (errno.EMFILE, "more open files"),
        (errno.ENFILE, "fs.file-max"),
        (errno.EROFS, "mount this file system for writing"),
        (errno.EACCES, "the user needs to read and write this file"),
    ],
)
def test_what_the_system_says(number: int, advice: str) -> None:
    assert advice in of_system(number)
    kind = LogFull if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO) else LogRefused
    with pytest.raises(kind, match=r"locking\)\. What to do: "), translated(Path("hall.db.lock"), "locking"):
        raise OSError(number, "it said")


@pytest.mark.parametrize("name", ["SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE"])
def test_a_disk_with_room_is_never_told_to_make_some(tmp_path: Path, name: str) -> None:
    theirs = sqlite3.OperationalError("disk I/O error")
    theirs.sqlite_errorcode, theirs.sqlite_errorname = getattr(sqlite3, name), name
    said = str(explain(theirs, tmp_path / "hall.db", "appending"))
    assert "MiB are free on its disk" in said
    assert "dmesg" in said
    assert "free some space" not in said
