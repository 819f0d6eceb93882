"""Perfect tracks with ids broken on purpose: what is joined again, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.accuracy.breaking import Cut, broken, cuts_alone, cuts_together
from benchmarks.accuracy.crowds import CROWDS, STREET, Scene, absent, run, scene_of, seen_street, true_boxes
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
        if crowd is STREET:
            for way in WAYS:
                yield _seen_figure(f"street, floor points by the homography, {way.name}", moments, way, seeds)


def _figure(name: str, moments: Moments, way: Way, ends: Ends, seeds: tuple[int, ...]) -> Figure:
    return _told(name, (_healing(moments, way.cuts(moments, seed), lambda m: scene_of(m, ends)) for seed in seeds))


def _seen_figure(name: str, moments: Moments, way: Way, seeds: tuple[int, ...]) -> Figure:
    """``moments``: the floor points; the engine gets the boxes, with the same breaks."""
    boxes = true_boxes()
    return _told(name, (_healing(boxes, way.cuts(moments, seed), seen_street) for seed in seeds))


def _told(name: str, healings: Iterator[Healing]) -> Figure:
    total = added(healings)
    return Figure(
        f"{name}: healed", f"{total.healed} of {total.breaks} ({total.share:.1f} %)", "",
        f"{total.missed} missed, {total.stolen} joined to another; {total.wrong} wrong joins in all",
    )  # fmt: skip


def _healing(moments: Moments, cuts: list[Cut], scene: Callable[[Moments], Scene]) -> Healing:
    made = broken(moments, cuts)
    ledger = run(scene(made.moments))
    person_of = {f"{CAMERA}/{id_}": person for id_, person in made.person_of.items()}
    return healing(ledger.links, person_of, [f"{CAMERA}/{id_}" for id_ in made.new_ids])


def added(some: Iterator[Healing]) -> Healing:
    return Healing(*map(sum, zip(*some, strict=True)))
