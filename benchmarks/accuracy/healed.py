"""Perfect tracks with ids broken on purpose: what is joined again, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.accuracy.breaking import Cut, broken, cuts_alone, cuts_together
from benchmarks.accuracy.crowds import CROWDS, absent, run, scene_of
from benchmarks.accuracy.floors import CAMERA, NOWHERE, Ends
from benchmarks.accuracy.recordings import Moments
from benchmarks.accuracy.scoring import Healing, healing
from benchmarks.figures import Figure, Options

SEEDS = 1, 2, 3


class Way(NamedTuple):
    name: str
    cuts: Callable[[Moments, int], list[Cut]]


WAYS = (Way("one at a time", cuts_alone), Way("two at once", cuts_together))


def measure(options: Options) -> Iterator[Figure]:
    for crowd in CROWDS:
        if not crowd.path.is_file():
            yield absent(crowd.path, crowd.name)
            continue
        moments = crowd.read(crowd.path)
        seeds = SEEDS[:1] if options.quick else SEEDS
        for way in WAYS:
            yield _figure(f"{crowd.name}, {way.name}", moments, way, NOWHERE, seeds)
        if crowd.entrances != NOWHERE:
            for way in WAYS:
                yield _figure(f"{crowd.name} with entrances, {way.name}", moments, way, crowd.entrances, seeds)


def _figure(name: str, moments: Moments, way: Way, ends: Ends, seeds: tuple[int, ...]) -> Figure:
    total = added(_healing(moments, way, ends, seed) for seed in seeds)
    return Figure(
        f"{name}: healed", f"{total.healed} of {total.breaks} ({total.share:.1f} %)", "",
        f"{total.missed} missed, {total.stolen} joined to another; {total.wrong} wrong joins in all",
    )  # fmt: skip


def _healing(moments: Moments, way: Way, ends: Ends, seed: int) -> Healing:
    made = broken(moments, way.cuts(moments, seed))
    ledger = run(scene_of(made.moments, ends))
    person_of = {f"{CAMERA}/{id_}": person for id_, person in made.person_of.items()}
    return healing(ledger.links, person_of, [f"{CAMERA}/{id_}" for id_ in made.new_ids])


def added(some: Iterator[Healing]) -> Healing:
    return Healing(*map(sum, zip(*some, strict=True)))
