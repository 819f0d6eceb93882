"""From a camera's pixels to the floor: the matrix as given, or fitted to the points that were measured."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite, sqrt

from config.geometry import Homography, Point, apply_homography
from config.hall import Camera, PointPair
from config.linear import null_vector

LEAST_POINTS = 4
FAR_M = 1e6
"""Floor that a camera shows farther off than this is as good as at the horizon."""


@lru_cache(maxsize=4096)
def camera_homography(camera: Camera) -> Homography:
    """The matrix that maps the camera's pixels to floor metres, the same doubles for the same camera on every machine.

    Of its two signs (H and -H map alike) the one under which w = h20 x + h21 y + h22 is positive where the camera sees
    floor: at the measured points, or at the image's bottom centre. So w <= 0 means on or beyond the horizon. Floor
    points are the same doubles as with the matrix as it was given.

    Raises ValueError for fewer than four points, or points that fix no homography; ``config.checks`` finds that first.
    """
    if camera.homography is not None:
        return facing(camera.homography, _bottom_centre(camera))
    if len(camera.points) < LEAST_POINTS:
        raise ValueError(f"camera {camera.id}: expected at least {LEAST_POINTS} points, got {len(camera.points)}")
    return fitted(camera.points)


def fitted(points: tuple[PointPair, ...]) -> Homography:
    """The matrix of four or more points, facing them. Raises ValueError for points that fix none."""
    return facing(_fit(points), _centroid([pair.px for pair in points]))


def residuals_m(camera: Camera) -> tuple[float, ...]:
    """How far each of the camera's points lies from where its homography puts it; inf beyond the horizon."""
    h = camera_homography(camera)
    return tuple(distance_m(on_floor(h, *pair.px), pair.floor_m) for pair in camera.points)


def rms(values: tuple[float, ...]) -> float:
    """Root mean square; 0 of nothing."""
    return sqrt(sum(v * v for v in values) / len(values)) if values else 0.0


def on_floor(h: Homography, x_px: float, y_px: float) -> Point | None:
    """The floor point of a pixel; None on or beyond the horizon of an ``h`` by ``camera_homography``."""
    if h[2][0] * x_px + h[2][1] * y_px + h[2][2] <= 0:
        return None
    return apply_homography(h, x_px, y_px)


def in_image(h: Homography, x_m: float, y_m: float) -> Point | None:
    """The pixel of a floor point, which may lie outside the image; None behind the camera. Raises ValueError: singular."""
    return on_floor(inverse(h), x_m, y_m)


def inverse(h: Homography) -> Homography:
    """The map back, from the floor to pixels, facing the same floor. Raises ValueError where there is none."""
    (a, b, c), (d, e, f), (g, i, j) = h
    rows = (
        (e * j - f * i, c * i - b * j, b * f - c * e),
        (f * g - d * j, a * j - c * g, c * d - a * f),
        (d * i - e * g, b * g - a * i, a * e - b * d),
    )
    scale = determinant(h)
    if scale == 0 or not isfinite(scale):
        raise ValueError("expected a matrix with an inverse, got a singular one")
    p, q, r = (tuple(v / scale for v in row) for row in rows)
    return (p[0], p[1], p[2]), (q[0], q[1], q[2]), (r[0], r[1], r[2])


def determinant(h: Homography) -> float:
    """Positive where the map keeps orientation on the side it faces: clockwise in the image is clockwise on the plan."""
    (a, b, c), (d, e, f), (g, i, j) = h
    return a * (e * j - f * i) - b * (d * j - f * g) + c * (d * i - e * g)


