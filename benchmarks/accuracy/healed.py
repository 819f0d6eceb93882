"""Perfect tracks with ids broken on purpose: what is joined again, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.accuracy.breaking import Cut, broken, cuts_alone, cuts_together
from benchmarks.accuracy.crowds import CROWDS, Crowd, absent, run, scene_of
from benchmarks.accuracy.floors import CAMERA, Ends
from benchmarks.accuracy.recordings import Moments
from benchmarks.accuracy.scoring import Healing, healing
from benchmarks.figures import Figure, Options

SEEDS = 1, 2, 3


class Way(NamedTuple):
    name: str
    cuts: Callable[[Moments, int], list[Cut]]


WAYS = (Way("one at a time", cuts_alone), Way("two near each other at once", cuts_together))


def measure(options: Options) -> Iterator[Figure]:
    for crowd in CROWDS:
        if not crowd.path.is_file():
            yield absent(crowd.path, crowd.name)
            continue
        moments = crowd.read(crowd.path)
        for way in WAYS:
            yield _figure(crowd, way, moments, SEEDS[:1] if options.quick else SEEDS)


def _figure(crowd: Crowd, way: Way, moments: Moments, seeds: tuple[int, ...]) -> Figure:
    ends = Ends(west=crowd.entrances.west, middle=crowd.middle, east=crowd.entrances.east)
    total = added(_healing(moments, way, ends, seed) for seed in seeds)
    return Figure(
        f"{crowd.name}, {way.name}: healed", f"{total.healed} of {total.breaks} ({total.share:.0f} %)", "",
        f"{total.missed} missed, {total.stolen} joined to another; {total.wrong} wrong joins in all",
    )  # fmt: skip


def _healing(moments: Moments, way: Way, ends: Ends, seed: int) -> Healing:
    made = broken(moments, way.cuts(moments, seed))
    ledger = run(scene_of(made.moments, ends))
    person_of = {f"{CAMERA}/{id_}": person for id_, person in made.person_of.items()}
    return healing(ledger.links, person_of, [f"{CAMERA}/{id_}" for id_ in made.new_ids])


def added(some: Iterator[Healing]) -> Healing:
    return Healing(*map(sum, zip(*some, strict=True)))
