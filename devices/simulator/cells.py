"""Which zones a floor point is in, and which lines are near: exact, and quick enough for every body at every frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

from config.geometry import Point, inside
from devices.simulator.floor import distance, edges

CELL_M = 0.25
# Half of a cell's diagonal, and a little for rounding: an edge farther from the centre than this does not touch the
# cell.
REACH_M = CELL_M * math.sqrt(0.5) + 1e-6

Cell = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


class Cells:
    """Polygons and segments over a grid of cells that is filled in as it is asked for.

    A cell that no edge of a polygon touches is inside or outside as a whole; only in the others the even-odd rule is
    asked.
    """

    def __init__(
        self, polygons: Sequence[Sequence[Point]], segments: Sequence[tuple[Point, Point]] = (), step_m: float = 0.5
    ) -> None:
        """``step_m``: the longest way between two frames; a segment farther away than that cannot have been crossed."""
        self._polygons, self._segments, self._step_m = polygons, segments, step_m
        self._cells: dict[tuple[int, int], Cell] = {}

    def zones(self, x: float, y: float) -> tuple[int, ...]:
        """Numbers of the polygons that hold the point, ascending."""
        whole, doubtful, _ = self._cell(x, y)
        if not doubtful:
            return whole
        return tuple(sorted((*whole, *(i for i in doubtful if inside(x, y, self._polygons[i])))))

    def near(self, x: float, y: float) -> tuple[int, ...]:
        """Numbers of the segments that one step from the point may meet."""
        return self._cell(x, y)[2]

    def _cell(self, x: float, y: float) -> Cell:
        key = (math.floor(x / CELL_M), math.floor(y / CELL_M))
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = self._make((key[0] + 0.5) * CELL_M, (key[1] + 0.5) * CELL_M)
        return cell

    def _make(self, x: float, y: float) -> Cell:
        doubtful = tuple(
            i
            for i, polygon in enumerate(self._polygons)
            if any(distance(x, y, a, b) <= REACH_M for a, b in edges(polygon))
        )
        whole = tuple(i for i, polygon in enumerate(self._polygons) if i not in doubtful and inside(x, y, polygon))
        near = tuple(i for i, (a, b) in enumerate(self._segments) if distance(x, y, a, b) <= REACH_M + self._step_m)
        return whole, doubtful, near