def metres_per_px(h: Homography, x_px: float, y_px: float) -> float:
    """How far on the floor the point moves, at most, when the pixel moves by one; inf at the horizon."""
    w = h[2][0] * x_px + h[2][1] * y_px + h[2][2]
    if w <= 0:
        return float("inf")
    x, y = (sum(v * p for v, p in zip(row, (x_px, y_px, 1.0), strict=True)) / w for row in h[:2])
    a, b = (h[0][0] - x * h[2][0]) / w, (h[0][1] - x * h[2][1]) / w
    c, d = (h[1][0] - y * h[2][0]) / w, (h[1][1] - y * h[2][1]) / w
    # The larger singular value of ((a, b), (c, d)).
    squares, det = a * a + b * b + c * c + d * d, a * d - b * c
    return sqrt((squares + sqrt(max(0.0, squares * squares - 4 * det * det))) / 2)


def image_on_floor_m(camera: Camera) -> tuple[Point, ...] | None:
    """The image's four corners on the floor, in metres; None where the horizon crosses the image, or nearly."""
    h = camera_homography(camera)
    width, height = camera.size_px
    corners = [on_floor(h, x, y) for x, y in ((0, 0), (width, 0), (width, height), (0, height))]
    seen = tuple(corner for corner in corners if corner is not None and max(map(abs, corner)) <= FAR_M)
    return seen if len(seen) == len(corners) else None


def coverage_m(camera: Camera) -> tuple[Point, ...]:
    """The part of the floor the camera answers for, as a polygon in metres: ``floor_m``, or all that its image shows.

    Raises ValueError where that is without bound: the horizon crosses the image and there is no ``floor_m``.
    """
    polygon = camera.floor_m or image_on_floor_m(camera)
    if polygon is None:
        raise ValueError(f"camera {camera.id}: the horizon crosses its image: expected floor_m to bound its floor")
    return polygon


def _fit(points: tuple[PointPair, ...]) -> Homography:
    """Normalised direct linear transform (Hartley & Zisserman, Multiple View Geometry, 2nd ed., algorithm 4.2)."""
    px, sx, cx = _normalised([pair.px for pair in points])
    floor, sf, cf = _normalised([pair.floor_m for pair in points])
    rows = []
    for (x, y), (u, v) in zip(px, floor, strict=True):
        rows.append([0.0, 0.0, 0.0, -x, -y, -1.0, v * x, v * y, v])
        rows.append([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, -u])
    n = null_vector(rows)
    # H = (floor's normalisation)^-1 N (pixels' normalisation), each a scale s about a centre c.
    left = [
        [n[j] / sf + cf[0] * n[6 + j] for j in range(3)],
        [n[3 + j] / sf + cf[1] * n[6 + j] for j in range(3)],
        n[6:],
    ]
    a, b, c = ((r[0] * sx, r[1] * sx, r[2] - sx * (r[0] * cx[0] + r[1] * cx[1])) for r in left)
    return a, b, c


def _normalised(points: list[Point]) -> tuple[list[Point], float, Point]:
    """The points moved and scaled to centre (0, 0) and mean distance sqrt 2; the scale; the centre they had."""
    cx, cy = _centroid(points)
    mean = sum(distance_m(p, (cx, cy)) for p in points) / len(points)
    if mean == 0:
        raise ValueError("expected points in different places, got the same one each time")
    scale = sqrt(2) / mean
    return [((x - cx) * scale, (y - cy) * scale) for x, y in points], scale, (cx, cy)


def facing(h: Homography, floor_px: Point) -> Homography:
    """The one of H and -H under which w is positive at a pixel that shows floor. Raises ValueError: not finite."""
    x, y = floor_px
    w = h[2][0] * x + h[2][1] * y + h[2][2]
    if not all(isfinite(v) for row in h for v in row):
        raise ValueError("expected points that fix a homography, got ones that fix none")
    if w >= 0:
        return h
    a, b, c = ((-r[0], -r[1], -r[2]) for r in h)
    return a, b, c


def _bottom_centre(camera: Camera) -> Point:
    return camera.size_px[0] / 2, float(camera.size_px[1])


def _centroid(points: list[Point]) -> Point:
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def distance_m(p: Point | None, q: Point) -> float:
    """Between two points; inf where one of them is nowhere, beyond the horizon."""
    if p is None:
        return float("inf")
    return sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]))
