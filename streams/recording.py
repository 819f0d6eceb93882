"""Recordings: a log's records in one text file, byte for byte, readable with ordinary tools.

JSON lines, gzip-compressed when the name ends in ``.gz``. The first line says what the file is; every other line is one
record: ``{"topic","partition","offset","timestamp_ms","key","value"}`` with text as it is, or ``key_b64``/``value_b64``
where the bytes are not UTF-8; an absent key or value is null. Records of one partition stand in the order of their offsets.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import msgspec

from streams.record import Record

MAGIC = "hallstream recording"
VERSION = 1


class RecordingError(Exception):
    """The file is not a recording, or is damaged: says where and what was expected."""


class Header(msgspec.Struct, frozen=True):
    file: str
    version: int
    about: dict[str, str] = {}


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: str | None = None
    value: str | None = None
    key_b64: str | None = None
    value_b64: str | None = None


UNREADABLE = (msgspec.DecodeError, ValueError, OSError, EOFError, RecursionError, zlib.error)
"""What reading damaged bytes raises, from gzip down to JSON and base64."""

_header, _line = msgspec.json.Decoder(Header), msgspec.json.Decoder(Line)


def _open(path: Path, mode: str) -> IO[Any]:
    # mtime 0: the same records give the same file, byte for byte.
    return cast(IO[Any], gzip.GzipFile(path, mode, mtime=0)) if path.suffix == ".gz" else path.open(mode)


def _text(data: bytes | None) -> tuple[str | None, str | None]:
    if data is None:
        return None, None
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(data).decode()


def _bytes(text: str | None, b64: str | None) -> bytes | None:
    if b64 is not None:
        return base64.b64decode(b64, validate=True)
    return None if text is None else text.encode()


class RecordingWriter:
    """Writes a recording; use as a context manager."""

    def __init__(self, path: Path, about: dict[str, str] | None = None) -> None:
        self._file = _open(path, "wb")
        self._file.write(msgspec.json.encode(Header(MAGIC, VERSION, about or {})) + b"\n")
        self.count = 0

    def write(self, r: Record) -> None:
        (key, key64), (value, value64) = _text(r.key), _text(r.value)
        line = Line(r.topic, r.partition, r.offset, r.timestamp_ms, key, value, key64, value64)
        self._file.write(msgspec.json.encode(line) + b"\n")
        self.count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def write_recording(path: Path, records: Iterable[Record], about: dict[str, str] | None = None) -> int:
    """Write all ``records``; returns how many there were."""
    with RecordingWriter(path, about) as out:
        for record in records:
            out.write(record)
    return out.count


def is_recording(path: Path) -> bool:
    """Whether the file says of itself that it is a recording (of any version)."""
    try:
        with _open(path, "rb") as f:
            return MAGIC.encode() in f.readline(4096)
    except (OSError, EOFError, zlib.error):
        return False


def read_header(path: Path) -> Header:
    with _open(path, "rb") as f:
        return _read_header(path, f)


def _read_header(path: Path, f: IO[Any]) -> Header:
    try:
        header = _header.decode(f.readline())
    except UNREADABLE as e:
        raise RecordingError(f"{path}: line 1: expected the header of a {MAGIC}, got something else ({e})") from e
    if header.file != MAGIC or header.version > VERSION:
        raise RecordingError(
            f"{path}: line 1: expected a {MAGIC} of version {VERSION} or older, got {header.file!r} version "
            f"{header.version}; read it with the Hallstream that wrote it, or a newer one"
        )
    return header


def read_recording(path: Path) -> Iterator[Record]:
    """The records of the file, in its order. Raises RecordingError naming the line that cannot be read."""
    with _open(path, "rb") as f:
        _read_header(path, f)
        number = 2
        try:
            for raw in f:
                line = _line.decode(raw)
                yield Record(
                    line.topic, line.partition, line.offset, line.timestamp_ms,
                    _bytes(line.key, line.key_b64), _bytes(line.value, line.value_b64),
                )  # fmt: skip
                number += 1
        except UNREADABLE as e:
            raise RecordingError(f"{path}: line {number}: expected a record, {e}") from e
