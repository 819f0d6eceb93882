"""Which of the measured points do not agree with the others.

The least squares fit spreads a wrong point's error over its neighbours, so the point with the largest residual is often
not the wrong one. Here each point is left out in turn, and each two exchange their floor points: what makes the others
agree to within what people measure is the mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import inf, isfinite, sqrt
from typing import NamedTuple

from config.calibration.pinhole import mismatch
from config.geometry import Homography, apply_homography
from config.hall import PointPair
from config.homography import LEAST_POINTS, determinant, distance_m, fitted, metres_per_px, on_floor

MEASURED_PX = 2.5
MEASURED_M = 0.025
"""What a careful person's points are off by, and lenses bend: one standard deviation of it."""
AGREE = 3.5
"""Points agree if none is off by more than this many standard deviations."""
AGREE_WELL = 2.7
"""Without the wrong one they agree to within this, as points do that are measured well. Where a lens bends they do not."""
MOST_TRIED = 12
REAL = 0.1
"""Real cameras, measured that well, are within this of a pinhole."""
CLEAR = 0.5

Points = tuple[PointPair, ...]


class Mistake(NamedTuple):
    """``points``: indices of those that are wrong; ``off_m``: how far the worst lies from where the others put it."""

    points: tuple[int, ...]
    swapped: bool
    off_m: float


Explanation = tuple[float, Mistake | None]


class Fit(NamedTuple):
    h: Homography
    worst: float
    """The largest residual, in standard deviations of measuring."""


def fit(points: Points, unit: float = 1.0) -> Fit:
    """The map and how well its points agree; ``unit``: so many of the floor's units make a metre."""
    try:
        h = fitted(points)
    except ValueError:
        return Fit(((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)), inf)
    return Fit(h, max(_deviations(h, pair, unit) for pair in points))


def spread_m(h: Homography, px: tuple[float, float], unit: float = 1.0) -> float:
    """One standard deviation of what is measured at a pixel, in the floor's units; inf beyond the horizon."""
    per_px = metres_per_px(h, *px)
    return sqrt(MEASURED_M * unit * MEASURED_M * unit + MEASURED_PX * per_px * MEASURED_PX * per_px)


def _deviations(h: Homography, pair: PointPair, unit: float) -> float:
    spread = spread_m(h, pair.px, unit)
    return distance_m(on_floor(h, *pair.px), pair.floor_m) / spread if isfinite(spread) else inf


def mistake(points: Points, size_px: tuple[int, int], unit: float = 1.0) -> Mistake | None:
    """What makes points disagree that would agree without it; None where they agree, or nothing so simple explains it."""
    if fit(points, unit).worst <= AGREE and (len(points) > LEAST_POINTS or plausible(points, size_px)):
        return None
    judge = _Judge(points, size_px, unit)
    explained = judge.swaps() or judge.left_out(1) or judge.left_out(2)
    return min(explained, default=(inf, None), key=lambda found: found[0])[1]


def plausible(points: Points, size_px: tuple[int, int]) -> bool:
    """Whether a camera above the floor may have such a map: all there is to go by where four points fit whatever they are."""
    h = fit(points).h
    return determinant(h) > 0 and mismatch(h, size_px) <= REAL


class _Judge:
    """Tries out mistakes. An explanation comes with how far from agreement, and from a real camera, it leaves the rest."""

    def __init__(self, points: Points, size_px: tuple[int, int], unit: float) -> None:
        self._points, self._size_px, self._unit = points, size_px, unit
        self._tried = _worst_first(points, unit)[:MOST_TRIED]

    def swaps(self) -> list[Explanation]:
        found: list[Explanation] = []
        for i, j in combinations(self._tried, 2):
            points = _exchanged(self._points, i, j)
            agreed = fit(points, self._unit)
            if len(points) == LEAST_POINTS and not plausible(points, self._size_px):
                continue
            if agreed.worst <= AGREE_WELL:
                what = Mistake((min(i, j), max(i, j)), True, _off(agreed.h, self._points[i]))
                found.append((self._doubt(agreed), what))
        return found

    def left_out(self, count: int) -> list[Explanation]:
        """Of five points any four agree: then only a map that no camera has tells the wrong one."""
        rest = len(self._points) - count
        found: list[Explanation] = []
        if rest < LEAST_POINTS or (count > 1 and rest == LEAST_POINTS):
            return found
        for left in combinations(self._tried, count):
            agreed = fit(tuple(pair for k, pair in enumerate(self._points) if k not in left), self._unit)
            if agreed.worst <= AGREE_WELL:
                off = max(_off(agreed.h, self._points[k]) for k in left)
                found.append((self._doubt(agreed), Mistake(tuple(sorted(left)), False, off)))
        return found if rest > LEAST_POINTS else _clearly_best(found)

    def _doubt(self, agreed: Fit) -> float:
        return agreed.worst / AGREE_WELL + mismatch(agreed.h, self._size_px) / REAL


def _clearly_best(found: list[Explanation]) -> list[Explanation]:
    first, second = sorted([*found, (inf, None), (inf, None)], key=lambda one: one[0])[:2]
    return [first] if first[0] < CLEAR and second[0] > 3 * first[0] else []


def _worst_first(points: Points, unit: float) -> Sequence[int]:
    if len(points) <= MOST_TRIED:
        return range(len(points))
    h = fit(points, unit).h
    return sorted(range(len(points)), key=lambda k: -_off(h, points[k]))


def _exchanged(points: Points, i: int, j: int) -> Points:
    a, b = points[i], points[j]
    moved = {i: a.model_copy(update={"floor_m": b.floor_m}), j: b.model_copy(update={"floor_m": a.floor_m})}
    return tuple(moved.get(k, pair) for k, pair in enumerate(points))


def _off(h: Homography, pair: PointPair) -> float:
    return distance_m(apply_homography(h, *pair.px), pair.floor_m)
