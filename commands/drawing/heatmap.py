"""The heat map: where on the floor people spent their time."""

from __future__ import annotations

from collections import defaultdict
from math import ceil, floor, log10
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from commands.drawing.fonts import Lettering
from commands.drawing.letters import Letters
from commands.drawing.plan import Plan, draw_plan
from commands.drawing.ramp import HEAT, STEPS, Bytes, Floats, Scale, ramp, with_bar
from commands.drawing.times import caption, time_range
from config.hall import Hall
from streams.events import Event, HeatAdded

DECADES = 4
"""The scale is logarithmic and spans so many powers of ten: one person passing shows beside a bench sat on all day."""
BLUR = (0.15, 0.7, 0.15)
"""Of colours, over a cell and its neighbours in both directions: takes the edges off the grid."""
UNITS = (("person-seconds", 1.0), ("person-minutes", 60.0), ("person-hours", 3600.0))
LARGEST_NUMBER = 1000
MINUTE_MS = 60_000

Cells = dict[tuple[int, int], float]


class HeatPicture:
    """Sums up ``heat_added`` and draws it over the plan. Memory: one number per cell that anybody touched."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._cells: dict[float, Cells] = defaultdict(lambda: defaultdict(float))
        self._from_ms: int | None = None
        self._to_ms = 0

    def observe(self, event: Event) -> None:
        """Add what one event says; others than ``heat_added`` say nothing here."""
        if not isinstance(event, HeatAdded):
            return
        cells = self._cells[event.cell_m]
        for cell in event.cells:
            cells[cell.column, cell.row] += cell.person_s
        self._from_ms = event.at_ms if self._from_ms is None else min(self._from_ms, event.at_ms)
        self._to_ms = max(self._to_ms, event.at_ms + MINUTE_MS)

    def save(self, path: Path) -> None:
        """Draw the map as it is now and write it, as the type that the file's name says."""
        self.draw().save(path)

    def draw(self, *, px_per_m: float | None = None) -> Image.Image:
        lettering = Lettering()
        plan = draw_plan(self._hall, px_per_m=px_per_m, faint=True, lettering=lettering)
        density = self._density()
        unit, seconds, top = _unit(float(density.max(initial=0.0)))
        colours = ramp(HEAT)
        _lay_under(plan, self._picture(_blurred(_share(density / seconds, top)), colours, plan))
        letters = Letters(plan, lettering, faint=True)
        for zone in self._hall.zones:
            letters.zone(zone, self._hall.lines)
        caption(plan, self._hall, f"time spent, {time_range(self._hall, self._from_ms, self._to_ms)}", lettering)
        (_, head), (_, foot) = plan.to_px(0, 0), plan.to_px(*self._hall.size_m)
        scale = Scale((unit, "per m²"), _labels(top))
        return with_bar(plan.image, colours, scale, head, foot, lettering)

    def _shape(self, cell_m: float) -> tuple[int, int]:
        """Rows and columns of cells that the floor has."""
        width, depth = self._hall.size_m
        return max(1, ceil(depth / cell_m)), max(1, ceil(width / cell_m))

    def _density(self) -> Floats:
        """Person-seconds per m² in each cell of the finest grid there is, shape (rows, columns)."""
        finest = min(self._cells, default=1.0)
        rows, columns = self._shape(finest)
        total = np.zeros((rows, columns))
        for cell_m, cells in self._cells.items():
            image = Image.fromarray((_grid(cells, *self._shape(cell_m)) / cell_m**2).astype(np.float32))
            box = 0.0, 0.0, min(columns * finest / cell_m, image.width), min(rows * finest / cell_m, image.height)
            total += np.asarray(image.resize((columns, rows), Image.Resampling.BOX, box=box))
        return total

    def _picture(self, share: Floats, colours: Bytes, plan: Plan) -> Image.Image:
        """The floor in colours, at the plan's scale; between the middles of cells shares are interpolated."""
        width, depth = self._hall.size_m
        cell_px = plan.px_per_m * min(self._cells, default=1.0)
        size = max(1, round(width * plan.px_per_m)), max(1, round(depth * plan.px_per_m))
        box = 0.0, 0.0, min(size[0] / cell_px, share.shape[1]), min(size[1] / cell_px, share.shape[0])
        smooth = Image.fromarray(share.astype(np.float32)).resize(size, Image.Resampling.BICUBIC, box=box)
        return Image.fromarray(colours[np.rint(np.asarray(smooth).clip(0, 1) * (STEPS - 1)).astype(np.uint8)])


def _grid(cells: Cells, rows: int, columns: int) -> Floats:
    """The cells of the hall's floor as an array (row, column); whoever was seen outside the plan is not on it."""
    grid = np.zeros((rows, columns))
    for (column, row), person_s in cells.items():
        if 0 <= column < columns and 0 <= row < rows:
            grid[row, column] += person_s
    return grid


def _blurred(grid: Floats) -> Floats:
    """Weighted with the neighbours; beyond an edge it goes on as at the edge."""
    for axis in (0, 1):
        before, after = np.roll(grid, 1, axis), np.roll(grid, -1, axis)
        edge: list[slice | int] = [slice(None), slice(None)]
        for side, rolled in ((0, before), (-1, after)):
            edge[axis] = side
            rolled[tuple(edge)] = grid[tuple(edge)]
        grid = BLUR[0] * before + BLUR[1] * grid + BLUR[2] * after
    return grid


def _unit(most_s: float) -> tuple[str, float, float]:
    """The unit to show, its seconds, and the top of the scale in it: the next 1, 2 or 5 above the most there is."""
    most = next(((name, s) for name, s in UNITS if most_s / s <= LARGEST_NUMBER), UNITS[-1])
    value = max(most_s / most[1], 1e-3)
    power = 10.0 ** floor(log10(value))
    return (*most, next(n * power for n in (1, 2, 5, 10) if n * power >= value * (1 - 1e-9)))


def _share(density: Floats, top: float) -> Floats:
    """Places on the scale: 1 at ``top``, 0 from ``DECADES`` powers of ten below it down."""
    share: Floats = 1 + np.log10(np.maximum(density, top * 10.0**-DECADES) / top) / DECADES
    return share


def _lay_under(plan: Plan, heat: Image.Image) -> None:
    """Lay the colours under the plan's lines: multiplied, white leaves them as they are."""
    x, y = (round(v) for v in plan.to_px(0, 0))
    ground = plan.image.crop((x, y, x + heat.width, y + heat.height))
    plan.image.paste(ImageChops.multiply(ground, heat), (x, y))


def _labels(top: float) -> tuple[tuple[float, str], ...]:
    """A power of ten down from the top each; the lowest stands for all that is less, too."""
    marks = [(1 - k / DECADES, f"{top / 10**k:g}") for k in range(DECADES, -1, -1)]
    return ((0.0, "≤ " + marks[0][1]), *marks[1:])
