r"""Doorways: entrances that somebody passed while nobody saw it. Pure; used by trajectory.

A box is missed now and then, and an id that breaks at a door is lost for good: the rest of the way is too short for a
new one to be believed. What was seen before, or after, says enough:

    line    ------------------------         ------------------x-----      x  here, within UNSEEN_S of walking on
    hall          ^   x last seen                          .'              '  as it did when it was seen
                  |  /  walking                          .'
                  | /                                   o first seen, walking in

* who ends walking towards an entrance, and would have been through it soon, has gone out: where they really were by then,
  nobody of that camera's was seen who could be they, or the new one would have been joined to them;
* who begins walking away from one, and would have been in it just before, and continues nobody, has come in;
* an id that is too short to be believed, but walked through one, or was about to, is somebody.

Both ways by the same measure, or entries and exits would drift apart. It is only said where the camera is known to see
the floor on both sides of the entrance (its ``floor_m``): where the image ends at a door, whoever comes or goes there was
not missed, but out of view; and who walks to a door over another camera's floor is counted by that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt

from agents.floor_index import FloorIndex
from agents.joining import WALKS_MPS
from agents.lines import PlanLine, Segment
from agents.tracks import Sighting
from config.geometry import Point

UNSEEN_S = 1.5
"""How much of a way nobody needs to have seen: a box that is missed a few times, or an id until it is believed."""
LEAST_S, LEAST_M = 0.3, 0.5
"""Seen for so long, and so far from where it was first, nobody is a false box."""
BEYOND_M = 0.5
"""So far beyond the entrance the camera answers for the floor, at least."""


def gone_out(entrances: Iterable[PlanLine], floor: FloorIndex | None, at: Point, velocity: Point) -> str | None:
    """The entrance that somebody last seen at ``at`` has gone out over, if any. ``floor``: what the camera answers for."""
    return _passed(entrances, floor, at, velocity, UNSEEN_S)


def come_in(entrances: Iterable[PlanLine], floor: FloorIndex | None, at: Point, velocity: Point) -> str | None:
    """The entrance that somebody first seen at ``at`` has come in over, if any."""
    return _passed(entrances, floor, at, velocity, -UNSEEN_S)


def is_somebody(entrances: Iterable[PlanLine], floor: FloorIndex | None, points: Sequence[Sighting]) -> bool:
    """Whether an id walked through an entrance from its first point to its last, or was about to. False boxes stay where
    they are.
    """
    p, q, seconds = points[0][1:], points[-1][1:], (points[-1][0] - points[0][0]) / 1000
    x, y = q[0] - p[0], q[1] - p[1]
    if seconds < LEAST_S or x * x + y * y < LEAST_M * LEAST_M:
        return False
    if any(line.crossed(p, q) for line in entrances):
        return True
    return gone_out(entrances, floor, q, (x / seconds, y / seconds)) is not None


def _passed(
    entrances: Iterable[PlanLine], floor: FloorIndex | None, at: Point, velocity: Point, seconds: float
) -> str | None:
    """The first entrance that the way from ``at``, back in time or on, goes out through where the camera sees it."""
    step = velocity[0] * seconds, velocity[1] * seconds
    length_m, least_m = sqrt(step[0] * step[0] + step[1] * step[1]), WALKS_MPS * abs(seconds)
    if floor is None or length_m < least_m:
        return None
    to = at[0] + step[0], at[1] + step[1]
    for line in entrances:
        if line.crossed(at, to) < 0:
            met = next(segment for segment in line.segments if segment.crossed(at, to) < 0)
            part = _part(met, at, to)
            if _both_sides(floor, met, at[0] + part * step[0], at[1] + part * step[1]):
                return line.id
    return None


def _both_sides(floor: FloorIndex, door: Segment, x: float, y: float) -> bool:
    """Whether the camera answers for a point of the entrance, and for the floor outside of it."""
    out = BEYOND_M / door.length_m
    return bool(floor.at(x, y) and floor.at(x - door.dy * out, y + door.dx * out))


def _part(segment: Segment, p: Point, q: Point) -> float:
    """Where on the step p-q, which changes sides, it meets the segment: 0 at p, 1 at q."""
    before, after = segment.side(*p), segment.side(*q)
    return before / (before - after)
