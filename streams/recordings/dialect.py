"""How a text is written: its separator, its comments, whether a line names the columns. Found by looking at its lines.

# framerate: 25 fps              a comment, which may say the frame rate
# id frame x/cm y/cm z/cm        ... or name the columns
frame;id;left;top;width;height   a header
7;3;285,5;330;40;170             rows: here with semicolons, and commas for decimal points
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from streams.recordings.cells import is_number
from streams.recordings.columns import known

COMMENTS = ("#", "%", "//", "sep=")
"""The last is for Excel: it names the separator, which is found anyway."""
LOOKED_AT = 200
"""Lines that are looked at to find the separator."""
RATE = re.compile(r"\b(?:frame[ _-]?rate|fps)\b\s*[:=]?\s*([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE)
SEPARATORS = ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar"), (None, "white space"))
"""In the order in which they win when two read a line equally well."""

SIGNS = ",;|\t "

Fields = list[str]


class Line(NamedTuple):
    """A line that is no comment; ``number`` counts from 1."""

    number: int
    text: str
    fields: Fields


class Table(NamedTuple):
    """A text as rows of fields. ``width``: how many columns most rows have. ``names``: those of a header, or none.

    ``header``: the number of the line that names the columns. ``hinted``: names in a comment that may be a header.
    """

    lines: tuple[Line, ...]
    separator: str
    width: int
    names: tuple[str, ...]
    header: int
    hinted: tuple[str, ...]
    fps: float | None


def table(data: bytes) -> Table:
    """Every line that is neither blank nor a comment, in fields. Never raises."""
    texts, comments = _sorted_out(data)
    separator, name = _separator([text for _, text in texts[:LOOKED_AT]])
    lines = [Line(number, text, split(text, separator)) for number, text in texts]
    width = _width(lines)
    header = _header(lines, width)
    rows = [line for line in lines if header is None or line.fields != header.fields]
    hinted, at = _hinted(comments, separator, width)
    names = tuple(header.fields) if header else ()
    return Table(tuple(rows), name, width, names, header.number if header else at, hinted, _rate(comments))


def _sorted_out(data: bytes) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Lines with something on them, and comments without their mark; both with their numbers."""
    texts: list[tuple[int, str]] = []
    comments: list[tuple[int, str]] = []
    for number, raw in enumerate(data.splitlines(), 1):
        # Without the spaces around, but a tab may stand for an empty field at the end.
        text = raw.decode("utf-8", "backslashreplace").strip(" \r\v\f").lstrip()
        if text.startswith(COMMENTS):
            comments.append((number, text.lstrip("#%/").strip()))
        elif text.strip():
            texts.append((number, text))
    return texts, comments


def split(text: str, separator: str | None) -> Fields:
    """Fields without spaces and quotes around; what follows a separator at the end of the line is no field."""
    fields = [field.strip().strip("\"'") for field in text.split(separator)]
    if len(fields) > 1 and not fields[-1]:
        fields.pop()
    return fields


def _separator(texts: Sequence[str]) -> tuple[str | None, str]:
    """The one with which most fields are numbers, and fewest are not."""
    return max(SEPARATORS, key=lambda found: sum(_quality(split(text, found[0])) for text in texts))


def _quality(fields: Fields) -> int:
    """Numbers, and names that are known (a header says as much as a row), less what has been split too little."""
    unsplit = sum(not is_number(field) and any(sign in field for sign in SIGNS) for field in fields)
    return sum(map(is_number, fields)) + (known(fields) if len(fields) > 1 else 0) - 2 * unsplit


def _width(lines: Sequence[Line]) -> int:
    """How many columns most lines have."""
    found = Counter(len(line.fields) for line in lines).most_common(1)
    return found[0][0] if found else 0


def _header(lines: Sequence[Line], width: int) -> Line | None:
    """The first line, if it has the rows' width, no number, and at least two names."""
    first = lines[0] if lines else None
    if first is None or len(first.fields) != width or width < 2 or any(map(is_number, first.fields)):
        return None
    return first if len(lines) > 1 or known(first.fields) >= 2 else None


def _hinted(comments: Sequence[tuple[int, str]], separator: str | None, width: int) -> tuple[tuple[str, ...], int]:
    """The last comment that has as many names as the rows have columns, three of them known; and its line."""
    for number, text in reversed(comments):
        for candidate in (separator, None):
            names = split(text, candidate)
            if len(names) == width and known(names) >= 3 and not any(map(is_number, names)):
                return tuple(names), number
    return (), 0


def _rate(comments: Sequence[tuple[int, str]]) -> float | None:
    for _, text in comments:
        if (found := RATE.search(text)) and float(found[1]) > 0:
            return float(found[1])
    return None
