"""Who of the newcomers in a frame is somebody that was lost a moment ago. Pure; used by trajectory."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from math import sqrt
from typing import NamedTuple

from config.geometry import Point, distance_to_segment

FASTEST_MPS = 2.0
"""Nobody is expected farther along his way than a brisk walk takes him: a faster velocity is a jump of the box."""


class Lost(NamedTuple):
    """An id that is not in the frame: when and where it was last, and its velocity there."""

    id: str
    at_ms: int
    x_m: float
    y_m: float
    vx_mps: float
    vy_mps: float


class Newcomer(NamedTuple):
    """An id that has no track yet, and where it appeared."""

    id: str
    x_m: float
    y_m: float


def pair_up(lost: list[Lost], newcomers: list[Newcomer], at_ms: int, within_m: float) -> dict[str, tuple[str, float]]:
    """New id -> (lost id, distance in metres), nearest first, each used at most once; ties by the ids.

    The distance is to the way of the lost one: from where it was last, to where its velocity would have brought it by
    now. It may have gone on, slowed down or stopped:

        last seen *------------> expected now
                      :
                      : distance
                      x newcomer
    """
    ways = sorted((_way(one, at_ms) for one in lost), key=_west)
    longest_m = max((abs(way.expected[0] - way.last[0]) for way in ways), default=0.0)
    pairs = []
    for new in newcomers:
        # Of the ways, sorted by x, only those that may be near enough: a crowd of false boxes must not cost a square.
        first = bisect_left(ways, new.x_m - within_m - longest_m, key=_west)
        for way in islice(ways, first, None):
            if _west(way) > new.x_m + within_m:
                break
            distance_m = distance_to_segment(new.x_m, new.y_m, way.last, way.expected)
            if distance_m <= within_m:
                pairs.append((distance_m, way.id, new.id))
    return _nearest_first(pairs)


class _Way(NamedTuple):
    """The way of a lost one: where it was last, where it is expected."""

    id: str
    last: Point
    expected: Point


def _way(one: Lost, at_ms: int) -> _Way:
    speed = sqrt(one.vx_mps * one.vx_mps + one.vy_mps * one.vy_mps)
    seconds = (at_ms - one.at_ms) / 1000 * (FASTEST_MPS / speed if speed > FASTEST_MPS else 1.0)
    return _Way(one.id, (one.x_m, one.y_m), (one.x_m + one.vx_mps * seconds, one.y_m + one.vy_mps * seconds))


def _west(way: _Way) -> float:
    return min(way.last[0], way.expected[0])


def _nearest_first(pairs: list[tuple[float, str, str]]) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    taken: set[str] = set()
    for distance_m, lost, new in sorted(pairs):
        if new not in found and lost not in taken:
            found[new] = lost, distance_m
            taken.add(lost)
    return found
