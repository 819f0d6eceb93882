"""What a checkpoint is, and which one to start from. Pure: the shells write and read the records.

A lane's state topic holds, per partition, sets of records, one set per **writer** (an id made anew at every assignment):
one record per hall, key ``writer/hall``, and a **mark**, key ``writer``. The hall records are written first, the mark
last; a mark whose halls are not all there is not one. Two owners never overwrite each other, so a stalled worker that
wakes up can do no harm.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import msgspec

from streams.clock import Behind
from streams.record import Record


class HallRecord(msgspec.Struct, array_like=True):
    """A hall's record in a checkpoint: it has seen everything up to, not with, ``offset``."""

    offset: int
    body: bytes


class Removed(msgspec.Struct, array_like=True, frozen=True):
    """What is remembered of a hall that was removed, to know repeats from before by, should it be configured again.

    ``lane``, ``era``, ``offset``: what told the removal, in a lane that learns of it from another one. ``windows``: the
    numbers seen of its senders, encoded, in the lane that they send to.
    """

    lane: str = ""
    era: int = 0
    offset: int = 0
    windows: bytes = b""


class Mark(msgspec.Struct, array_like=True, frozen=True):
    """Where a lane's partition stood.

    ``next_offset``: the first record not yet seen; ``time_ms``: the partition's time; ``checksum``: of the record before
    ``next_offset``, to know the log again by; ``log_id``: of the log, or topic, it belongs to; ``pending``: the era
    begins with the next record and gets its timestamp, ``era`` at the least; ``snapshot_ms``: time of the last snapshot;
    ``lost_from``: the records from here up to ``next_offset`` were lost, and nobody has been told yet; ``until``: with this
    offset a new era begins, of this number at the least, because the log is a copy that goes on by itself;
    ``behind``: records that are stamped too far before the time, so far; ``root_era``: the era from which this one follows
    by computing, over clocks that were set back (0: it is the first of its kind); ``heard``: the furthest (era, offset) of
    which another lane has said something here; ``removed``: halls that are no more.
    """

    era: int
    pending: bool
    next_offset: int
    time_ms: int
    checksum: int
    log_id: str
    topology: int
    halls: tuple[str, ...]
    snapshot_ms: int = 0
    lost_from: int | None = None
    until: tuple[int, int] | None = None
    behind: Behind | None = None
    root_era: int = 0
    heard: tuple[int, int] = (0, 0)
    removed: dict[str, Removed] = {}


class Restored(NamedTuple):
    """The state to start from, and every writer whose records were found, so that they can be removed later.

    ``strange``: keys of records that nobody of ours can have written, and that nobody can read: they count for nothing.
    """

    mark: Mark | None
    halls: dict[str, HallRecord]
    writers: frozenset[str]
    strange: tuple[bytes, ...] = ()
    bare: str = ""
    """Why one wonders that it began without a state; what an owner notes beside its mark, and the next one goes on noting."""


class StateUnreadable(Exception):
    """The checkpoint cannot be decoded: never a reason to start afresh."""


T = TypeVar("T")

BARE = "~bare"
"""In place of a hall's id, which has no tilde."""

_WRITER = re.compile(rb"[0-9a-f]{12}|[^/]+\.\d+\.\d+")
"""What writers are called: an owner by what it made up, a snapshot by where it stood."""

_mark = msgspec.msgpack.Decoder(Mark)
_hall = msgspec.msgpack.Decoder(HallRecord)


def checksum(record: Record) -> int:
    """CRC-32 of the record's timestamp, key and value."""
    crc = zlib.crc32(str(record.timestamp_ms).encode())
    return zlib.crc32(record.value or b"", zlib.crc32(record.key or b"", crc))


def mark_key(writer: str) -> bytes:
    return writer.encode()


def hall_key(writer: str, hall: str) -> bytes:
    return f"{writer}/{hall}".encode()


def encode_mark(mark: Mark) -> bytes:
    return msgspec.msgpack.encode(mark)


def encode_hall(record: HallRecord) -> bytes:
    return msgspec.msgpack.encode(record)


def restore(records: Mapping[bytes, bytes]) -> Restored:
    """The highest mark, by (era, next offset), whose hall records all exist, with that writer's records only.

    Raises StateUnreadable.
    """
    marks: dict[str, Mark] = {}
    writers, strange = set(), []
    for key, value in records.items():
        writer, _, hall = key.decode(errors="replace").partition("/")
        if not hall and (mark := as_mark(key, value)) is not None:
            marks[writer] = mark
        elif not hall:
            strange.append(key)
            continue
        writers.add(writer)
    # Writer ids break ties, so that every reader of the same records takes the same one.
    for writer, mark in sorted(
        marks.items(), key=lambda item: (item[1].era, item[1].next_offset, item[0]), reverse=True
    ):
        keys = {hall: hall_key(writer, hall) for hall in mark.halls}
        if all(key in records for key in keys.values()):
            halls = {hall: _decoded(_hall, records[key], key) for hall, key in keys.items()}
            bare = records.get(hall_key(writer, BARE), b"").decode(errors="replace") if not halls else ""
            return Restored(mark, halls, frozenset(writers), tuple(strange), bare)
    return Restored(None, {}, frozenset(writers), tuple(strange))


def as_mark(key: bytes, value: bytes) -> Mark | None:
    """The mark that this record is; None for junk that others left here. Raises StateUnreadable for one of ours."""
    try:
        return _decoded(_mark, value, key)
    except StateUnreadable:
        if _WRITER.fullmatch(key):
            raise
        return None


def _decoded(decoder: msgspec.msgpack.Decoder[T], value: bytes, key: bytes) -> T:
    try:
        return decoder.decode(value)
    except msgspec.MsgspecError as e:
        raise StateUnreadable(
            f"checkpoint record {key.decode(errors='replace')!r} cannot be read ({e}): it was written by a newer "
            f"Hallstream, or is damaged. Run the version that wrote it, or `hall reset` to start a new era without it."
        ) from e
