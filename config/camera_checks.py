"""Checks of cameras: a map from pixels to the floor that can be trusted, and a floor of their own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import sqrt
from typing import TYPE_CHECKING

from config.checks import HALL_FILE, Plan, sound_polygon
from config.geometry import Homography, Point
from config.hall import Camera
from config.homography import LEAST_POINTS, coverage_m, image_on_floor_m, residuals_m, rms
from config.problems import Finding, Loc

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

WORST_RMS_M = 0.5
OVERLAP_M2 = 0.25
SEEN_SHARE = 0.5
COLLINEAR = 0.01
"""Points are in one line if they are off it by less than this share of their spread."""
SINGULAR = 1e-9


def sound_cameras(plan: Plan) -> Iterator[Finding]:
    for index, camera in plan.cameras:
        yield from sound_camera(plan, ("cameras", index), camera)


def sound_camera(plan: Plan, loc: Loc, camera: Camera) -> Iterator[Finding]:
    if camera.floor_m is not None:
        yield from sound_polygon(plan, (*loc, "floor_m"), camera.floor_m)
    source = list(_map_source(loc, camera)) or list(_map_quality(loc, camera))
    yield from source
    if not source:
        yield from _bounded(plan, loc, camera)


def _map_source(loc: Loc, camera: Camera) -> Iterator[Finding]:
    """Exactly one of homography and points, and points that fix a homography."""
    if camera.homography is not None and camera.points:
        yield Finding(HALL_FILE, loc, "either homography or points", "both", "remove the one you trust less")
    elif camera.homography is not None:
        if _singular(camera.homography, camera.size_px):
            hint = "write three rows that map (x_px, y_px, 1) to the floor; does one repeat another?"
            yield Finding(HALL_FILE, (*loc, "homography"), "a matrix with an inverse", "a singular one", hint)
    elif not camera.points:
        hint = f"give at least {LEAST_POINTS} points that you can find both in the image and on the floor"
        yield Finding(HALL_FILE, loc, "homography or points", "neither", hint)
    elif len(camera.points) < LEAST_POINTS:
        hint = "spread over the floor; six to ten are better"
        expected = f"at least {LEAST_POINTS} points"
        yield Finding(HALL_FILE, (*loc, "points"), expected, str(len(camera.points)), hint)
    else:
        for what, points in (("px", [p.px for p in camera.points]), ("floor_m", [p.floor_m for p in camera.points])):
            if in_one_line(points):
                got = f"{what} in one line, but for one at most"
                hint = "measure two more away from that line"
                yield Finding(HALL_FILE, (*loc, "points"), "points spread over an area", got, hint)


def in_one_line(points: list[Point]) -> bool:
    """Whether all points but one at most are in one line: then no four of them fix a homography."""
    spread = sqrt(max((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 for p in points for q in points))
    for (ax, ay), (bx, by) in combinations(points, 2):
        length = sqrt((bx - ax) ** 2 + (by - ay) ** 2)
        if length <= COLLINEAR * spread:
            continue
        off = sum(abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) > COLLINEAR * spread * length for x, y in points)
        if off < 2:
            return True
    return spread == 0


def _singular(h: Homography, size_px: tuple[int, int]) -> bool:
    """Whether the determinant is nothing beside its rows, pixels counted in image sizes: scale must not matter."""
    (a, b, c), (d, e, f), (g, i, j) = ((r[0] * size_px[0], r[1] * size_px[1], r[2]) for r in h)
    determinant = a * (e * j - f * i) - b * (d * j - f * g) + c * (d * i - e * g)
    norms = [sqrt(x * x + y * y + z * z) for x, y, z in ((a, b, c), (d, e, f), (g, i, j))]
    return abs(determinant) <= SINGULAR * norms[0] * norms[1] * norms[2]


def _map_quality(loc: Loc, camera: Camera) -> Iterator[Finding]:
    """The points agree with each other, to within half a metre."""
    if not camera.points:
        return
    residuals = residuals_m(camera)
    if (off := rms(residuals)) > WORST_RMS_M:
        worst = max(range(len(residuals)), key=residuals.__getitem__)
        got = f"{off:.2f} m, the worst points[{worst}] with {residuals[worst]:.2f} m"
        hint = "measure that point again; are px and floor_m of two points exchanged?"
        expected = f"points that fit to {WORST_RMS_M} m (root mean square)"
        yield Finding(HALL_FILE, (*loc, "points", worst), expected, got, hint)


def _bounded(plan: Plan, loc: Loc, camera: Camera) -> Iterator[Finding]:
    """A camera answers for a bounded part of this hall's floor."""
    if camera.floor_m is None and image_on_floor_m(camera) is None:
        hint = "give floor_m, the polygon of the floor that it is trusted with"
        got = "an image that the horizon crosses"
        yield Finding(HALL_FILE, loc, "floor_m, or an image of nothing but floor", got, hint)
    elif camera.floor_m is None and plan.size_m is not None:
        corners = coverage_m(camera)
        width, depth = plan.size_m
        if not _boxes_overlap(_box(corners), (0.0, 0.0, width, depth)):
            got = f"nothing of it: the image's first corner is at ({corners[0][0]:.1f}, {corners[0][1]:.1f})"
            hint = "the map leads from pixels to metres: is it the other way round?"
            yield Finding(HALL_FILE, loc, "a camera that sees the hall", got, hint)


