"""A street camera with a real detector and tracker: what the engine joins, held against the true boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from benchmarks.accuracy.crowds import START_MS, absent, read_street, run, street_scene
from benchmarks.accuracy.floors import CAMERA, extent_of
from benchmarks.accuracy.ledger import Link
from benchmarks.accuracy.matching import Seen, idf1, matched, switches
from benchmarks.accuracy.recordings import people_of
from benchmarks.accuracy.scoring import BREAK_MS
from benchmarks.accuracy.street_view import TRACKED, TRUTH
from benchmarks.figures import Figure, NotMeasured, Options

ABOUT_BOXES = 10
"""Whose an id is at a join is told by as many of its boxes before or after it."""


class Verdict(NamedTuple):
    right: int
    wrong: int
    undecidable: int


def measure(_: Options) -> Iterator[Figure]:
    if not TRUTH.is_file():
        yield absent(TRUTH, "the street camera")
        return
    if not TRACKED.is_file():
        raise NotMeasured(f"{TRACKED} is made by: python -m benchmarks.accuracy.street_camera (it says what it needs)")
    truth, extent = read_street(TRUTH), extent_of(read_street(TRACKED))
    scene = street_scene(TRACKED, extent)
    links = run(scene).links
    before = matched(truth, scene.moments)
    after = under_tracks(before, links)
    yield Figure(
        "the tracker's ids", str(_names(before)), "", f"{len({p.track for m in truth for p in m.people})} people"
    )
    yield Figure("the engine's tracks", str(_names(after)), "", "of those seen in the time of the truth")
    yield _joins(judged(before, links))
    broken = broken_ids(before, people_of(scene.moments))
    healed = sum(is_healed(one, links) for one in broken)
    yield Figure("broken ids healed", f"{healed} of {len(broken)}", "", "new ids within 2 s of the end of the old one")
    yield Figure("identity switches", f"{switches(after)}", "", f"by the tracker's ids {switches(before)}")
    boxes = sum(len(moment.people) for moment in truth)
    yield Figure("IDF1", f"{idf1(after, boxes):.1f} %", "", f"by the tracker's ids {idf1(before, boxes):.1f} %")


def _joins(verdict: Verdict) -> Figure:
    return Figure("joins", f"{verdict.right} right, {verdict.wrong} wrong", "", f"{verdict.undecidable} undecidable")


def under_tracks(seen: Sequence[Seen], links: Sequence[Link]) -> list[Seen]:
    """The same boxes under the names of the engine's tracks; boxes of ids without a track are left out."""
    by_id = _by_id(links)
    named = ((one, _link_at(by_id.get(one.name, ()), one.at_ms)) for one in seen)
    return [one._replace(name=str(link.track)) for one, link in named if link]


class Break(NamedTuple):
    """A person's id, and the one that came after it ended."""

    old: str
    new: str


def broken_ids(seen: Sequence[Seen], times: Mapping[str, Sequence[int]]) -> list[Break]:
    """``times``: when each id was seen, by anybody."""
    called: dict[str, str] = {}
    found = []
    for one in seen:
        if one.person is None:
            continue
        old = called.get(one.person, one.name)
        if old != one.name and 0 < times[one.name][0] - times[old][-1] <= BREAK_MS:
            found.append(Break(old, one.name))
        called[one.person] = one.name
    return found


def is_healed(one: Break, links: Sequence[Link]) -> bool:
    """Whether both ids belong to one track."""
    tracks = _by_id(links)
    return bool({link.track for link in tracks.get(one.old, ())} & {link.track for link in tracks.get(one.new, ())})


def judged(seen: Sequence[Seen], links: Sequence[Link]) -> Verdict:
    """The joins within the time of the truth."""
    boxes: dict[str, list[Seen]] = {}
    for one in seen:
        boxes.setdefault(one.name, []).append(one)
    met = Counter(_right(before, after, boxes) for before, after in _joined(links) if _id(after) in boxes)
    return Verdict(met[True], met[False], met[None])


def _joined(links: Sequence[Link]) -> Iterator[tuple[Link, Link]]:
    """Neighbours of each track's chain of ids."""
    chains: dict[int, list[Link]] = {}
    for link in links:
        chains.setdefault(link.track, []).append(link)
    for chain in chains.values():
        yield from pairwise(chain)


def _right(before: Link, after: Link, boxes: Mapping[str, list[Seen]]) -> bool | None:
    at_ms = after.at_ms - START_MS
    earlier = whose([one for one in boxes.get(_id(before), ()) if one.at_ms < at_ms][-ABOUT_BOXES:])
    later = whose([one for one in boxes[_id(after)] if one.at_ms >= at_ms][:ABOUT_BOXES])
    return None if earlier is None or later is None else earlier == later


def whose(boxes: Sequence[Seen]) -> str | None:
    """Of whom more than half of the boxes are; None: it cannot be told."""
    person, count = Counter(one.person for one in boxes).most_common(1)[0] if boxes else (None, 0)
    return person if 2 * count > len(boxes) else None


def _by_id(links: Sequence[Link]) -> dict[str, list[Link]]:
    by_id: dict[str, list[Link]] = {}
    for link in links:
        by_id.setdefault(_id(link), []).append(link)
    return by_id


def _link_at(links: Sequence[Link], at_ms: int) -> Link | None:
    return next((link for link in reversed(links) if link.at_ms - START_MS <= at_ms), None)


def _id(link: Link) -> str:
    return link.source.removeprefix(f"{CAMERA}/")


def _names(seen: Sequence[Seen]) -> int:
    return len({one.name for one in seen})
