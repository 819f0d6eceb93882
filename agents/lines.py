"""Where the lines of a hall are: a grid that says, for a point, which few lines a short step to it can have to do with.

A line is a path of one or more straight segments. Most points of a day are nowhere near one, and cost one dictionary
lookup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt

from config.geometry import Point, distance_to_segment, segments_meet
from config.hall import Line

STEP_M = 0.5
"""The longest step, per axis, that the grid answers for; a longer one may meet any line."""
FINEST_CELL_M = 0.5
ROWS = 2.0**23
"""A cell's key is ``column * ROWS + row``: one float, exact for 2000 km around, hashed faster than two."""
CELLS_ALONG = 512
"""A segment is sampled at no more points than this, however long it is: cells grow instead."""
ROUNDING_M = 1e-6
"""More than any rounding of metres, and far less than a cell."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A directed straight part of a line, with what can be computed once."""

    a: Point
    b: Point
    dx: float
    dy: float
    length_m: float

    def side(self, x: float, y: float) -> float:
        """``config.geometry.cross(a, b, point)``, the same doubles: positive on the positive side."""
        return self.dx * (y - self.a[1]) - self.dy * (x - self.a[0])

    def crossed(self, p: Point, q: Point) -> int:
        """How the step p-q goes through: 1 forward, from the positive side to the other; -1 backward; 0 not."""
        before = self.side(p[0], p[1]) > 0
        if before is (self.side(q[0], q[1]) > 0) or not segments_meet(p, q, self.a, self.b):
            return 0
        return 1 if before else -1

    def distance_m(self, x: float, y: float) -> float:
        return distance_to_segment(x, y, self.a, self.b)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A directed line of the plan. Its strip: all that is at most ``strip_m`` away from it."""

    id: str
    entrance: bool
    strip_m: float
    inertia_ms: float
    """Past the line for this long counts as out of the strip; infinite: only the distance counts."""
    segments: tuple[Segment, ...]

    def positive(self, x: float, y: float) -> bool:
        """Whether the point is on the positive side: of the segment nearest to it."""
        segments = self.segments
        if len(segments) == 1:
            return segments[0].side(x, y) > 0
        # Two segments that share the nearest corner disagree behind it: the one that is passed more squarely decides.
        nearest = min(segments, key=lambda s: (s.distance_m(x, y), -abs(s.side(x, y)) / s.length_m))
        return nearest.side(x, y) > 0

    def crossed(self, p: Point, q: Point) -> int:
        """How the step p-q goes through the line on balance: 1 forward, -1 backward, 0 not."""
        segments = self.segments
        if len(segments) == 1:
            return segments[0].crossed(p, q)
        net = sum(segment.crossed(p, q) for segment in segments)
        return (net > 0) - (net < 0)  # a step through a corner meets both of its segments, and is one crossing

    def in_strip(self, x: float, y: float) -> bool:
        """Whether the nearest point of the closed line is at most ``strip_m`` away."""
        reach = self.strip_m
        for segment in self.segments:
            # Beside the straight line already too far: the common case, and the cheap one.
            beside = -reach <= segment.side(x, y) / segment.length_m <= reach
            if beside and segment.distance_m(x, y) <= reach:
                return True
        return False

    def distance_m(self, x: float, y: float) -> float:
        return min(segment.distance_m(x, y) for segment in self.segments)

    @property
    def corners(self) -> tuple[float, ...]:
        """The path as plain numbers: by them a line that was moved is told from one that was not."""
        ends = [segment.b for segment in self.segments]
        return tuple(value for point in (self.segments[0].a, *ends) for value in point)


class LineIndex:
    """``near``: by cell, ``x // cell_m * ROWS + y // cell_m``, its lines in the hall's order.

    They are the lines that a step of at most ``STEP_M`` per axis to a point of the cell can meet, or whose strip it can
    start or end in. A cell without any is not in it. ``about``: those cells and all that touch them, where a point may be
    that is at most ``STEP_M`` from one of them.
    """

    def __init__(self, lines: Sequence[PlanLine]) -> None:
        self.all = tuple(lines)
        longest_m = max((segment.length_m for line in self.all for segment in line.segments), default=0.0)
        widest_m = max((line.strip_m for line in self.all), default=0.0)
        self.cell_m = max(FINEST_CELL_M, widest_m, longest_m / CELLS_ALONG)
        cells: dict[float, list[PlanLine]] = {}
        for line in self.all:
            for cell in self._cells(line):
                cells.setdefault(cell, []).append(line)
        self.near = {cell: tuple(found) for cell, found in cells.items()}
        around = [column * ROWS + row for column in (-1, 0, 1) for row in (-1, 0, 1)]
        self.about = frozenset(cell + step for cell in cells for step in around)

    def reach(self, step_m: float) -> tuple[float, float, float, float]:
        """Left, near, right, far of all that a step of at most ``step_m`` per axis may have to do with; of no line: empty."""
        xs = [x for line in self.all for segment in line.segments for x, _ in (segment.a, segment.b)]
        ys = [y for line in self.all for segment in line.segments for _, y in (segment.a, segment.b)]
        if not xs:
            return 0.0, 0.0, 0.0, 0.0
        beside_m = 2 * step_m + max(line.strip_m for line in self.all)
        return min(xs) - beside_m, min(ys) - beside_m, max(xs) + beside_m, max(ys) + beside_m

    def at(self, x: float, y: float) -> tuple[PlanLine, ...]:
        """The lines about a point."""
        return self.near.get(x // self.cell_m * ROWS + y // self.cell_m, ())

    def _cells(self, line: PlanLine) -> dict[float, None]:
        """The cells around points spread along the line, no further apart than a cell."""
        reach_m = STEP_M + line.strip_m + self.cell_m / 2 + ROUNDING_M
        cells: dict[float, None] = {}
        for segment in line.segments:
            count = ceil(segment.length_m / self.cell_m)
            for i in range(count + 1):
                x, y = segment.a[0] + segment.dx * i / count, segment.a[1] + segment.dy * i / count
                for column in self._span(x, reach_m):
                    for row in self._span(y, reach_m):
                        cells[column * ROWS + row] = None
        return cells

    def _span(self, middle: float, reach_m: float) -> range:
        return range(int((middle - reach_m) // self.cell_m), int((middle + reach_m) // self.cell_m) + 1)


def plan_line(line: Line, strip_m: float, inertia_s: float | None = None) -> PlanLine | None:
    """The line as it is judged; None for one without length, which has no sides to change."""
    segments = tuple(segment for a, b in pairwise(line.path_m) if (segment := _segment(a, b)).length_m > 0)
    if not segments:
        return None
    inertia_ms = float("inf") if inertia_s is None else inertia_s * 1000
    return PlanLine(line.id, line.entrance, strip_m, inertia_ms, segments)


def _segment(a: Point, b: Point) -> Segment:
    dx, dy = b[0] - a[0], b[1] - a[1]
    return Segment(a, b, dx, dy, sqrt(dx * dx + dy * dy))
