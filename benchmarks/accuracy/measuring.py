"""All parts of the measurement of accuracy, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from benchmarks.accuracy import crowds, day, healed, simulated, street
from benchmarks.figures import Figure, Options


class Part(NamedTuple):
    name: str
    measure: Callable[[Options], Iterable[Figure]]
    about: str


PARTS = (
    Part("crowds", crowds.measure, "perfect tracks: every join is false"),
    Part("breaks", healed.measure, "perfect tracks with ids broken on purpose"),
    Part("simulator", simulated.measure, "a simulated morning: noise, false boxes, broken ids"),
    Part("day", day.measure, "a real day"),
    Part("street", street.measure, "a street camera, with a real detector and tracker"),
)
NAMES = tuple(part.name for part in PARTS)


def measure(options: Options, parts: Sequence[Part] = PARTS) -> Iterator[Figure]:
    for part in parts:
        if not options.only or part.name in options.only:
            yield Figure(f"[bold]{part.name}[/bold]: {part.about}", "")
            yield from part.measure(options)
