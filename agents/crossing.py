r"""Crossings: when a track that moves has crossed a line. One judgement, for entrances and for every other line.

**The crossing itself** is between two consecutive points of a track: the side, ``cross(to - from, point - from) > 0``,
changes, and their closed segment meets the closed line. From positive to not positive is forward. With ``inertia_m`` 0
every such crossing is said as it stands.

**With inertia** a line is a strip: all that is nearer to it than ``inertia_m``, round its ends too.

         a      b   b      c     c       positive side
      ---|------|---|------|-----|---.
      ===|======|===|======|==o  |    )  the line (=) up to its end (o), and the strip round it
      ---|------'---'------'-----'---'
         v                               other side

    a: through it: forward, once, when it leaves the strip. b: in and out on the same side, dithering or not: nothing.
    c: through the line and back round its end: nothing.

What happens in the strip is summed up when the track leaves it: one crossing if it leaves on the other side than it
came from and went through the line on balance, else none. ``at_ms`` is the last time it went through. Where a camera
sees so seldom that a person is seen in the strip and then not again for a while, ``inertia_s`` says after how long on
the other side the crossing counts although the strip was not left.

**The end of a track.** A track that starts in the strip came from the side of its first point; one that ends in it left
on the side of its last, as nothing more will come to undo it. The points are smoothed, and smoothing lags behind: the
last step goes to where the person was really seen last. So somebody who vanishes just behind the line is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from agents.lines import STEP_M, LineIndex, PlanLine, plan_line
from config.geometry import Point
from config.hall import Line
from config.rules import FlowRules


class Strip(msgspec.Struct):
    """What a track did in a line's strip: the side it came from, times forward minus backward, and when last."""

    came_positive: bool
    balance: int = 0
    met_ms: int = 0


Strips = dict[str, Strip]
"""By line: the strips that a track is in."""
Corners = tuple[float, ...]


class Crossing(NamedTuple):
    """``line`` was crossed at ``at_ms``."""

    line: str
    forward: bool
    at_ms: int


class Crossings:
    """The lines of a hall, or some of them, and the judgement of a step from one point to the next."""

    def __init__(self, lines: Iterable[Line], rules: FlowRules) -> None:
        plan = (plan_line(line, rules.inertia_m_of(line.id), rules.inertia_s_of(line.id)) for line in lines)
        self.index = LineIndex([line for line in plan if line is not None])
        self.any = bool(self.index.all)
        self._by_id = {line.id: line for line in self.index.all}

    def start(self, strips: Strips, at: Point) -> None:
        """A track's first point may lie in strips."""
        for line in self.index.at(*at):
            if line.strip_m and line.in_strip(*at):
                strips[line.id] = Strip(line.positive(*at))

    def step(self, strips: Strips, line: PlanLine, p: Point, q: Point, at_ms: int) -> Crossing | None:
        """The step from ``p`` to ``q``, taken at ``at_ms``, seen from one line."""
        crossed = line.crossed(p, q)
        if not line.strip_m:
            return Crossing(line.id, crossed > 0, at_ms) if crossed else None
        strip, stays = strips.get(line.id), line.in_strip(q[0], q[1])
        if strip is None:
            if not crossed and not stays:
                return None
            strip = Strip(line.positive(*p))
        if crossed:
            strip.balance += crossed
            strip.met_ms = at_ms
        if stays and at_ms - strip.met_ms < line.inertia_ms:
            strips[line.id] = strip
            return None
        after = line.positive(*q)
        found = _left(line, strip, after)
        if not stays:
            strips.pop(line.id, None)
        else:
            strips[line.id] = Strip(after, 0, strip.met_ms) if found else strip
        return found

    def end(self, strips: Strips, p: Point, q: Point, at_ms: int) -> list[Crossing]:
        """The last step, to where the track was seen last, and what the strips it ends in amount to."""
        left = {name: Strip(s.came_positive, s.balance, s.met_ms) for name, s in strips.items()}
        found: list[Crossing] = []
        if p != q:
            short = abs(q[0] - p[0]) <= STEP_M and abs(q[1] - p[1]) <= STEP_M
            lines = self.index.at(*q) if short else self.index.all
            found += (one for line in lines if (one := self.step(left, line, p, q, at_ms)))
        for name, strip in left.items():
            if (line := self._by_id.get(name)) and (one := _left(line, strip, line.positive(*q))):
                found.append(one)
        return found

    def corners(self) -> dict[str, Corners]:
        """Where the lines are: kept beside the strips, to know later which lines have moved."""
        return {line.id: line.corners for line in self.index.all}

    def still_true(self, strips: Strips, corners: Mapping[str, Corners]) -> Strips:
        """Under a new configuration: the strips of lines that are where they were when ``corners`` was taken."""
        now = self.corners()
        return {
            name: strip
            for name, strip in strips.items()
            if name in now and corners.get(name) == now[name] and self._by_id[name].strip_m
        }


def _left(line: PlanLine, strip: Strip, after: bool) -> Crossing | None:
    """Out of the strip, or ended in it, on side ``after``."""
    through = strip.balance if strip.came_positive else -strip.balance
    if strip.came_positive is after or through <= 0:
        return None
    return Crossing(line.id, strip.came_positive, strip.met_ms)
