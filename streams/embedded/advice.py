"""What to do when the disk, or the system, does not do what the log asks of it: advice that fits what is the case.

SQLite says "disk I/O error" of a failing disk, of a file size limit and of a quota alike, and "full" of a limit of ours. What
is free, and what the limits are, tells them apart.
"""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from typing import NamedTuple

SPACE = "free some space (retention; `hall log stats` shows what is large), or give the log a larger disk"
OWN_LIMIT = (
    "free some space (retention; `hall log stats` shows what is large), or let the log take more than HALL_LOG_MAX_BYTES allows "
    "it; if that is not set, look for a quota of this user (`quota -s`)"
)
INODES = "remove files from this disk: it has room, but no more files may be made on it (`df -i`)"
FAILING = "read the kernel's messages about this disk (`dmesg`); when it is sound, restore the newest backup"
REFUSING = (
    "there is room, so it is something else: read the kernel's messages about this disk (`dmesg`), and look for a quota of this "
    "user (`quota -s`)"
)
QUOTA = "free some of what this user has on the disk, or give it a larger quota (`quota -s`)"
SIZE_LIMIT = "allow this process larger files than {limit} (`ulimit -f unlimited`; systemd: LimitFSIZE=infinity)"
FILES = "allow this process more open files than {limit} (`ulimit -n 1024`; systemd: LimitNOFILE=1024)"
ALL_FILES = "the whole system has too many open files: end what opens them (`lsof`), or raise fs.file-max"
READ_ONLY = "mount this file system for writing; if it was, the kernel made it read-only after errors (`dmesg`)"
RIGHTS = "the user needs to read and write this file and to make files in its directory; network file systems do not do"

LITTLE_BYTES = 2**20
"""Less than this is nothing: SQLite writes some pages at once."""
NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO))
"""What the disk says, not the rights."""


class Room(NamedTuple):
    """``free``: bytes that an ordinary user may still write; ``files`` that may still be made, None: not counted there;
    ``largest``: of the log's files; ``limit``: that a file of this process may have, None: none."""

    free: int
    files: int | None
    largest: int
    limit: int | None


def room_of(path: Path) -> Room:
    """Raises OSError: the disk may be gone altogether."""
    disk = os.statvfs(path.parent)
    files = [path, path.with_name(path.name + "-wal")]
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return Room(
        disk.f_bavail * disk.f_frsize, disk.f_favail if disk.f_files else None,
        max((file.stat().st_size for file in files if file.exists()), default=0),
        None if limit == resource.RLIM_INFINITY else limit,
    )  # fmt: skip


def of_writing(room: Room, *, full: bool) -> str:
    """``full``: SQLite says that the log may not grow; else that writing failed."""
    if room.limit is not None and room.largest + LITTLE_BYTES > room.limit:
        return SIZE_LIMIT.format(limit=_mib(room.limit))
    if room.free < LITTLE_BYTES:
        return SPACE
    if room.files == 0:
        return INODES
    return OWN_LIMIT if full else REFUSING


def of_system(number: int | None) -> str:
    """For an error of the system's, by its number."""
    if number == errno.EMFILE:
        return FILES.format(limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if number == errno.EFBIG:
        return SIZE_LIMIT.format(limit=_mib(resource.getrlimit(resource.RLIMIT_FSIZE)[0]))
    return {
        errno.ENOSPC: SPACE, errno.EDQUOT: QUOTA, errno.EIO: FAILING, errno.ENFILE: ALL_FILES, errno.EROFS: READ_ONLY
    }.get(number or 0, RIGHTS)  # fmt: skip


def no_more_files() -> bool:
    """Whether the next file could not be opened: SQLite says only that it cannot open its own."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False


def _mib(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"
