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
* entrances: who appears outside an entrance is new, unless the lost one was outside it as well, or both are seen walking
  out. Who was counted out over an entrance is gone, unless they stood there, outside it, and somebody stands there.

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
"""Nobody is expected to walk faster than briskly: a faster velocity is a jump of the box."""
WALKS_MPS = 0.4
"""From this speed on a direction of movement means something."""
CHANGE_MPS, CHANGE_PER_S = 0.9, 0.2
"""How much a velocity may change at once (it is measured on jittering boxes), and more of it per second of the gap."""
ASIDE_M, SIDEWAYS_MPS = 0.4, 0.6
"""Steps shorter than this are jitter: they have no direction. So far from the way, and more of it per second of the gap,
somebody may be found."""
STILL_M = 0.6
"""Who stood and stands is found in the same place; feet that were hidden and are seen again move it so far."""
BLUR_M, MEASURED_S = 0.2, 0.5
"""The figures above are for points that are off by so much. What they are off by more is allowed on top of them; for
velocities, over the time that they are measured in."""
JITTERS = 3.0
"""A point is off by three times its jitter, and never by more than its blur: boxes that are exact need no allowance,
however flat the camera looks, and what people do is no jitter of boxes."""
JUMPED_MPS = 2.5
"""Faster than a jog: seen as a blurred point, that was a box that jumped, and not a person who ran."""
BEHIND_S = 3.0
"""Longer ago than this, who walked may have turned round."""


class Lost(NamedTuple):
    """Somebody who is not in view: when and where last, with which velocity; for how long, and how far away, they may come
    back, and for how long walking.

    ``outside``: the entrances in front of which that was, outside the hall; ``left``: the one that it went out over.
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
    left: str | None = None


class Newcomer(NamedTuple):
    """An id that has no track yet: when and where it appeared, and its velocity since then, if it is known.

    ``outside``: the entrances in front of which it appeared, outside the hall; ``beyond``: all those that it is on the
    outer side of. ``blur_m``: how far its point may be off there; ``jitter_m``: how much its points do jitter.
    """

    id: str
    at_ms: int
    x_m: float
    y_m: float
    velocity: tuple[float, float] | None
    outside: frozenset[str] = frozenset()
    blur_m: float = 0.0
    jitter_m: float = 0.0
    beyond: frozenset[str] = frozenset()


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
        about_m = reach_m + new.blur_m
        first = bisect_left(from_west, new.x_m - about_m, key=_x)
        for one in islice(from_west, first, None):
            if one.x_m > new.x_m + about_m:
                break
            distance_m = distance_to_way(one, new)
            if distance_m is not None:
                distances[one.name, new.id] = distance_m
                costs[one.name, new.id] = distance_m / (one.join_m or 1.0) + _change(one, new)
    return {new: Pair(name, distances[name, new]) for name, new in assign(costs).items()}


def distance_to_way(one: Lost, new: Newcomer) -> float | None:
    """How far from the way of the lost one the newcomer appeared; None: it is somebody else."""
    gap_ms = new.at_ms - one.at_ms
    if not 0 < gap_ms <= one.join_ms or not _same_side(one, new):
        return None
    seconds, extra_m = gap_ms / 1000, _extra_m(one, new)
    distance_m = distance_to_segment(new.x_m, new.y_m, (one.x_m, one.y_m), _expected(one, seconds))
    if distance_m > min(one.join_m, ASIDE_M + SIDEWAYS_MPS * seconds) + extra_m:
        return None
    if new.velocity is None:
        return distance_m
    still = _speed(new.velocity) < WALKS_MPS
    if gap_ms > one.walk_ms and not still:
        return None
    if still and _speed((one.vx_mps, one.vy_mps)) < WALKS_MPS and distance_m > STILL_M + extra_m:
        return None
    if _change(one, new) > CHANGE_MPS + CHANGE_PER_S * seconds + extra_m / MEASURED_S:
        return None
    return None if seconds <= BEHIND_S and _turned(one, new, extra_m) else distance_m


def _same_side(one: Lost, new: Newcomer) -> bool:
    """Whether no entrance is between the two, or both were seen walking out over it; the last that is known of who was
    counted out is that they stood outside."""
    if one.left is None and not new.outside - one.outside:
        return True
    if new.velocity is None:
        return False
    walking = [_speed(way) > WALKS_MPS for way in ((one.vx_mps, one.vy_mps), new.velocity)]
    if one.left is not None:
        return one.left in new.beyond and not any(walking)
    return all(walking) and not _turned(one, new, _extra_m(one, new))


def _extra_m(one: Lost, new: Newcomer) -> float:
    """How much farther off than usual the points may be: as far as they are seen to jitter, or to have jumped."""
    off_m = new.blur_m if _jumped(one, new) else min(new.blur_m, JITTERS * new.jitter_m)
    return max(0.0, off_m - BLUR_M)


def _jumped(one: Lost, new: Newcomer) -> bool:
    """Whether the box of the lost one jumped at last, as boxes do where the camera looks flat; it says little then of where
    they were, and nothing of how they moved."""
    return new.blur_m > BLUR_M and _speed((one.vx_mps, one.vy_mps)) > JUMPED_MPS


def _turned(one: Lost, new: Newcomer, extra_m: float) -> bool:
    """Whether one of them walks against the other, or against the step from one to the other."""
    step, walks_mps = (new.x_m - one.x_m, new.y_m - one.y_m), WALKS_MPS + extra_m
    before = (0.0, 0.0) if _jumped(one, new) else (one.vx_mps, one.vy_mps)
    ways = [v for v in (before, new.velocity or (0.0, 0.0)) if _speed(v) > walks_mps]
    if len(ways) == 2 and _dot(*ways) < 0:
        return True
    return _speed(step) >= ASIDE_M + extra_m and any(_dot(step, way) < 0 for way in ways)


def _dot(a: tuple[float, float], b: tuple[float, float]) -> float:
    return a[0] * b[0] + a[1] * b[1]


def _speed(v: tuple[float, float]) -> float:
    return sqrt(v[0] * v[0] + v[1] * v[1])


def _change(one: Lost, new: Newcomer) -> float:
    """How much the velocity differs, m/s; 0 where one of them is not known."""
    if new.velocity is None or _jumped(one, new):
        return 0.0
    (x, y), (new_x, new_y) = _at_a_walk((one.vx_mps, one.vy_mps)), _at_a_walk(new.velocity)
    return _speed((new_x - x, new_y - y))


def _at_a_walk(v: tuple[float, float]) -> tuple[float, float]:
    """A velocity as far as it is believed."""
    speed = _speed(v)
    slower = FASTEST_MPS / speed if speed > FASTEST_MPS else 1.0
    return v[0] * slower, v[1] * slower


def _expected(one: Lost, seconds: float) -> Point:
    vx, vy = _at_a_walk((one.vx_mps, one.vy_mps))
    return one.x_m + vx * seconds, one.y_m + vy * seconds


def _length_m(one: Lost) -> float:
    x, y = _expected(one, one.join_ms / 1000)
    return max(abs(x - one.x_m), abs(y - one.y_m))


def _x(one: Lost) -> float:
    return one.x_m
