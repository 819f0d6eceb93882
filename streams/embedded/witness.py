"""A small file beside the log, ``LOG.witness``, that tells a log from a copy of it.

An old copy put in the log's place knows nothing of what was published since: it would give the same ids to other events.
Nothing in the log's own file can tell, for that is what was copied. So the witness remembers where the lanes have come,
which file the log was (its inode), and when it wrote that: a file that was copied, with whatever tool and whatever it
keeps of times and owners, has another inode, or was changed by the file system later than the witness says.

What it takes for a copy and is none (a changed owner) costs a new era, and nothing else. What it cannot see is a whole disk
that was put back, file system and all (docs/operations.md).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from streams.embedded.errors import translated

APART_MS = 2_000
"""Between the moment that the witness wrote down and the one at which the file system says that it was changed."""

Positions = Mapping[tuple[str, int], int]
"""By (topic, partition): the offset up to which the lane has come."""


class Seen(msgspec.Struct, frozen=True):
    """What the witness says: of which log and which file, how far each lane had come (by ``topic/partition``), and when."""

    log: str
    file: int
    places: dict[str, int] = msgspec.field(name="seen")
    written_ms: int


_seen = msgspec.json.Decoder(Seen)


def witness_path(log: Path) -> Path:
    """The witness of a log; one and the same by whatever link the log is reached."""
    real = log.resolve()
    return real.with_name(real.name + ".witness")


class Witness:
    """``log_id``: of the log that is open now. ``doubt`` is asked once, before the first ``note``."""

    def __init__(self, log: Path, log_id: str, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._log, self._id, self._now_ms = log, log_id, now_ms
        self._path = witness_path(log)
        self._places: dict[str, int] = {}
        self._lock = threading.Lock()

    def doubt(self, positions: Positions, *, witnessed: bool = True) -> str | None:
        """Why the log may be a copy of one that went on; None: it is the one, or nothing was ever processed in it.

        ``witnessed``: whether it ever had a witness; logs of versions that knew none had not. A log with another id is no
        business of the witness: the state itself says so, and `hall reset` decides.
        """
        with translated(self._path, "reading the log's witness"):
            known = _read(self._path)
            if known is None and not positions:
                return None
            if known is None:
                return "there is no witness beside it of what was processed, as beside a copy" if witnessed else None
            if known.log != self._id:
                return None
            return self._difference(known, positions)

    def _difference(self, known: Seen, positions: Positions) -> str | None:
        if known.file != self._log.stat().st_ino:
            return "it is not the file that the engine worked on last, but a copy of it"
        at = {f"{topic}/{number}": position for (topic, number), position in positions.items()}
        for part, seen in sorted(known.places.items()):
            if seen > at.get(part, 0):
                return f"it is older than what was processed here: {part} was at {seen}, and is at {at.get(part, 0)}"
        if abs(self._path.stat().st_ctime_ns // 1_000_000 - known.written_ms) > APART_MS:
            return "its witness was copied, or given to somebody else, since the engine ran"
        return None

    def note(self, topic: str, partition: int, next_offset: int) -> None:
        """A checkpoint is on disk: the lane has come to this offset. Durable when it returns. Raises LogError."""
        with self._lock, translated(self._path, "writing the log's witness"):
            self._places[f"{topic}/{partition}"] = next_offset
            _write(self._path, Seen(self._id, self._log.stat().st_ino, self._places, self._now_ms()))


def _read(path: Path) -> Seen | None:
    """None where there is none; one that was torn by a power cut is as good as none."""
    try:
        return _seen.decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _write(path: Path, seen: Seen) -> None:
    """In place, for the file has to stay the same one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        raw = msgspec.json.encode(seen)
        os.pwrite(descriptor, raw, 0)
        os.ftruncate(descriptor, len(raw))
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def last_seen(log: Path) -> str | None:
    """Where the lanes of the log that was at this path had come, in words; None if none was ever run there."""
    known = _read(witness_path(log))
    if known is None:
        return None
    places = ", ".join(f"{part} at {at}" for part, at in sorted(known.places.items()))
    return f"log {known.log}, {places}"
