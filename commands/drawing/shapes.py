"""Zones, lines and cameras as shapes, given in metres."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from PIL import Image, ImageDraw

from commands.drawing.frame import ARROW_PX, Plan, middle, seen_floor
from commands.drawing.palette import CAMERA_COLOUR, KIND_COLOURS, SOFT, line_colour, rgb
from config.geometry import Point
from config.hall import Camera, Hall, Line, Zone, ZoneKind

SUPERSAMPLING = 3
"""Pillow's own lines are jagged: shapes are drawn this much larger and made smaller again."""


class Shapes:
    """Draws shapes given in metres, enlarged; ``finished`` brings them down to size."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._image = plan.image.resize((plan.image.width * SUPERSAMPLING, plan.image.height * SUPERSAMPLING))
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def finished(self) -> Plan:
        self._plan.image.paste(self._image.resize(self._plan.image.size, Image.Resampling.LANCZOS))
        return self._plan

    def _px(self, point: Point) -> Point:
        x, y = self._plan.to_px(*point)
        return x * SUPERSAMPLING, y * SUPERSAMPLING

    def fill(self, polygon: Sequence[Point], colour: str, alpha: int) -> None:
        self._draw.polygon([self._px(p) for p in polygon], fill=(*rgb(colour), alpha))

    def outline(self, polygon: Sequence[Point], colour: str, width_px: float, alpha: int = 255) -> None:
        points = [self._px(p) for p in (*polygon, polygon[0], polygon[1])]
        self._draw.line(points, fill=(*rgb(colour), alpha), width=round(width_px * SUPERSAMPLING), joint="curve")

    def dashed(self, polygon: Sequence[Point], colour: str, width_px: float, dash_px: float = 9) -> None:
        for a, b in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
            (ax, ay), (bx, by) = self._px(a), self._px(b)
            steps = max(1, round(hypot(bx - ax, by - ay) / (dash_px * SUPERSAMPLING)))
            for k in range(0, steps, 2):
                t, u = k / steps, min(1.0, (k + 1) / steps)
                ends = [(ax + (bx - ax) * t, ay + (by - ay) * t), (ax + (bx - ax) * u, ay + (by - ay) * u)]
                self._draw.line(ends, fill=rgb(colour), width=round(width_px * SUPERSAMPLING))

    def grid(self, size_m: Point) -> None:
        """A hair line each metre: distances can be read off any part of the plan."""
        for x in range(1, int(size_m[0]) + 1):
            self._draw.line([self._px((x, 0)), self._px((x, size_m[1]))], fill=(*rgb(SOFT), 22), width=SUPERSAMPLING)
        for y in range(1, int(size_m[1]) + 1):
            self._draw.line([self._px((0, y)), self._px((size_m[0], y))], fill=(*rgb(SOFT), 22), width=SUPERSAMPLING)

    def zone(self, zone: Zone, faint: bool) -> None:
        colour = SOFT if faint else KIND_COLOURS[zone.kind]
        if not faint:
            self.fill(zone.polygon_m, colour, 26 if zone.kind is ZoneKind.OPEN else 58)
        self.outline(zone.polygon_m, colour, 1.2 if faint else 2, 150 if faint else 230)

    def camera(self, camera: Camera, hall: Hall) -> None:
        self.dashed(seen_floor(camera, hall), CAMERA_COLOUR, 2)

    def line(self, line: Line, faint: bool) -> None:
        """The line with a dot at ``from_m`` and, across its middle, an arrow along forward."""
        colour = SOFT if faint else line_colour(line)
        path = [self._px(point) for point in line.path_m]
        self._draw.line(path, fill=rgb(colour), width=5 * SUPERSAMPLING, joint="curve")
        self._dot(path[0], 6 * SUPERSAMPLING, colour)
        self._dot(path[-1], 3 * SUPERSAMPLING, colour)
        spot, (fx, fy) = middle(line)
        mx, my = self._px(spot)
        back, wing = 12 * SUPERSAMPLING, 7 * SUPERSAMPLING
        ex, ey = mx + fx * ARROW_PX * SUPERSAMPLING, my + fy * ARROW_PX * SUPERSAMPLING
        bx, by = ex - fx * back, ey - fy * back
        self._draw.line([(mx, my), (bx, by)], fill=rgb(colour), width=4 * SUPERSAMPLING)
        head = [(ex, ey), (bx - fy * wing, by + fx * wing), (bx + fy * wing, by - fx * wing)]
        self._draw.polygon(head, fill=rgb(colour))

    def _dot(self, centre: Point, radius: float, colour: str) -> None:
        x, y = centre
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rgb(colour))
