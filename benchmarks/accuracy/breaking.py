"""Ids broken on purpose: recordings whose ids are true are given the ids of a tracker that loses people.

    true id   7 7 7 7 7 7 7 7 7 7
    given     7 7 7 . . . 7b1 7b1 7b1 7b1      the person is not seen for a moment, and goes on under a new id

Ids never change between people, so which id is whose stays certain. An id is seen for a second at least before and
after a break: what a tracker saw for less is noise, and healing it no merit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from math import hypot
from random import Random
from typing import NamedTuple

import msgspec

from benchmarks.accuracy.recordings import Moment, Moments, people_of
from streams.events import Person

EVERY_S = 20.0
"""Mean time until a person's id breaks."""
TOGETHER_EVERY_S = 2.0
"""Mean time between two moments at which two people who are near each other are lost together."""
GAP_S = 0.2, 1.5
NEAR_M = 1.5
SEEN_MS = 1000


class Cut(NamedTuple):
    """A person was last seen at ``lost_ms``, and next at ``back_ms``, under a new id."""

    person: str
    lost_ms: int
    back_ms: int


class Broken(NamedTuple):
    """``person_of``: whose each id is; ``new_ids``: those that follow a break."""

    moments: Moments
    person_of: dict[str, str]
    new_ids: tuple[str, ...]


def cuts_alone(moments: Moments, seed: int, every_s: float = EVERY_S) -> list[Cut]:
    """Each person by himself, at random moments."""
    cuts = []
    for person, times in people_of(moments).items():
        rnd = Random(f"{seed}/{person}")
        begun_ms = times[0]
        while cut := _next_cut(person, times, begun_ms, rnd, every_s):
            cuts.append(cut)
            begun_ms = cut.back_ms
    return cuts


def _next_cut(person: str, times: list[int], begun_ms: int, rnd: Random, every_s: float) -> Cut | None:
    """The first break of an id that began at ``begun_ms``; None: the person is gone before."""
    wanted_ms = begun_ms + max(SEEN_MS, rnd.expovariate(1 / every_s) * 1000)
    return _cut(person, times, wanted_ms, rnd.uniform(*GAP_S))


def _cut(person: str, times: list[int], wanted_ms: float, gap_s: float) -> Cut | None:
    """Lost with the first frame from ``wanted_ms`` on, back ``gap_s`` later; None: not seen for long enough then."""
    lost = bisect_left(times, wanted_ms)
    if lost == len(times):
        return None
    back = bisect_left(times, times[lost] + 1000 * gap_s, lo=lost + 1)
    if back == len(times) or times[-1] - times[back] < SEEN_MS:
        return None
    return Cut(person, times[lost], times[back])


def cuts_together(moments: Moments, seed: int, every_s: float = TOGETHER_EVERY_S) -> list[Cut]:
    """Two people within ``NEAR_M`` of each other, lost in the same frame and back in the same frame."""
    rnd, times, cuts = Random(f"{seed}/together"), people_of(moments), list[Cut]()
    free_ms = {person: seen[0] + SEEN_MS for person, seen in times.items()}
    wanted_ms = 0.0
    for moment in moments:
        if moment.at_ms < wanted_ms:
            continue
        wanted_ms = moment.at_ms + rnd.expovariate(1 / every_s) * 1000
        gap_s = rnd.uniform(*GAP_S)
        for pair in _nearest_first(moment, free_ms):
            both = [_cut(person, times[person], moment.at_ms, gap_s) for person in pair]
            found = [cut for cut in both if cut]
            if len(found) == 2 and found[0].back_ms == found[1].back_ms:
                cuts += found
                free_ms |= {cut.person: cut.back_ms + SEEN_MS for cut in found}
                break
    return cuts


def _nearest_first(moment: Moment, free_ms: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs of people who are near each other, and whose ids have been seen for long enough."""
    free = [person for person in moment.people if free_ms[person.track] <= moment.at_ms]
    apart = ((_apart_m(a, b), a.track, b.track) for a, b in combinations(free, 2))
    return [(a, b) for metres, a, b in sorted(apart) if metres <= NEAR_M]


def _apart_m(a: Person, b: Person) -> float:
    assert a.x_m is not None
    assert a.y_m is not None
    assert b.x_m is not None
    assert b.y_m is not None
    return hypot(a.x_m - b.x_m, a.y_m - b.y_m)


def broken(moments: Moments, cuts: Iterable[Cut]) -> Broken:
    """The recording with these breaks."""
    by_person: dict[str, list[Cut]] = {}
    for cut in sorted(cuts, key=lambda cut: cut.lost_ms):
        by_person.setdefault(cut.person, []).append(cut)
    person_of: dict[str, str] = {}
    after = tuple(Moment(moment.at_ms, tuple(_seen(moment, by_person, person_of))) for moment in moments)
    new_ids = tuple(id_ for id_, person in person_of.items() if id_ != person)
    return Broken(after, person_of, new_ids)


def _seen(moment: Moment, by_person: Mapping[str, list[Cut]], person_of: dict[str, str]) -> Iterator[Person]:
    """Who is seen at that moment, under which id; ``person_of`` learns of it."""
    for person in moment.people:
        before = [cut for cut in by_person.get(person.track, ()) if cut.lost_ms < moment.at_ms]
        if before and moment.at_ms < before[-1].back_ms:
            continue
        id_ = f"{person.track}b{len(before)}" if before else person.track
        person_of[id_] = person.track
        yield msgspec.structs.replace(person, track=id_)
