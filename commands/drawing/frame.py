"""The ground of a picture, and where floor points lie on it."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from PIL import Image

from config.geometry import Point
from config.hall import Camera, Hall, Line
from config.homography import coverage_m

MARGIN_PX = 56
ARROW_PX = 34


@dataclass(frozen=True)
class Plan:
    """A drawn plan. ``to_px`` is where a floor point lies in ``image``."""

    image: Image.Image
    px_per_m: float
    origin_px: Point

    def to_px(self, x_m: float, y_m: float) -> Point:
        return self.origin_px[0] + x_m * self.px_per_m, self.origin_px[1] + y_m * self.px_per_m


def forward(line: Line) -> Point:
    """The unit vector across a line from its positive side (its right, y down) to the other."""
    dx, dy = line.to_m[0] - line.from_m[0], line.to_m[1] - line.from_m[1]
    length = hypot(dx, dy) or 1.0
    return dy / length, -dx / length


def seen_floor(camera: Camera, hall: Hall) -> list[Point]:
    """What a camera answers for, cut to the hall: it may see the street too."""
    width, depth = hall.size_m
    return [(min(max(x, 0.0), width), min(max(y, 0.0), depth)) for x, y in coverage_m(camera)]
