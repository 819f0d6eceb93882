"""Where people can be: doors to come and go by, and spots to stand on inside zones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from config.geometry import Point, cross, inside
from config.hall import Hall, Line, Zone, ZoneKind
from devices.simulator.chance import between

OUTSIDE_M = 0.9
"""How far beyond a door people come into being where no zone says more."""
INSIDE_M = 0.9
FARTHEST_M = 3.0
"""The deepest porch: an entrance zone may reach farther out, people appear at most this far from the line."""


@dataclass(frozen=True)
class Door:
    """A gap from ``a`` to ``b`` in metres; ``out``: the unit vector that leads outside, ``porch_m``: the way there."""

    id: str
    a: Point
    b: Point
    out: Point
    porch_m: float

    @property
    def width_m(self) -> float:
        return math.dist(self.a, self.b)

    def outer(self, share: float, behind_m: float = 0.0) -> Point:
        """Where someone who uses the gap at ``share`` (0..1) of its width comes into being."""
        return self._beside(share, self.porch_m + behind_m)

    def inner(self, share: float) -> Point:
        return self._beside(share, -INSIDE_M)

    def _beside(self, share: float, out_m: float) -> Point:
        x, y = self.a[0] + share * (self.b[0] - self.a[0]), self.a[1] + share * (self.b[1] - self.a[1])
        return x + out_m * self.out[0], y + out_m * self.out[1]


def doors(hall: Hall) -> tuple[Door, ...]:
    """The entrance lines; entrance zones that have none; in a hall without either, its left and its right border."""
    porches = [z for z in hall.zones if z.kind is ZoneKind.ENTRANCE]
    lines = [line for line in hall.lines if line.entrance]
    found = [_line_door(line, porches) for line in lines]
    found += [_zone_door(z, hall) for z in porches if not any(_belongs(line, z) for line in lines)]
    width, depth = hall.size_m
    return tuple(found) or (
        Door("left", (0.3, depth * 0.4), (0.3, depth * 0.6), (-1.0, 0.0), 0.2),
        Door("right", (width - 0.3, depth * 0.4), (width - 0.3, depth * 0.6), (1.0, 0.0), 0.2),
    )


def _line_door(line: Line, porches: Sequence[Zone]) -> Door:
    a, b = line.from_m, line.to_m
    length = math.dist(a, b) or 1.0
    out = (-(b[1] - a[1]) / length, (b[0] - a[0]) / length)  # the line's positive side: forward comes from there
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    return Door(line.id, a, b, out, _porch_depth(middle, out, porches) or OUTSIDE_M)


def _porch_depth(middle: Point, out: Point, porches: Sequence[Zone]) -> float:
    """How far an entrance zone reaches out from the line, less a margin; 0 when it does not."""
    depth = 0.0
    for zone in porches:
        d = 0.2
        while d <= FARTHEST_M and inside(middle[0] + d * out[0], middle[1] + d * out[1], zone.polygon_m):
            d += 0.1
        depth = max(depth, d - 0.3)
    return depth if depth >= 0.3 else 0.0


def _belongs(line: Line, zone: Zone) -> bool:
    """Whether the line leads into the zone, or across it."""
    (ax, ay), (bx, by) = line.from_m, line.to_m
    return any(
        inside(ax + s * (bx - ax) + dx, ay + s * (by - ay) + dy, zone.polygon_m)
        for s in (0.2, 0.5, 0.8)
        for dx, dy in ((0.0, 0.0), (0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5))
    )


def _zone_door(zone: Zone, hall: Hall) -> Door:
    """A door inside an entrance zone without a line: a metre of gap, facing the nearest border of the plan."""
    x, y = centre(zone.polygon_m)
    width, depth = hall.size_m
    _, out = min((x, (-1.0, 0.0)), (width - x, (1.0, 0.0)), (y, (0.0, -1.0)), (depth - y, (0.0, 1.0)))
    half = min(0.5, 0.8 * clearance(x, y, zone.polygon_m))
    along = (-out[1] * half, out[0] * half)
    return Door(zone.id, (x - along[0], y - along[1]), (x + along[0], y + along[1]), out, half)


def edges(polygon: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    return zip(polygon, (*polygon[1:], polygon[0]), strict=True)


def distance(x: float, y: float, a: Point, b: Point) -> float:
    """From a point to a segment."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    s = max(0.0, min(1.0, ((x - a[0]) * dx + (y - a[1]) * dy) / length2)) if length2 else 0.0
    return math.hypot(x - a[0] - s * dx, y - a[1] - s * dy)


