"""The ground of a picture, and where floor points lie on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
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
    """The unit vector across a line's middle from its positive side (its right, y down) to the other."""
    return middle(line)[1]


def middle(line: Line) -> tuple[Point, Point]:
    """The spot half way along a line, and the unit vector across the segment there, along forward."""
    spans = [(a, b, hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(line.path_m)]
    left = sum(length for _, _, length in spans) / 2
    for (ax, ay), (bx, by), length in spans:
        if left <= length:
            part, length = left / (length or 1.0), length or 1.0
            return (ax + part * (bx - ax), ay + part * (by - ay)), ((by - ay) / length, -(bx - ax) / length)
        left -= length
    return line.to_m, (0.0, 0.0)  # not reached: the spans' sum is twice what is left


def seen_floor(camera: Camera, hall: Hall) -> list[Point]:
    """What a camera answers for, cut to the hall: it may see the street too."""
    width, depth = hall.size_m
    return [(min(max(x, 0.0), width), min(max(y, 0.0), depth)) for x, y in coverage_m(camera)]
