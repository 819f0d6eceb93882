"""What goes into reading a file of positions, and what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from streams.events import Frame

BOOT = "mot"
"""The name under which a file's frames are sent; kept over all formats, so that a recording fed twice keeps its names."""
SHOWN = 80
"""Characters of a bad line that are kept."""


class PositionsError(Exception):
    """The file as a whole cannot be used: says what was expected, what was found and what to do."""


class OptionsError(PositionsError):
    """What was asked for contradicts itself, or is not in the file: the options have to change, not the file."""


class Bad(ValueError):
    """One row cannot be used. ``kind`` is for counting ("not a number"), ``str()`` says what was expected and got."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(frozen=True)
class BadLine:
    """A line that was not used; ``number`` counts from 1, ``text`` is its beginning."""

    number: int
    text: str
    why: str
    kind: str


@dataclass(frozen=True)
class Options:
    """What the file does not say itself, or what is wanted of it.

    ``format``: a name of ``formats.NAMES``, or found by looking. ``columns``: roles of the columns, in order. ``fps``:
    frames a second. ``world``: MOTChallenge columns 8 and 9 are floor metres. ``classes``: names or numbers to take,
    ``("all",)``, or nothing for people. ``min_score``: rows of less are left out.
    """

    format: str | None = None
    columns: tuple[str, ...] | None = None
    fps: float | None = None
    world: bool = False
    classes: tuple[str, ...] = ()
    min_score: float | None = None


@dataclass(frozen=True)
class Seen:
    """Whose positions they are: a camera of a hall, its image in pixels, and when the first frame was.

    ``start_ms``: Unix milliseconds. ``start_given``: it also moves files that have a clock of their own.
    """

    hall: str
    camera: str
    start_ms: int
    size_px: tuple[int, int] | None = None
    start_given: bool = False


@dataclass(frozen=True)
class PositionsFile:
    """Frames in time, rows within a frame in the order of the file; and what was not taken, and why.

    ``used``: rows in the frames. ``left_out``: rows of other classes or low scores, by kind: good rows, not wanted.
    ``bad``: what could not be used. ``about``: what the file was taken for, in a line or two. ``warnings``: what makes
    the figures wrong if it is so.
    """

    frames: tuple[Frame, ...]
    used: int
    bad: tuple[BadLine, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    about: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def unusable(self) -> Mapping[str, int]:
        """Lines that could not be used, by kind."""
        return Counter(line.kind for line in self.bad)

    @property
    def understood(self) -> int:
        """Rows that could be used, whether they were wanted or not."""
        return self.used + sum(self.left_out.values())
