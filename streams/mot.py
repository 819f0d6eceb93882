"""MOTChallenge text: the tracks of one camera as rows ``frame,id,left,top,width,height,conf,x,y,z``.

Six columns are needed, the others may be missing. Boxes are in pixels. Columns 8 and 9 are floor metres in some data
sets and -1 in most: they are used only when asked for. There is no clock in the format: the frame rate and the time of
the first frame are given by whoever reads (``start_ms``, Unix milliseconds).

A line that is not a row is set aside with a reason, and the rest is read: real files are cut off in the middle, have
headers and comments. A file without a single row is an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streams.events import Frame, Person

BOOT = "mot"
LAST_FRAME = 10**9
"""More than three years at 9 frames a second."""
ROWS_PER_FRAME = 2000
"""What a frame event may hold."""
SHOWN = 80
"""Characters of a bad line that are kept."""

COLUMNS = ("frame", "id", "left", "top", "width", "height", "conf", "x", "y")
NEEDED = 6
WHOLE = re.compile(r"\+?[0-9]{1,64}(\.0*)?")


class MotError(Exception):
    """The file as a whole cannot be used: says what was expected, what was found and what to do."""


@dataclass(frozen=True)
class BadLine:
    """A line that was not used; ``number`` counts from 1, ``text`` is its beginning."""

    number: int
    text: str
    why: str


@dataclass(frozen=True)
class MotFile:
    """Frames by frame number, rows within a frame in the order of the file; and the lines that were not used."""

    frames: tuple[Frame, ...]
    bad: tuple[BadLine, ...]

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


def read_mot(path: Path, *, hall: str, camera: str, fps: float, start_ms: int, floor: bool = False) -> MotFile:
    """Read a file; ``at_ms`` is ``start_ms + round((frame - first) * 1000 / fps)``, first the smallest frame number.

    ``floor``: use columns 8 and 9 as floor metres where they are given (both -1: not given). Raises MotError when the
    file is missing, empty, not text or without a row, and when ``fps`` is not a frame rate.
    """
    if not (math.isfinite(fps) and 0.01 <= fps <= 1000):
        raise MotError(f"fps: expected frames a second from 0.01 to 1000, got {fps}")
    lines = _lines(path)
    rows, bad = _rows(lines, floor)
    if not rows:
        raise MotError(_no_rows(path, bad))
    first = min(rows)
    frames = tuple(
        Frame(
            hall=hall, at_ms=start_ms + round((number - first) * 1000 / fps), source=camera, boot=BOOT, seq=seq,
            camera=camera, people=tuple(rows[number]),
        )
        for seq, number in enumerate(sorted(rows))
    )  # fmt: skip
    return MotFile(frames, tuple(bad))


def _lines(path: Path) -> list[bytes]:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise MotError(f"{path}: cannot be read: {e.strerror or e}") from e
    if not data.strip():
        raise MotError(f"{path}: expected MOTChallenge rows, got an empty file")
    if b"\0" in data:
        raise MotError(f"{path}: expected MOTChallenge text, got a binary file (it contains zero bytes)")
    return data.removeprefix(b"\xef\xbb\xbf").splitlines()


def _rows(lines: list[bytes], floor: bool) -> tuple[dict[int, list[Person]], list[BadLine]]:
    """People by frame number, and the lines that are none."""
    rows: dict[int, list[Person]] = {}
    bad = []
    for number, line in enumerate(lines, 1):
        try:
            frame, person = _row(line, floor)
            _add(rows.setdefault(frame, []), person, frame)
        except ValueError as e:
            bad.append(BadLine(number, line[:SHOWN].decode("ascii", "backslashreplace"), str(e)))
    return rows, bad


def _add(people: list[Person], person: Person, frame: int) -> None:
    if len(people) >= ROWS_PER_FRAME:
        raise ValueError(f"expected at most {ROWS_PER_FRAME} rows in a frame, got more in frame {frame}")
    people.append(person)


def _row(line: bytes, floor: bool) -> tuple[int, Person]:
    """One line. Raises ValueError saying what was expected and got."""
    text = _text(line)
    fields = [field.strip() for field in text.split(",")]
    if len(fields) < NEEDED:
        raise ValueError(f"expected at least {NEEDED} columns ({','.join(COLUMNS[:NEEDED])}), got {len(fields)}")
    frame = int(_whole("frame", fields[0]))
    if frame > LAST_FRAME:
        raise ValueError(f"frame: expected a number up to {LAST_FRAME}, got {fields[0]}")
    track = _whole("id", fields[1])
    left, top, width, height = (_number(i, fields) for i in range(2, 6))
    score = _number(6, fields) if len(fields) > 6 and fields[6] else 1.0
    x_m, y_m = _floor(fields) if floor else (None, None)
    return frame, _checked(Person(track, left, top, width, height, score, x_m, y_m))


def _text(line: bytes) -> str:
    if not line.isascii():
        raise ValueError("expected plain numbers and commas, got other characters")
    text = line.decode("ascii").strip()
    if not text:
        raise ValueError("blank line")
    if text.startswith(("#", "%", "//")):
        raise ValueError("comment")
    return text


def _whole(column: str, text: str) -> str:
    """A whole number, not negative, in its shortest form: ``80``, ``080`` and ``80.0`` are the same id."""
    if not WHOLE.fullmatch(text):
        hint = " (detections without ids? run a tracker first)" if column == "id" and text.startswith("-1") else ""
        raise ValueError(f"{column}: expected a whole number from 0 on, of up to 64 digits; got {text[:SHOWN]!r}{hint}")
    return text.lstrip("+").partition(".")[0].lstrip("0") or "0"


def _number(column: int, fields: list[str]) -> float:
    text = fields[column]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # Python reads 1_000 as a number; no other program does.
    if not math.isfinite(value) or "_" in text:
        raise ValueError(f"{COLUMNS[column]}: expected a number, got {text[:SHOWN]!r}")
    return value


def _floor(fields: list[str]) -> tuple[float, float] | tuple[None, None]:
    if len(fields) < 9:
        return None, None
    x_m, y_m = _number(7, fields), _number(8, fields)
    return (None, None) if x_m == y_m == -1 else (x_m, y_m)


def _checked(person: Person) -> Person:
    """The row within the limits that every frame event has: a value far outside them is a broken row, not a place."""
    try:
        return msgspec.convert(msgspec.to_builtins(person), Person)
    except msgspec.ValidationError as e:
        raise ValueError(f"{_column(str(e))}: out of range: {str(e).partition(' - at ')[0]}") from e


def _column(message: str) -> str:
    """The name of the column that msgspec means by its place in the row, ``$[3]``."""
    place = re.search(r"\$\[(\d+)\]", message)
    return COLUMNS[int(place[1]) + 1] if place else "row"


def _no_rows(path: Path, bad: list[BadLine]) -> str:
    first = bad[0]
    return (
        f"{path}: expected MOTChallenge rows ({','.join(COLUMNS[:NEEDED])},...), but none of its {len(bad)} lines "
        f"is one; line {first.number}: {first.why}"
    )
