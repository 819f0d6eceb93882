"""Public recordings of people walking, as moments: who was where, by ids that are true or a tracker's.

Each reader takes the one format it is named after, and refuses a line that is not of it. Times count from the first
frame of the file, in ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from streams.events import Person

BOX_PX = 50.0, 170.0
PX_PER_M = 100.0
OBSMAT_FPS = 15.0
"""Frame numbers of obsmat files are those of the video, of which every sixth was annotated."""
FRAMERATE = re.compile(r"#\s*framerate:\s*([\d.]+)")


class Moment(NamedTuple):
    """One frame of a recording: its time, and the people in it."""

    at_ms: int
    people: tuple[Person, ...]


Moments = tuple[Moment, ...]


class Row(NamedTuple):
    frame: int
    person: Person


def standing(track: str, x_m: float, y_m: float) -> Person:
    """A person at a floor point, with the box that a camera straight above the floor would give, 1 cm a pixel."""
    width, height = BOX_PX
    x, y = round(x_m, 4), round(y_m, 4)
    left, top = round(x * PX_PER_M - width / 2, 2), round(y * PX_PER_M - height, 2)
    return Person(track, left, top, width, height, 0.9, x, y)


def read_petrack(path: Path) -> Moments:
    """PeTrack's ``id frame x/cm y/cm z/cm``; the frame rate stands in a comment."""
    text = path.read_text(encoding="utf-8")
    stated = FRAMERATE.search(text)
    if stated is None:
        raise ValueError(f"{path}: expected a comment '# framerate: 25 fps' in a PeTrack file, got none")
    return _moments((_petrack_row(path, *line) for line in _lines(text)), float(stated[1]))


def read_obsmat(path: Path) -> Moments:
    """The ETH walking pedestrians' ``frame id x 0 y vx 0 vy``, metres and m/s."""
    rows = (_obsmat_row(path, *line) for line in _lines(path.read_text(encoding="utf-8")))
    return _moments(rows, OBSMAT_FPS)


def read_mot(path: Path, fps: float, *, world: bool) -> Moments:
    """MOTChallenge text. ``world``: columns 8 and 9 are floor points, in metres, and are taken."""
    rows = (_mot_row(path, number, line, world) for number, line in _lines(path.read_text(encoding="utf-8")))
    return _moments(rows, fps)


def unscored(moments: Moments) -> Moments:
    """True boxes have no score: what stands in their file says whether an evaluation counts them, and 0 is no doubt."""
    return tuple(Moment(at_ms, tuple(structs.replace(p, score=-1.0) for p in people)) for at_ms, people in moments)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def _petrack_row(path: Path, number: int, line: str) -> Row:
    track, frame, x_cm, y_cm, _ = _numbers(path, number, line, None, 5)
    return Row(int(frame), standing(f"{track:g}", x_cm / 100, y_cm / 100))


def _obsmat_row(path: Path, number: int, line: str) -> Row:
    frame, track, x_m, _, y_m, *_ = _numbers(path, number, line, None, 8)
    return Row(int(frame), standing(f"{track:g}", x_m, y_m))


def _mot_row(path: Path, number: int, line: str, world: bool) -> Row:
    frame, track, left, top, width, height, score, x_m, y_m, _ = _numbers(path, number, line, ",", 10)
    spot = (x_m, y_m) if world else ()
    return Row(int(frame), Person(f"{track:g}", left, top, width, height, score, *spot))


def _numbers(path: Path, number: int, line: str, separator: str | None, columns: int) -> list[float]:
    values = line.split(separator)
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = []
    if len(numbers) != columns:
        raise ValueError(f"{path}:{number}: expected {columns} numbers, got {line.strip()!r}")
    return numbers


def _moments(rows: Iterable[Row], fps: float) -> Moments:
    by_frame: dict[int, list[Person]] = {}
    for row in rows:
        by_frame.setdefault(row.frame, []).append(row.person)
    first = min(by_frame, default=0)
    return tuple(
        Moment(round((frame - first) * 1000 / fps), tuple(people)) for frame, people in sorted(by_frame.items())
    )


def people_of(moments: Moments) -> dict[str, list[int]]:
    """By id, when it was seen, in ms; in the order of first appearance."""
    seen: dict[str, list[int]] = {}
    for moment in moments:
        for person in moment.people:
            seen.setdefault(person.track, []).append(moment.at_ms)
    return seen
