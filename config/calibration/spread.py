"""How far measuring errors move people on the floor that a camera answers for."""

from __future__ import annotations

from math import inf, sqrt
from typing import NamedTuple

from config.calibration.fit import Points, spread_m
from config.calibration.view import View
from config.geometry import Homography, Point
from config.homography import fitted, in_image, metres_per_px, on_floor

MOST_POINTS = 16
"""Of more points the error is that of the best so many, which is near enough, and quick."""


class Worst(NamedTuple):
    """The spot of a floor where something is largest, and how large."""

    spot: Point
    value: float


def coarsest(view: View) -> Worst | None:
    """Where one pixel is the most metres of floor."""
    found = [
        Worst(spot, metres_per_px(view.h, *px)) for spot in _outer(view) if (px := in_image(view.h, *spot)) is not None
    ]
    return max(found, key=lambda worst: worst.value, default=None)


def least_certain(view: View, points: Points) -> Worst | None:
    """Where the ordinary errors of measuring the points move the map the most: one standard deviation, in metres.

    Each floor point is moved by what it is likely to be off, one at a time; their effects add up as squares.
    """
    spots = [(spot, px) for spot in _outer(view) if (px := in_image(view.h, *spot)) is not None]
    squares = [0.0] * len(spots)
    for moved in _moved(view.h, points[:: max(1, len(points) // MOST_POINTS)]):
        for k, (spot, px) in enumerate(spots):
            there = None if moved is None else on_floor(moved, *px)
            squares[k] += inf if there is None else (there[0] - spot[0]) ** 2 + (there[1] - spot[1]) ** 2
    found = [Worst(spot, sqrt(square)) for (spot, _), square in zip(spots, squares, strict=True)]
    return max(found, key=lambda worst: worst.value, default=None)


def _moved(h: Homography, points: Points) -> list[Homography | None]:
    """The maps with one number of one point changed. The points are put where the map has them: noise stays out."""
    exact = [p.model_copy(update={"floor_m": spot}) for p in points if (spot := on_floor(h, *p.px)) is not None]
    found: list[Homography | None] = []
    for k, pair in enumerate(exact):
        by = spread_m(h, pair.px)
        for dx, dy in ((by, 0.0), (0.0, by)):
            spot = pair.floor_m[0] + dx, pair.floor_m[1] + dy
            moved = (*exact[:k], pair.model_copy(update={"floor_m": spot}), *exact[k + 1 :])
            try:
                found.append(fitted(moved))
            except ValueError:
                found.append(None)
    return found


def _outer(view: View) -> list[Point]:
    """Outermost samples of the floor that the image shows: errors grow outwards."""
    shown = [spot for spot in view.samples if view.shows(*spot)]
    ways = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))
    return list(dict.fromkeys(max(shown, key=lambda p: p[0] * u + p[1] * v) for u, v in ways)) if shown else []
