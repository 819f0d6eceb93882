"""A hall's plan as a picture: zones, lines with their direction, what the cameras see; the ground for maps over it."""

from __future__ import annotations

from PIL import Image

from commands.drawing.fonts import Lettering
from commands.drawing.frame import MARGIN_PX, Plan
from commands.drawing.letters import Letters
from commands.drawing.palette import FLOOR, PAPER, WALL
from commands.drawing.shapes import Shapes
from config.hall import Hall

__all__ = ["Plan", "draw_plan"]

LONGEST_PX = 1400
LEGEND_PX = 190


def draw_plan(
    hall: Hall, *, px_per_m: float | None = None, faint: bool = False, lettering: Lettering | None = None
) -> Plan:
    """The hall's plan. ``px_per_m``: its scale (default: its longer side becomes 1,400 px).

    ``faint``: outlines and names without colours, as the ground for a heat map or tracks; no legend.
    """
    scale = px_per_m or LONGEST_PX / max(hall.size_m)
    width, height = (round(side * scale) for side in hall.size_m)
    size = width + 2 * MARGIN_PX + (0 if faint else LEGEND_PX), height + 2 * MARGIN_PX
    plan = Plan(Image.new("RGB", size, PAPER), scale, (MARGIN_PX, MARGIN_PX))
    shapes = Shapes(plan)
    walls = [(0, 0), (hall.size_m[0], 0), hall.size_m, (0, hall.size_m[1])]
    shapes.fill(walls, FLOOR, 255)
    shapes.grid(hall.size_m)
    for zone in hall.zones:
        shapes.zone(zone, faint)
    if not faint:
        for camera in hall.cameras:
            shapes.camera(camera, hall)
    shapes.outline(walls, WALL, 3)
    for line in hall.lines:
        shapes.line(line, faint)
    plan = shapes.finished()
    letters = Letters(plan, lettering or Lettering(), faint)
    for zone in hall.zones:
        letters.zone(zone, hall.lines)
    letters.scale_bar(hall.size_m)
    letters.title(hall)
    if not faint:
        for line in hall.lines:
            letters.line(line)
        for camera in hall.cameras:
            letters.camera(camera, hall)
        letters.legend(hall)
    return plan
