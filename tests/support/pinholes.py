"""Random plausible cameras: a pinhole over a hall's floor, and the spots that somebody measured in its image.

z up                          y_px down
 |  camera at (x, y, h)          +---------- image ----------+
 |   \\  tilt below level         |   (far floor)             |
 |     \\                         |        .     .     .      |
 |  h    \\                       |    .        .        .    |
 +---------\\------- floor        +---------------------------+
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, hypot, pi, radians, sin, tan

import shapely

Spot = tuple[float, float, float, float]
"""x_px, y_px, x_m, y_m"""

SIZES = ((1920, 1080), (1280, 720), (2560, 1440), (3840, 2160), (640, 480), (1280, 960), (704, 576))
FARTHEST_M = 16.0


@dataclass(frozen=True)
class Scene:
    """A hall with one camera. ``floor_m``: what of the hall's floor the camera shows, as its owner would draw it."""

    size_px: tuple[int, int]
    size_m: tuple[float, float]
    spots: tuple[Spot, ...]
    floor_m: tuple[tuple[float, float], ...] | None
    height_m: float
    tilt: float

    def spoilt(self, change: Callable[[Spot], Spot]) -> Scene:
        """With each spot written down in another way."""
        return replace(self, spots=tuple(change(spot) for spot in self.spots))

    def yaml(self) -> str:
        width, depth = self.size_m
        head = (
            f"id: random\nname: Random\nsize_m: [{width}, {depth}]\nzones: []\nlines: []\n"
            f"cameras:\n  - id: cam\n    size_px: [{self.size_px[0]}, {self.size_px[1]}]\n    points:\n"
        )
        rows = "".join(
            f"      - {{px: [{x:.6g}, {y:.6g}], floor_m: [{u:.6g}, {v:.6g}]}}\n" for x, y, u, v in self.spots
        )
        if self.floor_m is None:
            return head + rows
        return head + rows + f"    floor_m: {[[round(x, 3), round(y, 3)] for x, y in self.floor_m]}\n"


class Pinhole:
    """A camera without distortion, its x axis level."""

    def __init__(
        self, size_px: tuple[int, int], x: float, y: float, height: float, tilt: float, pan: float, fov: float
    ) -> None:
        self.size_px, self.x, self.y, self.height = size_px, x, y, height
        self.f = size_px[0] / 2 / tan(fov / 2)
        # On a plan with y down, seen from above: the right hand of who looks along (cos, sin) is (-sin, cos).
        self.right = (-sin(pan), cos(pan), 0.0)
        self.down = (-cos(pan) * sin(tilt), -sin(pan) * sin(tilt), -cos(tilt))
        self.ahead = (cos(pan) * cos(tilt), sin(pan) * cos(tilt), -sin(tilt))

    def px(self, x: float, y: float) -> tuple[float, float] | None:
        ray = (x - self.x, y - self.y, -self.height)
        right, down, ahead = (sum(a * b for a, b in zip(axis, ray, strict=True)) for axis in
                              (self.right, self.down, self.ahead))  # fmt: skip
        if ahead <= 0.1:
            return None
        return self.size_px[0] / 2 + self.f * right / ahead, self.size_px[1] / 2 + self.f * down / ahead

    def sees(self, x: float, y: float) -> bool:
        seen = self.px(x, y)
        return seen is not None and 0 <= seen[0] <= self.size_px[0] and 0 <= seen[1] <= self.size_px[1]


@lru_cache(maxsize=1024)
def scene(seed: int, least: int = 6, most: int = 10, *, bounded: bool = True, spread: bool | None = None) -> Scene:
    """A camera that sees at least 12 m² of its hall, with points measured to 2 cm and 2 px.

    ``spread``: whether the points are as far apart as they can be, or anywhere; by chance if it is not said.
    """
    rnd = random.Random(seed)
    while True:
        size_px = rnd.choice(SIZES)
        size_m = round(rnd.uniform(7, 25), 1), round(rnd.uniform(6, 18), 1)
        # On a wall or a pillar, looking into the hall.
        x, y = rnd.uniform(0, size_m[0]), rnd.uniform(0, size_m[1])
        pan = rnd.uniform(0, 2 * pi)
        tilt, fov = radians(rnd.uniform(15, 80)), radians(rnd.uniform(55, 100))
        camera = Pinhole(size_px, x, y, rnd.uniform(2.5, 6), tilt, pan, fov)
        seen = _seen(camera, size_m)
        if len(seen) < 48:
            continue
        floor = shapely.MultiPoint(seen).convex_hull
        if not isinstance(floor, shapely.Polygon) or floor.area < 12:
            continue
        count = rnd.randint(least, most)
        apart = rnd.random() < 0.6 if spread is None else spread
        spots = _spread(seen, count, rnd) if apart else rnd.sample(seen, count)
        measured = tuple(_measured(camera, spot, rnd) for spot in spots)
        if not _fixes(measured):
            continue
        outline = tuple((round(px, 2), round(py, 2)) for px, py in floor.exterior.coords[:-1])
        return Scene(size_px, size_m, measured, outline if bounded else None, camera.height, tilt * 180 / pi)


def _seen(camera: Pinhole, size_m: tuple[float, float], step: float = 0.5) -> list[tuple[float, float]]:
    grid = [
        (i * step, j * step) for i in range(int(size_m[0] / step) + 1) for j in range(int(size_m[1] / step) + 1)
    ]  # fmt: skip
    return [p for p in grid if camera.sees(*p) and hypot(p[0] - camera.x, p[1] - camera.y) <= FARTHEST_M]


def _spread(seen: list[tuple[float, float]], count: int, rnd: random.Random) -> list[tuple[float, float]]:
    """Each spot far from those before it: as somebody does who was told to spread them."""
    found = [rnd.choice(seen)]
    while len(found) < count:
        found.append(max(seen, key=lambda p: min(hypot(p[0] - q[0], p[1] - q[1]) for q in found)))
    return found


def _measured(camera: Pinhole, spot: tuple[float, float], rnd: random.Random) -> Spot:
    at = camera.px(*spot)
    assert at
    x, y = (min(max(v + rnd.gauss(0, 2), 0), side) for v, side in zip(at, camera.size_px, strict=True))
    return x, y, spot[0] + rnd.gauss(0, 0.02), spot[1] + rnd.gauss(0, 0.02)


def _fixes(spots: tuple[Spot, ...]) -> bool:
    """Whether nobody would call them in one line or in one place: they span a good part of the floor and image."""
    floor = shapely.MultiPoint([s[2:] for s in spots]).convex_hull
    return bool(floor.area > 4)
