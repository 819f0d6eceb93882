"""JSON lines as they come from a tracker that is running: each line is a frame of now.

    {"camera": "east", "at_ms": 1700000000700, "people": [{"id": 3, "box": [285, 330, 40, 170], "score": 0.9}]}

People are written as in a file of JSON lines (``jsonlines``). ``at_ms`` is Unix milliseconds, the moment of reading where
it is missing. ``camera`` and ``hall`` may be missing where there is only one to choose from. Other keys are passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from streams.events import Frame, Person
from streams.recordings.cells import LATEST_MS, OUT_OF_RANGE, plain_name
from streams.recordings.classes import ALL, NOT_GIVEN, PEOPLE, is_person
from streams.recordings.collecting import ROWS_PER_FRAME
from streams.recordings.jsonlines import NOT_JSON, UNREADABLE, Somebody, label_of, person_of, somebody_of
from streams.recordings.model import Bad

Cameras = Mapping[str, Sequence[str]]
"""By hall, its cameras."""

EARLIEST_MS = 10**11
"""March 1973. What is less is seconds, or counts from the start of a program."""
LONGEST_LINE = 1_000_000
"""Bytes; a frame of the most people that there may be has a third of it."""
NO_PLACE = "no such camera"
A_PERSON = "0"
"""Detectors that number their classes from 0 begin with a person; a number that is not 0 is left out, and counted."""


class Line(msgspec.Struct, frozen=True):
    """People are decoded one by one, so that one who cannot be read does not cost the others."""

    people: tuple[msgspec.Raw, ...]
    camera: str | None = None
    hall: str | None = None
    at_ms: float | None = None


_line = msgspec.json.Decoder(Line)


@dataclass(frozen=True)
class Wanted:
    """``hall``, ``camera``: of lines that name none. ``classes``: names or numbers, ``("all",)``, or nothing for people."""

    hall: str | None = None
    camera: str | None = None
    classes: tuple[str, ...] = ()
    min_score: float | None = None

    def takes(self, label: str) -> bool:
        names = {plain_name(name) for name in self.classes}
        if ALL in names or plain_name(label) in names:
            return True
        if names and PEOPLE not in names:
            return False
        return label.lower() in NOT_GIVEN or label == A_PERSON or is_person(label)


@dataclass
class FrameLines:
    """Makes a frame of each line. ``boot``: names this run, so that a tracker started anew is no repeat of itself.

    ``cameras`` is asked for the halls in force; ``bad``: people of the last line who could not be read; ``left_out``: how
    many were not wanted, by kind.
    """

    cameras: Callable[[], Cameras]
    wanted: Wanted
    boot: str
    left_out: Counter[str] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)
    _sent: Counter[tuple[str, str]] = field(default_factory=Counter)

    def frame(self, raw: bytes, now_ms: int) -> Frame:
        """Raises Bad when the line as a whole cannot be used."""
        self.bad = []
        try:
            line = _line.decode(raw)
        except UNREADABLE as e:
            raise Bad(NOT_JSON, f'expected {{"camera": "east", "people": [...]}}, {e}') from e
        hall, camera = self._seen_by(line)
        at_ms = now_ms if line.at_ms is None else _moment(line.at_ms)
        people = tuple(self._people(line))
        seq = self._sent[hall, camera]
        self._sent[hall, camera] += 1
        return Frame(
            hall=hall, at_ms=at_ms, source=f"feed/{camera}", boot=self.boot, seq=seq, camera=camera, people=people
        )  # fmt: skip

    def _seen_by(self, line: Line) -> tuple[str, str]:
        known = self.cameras()
        hall = line.hall or self.wanted.hall or _only(known)
        if hall is None or hall not in known:
            there = ", ".join(known) or "none"
            raise Bad(NO_PLACE, f'expected "hall" with one that is in force ({there}), got {_shown(hall)}')
        camera = line.camera or self.wanted.camera or _only(known[hall])
        if camera is None or camera not in known[hall]:
            there = ", ".join(known[hall]) or "none"
            raise Bad(NO_PLACE, f'expected "camera" with one of hall {hall} ({there}), got {_shown(camera)}')
        return hall, camera

    def _people(self, line: Line) -> Iterator[Person]:
        if len(line.people) > ROWS_PER_FRAME:
            raise Bad("too many in a frame", f"expected at most {ROWS_PER_FRAME} people, got {len(line.people)}")
        for raw in line.people:
            try:
                person = self._person(raw)
            except Bad as e:
                self.bad.append(e)
                continue
            if person is not None:
                yield person

    def _person(self, raw: msgspec.Raw) -> Person | None:
        """None for one who is not wanted."""
        found = somebody_of(raw)
        if not isinstance(found, Somebody):
            raise found
        label = label_of(found)
        if not self.wanted.takes(label):
            self.left_out[f"class {label}"] += 1
            return None
        person = person_of(found)
        if self.wanted.min_score is not None and person.score < self.wanted.min_score:
            self.left_out[f"score below {self.wanted.min_score:g}"] += 1
            return None
        return person


def _only(names: Mapping[str, object] | Sequence[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None


def _shown(name: str | None) -> str:
    return "none" if name is None else repr(name[:64])


def _moment(at_ms: float) -> int:
    if not EARLIEST_MS <= at_ms <= LATEST_MS:
        hint = " (are these seconds? multiply by 1000)" if 0 < at_ms < EARLIEST_MS else ""
        raise Bad(OUT_OF_RANGE, f"at_ms: expected Unix milliseconds, or none for now; got {at_ms:.15g}{hint}")
    return round(at_ms)


def numbered(read: Callable[[], bytes]) -> Iterator[list[tuple[int, bytes | None]]]:
    """Lines with their numbers from 1, as many at a time as ``read`` gives; None in place of one that is too long.

    ``read`` waits for something and returns what there is; nothing at the end. A line that is not ended then is one too.
    """
    rest, number, skipping = b"", 0, False
    while piece := read():
        *ended, rest = (rest + piece).split(b"\n")
        found: list[tuple[int, bytes | None]] = []
        for raw in ended:
            if not skipping:
                number += 1
            found += [] if skipping else [(number, raw if len(raw) <= LONGEST_LINE else None)]
            skipping = False
        if len(rest) > LONGEST_LINE and not skipping:
            number, skipping = number + 1, True
            found.append((number, None))
        rest = b"" if skipping else rest
        yield found
    if rest:
        yield [(number + 1, rest)]
