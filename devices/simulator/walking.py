"""How a body moves: legs along gentle curves at a walking pace, and the small sway of someone who stands."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from random import Random

from config.geometry import Point
from devices.simulator.chance import between

RAMP_S = 0.6
"""Time to get going, and to come to a stop."""
KEEP_POINTS = 10_000
"""A path longer than this (days inside) loses its oldest points: a live demonstration must not grow."""


def pace(rng: Random) -> float:
    """A free walking speed in m/s: normal, 1.2 ± 0.2, cut to 0.7..1.7.

    Weidmann (Transporttechnik der Fussgänger, 1993) gives 1.34 ± 0.26 m/s over all purposes; people who look for their
    way indoors are slower.
    """
    return min(max(rng.gauss(1.2, 0.2), 0.7), 1.7)


class Leg:
    """A quadratic Bézier curve from one point to another, walked between two moments, with soft starts and stops."""

    __slots__ = ("_c", "_from", "_ramp_in", "_ramp_out", "_to", "_top", "end_ms", "start_ms")

    def __init__(
        self, a: Point, bend: Point, b: Point, start_ms: int, speed_mps: float, *, starts: bool, stops: bool
    ) -> None:
        self._from, self._c, self._to = a, bend, b
        # Within 1 % of a Bézier's true length for the gentle bends used here.
        length = (math.dist(a, b) + math.dist(a, bend) + math.dist(bend, b)) / 2
        flat = length / speed_mps
        ramps = RAMP_S * (starts + stops)
        # A ramp covers half the ground: the time lost is half its length. Short legs are ramp all the way.
        total = flat + ramps / 2 if flat > ramps / 2 else 2 * flat
        self.start_ms = start_ms
        self.end_ms = start_ms + max(1, round(total * 1000))
        share = min(RAMP_S / total, 0.5) if total else 0.0
        self._ramp_in, self._ramp_out = share * starts, share * stops
        self._top = 1 / (1 - (self._ramp_in + self._ramp_out) / 2)

    @property
    def end(self) -> Point:
        return self._to

    def at(self, at_ms: int) -> Point:
        """The point at that moment, which must lie within the leg."""
        s = self._progress((at_ms - self.start_ms) / (self.end_ms - self.start_ms))
        r = 1 - s
        a, b, c = r * r, 2 * r * s, s * s
        return (
            a * self._from[0] + b * self._c[0] + c * self._to[0],
            a * self._from[1] + b * self._c[1] + c * self._to[1],
        )

    def _progress(self, u: float) -> float:
        """Share of the curve done after share ``u`` of the time: speed rises, stays, falls."""
        if u < self._ramp_in:
            return self._top * u * u / (2 * self._ramp_in)
        if u > 1 - self._ramp_out:
            return 1 - self._top * (1 - u) ** 2 / (2 * self._ramp_out)
        return self._top * (u - self._ramp_in / 2)


class Body:
    """One visitor's way: exact positions at any moment that is asked in order of time."""

    __slots__ = (
        "_ax", "_ay", "_px", "_py", "_rng", "_still", "_still_ms", "_wx", "_wy", "height_m", "key_points", "legs",
        "speed_mps", "x", "y",
    )  # fmt: skip

    def __init__(self, rng: Random, at_ms: int, spot: Point) -> None:
        self._rng = rng
        self.speed_mps = pace(rng)
        self.height_m = min(max(rng.gauss(1.67, 0.08), 1.45), 1.95)
        # Sway: two slow sines, a few centimetres wide; below 0.15 m/s at all times.
        self._ax, self._ay = between(rng, 0.02, 0.05), between(rng, 0.02, 0.05)
        self._wx, self._wy = between(rng, 0.8, 1.8) / 1000, between(rng, 0.8, 1.8) / 1000
        self._px, self._py = between(rng, 0, math.tau), between(rng, 0, math.tau)
        self.legs: deque[Leg] = deque()
        self.x, self.y = spot
        self._still, self._still_ms = spot, at_ms
        self.key_points: deque[tuple[int, float, float]] = deque(((at_ms, *spot),), KEEP_POINTS)

    def arrived(self, now_ms: int) -> bool:
        """Whether the way planned so far is done."""
        return not self.legs or self.legs[-1].end_ms <= now_ms

    def walk(
        self, now_ms: int, way: Sequence[Point], speed_mps: float, *, starts: bool = True, stops: bool = True
    ) -> int:
        """Go by the points of ``way`` from where one is; returns when the last is reached. Earlier ways are dropped.

        ``starts``: from rest, unless one is walking already. ``stops``: come to rest at the end.
        """
        self.move(now_ms)
        here: Point = (self.x, self.y)
        starts = starts and not self.legs
        self.legs.clear()
        self._note(now_ms, here)
        at_ms, last = now_ms, len(way) - 1
        for i, point in enumerate(way):
            leg = Leg(
                here,
                self._bend(here, point),
                point,
                at_ms,
                speed_mps,
                starts=starts and i == 0,
                stops=stops and i == last,
            )
            self.legs.append(leg)
            here, at_ms = point, leg.end_ms
        return at_ms

    def move(self, at_ms: int) -> None:
        """Be where one is at that moment (``x``, ``y``); moments must not go back."""
        legs = self.legs
        while legs and at_ms >= legs[0].end_ms:
            done = legs.popleft()
            self._note(done.end_ms, done.end)
            self._still, self._still_ms = done.end, done.end_ms
        if legs:
            self.x, self.y = legs[0].at(at_ms)
            return
        since = at_ms - self._still_ms
        grown = since / 3000 if since < 3000 else 1.0  # the sway begins at nothing: nobody jumps
        self.x = self._still[0] + grown * self._ax * math.sin(self._wx * since + self._px)
        self.y = self._still[1] + grown * self._ay * math.sin(self._wy * since + self._py)

    def _bend(self, a: Point, b: Point) -> Point:
        """The middle control point: beside the straight line, more so on a long way, none on a short one."""
        length = math.dist(a, b)
        if length < 2:
            return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        aside = min(max(self._rng.gauss(0, 0.08), -0.2), 0.2)
        return (a[0] + b[0]) / 2 - aside * (b[1] - a[1]), (a[1] + b[1]) / 2 + aside * (b[0] - a[0])

    def _note(self, at_ms: int, point: Point) -> None:
        if self.key_points[-1] != (at_ms, *point):
            self.key_points.append((at_ms, *point))
