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
PLAIN = re.compile(r"[0-9.,;-]*")
"""Nothing in it that would have to be taken off a field: most files, and quicker to read so."""
BEHIND = re.compile(r"\s(?:#|%|//)")
"""Where a comment begins behind a row."""
LOOKED_AT = 200
"""Lines that are looked at to find the separator."""
NAMES_OF_A_HEADER = 3
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
            texts.append((number, BEHIND.split(text, 1)[0]))
    return texts, comments


def split(text: str, separator: str | None) -> Fields:
    """Fields without spaces and quotes around; what follows a separator at the end of the line is no field."""
    fields = text.split(separator)
    if not PLAIN.fullmatch(text):
        fields = [field.strip().strip("\"'") for field in fields]
    if len(fields) > 1 and not fields[-1]:
        fields.pop()
    return fields


def _separator(texts: Sequence[str]) -> tuple[str | None, str]:
    """The one with which most fields are numbers and fewest are split too little; without a number, the header decides."""
    return max(SEPARATORS, key=lambda found: _quality([split(text, found[0]) for text in texts]))


def _quality(rows: Sequence[Fields]) -> tuple[int, int]:
    with_numbers = [row for row in rows if any(map(is_number, row))]
    if not with_numbers:
        return 0, sum(known(row) for row in rows if len(row) > 1)
    fields = [(field, is_number(field)) for row in with_numbers for field in row]
    unsplit = sum(any(sign in field for sign in SIGNS) for field, number in fields if not number)
    return sum(number for _, number in fields) - 2 * unsplit, 0


def _width(lines: Sequence[Line]) -> int:
    """How many columns most lines have."""
    found = Counter(len(line.fields) for line in lines).most_common(1)
    return found[0][0] if found else 0


def _header(lines: Sequence[Line], width: int) -> Line | None:
    """The first line, if it has no number: by its names, or, names unknown, if there are as many as columns."""
    first = lines[0] if lines else None
    if first is None or any(map(is_number, first.fields)) or len(first.fields) < 2:
        return None
    as_wide = len(first.fields) == width and len(lines) > 1
    return first if as_wide or known(first.fields) >= NAMES_OF_A_HEADER else None


def _hinted(comments: Sequence[tuple[int, str]], separator: str | None, width: int) -> tuple[tuple[str, ...], int]:
    """The last comment that has as many names as the rows have columns, three of them known; and its line."""
    for number, text in reversed(comments):
        for candidate in (separator, None):
            names = split(text, candidate)
            if len(names) == width and known(names) >= NAMES_OF_A_HEADER and not any(map(is_number, names)):
                return tuple(names), number
    return (), 0


def _rate(comments: Sequence[tuple[int, str]]) -> float | None:
    for _, text in comments:
        if (found := RATE.search(text)) and float(found[1]) > 0:
            return float(found[1])
    return None
