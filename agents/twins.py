"""One id twice in a frame: two boxes, two people. Each gets an id of its own, the same from frame to frame.

    camera's ids    7   7          the box nearest to where 7 was stays 7;
    here            7   7#2        the other is 7#2, and stays 7#2 for as long as there are two
"""

from __future__ import annotations

from collections.abc import Callable

from agents.assignment import assign
from agents.views import Odd, Spot
from config.geometry import Point


def told_apart(found: list[Spot], last: Callable[[str], Point | None], odd: Odd) -> list[Spot]:
    """The spots with ids that are each given once. ``last``: where an id was last, None for an unknown one."""
    by_id: dict[str, list[int]] = {}
    for index, spot in enumerate(found):
        by_id.setdefault(spot[0], []).append(index)
    for id_, indexes in by_id.items():
        if len(indexes) > 1:
            odd["same_id_twice"] = odd.get("same_id_twice", 0) + len(indexes) - 1
            for index, name in _named(id_, [(i, found[i]) for i in indexes], last).items():
                found[index] = (name, *found[index][1:])
    return found


def _named(id_: str, boxes: list[tuple[int, Spot]], last: Callable[[str], Point | None]) -> dict[int, str]:
    """A name for each box, by its index: of those that are known, the nearest; for the rest, those that are free."""
    names = [id_, *(f"{id_}#{n}" for n in range(2, len(boxes) + 1))]
    costs = {
        (str(index), name): min(_apart_m(spot, at), 1000.0)
        for index, spot in boxes
        for name in names
        if (at := last(name)) is not None
    }
    known = {int(index): name for index, name in assign(costs).items()}
    free = iter([name for name in names if name not in known.values()])
    return {index: known.get(index) or next(free) for index, _ in boxes}


def _apart_m(spot: Spot, at: Point) -> float:
    return abs(spot[1] - at[0]) + abs(spot[2] - at[1])
