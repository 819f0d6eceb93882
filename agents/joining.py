r"""Who of the newcomers is somebody that was lost a moment ago. Pure; used by trajectory.

A new id is a lost person only if the movement makes sense. The distance is to the way of the lost one: from where it
was last, to where its velocity would have brought it by now; it may have gone on, slowed down or stopped:

        last seen *------------> expected now
                      :
                      : distance
                      x---> newcomer, and how it moves

* place: the distance is at most ``join_m``, beside the way;
* velocity: it did not change by more than a person can change it in the gap: who walks away to the left does not come
  back walking to the right half a second later. That is what tells two people who pass each other at the edge of the
  view from one;
* way: who was seen walking is not found behind the place where they were lost; who is seen walking comes from there;
* entrances: who appears outside an entrance is new, unless the lost one was outside it as well.

Several at once are paired together (``agents.assignment``): one newcomer must not take the lost one of another.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from math import sqrt
from typing import NamedTuple

from agents.assignment import assign
from config.geometry import Point, distance_to_segment

FASTEST_MPS = 2.0
"""Nobody is expected farther along their way than a brisk walk takes them: a faster velocity is a jump of the box."""
WALKS_MPS = 0.4
"""From this speed on a direction of movement means something."""
CHANGE_MPS, CHANGE_PER_S = 0.9, 0.2
"""How much a velocity may change at once (it is measured on jittering boxes), and more of it per second of the gap."""
ASIDE_M, SIDEWAYS_MPS = 0.4, 0.6
"""Steps shorter than this are jitter: they have no direction. So far from the way, and more of it per second of the gap,
somebody may be found."""
STILL_M = 0.6
"""Who stood and stands is found in the same place; feet that were hidden and are seen again move it so far."""
BEHIND_S = 3.0
"""Longer ago than this, who walked may have turned round."""


class Lost(NamedTuple):
    """Somebody who is not in view: when and where last, with which velocity; for how long, and how far away, they may come
    back, and for how long walking.

    ``outside``: the entrances in front of which that was, outside the hall.
    """

    name: str
    at_ms: int
    x_m: float
    y_m: float
    vx_mps: float
    vy_mps: float
    join_ms: int
    walk_ms: int
    join_m: float
    outside: frozenset[str] = frozenset()


class Newcomer(NamedTuple):
    """An id that has no track yet: when and where it appeared, and its velocity since then, if it is known.

    ``outside``: the entrances in front of which it appeared, outside the hall.
    """

    id: str
    at_ms: int
    x_m: float
    y_m: float
    velocity: tuple[float, float] | None
    outside: frozenset[str] = frozenset()


class Pair(NamedTuple):
    """``name``: of the lost one; ``distance_m`` from its way."""

    name: str
    distance_m: float


def pair_up(lost: list[Lost], newcomers: list[Newcomer]) -> dict[str, Pair]:
    """New id -> the lost one it continues."""
    reach_m = max((one.join_m + _length_m(one) for one in lost), default=0.0)
    from_west = sorted(lost, key=_x)
    distances: dict[tuple[str, str], float] = {}
    costs: dict[tuple[str, str], float] = {}
    for new in newcomers:
        # Of the lost, sorted by x, only those that may be near enough: a crowd of false boxes must not cost a square.
        first = bisect_left(from_west, new.x_m - reach_m, key=_x)
        for one in islice(from_west, first, None):
            if one.x_m > new.x_m + reach_m:
                break
            distance_m = distance_to_way(one, new)
            if distance_m is not None:
                distances[one.name, new.id] = distance_m
                costs[one.name, new.id] = distance_m / (one.join_m or 1.0) + _change(one, new)
    return {new: Pair(name, distances[name, new]) for name, new in assign(costs).items()}


def distance_to_way(one: Lost, new: Newcomer) -> float | None:
    """How far from the way of the lost one the newcomer appeared; None: it is somebody else."""
    gap_ms = new.at_ms - one.at_ms
    if not 0 < gap_ms <= one.join_ms or new.outside - one.outside:
        return None
    seconds = gap_ms / 1000
    distance_m = distance_to_segment(new.x_m, new.y_m, (one.x_m, one.y_m), _expected(one, seconds))
    if distance_m > min(one.join_m, ASIDE_M + SIDEWAYS_MPS * seconds):
        return None
    if new.velocity is None:
        return distance_m
    still = _speed(new.velocity) < WALKS_MPS
    if gap_ms > one.walk_ms and not still:
        return None
    if still and _speed((one.vx_mps, one.vy_mps)) < WALKS_MPS and distance_m > STILL_M:
        return None
    if _change(one, new) > CHANGE_MPS + CHANGE_PER_S * seconds or (seconds <= BEHIND_S and _turned(one, new)):
        return None
    return distance_m


def _turned(one: Lost, new: Newcomer) -> bool:
    """Whether one of them walks against the other, or against the step from one to the other."""
    step = new.x_m - one.x_m, new.y_m - one.y_m
    ways = [v for v in ((one.vx_mps, one.vy_mps), new.velocity or (0.0, 0.0)) if _speed(v) > WALKS_MPS]
    if len(ways) == 2 and _dot(*ways) < 0:
        return True
    return _speed(step) >= ASIDE_M and any(_dot(step, way) < 0 for way in ways)


def _dot(a: tuple[float, float], b: tuple[float, float]) -> float:
    return a[0] * b[0] + a[1] * b[1]


def _speed(v: tuple[float, float]) -> float:
    return sqrt(v[0] * v[0] + v[1] * v[1])


def _change(one: Lost, new: Newcomer) -> float:
    """How much the velocity differs, m/s; 0 where the newcomer's is not known."""
    if new.velocity is None:
        return 0.0
    return _speed((new.velocity[0] - one.vx_mps, new.velocity[1] - one.vy_mps))


def _expected(one: Lost, seconds: float) -> Point:
    speed = _speed((one.vx_mps, one.vy_mps))
    seconds *= FASTEST_MPS / speed if speed > FASTEST_MPS else 1.0
    return one.x_m + one.vx_mps * seconds, one.y_m + one.vy_mps * seconds


def _length_m(one: Lost) -> float:
    x, y = _expected(one, one.join_ms / 1000)
    return max(abs(x - one.x_m), abs(y - one.y_m))


def _x(one: Lost) -> float:
    return one.x_m
