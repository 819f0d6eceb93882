"""Checks of cameras without which the engine cannot work: one map from pixels to the floor, and a floor with an end.

They accept what they have always accepted: an engine goes on with a hall that it has in force, and a replay does what was done.
What is judged beyond that is in ``config.calibration_checks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import isinf, sqrt

from config.calibration.judge import explanations
from config.calibration.view import View
from config.calibration.wording import Cause
from config.checks import HALL_FILE, Plan, sound_polygon
from config.geometry import Homography, Point
from config.hall import Camera
from config.homography import LEAST_POINTS, determinant, image_on_floor_m, residuals_m, rms
from config.problems import Finding, Loc, Severity

WORST_RMS_M = 0.5
COLLINEAR = 0.01
"""Points are in one line if they are off it by less than this share of their spread."""
SINGULAR = 1e-9


def sound_cameras(plan: Plan) -> Iterator[Finding]:
    for index, camera in plan.cameras:
        yield from sound_camera(plan, index, camera)


def sound_camera(plan: Plan, index: int, camera: Camera) -> Iterator[Finding]:
    loc: Loc = ("cameras", index)
    if camera.floor_m is not None:
        yield from sound_polygon(plan, (*loc, "floor_m"), camera.floor_m)
    if plan.is_faulty("cameras", index, "points", "homography"):
        return
    source = list(_map_source(loc, camera))
    yield from source
    if source or plan.is_faulty("cameras", index, "size_px"):
        return
    quality = list(_map_quality(loc, camera)) or list(_bounded(plan, index, camera))
    yield from (list(_explained(plan, loc, camera)) if quality else ()) or quality


def has_sound_map(plan: Plan, index: int, camera: Camera) -> bool:
    """Whether its map may be judged: it has one, and its points agree more or less."""
    loc: Loc = ("cameras", index)
    whole = not plan.is_faulty("cameras", index, "points", "homography", "size_px")
    if not whole or any(_map_source(loc, camera)) or any(_map_quality(loc, camera)):
        return False
    try:
        View.of(camera, plan.size_m)
    except ValueError:  # points that agree on a map without an inverse: nothing more can be said of it
        return False
    return True


def _explained(plan: Plan, loc: Loc, camera: Camera) -> Iterator[Finding]:
    """What was probably done to numbers that cannot be used as they are."""
    try:
        view = View.of(camera, plan.size_m)
    except ValueError:
        return
    for cause in explanations(view, camera.points):
        yield cause_finding(loc, cause, "error")


def cause_finding(loc: Loc, cause: Cause, severity: Severity) -> Finding:
    keys = tuple(int(key) if key.isdigit() else key for key in cause.key.split(".") if key)
    return Finding(HALL_FILE, (*loc, *keys), cause.expected, cause.got, cause.hint, severity)


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
    a, b, c = ((r[0] * size_px[0], r[1] * size_px[1], r[2]) for r in h)
    norms = [sqrt(x * x + y * y + z * z) for x, y, z in (a, b, c)]
    return abs(determinant((a, b, c))) <= SINGULAR * norms[0] * norms[1] * norms[2]


def _map_quality(loc: Loc, camera: Camera) -> Iterator[Finding]:
    """The points agree with each other, to within half a metre."""
    if not camera.points:
        return
    residuals = residuals_m(camera)
    if (off := rms(residuals)) > WORST_RMS_M:
        worst = max(range(len(residuals)), key=residuals.__getitem__)
        got = f"{off:.2f} m, the worst points[{worst}] with {residuals[worst]:.2f} m"
        if isinf(off):
            got = f"points[{worst}] and others on two sides of the horizon"
        hint = "measure that point again; are px and floor_m of two points exchanged?"
        expected = f"points that fit to {WORST_RMS_M} m (root mean square)"
        yield Finding(HALL_FILE, (*loc, "points", worst), expected, got, hint)


def _bounded(plan: Plan, index: int, camera: Camera) -> Iterator[Finding]:
    """A camera answers for a bounded part of this hall's floor."""
    if camera.floor_m is not None or plan.is_faulty("cameras", index, "floor_m"):
        return
    corners = image_on_floor_m(camera)
    if corners is None:
        hint = "give floor_m, the polygon of the floor that it is trusted with"
        got = "an image that the horizon crosses"
        yield Finding(HALL_FILE, ("cameras", index), "floor_m, or an image of nothing but floor", got, hint)
    elif plan.size_m is not None and not boxes_overlap(box(corners), (0.0, 0.0, *plan.size_m)):
        got = f"nothing of it: the image's first corner is at ({corners[0][0]:.1f}, {corners[0][1]:.1f})"
        hint = "the map leads from pixels to metres: is it the other way round?"
        yield Finding(HALL_FILE, ("cameras", index), "a camera that sees the hall", got, hint)


Box = tuple[float, float, float, float]


def box(polygon: tuple[Point, ...]) -> Box:
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def boxes_overlap(a: Box, b: Box, by_m2: float = 0.0) -> bool:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return width > 0 and height > 0 and width * height > by_m2
