"""Which zones a point is in, mostly without testing a polygon.

The floor is cut into cells. A cell that no edge of any polygon touches lies in the same zones all over: they are known
once one of its points was tested. In the other cells a point is tested, but only against the edges that pass there:

    +----+----+----+----+        .  no edge here: the cell's answer
    | .  | .  | t  | t  |        t  an edge passes: test the point against it
    +----+----+--/-+----+
    | .  | t  | /t | .  |
    +----+---/+----+----+
    | t  | t/ | .  | .  |
    +----+-/--+----+----+

The answers are those of ``config.geometry.inside`` for every polygon, always: what is computed once for a cell holds
for all that lies within ``SLACK_M`` of it, far more than the rounding of doubles moves a point or an edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from config.geometry import Point, inside

Polygon = tuple[Point, ...]
Zones = tuple[str, ...]
Edge = tuple[float, float, float, float]
"""From (ax, ay) to (bx, by)."""
Test = tuple[str, bool, tuple[Edge, ...]]
"""A zone; whether a point of the cell is inside it but for these edges; the edges, each of which may change that."""

CELL_M = 0.25
SLACK_M = 1e-6
MARGIN_M = 4.0
"""How far around the zones cells are remembered: people walk there too."""
ROWS = 2.0**23
"""A cell's key is one float, exact for far more floor than a hall has, and hashed faster than two."""
MOST_CELLS = 1 << 16
"""Remembered in one index, some 90 bytes each where people go: beyond about 56 m x 56 m of floor cells are coarser."""


class Cell(NamedTuple):
    """``certain``: the zones of all its points, if there is nothing to test. ``tests``: else, in the zones' order."""

    certain: Zones
    tests: tuple[Test, ...]


class Box(NamedTuple):
    """An upright rectangle of floor."""

    left: float
    right: float
    low: float
    high: float


NOWHERE = Cell((), ())


class FloorIndex:
    """``zones``: id and polygon in metres of each, in the order of the answers. Cells are looked at when first met."""

    def __init__(self, zones: Iterable[tuple[str, Polygon]]) -> None:
        self._zones = tuple(zones)
        self._reach = _reach([point for _, polygon in self._zones for point in polygon])
        self.cell_m = _cell_size(self._reach)
        # Plans are drawn in round metres: edges should lie in the middle of cells, not touch the cells on both sides.
        self.shift_m = self.cell_m / 2
        self.cells: dict[float, Cell] = {}
        """By ``(x + shift_m) // cell_m * ROWS + (y + shift_m) // cell_m``, those that were met: hot loops look here first."""
        self._equal: dict[Cell, Cell] = {}

    def at(self, x_m: float, y_m: float) -> Zones:
        """The ids of the zones that hold the point, in the zones' order."""
        cell = self.cell(x_m, y_m)
        return zones_of(cell.tests, x_m, y_m) if cell.tests else cell.certain

    def cell(self, x_m: float, y_m: float) -> Cell:
        """The cell that holds the point."""
        reach = self._reach
        if not (reach.left <= x_m <= reach.right and reach.low <= y_m <= reach.high):
            return NOWHERE
        column, row = (x_m + self.shift_m) // self.cell_m, (y_m + self.shift_m) // self.cell_m
        found = self.cells.get(column * ROWS + row)
        if found is None:
            found = self._look(column * self.cell_m - self.shift_m, row * self.cell_m - self.shift_m)
            # One object for all equal cells: with a thousand halls that is what memory goes to.
            found = self.cells[column * ROWS + row] = self._equal.setdefault(found, found)
        return found

    def _look(self, x_m: float, y_m: float) -> Cell:
        """At the cell with this corner, for the first time."""
        size = self.cell_m
        square = Box(x_m - SLACK_M, x_m + size + SLACK_M, y_m - SLACK_M, y_m + size + SLACK_M)
        tests = tuple(_tests(self._zones, square, x_m + size / 2, y_m + size / 2))
        if any(edges for _, _, edges in tests):
            return Cell((), tests)
        return Cell(tuple(zone for zone, _, _ in tests), ())


@lru_cache(maxsize=1024)
def floor_index(zones: tuple[tuple[str, Polygon], ...]) -> FloorIndex:
    """One index for all halls with these zones: what it has learnt of its cells is the same for all of them."""
    return FloorIndex(zones)


def zones_of(tests: tuple[Test, ...], x_m: float, y_m: float) -> Zones:
    """The zones of a point of a cell that has these tests."""
    found = []
    for zone, odd, edges in tests:
        for ax, ay, bx, by in edges:  # as in config.geometry.inside, to the last bit
            if (ay > y_m) != (by > y_m) and x_m < (bx - ax) * (y_m - ay) / (by - ay) + ax:
                odd = not odd
        if odd:
            found.append(zone)
    return tuple(found)


def _tests(zones: tuple[tuple[str, Polygon], ...], square: Box, x_m: float, y_m: float) -> Iterator[Test]:
    """What is left to test in a cell about (x, y); zones that hold none of its points are left out."""
    for zone, polygon in zones:
        edges = tuple(edge for edge in _edges(polygon) if _matters(edge, square))
        right = [edge for edge in edges if min(edge[0], edge[2]) > square.right]
        if _cancel(right, square):
            edges = tuple(edge for edge in edges if edge not in right)
        # All edges at the cell's middle, less those that matter: what the others amount to, at any of its points.
        odd = inside(x_m, y_m, polygon) != bool(zones_of(((zone, False, edges),), x_m, y_m))
        if odd or edges:
            yield zone, odd, edges


def _edges(polygon: Polygon) -> Iterator[Edge]:
    ax, ay = polygon[-1]
    for bx, by in polygon:
        yield ax, ay, bx, by
        ax, ay = bx, by


def _matters(edge: Edge, square: Box) -> bool:
    """Whether ``inside`` could find this edge to the right of one point of the square and not of another."""
    ax, ay, bx, by = edge
    left, right, low, high = square
    if ay == by or max(ay, by) < low or min(ay, by) > high or max(ax, bx) < left:
        return False  # to the right of none
    if (ay < low and by > high) or (by < low and ay > high):
        # It passes all the square's height, so its line has the whole square on one side, or passes through it.
        nx, ny = by - ay, ax - bx
        middle = nx * ((left + right) / 2 - ax) + ny * ((low + high) / 2 - ay)
        return abs(middle) <= (abs(nx) + abs(ny)) * (right - left) / 2
    return True


def _cancel(edges: list[Edge], square: Box) -> bool:
    """Whether edges that lie wholly to the right of the square amount to the same at all its points.

    Such an edge only asks whether its ends are on different sides of the point's height: an end that two of them share
    asks nothing, and left or right of a polygon all its corners come in pairs.
    """
    heights = [y for _, ay, _, by in edges for y in (ay, by) if square.low <= y <= square.high]
    return all(heights.count(y) % 2 == 0 for y in heights)


def _reach(points: list[Point]) -> Box:
    """What the points span, with the margin; without points, some floor about the plan's origin."""
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    return Box(min(xs) - MARGIN_M, max(xs) + MARGIN_M, min(ys) - MARGIN_M, max(ys) + MARGIN_M)


def _cell_size(reach: Box) -> float:
    """The usual one, doubled until there are few enough; powers of two, so that dividing by it is exact."""
    cell_m = CELL_M
    while ((reach.right - reach.left) / cell_m + 2) * ((reach.high - reach.low) / cell_m + 2) > MOST_CELLS:
        cell_m *= 2
    return cell_m
