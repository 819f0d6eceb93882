"""A tracker's boxes held against true ones: who each box is in its frame, identity switches, and IDF1.

A box is the person whose true box it overlaps with by half (intersection over union), the best overlap first, each
used once a frame. IDF1 follows E. Ristani et al., Performance Measures and a Data Set for Multi-Target, Multi-Camera
Tracking, 2016: people and tracks are paired once for the whole recording so that most boxes agree (IDTP);
IDF1 = 2 IDTP / (true boxes + given boxes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.accuracy.recordings import Moments
from streams.events import Person

LEAST_OVERLAP = 0.5


class Seen(NamedTuple):
    """A box: when, under which name, and of which person; None: of nobody."""

    at_ms: int
    name: str
    person: str | None


def matched(truth: Moments, given: Moments) -> list[Seen]:
    """Every given box within the time of the truth, in order."""
    true = {moment.at_ms: moment.people for moment in truth}
    last_ms = max(true, default=-1)
    return [
        seen for at_ms, people in given if at_ms <= last_ms for seen in _in_frame(at_ms, true.get(at_ms, ()), people)
    ]


def _in_frame(at_ms: int, true: Sequence[Person], given: Sequence[Person]) -> list[Seen]:
    overlaps = [(-overlap(a, b), i, j) for i, a in enumerate(true) for j, b in enumerate(given)]
    person_of: dict[int, str] = {}
    used: set[int] = set()
    for negative, i, j in sorted(overlaps):
        if -negative >= LEAST_OVERLAP and i not in used and j not in person_of:
            person_of[j] = true[i].track
            used.add(i)
    return [Seen(at_ms, person.track, person_of.get(j)) for j, person in enumerate(given)]


def overlap(a: Person, b: Person) -> float:
    """Intersection over union of two boxes."""
    width = min(a.left_px + a.width_px, b.left_px + b.width_px) - max(a.left_px, b.left_px)
    height = min(a.top_px + a.height_px, b.top_px + b.height_px) - max(a.top_px, b.top_px)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a.width_px * a.height_px + b.width_px * b.height_px - width * height)


def switches(seen: Iterable[Seen]) -> int:
    """How often a person goes on under another name than before."""
    called: dict[str, str] = {}
    count = 0
    for one in seen:
        if one.person is not None:
            count += called.get(one.person, one.name) != one.name
            called[one.person] = one.name
    return count


def idf1(seen: Sequence[Seen], true_boxes: int) -> float:
    """In percent."""
    together = Counter((one.person, one.name) for one in seen if one.person is not None)
    people, names = sorted({p for p, _ in together}), sorted({n for _, n in together})
    agree = most([[together[person, name] for name in names] for person in people])
    return 200 * agree / (true_boxes + len(seen)) if seen or true_boxes else 100.0


def most(gains: Sequence[Sequence[int]]) -> int:
    """The greatest sum of entries no two of which share a row or a column.

    Column by column, over all subsets of rows that may be taken by then: for some sixteen rows at most.
    """
    best = {0: 0}
    for column in zip(*gains, strict=True):
        longer = dict(best)
        for taken, total in best.items():
            for row, gain in enumerate(column):
                if gain and not taken >> row & 1:
                    more = taken | 1 << row
                    longer[more] = max(longer.get(more, 0), total + gain)
        best = longer
    return max(best.values())
