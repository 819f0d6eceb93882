"""One id twice in a frame: two boxes, two people. Each gets an id of its own, the same from frame to frame.

camera's ids    7   7          the box nearest to where 7 was stays 7;
here            7   7#2        the other is 7#2, and stays 7#2 for as long as there are two
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agents.assignment import assign
from agents.views import Odd, View, floor_spots, without_repeats
from config.geometry import Point
from streams.events import Person


def told_apart(view: View, people: tuple[Person, ...], last: Mapping[str, Point], odd: Odd) -> tuple[Person, ...]:
    """The rows of a frame with ids that are each given once. ``last``: where the ids that are known were last."""
    rows = without_repeats(people, odd)
    spots = floor_spots(view, rows)
    by_id: dict[str, list[int]] = {}
    for number, person in enumerate(rows):
        by_id.setdefault(person.track, []).append(number)
    named = list(rows)
    for id_, numbers in by_id.items():
        if len(numbers) > 1:
            odd.note("same_id_twice", len(numbers) - 1)
            for number, name in _names(id_, {n: spots.get(n) for n in numbers}, last).items():
                named[number] = msgspec.structs.replace(rows[number], track=name)
    return tuple(named)


def _names(id_: str, boxes: Mapping[int, Point | None], last: Mapping[str, Point]) -> dict[int, str]:
    """A name for each row: of the names that are known, the nearest; for the rest, those that are free."""
    names = [id_, *(f"{id_}#{n}" for n in range(2, len(boxes) + 1))]
    costs = {
        (str(number), name): min(abs(spot[0] - last[name][0]) + abs(spot[1] - last[name][1]), 1000.0)
        for number, spot in boxes.items()
        for name in names
        if spot is not None and name in last
    }
    known = {int(number): name for number, name in assign(costs).items()}
    free = iter([name for name in names if name not in known.values()])
    return {number: known.get(number) or next(free) for number in boxes}
