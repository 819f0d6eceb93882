"""Names, legend and scale of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

from PIL import ImageDraw

from commands.drawing.fonts import Font, Lettering
from commands.drawing.frame import ARROW_PX, MARGIN_PX, Plan, forward, middle, seen_floor
from commands.drawing.palette import (
    CAMERA_COLOUR,
    ENTRANCE_COLOUR,
    FLOOR,
    INK,
    KIND_COLOURS,
    LINE_COLOUR,
    SOFT,
    blend,
    line_colour,
    rgb,
)
from config.geometry import Point, inside
from config.hall import Camera, Hall, Line, Zone, ZoneKind

Segment = tuple[Point, Point]


class Letters:
    """Writes on the plan at its final size."""

    def __init__(self, plan: Plan, lettering: Lettering, faint: bool) -> None:
        self._plan = plan
        self._lettering = lettering
        self._faint = faint
        self._draw = ImageDraw.Draw(plan.image)

    def _write(self, at: Point, text: str, font: Font, colour: str, anchor: str = "mm", halo: bool = True) -> None:
        """Text with a light rim, so that it can be read over lines."""
        rim = 2 if halo else 0
        self._draw.text(at, text, font=font, fill=rgb(colour), anchor=anchor, stroke_width=rim, stroke_fill=rgb(FLOOR))

    def zone(self, zone: Zone, lines: Sequence[Line]) -> None:
        """The name at the zone's roomiest spot, as large as fits, with the id below it where that says more."""
        x, y = self._plan.to_px(*label_spot(zone.polygon_m, [part for line in lines for part in self._parts(line)]))
        name = self._lettering.label(zone.name, zone.id)
        xs = [p[0] for p in zone.polygon_m]
        room = (max(xs) - min(xs)) * self._plan.px_per_m - 12
        font = self._fitting(name, room, 22 if not self._faint else 16)
        if name.lower().replace(" ", "-") != zone.id and not self._faint:
            below = self._fitting(zone.id, room, 13)
            self._write((x, y + 16), zone.id, below, SOFT)
            y -= 6
        self._write((x, y), name, font, SOFT if self._faint else INK)

    def _parts(self, line: Line) -> tuple[Segment, ...]:
        """A line and its arrow, as segments to keep away from."""
        ((x, y), (fx, fy)), length = middle(line), ARROW_PX / self._plan.px_per_m
        return *pairwise(line.path_m), ((x, y), (x + fx * length, y + fy * length))

    def _fitting(self, text: str, room_px: float, largest_px: int) -> Font:
        for px in range(largest_px, 9, -1):
            font = self._lettering.font(px)
            if font.getlength(text) <= room_px:
                return font
        return self._lettering.font(9)

    def line(self, line: Line) -> None:
        """A quarter of the way along (half of the first segment where there are more), away from the arrow's side."""
        (fx, fy), (ax, ay), (bx, by) = forward(line), *line.path_m[:2]
        part = 0.5 if line.via_m else 0.25
        x, y = self._plan.to_px(ax + (bx - ax) * part, ay + (by - ay) * part)
        text, font = self._lettering.label(line.name, line.id), self._lettering.font(14)
        self._write((x - fx * (font.getlength(text) / 2 + 10), y - fy * 15), text, font, line_colour(line))

    def camera(self, camera: Camera, hall: Hall) -> None:
        corners = seen_floor(camera, hall)
        x, y = self._plan.to_px(min(p[0] for p in corners), min(p[1] for p in corners))
        self._write((x + 8, y + 6), f"camera {camera.id}", self._lettering.font(13), CAMERA_COLOUR, "la")

    def title(self, hall: Hall) -> None:
        name = self._lettering.label(hall.name, hall.id)
        text = name if name == hall.id else f"{name}  ({hall.id})"
        self._write((MARGIN_PX, MARGIN_PX / 2), text, self._lettering.font(24), INK, "lm", halo=False)

    def scale_bar(self, size_m: Point) -> None:
        """A round length below the plan's left corner."""
        length = max((n for n in (1, 2, 5, 10, 20, 50, 100) if n <= size_m[0] / 3), default=1)
        x, y = self._plan.to_px(0, size_m[1])
        y, end = y + 26, x + length * self._plan.px_per_m
        self._draw.line([(x, y), (end, y)], fill=rgb(INK), width=3)
        for tick in (x, end):
            self._draw.line([(tick, y - 5), (tick, y + 5)], fill=rgb(INK), width=3)
        self._write((end + 10, y), f"{length} m", self._lettering.font(15), INK, "lm", halo=False)

    def legend(self, hall: Hall) -> None:
        """The kinds that this hall has, and what lines mean."""
        x, y = self._plan.to_px(hall.size_m[0], 0)
        x, font = x + 28, self._lettering.font(15)
        for kind in (kind for kind in ZoneKind if any(zone.kind is kind for zone in hall.zones)):
            fill = blend(KIND_COLOURS[kind], FLOOR, 0.3)
            self._draw.rounded_rectangle((x, y, x + 26, y + 18), 4, fill=fill, outline=rgb(KIND_COLOURS[kind]), width=2)
            self._write((x + 36, y + 9), kind.value, font, INK, "lm", halo=False)
            y += 30
        y += 8
        keys = (
            ("entrance line", ENTRANCE_COLOUR, any(line.entrance for line in hall.lines)),
            ("line", LINE_COLOUR, any(not line.entrance for line in hall.lines)),
            ("camera's floor", CAMERA_COLOUR, bool(hall.cameras)),
        )
        for text, colour, shown in keys:
            if shown:
                dashes, width = (((0, 8), (13, 21)), 2) if colour == CAMERA_COLOUR else (((0, 26),), 5)
                for start, end in dashes:
                    self._draw.line([(x + start, y + 9), (x + end, y + 9)], fill=rgb(colour), width=width)
                self._write((x + 36, y + 9), text, font, INK, "lm", halo=False)
                y += 30
        self._write((x, y + 9), "arrow: forward", self._lettering.font(13), SOFT, "lm", halo=False)


def label_spot(polygon: Sequence[Point], obstacles: Sequence[Segment] = (), steps: int = 24) -> Point:
    """The spot inside a polygon, of a grid of them, that is farthest from its edges and from ``obstacles``."""
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    left, top, width, height = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    spots = [
        (left + width * (i + 0.5) / steps, top + height * (j + 0.5) / steps) for j in range(steps) for i in range(steps)
    ]
    middle = left + width / 2, top + height / 2
    edges = [*zip(polygon, (*polygon[1:], polygon[0]), strict=True), *obstacles]

    def room(spot: Point) -> tuple[float, float]:
        # Of spots with equal room the one nearest to the middle: the edges of long zones leave a whole row of them.
        clear = min(_distance_to(spot, a, b) for a, b in edges)
        return round(clear, 2), -hypot(spot[0] - middle[0], spot[1] - middle[1])

    return max((spot for spot in spots if inside(*spot, polygon)), key=room, default=middle)


def _distance_to(p: Point, a: Point, b: Point) -> float:
    """From a point to a segment."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    squared = dx * dx + dy * dy
    t = 0.0 if squared == 0 else max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared))
    return hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy)