def floors_apart(plan: Plan) -> Iterator[Finding]:
    """Until tracks are fused over cameras, a person seen by two of them would be counted twice."""
    floors = [(index, camera, floor) for index, camera in plan.cameras if (floor := _floor(plan, camera))]
    for (i, a, floor_a), (j, b, floor_b) in combinations(floors, 2):
        if not _boxes_overlap(_box(floor_a), _box(floor_b), OVERLAP_M2):
            continue
        shared = _shape(floor_a).intersection(_shape(floor_b)).area
        if shared > OVERLAP_M2:
            got = f"{shared:.1f} m² of {b.id} shared with {a.id} (cameras[{i}])"
            hint = "set floor_m of both so that they share no more than a border"
            yield Finding(HALL_FILE, ("cameras", j), "cameras with floors of their own", got, hint)


def zones_seen(plan: Plan) -> Iterator[Finding]:
    """A warning: what no camera sees stays empty for ever."""
    floors = [_shape(floor) for _, camera in plan.cameras if (floor := _floor(plan, camera))]
    if not plan.whole or len(floors) < len(plan.cameras):
        return
    from shapely import unary_union

    seen = unary_union(floors)
    for index, zone in plan.zones:
        shape = _shape(zone.polygon_m)
        share = shape.intersection(seen).area / shape.area if shape.area else 1.0
        if share < SEEN_SHARE:
            got = f"{share:.0%} of {zone.id}"
            hint = "people elsewhere in it are not counted: extend a camera's floor_m, or add a camera"
            expected = "a zone that cameras see, or most of it"
            yield Finding(HALL_FILE, ("zones", index, "polygon_m"), expected, got, hint, "warning")


def _floor(plan: Plan, camera: Camera) -> tuple[Point, ...] | None:
    """The floor that a camera answers for; None where the camera has faults of its own, which are told elsewhere."""
    if camera.floor_m is not None:
        return camera.floor_m
    return None if any(sound_camera(plan, (), camera)) else coverage_m(camera)


Box = tuple[float, float, float, float]


def _box(polygon: tuple[Point, ...]) -> Box:
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def _boxes_overlap(a: Box, b: Box, by_m2: float = 0.0) -> bool:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return width > 0 and height > 0 and width * height > by_m2


def _shape(polygon: tuple[Point, ...]) -> BaseGeometry:
    """Shapely takes a tenth of a second to load: only halls whose cameras come near each other pay it."""
    from shapely import Polygon
    from shapely.validation import make_valid

    shape = Polygon(polygon)
    return shape if shape.is_valid else make_valid(shape)