def clearance(x: float, y: float, polygon: Sequence[Point]) -> float:
    """From a point to the nearest edge; negative outside."""
    d = min(distance(x, y, a, b) for a, b in edges(polygon))
    return d if inside(x, y, polygon) else -d


def extent(polygon: Sequence[Point]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def centre(polygon: Sequence[Point]) -> Point:
    """A point well inside, also of a polygon that bends around its centroid: the best of a grid of 15 x 15."""
    left, top, right, bottom = extent(polygon)
    grid = [
        (left + (i + 0.5) / 15 * (right - left), top + (j + 0.5) / 15 * (bottom - top))
        for i in range(15)
        for j in range(15)
    ]
    return max(grid, key=lambda p: (clearance(p[0], p[1], polygon), -p[0], -p[1]))


def spots(polygon: Sequence[Point], apart_m: float, margin_m: float = 0.45) -> tuple[Point, ...]:
    """A centred grid of spots, ``apart_m`` from each other and ``margin_m`` from the edges; at least one."""
    left, top, right, bottom = extent(polygon)

    def ticks(low: float, high: float) -> list[float]:
        room = max(high - low - 2 * margin_m, 0.0)
        count = int(room / apart_m + 1e-9) + 1
        first = (low + high) / 2 - (count - 1) * apart_m / 2
        return [first + i * apart_m for i in range(count)]

    grid = ((x, y) for x in ticks(left, right) for y in ticks(top, bottom))
    found = tuple(p for p in grid if clearance(*p, polygon) >= margin_m - 1e-9)
    return found or (centre(polygon),)


def row(polygon: Sequence[Point], apart_m: float, towards: Point | None = None) -> tuple[Point, ...]:
    """Spots in one line along the zone's longer side; with ``towards``, the end that is farther from it comes first."""
    left, top, right, bottom = extent(polygon)
    middle = centre(polygon)
    across = 1 if right - left >= bottom - top else 0
    line = [p for p in spots(polygon, apart_m) if abs(p[across] - middle[across]) < 2 * apart_m] or [middle]
    nearest = min(abs(p[across] - middle[across]) for p in line)
    level = min(p[across] for p in line if abs(p[across] - middle[across]) <= nearest + 1e-6)
    chosen = sorted(p for p in line if abs(p[across] - level) < 1e-6)
    if towards is not None and math.dist(chosen[0], towards) < math.dist(chosen[-1], towards):
        chosen.reverse()
    return tuple(chosen)


def anywhere(rng: Random, polygon: Sequence[Point], margin_m: float = 0.4) -> Point:
    """A random point with some room around it."""
    left, top, right, bottom = extent(polygon)
    for _ in range(40):
        p = between(rng, left, right), between(rng, top, bottom)
        if clearance(*p, polygon) >= margin_m:
            return p
    return centre(polygon)


def beside(rng: Random, spot: Point, polygon: Sequence[Point], apart_m: float = 0.6) -> Point:
    """Next to ``spot``, where a companion stands; inside the zone if there is any room for it."""
    turn = between(rng, 0, math.tau)
    for i in range(8):
        p = spot[0] + apart_m * math.cos(turn + i * math.tau / 8), spot[1] + apart_m * math.sin(turn + i * math.tau / 8)
        if clearance(*p, polygon) >= 0.2:
            return p
    return spot


def side(line: Line, x: float, y: float) -> bool:
    """Whether the point is on the line's positive side."""
    return cross(*line.from_m, *line.to_m, x, y) > 0
