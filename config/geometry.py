"""Plane geometry on plain floats: the same doubles, in the same order, in every process."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

Point = tuple[float, float]
Homography = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


def inside(x: float, y: float, polygon: Sequence[Point]) -> bool:
    """Even-odd rule, half-open in y: of two zones that share an edge, a point is in exactly one."""
    odd = False
    ax, ay = polygon[-1]
    for bx, by in polygon:
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
        ax, ay = bx, by
    return odd


def cross(ox: float, oy: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Twice the signed area of the triangle o, a, b: positive when b is to the left of o -> a (y axis up)."""
    return (ax - ox) * (by - oy) - (ay - oy) * (bx - ox)


def segments_meet(p: Point, q: Point, a: Point, b: Point) -> bool:
    """Whether the closed segments p-q and a-b share a point (touching and overlapping count)."""
    # Also where rounding would deceive: between segments far apart on one straight line every cross is noise.
    if (
        max(p[0], q[0]) < min(a[0], b[0]) or max(a[0], b[0]) < min(p[0], q[0])
        or max(p[1], q[1]) < min(a[1], b[1]) or max(a[1], b[1]) < min(p[1], q[1])
    ):  # fmt: skip
        return False
    d1, d2 = cross(*a, *b, *p), cross(*a, *b, *q)
    d3, d4 = cross(*p, *q, *a), cross(*p, *q, *b)
    if ((d1 > 0) != (d2 > 0)) and ((d3 > 0) != (d4 > 0)) and d1 and d2 and d3 and d4:
        return True
    return (
        (d1 == 0 and _between(p, a, b)) or (d2 == 0 and _between(q, a, b))
        or (d3 == 0 and _between(a, p, q)) or (d4 == 0 and _between(b, p, q))
    )  # fmt: skip


def _between(p: Point, a: Point, b: Point) -> bool:
    """Whether p, known to be on the line through a and b, lies between them."""
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def distance_to_segment(x: float, y: float, a: Point, b: Point) -> float:
    """From the point (x, y) to the nearest point of the closed segment a-b, which may be a single point."""
    px, py = x - a[0], y - a[1]
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    part = min(1.0, max(0.0, (px * dx + py * dy) / length2)) if length2 else 0.0
    px, py = px - part * dx, py - part * dy
    return sqrt(px * px + py * py)


def area(polygon: Sequence[Point]) -> float:
    """Area in square units by the shoelace formula, whichever way round the polygon runs."""
    total = 0.0
    ax, ay = polygon[-1]
    for bx, by in polygon:
        total += ax * by - bx * ay
        ax, ay = bx, by
    return abs(total) / 2


def apply_homography(h: Homography, x: float, y: float) -> Point | None:
    """The image point (x, y) on the floor; None where it lies on or beyond the horizon."""
    w = h[2][0] * x + h[2][1] * y + h[2][2]
    if w == 0:
        return None
    return (h[0][0] * x + h[0][1] * y + h[0][2]) / w, (h[1][0] * x + h[1][1] * y + h[1][2]) / w
