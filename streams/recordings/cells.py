"""Single values of a table: numbers as any program writes them, whole numbers, names."""

from __future__ import annotations

import math
import re

import msgspec

from streams.events import Person
from streams.recordings.model import SHOWN, Bad

LAST_FRAME = 10**9
"""More than three years at 9 frames a second."""
LATEST_MS = 2.2e14
"""The year 8941, in Unix milliseconds."""
NOT_IN_A_NAME = re.compile(r"[\W_]+")
SLOWEST_FPS, FASTEST_FPS = 0.01, 1000.0
WHOLE = re.compile(r"\+?[0-9]{1,64}(\.0*)?")
LONGEST_ID = 64
NOT_A_NUMBER, NO_ID, NO_FRAME, OUT_OF_RANGE = "not a number", "no id", "no frame number", "out of range"

FIELDS = ("id", "left", "top", "width", "height", "score", "x", "y")
"""The columns of a person's row, as a reader of the message calls them."""


def number(column: str, text: str) -> float:
    """A finite number; a comma may be the decimal point. Raises Bad."""
    try:
        value = float(text)
    except ValueError:
        value = _with_comma(text) if "," in text else math.nan
    # Python reads 1_000 and digits of other scripts as numbers; no other program does.
    if not math.isfinite(value) or "_" in text or not text.isascii():
        raise Bad(NOT_A_NUMBER, f"{column}: expected a number, got {text[:SHOWN]!r}")
    return value


def _with_comma(text: str) -> float:
    try:
        return float(text.replace(",", ".")) if text.count(",") == 1 and "." not in text else math.nan
    except ValueError:
        return math.nan


def is_number(text: str) -> bool:
    try:
        number("", text)
    except Bad:
        return False
    return True


def frame(text: str) -> int:
    """A frame number, however it is written: ``7``, ``007``, ``7.0``, ``7.000e+00``. Raises Bad."""
    found = int(whole("frame", text, NO_FRAME))
    if found > LAST_FRAME:
        raise Bad(
            OUT_OF_RANGE,
            f"frame: expected a number up to {LAST_FRAME}, got {text[:SHOWN]} (times go into a column t_s or t_ms)",
        )
    return found


def track(text: str) -> str:
    """An id that has to be a number: ``80``, ``080``, ``80.0`` and ``8e1`` are the same. Raises Bad."""
    return whole("id", text, NO_ID)


def named_track(text: str) -> str:
    """An id of a column that is said to be one: a number in its shortest form, or any short name. Raises Bad."""
    if is_number(text) or not text or len(text) > LONGEST_ID:
        return track(text)
    return text


def whole(column: str, text: str, kind: str) -> str:
    """A whole number, not negative, in its shortest form."""
    if text.isdecimal() and text.isascii() and len(text) <= LONGEST_ID:
        return text.lstrip("0") or "0"
    if WHOLE.fullmatch(text):
        return text.lstrip("+").partition(".")[0].lstrip("0") or "0"
    value = _exactly(text)
    if value is not None:
        return str(value)
    hint = _hint(kind, text)
    raise Bad(kind, f"{column}: expected a whole number from 0 on, of up to 64 digits; got {text[:SHOWN]!r}{hint}")


def _hint(kind: str, text: str) -> str:
    if kind == NO_ID and text.startswith("-1"):
        return " (detections without ids? run a tracker first)"
    return " (times go into a column t_s or t_ms)" if kind == NO_FRAME and is_number(text) else ""


def _exactly(text: str) -> int | None:
    """What a number with an exponent or a decimal comma means, if that is whole and exact."""
    if not is_number(text):
        return None
    value = number("", text)
    return int(value) if value.is_integer() and 0 <= value < 2**53 else None


def person(row: tuple[str, float, float, float, float, float, float | None, float | None]) -> Person:
    """A row within the limits that every frame event has: a value far outside is a broken row, not a place. Raises Bad."""
    try:
        return msgspec.convert(row, Person)
    except msgspec.ValidationError as e:
        said, _, place = str(e).partition(" - at ")
        column = re.search(r"\[(\d+)\]", place)
        name = FIELDS[int(column[1])] if column else "row"
        raise Bad(OUT_OF_RANGE, f"{name}: out of range: {said}") from e


def plain_name(text: str) -> str:
    """As names of columns and classes are compared: without spaces and signs, in small letters."""
    return NOT_IN_A_NAME.sub("", text.lower())


def is_rate(fps: float) -> bool:
    """Whether so many frames a second are a frame rate."""
    return SLOWEST_FPS <= fps <= FASTEST_FPS


def score(value: float | None) -> float:
    """-1 is how results say that they have none, and no score is certainty."""
    return 1.0 if value is None or value == -1 else value
