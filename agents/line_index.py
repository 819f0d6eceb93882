"""Where the lines of a hall are: a grid that says, for a point, which few lines a short step to it can have to do with.

Most points of a day are nowhere near a line, and cost one dictionary lookup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot

from config.geometry import Point, distance_to_segment, segments_meet
from config.hall import Line
from streams.events import Position

STEP_M = 0.5
"""The longest step, per axis, that the grid answers for; a longer one may meet any line."""
FINEST_CELL_M = 0.5
ROWS = 2.0**23
"""A cell's key is ``column * ROWS + row``: one float, exact for 2000 km around, hashed faster than two."""
CELLS_ALONG = 512
"""A line is sampled at no more points than this, however long it is: cells grow instead."""
ROUNDING_M = 1e-6
"""More than any rounding of metres, and far less than a cell."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A directed line of the plan, with what can be computed once. Its strip: all that is at most ``strip_m`` away."""

    id: str
    entrance: bool
    from_m: Point
    to_m: Point
    strip_m: float
    x: float
    y: float
    dx: float
    dy: float
    length_m: float

    def side(self, x: float, y: float) -> float:
        """``config.geometry.cross(from, to, point)``, the same doubles: positive on the positive side."""
        return self.dx * (y - self.y) - self.dy * (x - self.x)

    def meets(self, p: Position, q: Position) -> bool:
        return segments_meet((p.x_m, p.y_m), (q.x_m, q.y_m), self.from_m, self.to_m)

    def in_strip(self, x: float, y: float) -> bool:
        """Whether the nearest point of the closed line is at most ``strip_m`` away."""
        # Beside the straight line already too far: the common case, and the cheap one.
        if not -self.strip_m <= self.side(x, y) / self.length_m <= self.strip_m:
            return False
        return distance_to_segment(x, y, self.from_m, self.to_m) <= self.strip_m


class LineIndex:
    """``near``: by cell, ``x // cell_m * ROWS + y // cell_m``, its lines in the hall's order.

    They are the lines that a step of at most ``STEP_M`` per axis to a point of the cell can meet, or whose strip it can
    start or end in. A cell without any is not in it.
    """

    def __init__(self, lines: Sequence[Line], strip_m: float) -> None:
        # A line without length has no sides to change.
        plan = (_plan(line, strip_m) for line in lines)
        self.all = tuple(line for line in plan if line.length_m > 0)
        longest_m = max((line.length_m for line in self.all), default=0.0)
        self.cell_m = max(FINEST_CELL_M, strip_m, longest_m / CELLS_ALONG)
        cells: dict[float, list[PlanLine]] = {}
        for line in self.all:
            for cell in self._cells(line):
                cells.setdefault(cell, []).append(line)
        self.near = {cell: tuple(lines) for cell, lines in cells.items()}

    def _cells(self, line: PlanLine) -> dict[float, None]:
        """The cells around points spread along the line, no further apart than a cell."""
        count = ceil(line.length_m / self.cell_m)
        reach_m = STEP_M + line.strip_m + self.cell_m / 2 + ROUNDING_M
        cells: dict[float, None] = {}
        for i in range(count + 1):
            x, y = line.x + line.dx * i / count, line.y + line.dy * i / count
            for column in self._span(x, reach_m):
                for row in self._span(y, reach_m):
                    cells[column * ROWS + row] = None
        return cells

    def _span(self, middle: float, reach_m: float) -> range:
        return range(int((middle - reach_m) // self.cell_m), int((middle + reach_m) // self.cell_m) + 1)


def _plan(line: Line, strip_m: float) -> PlanLine:
    (fx, fy), (tx, ty) = line.from_m, line.to_m
    dx, dy = tx - fx, ty - fy
    return PlanLine(line.id, line.entrance, line.from_m, line.to_m, strip_m, fx, fy, dx, dy, hypot(dx, dy))
