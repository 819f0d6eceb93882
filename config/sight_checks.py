"""Checks of the floor that cameras see: each its own part, and together all that counts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from config.camera_checks import box, boxes_overlap
from config.checks import HALL_FILE, Plan, sound_polygon
from config.problems import Finding
from config.sight import answered_floor, seen_floor, shape

OVERLAP_M2 = 0.25
SEEN_SHARE = 0.5


def floors_apart(plan: Plan) -> Iterator[Finding]:
    """Until tracks are fused over cameras, a person seen by two of them would be counted twice."""
    floors = [(i, camera, floor) for i, camera in plan.cameras if (floor := answered_floor(plan, i, camera))]
    for (i, a, floor_a), (j, b, floor_b) in combinations(floors, 2):
        if not boxes_overlap(box(floor_a), box(floor_b), OVERLAP_M2):
            continue
        shared = shape(floor_a).intersection(shape(floor_b)).area
        if shared > OVERLAP_M2:
            got = f"{shared:.1f} m² of {b.id} shared with {a.id} (cameras[{i}])"
            hint = "set floor_m of both so that they share no more than a border"
            yield Finding(HALL_FILE, ("cameras", j), "cameras with floors of their own", got, hint)


def zones_seen(plan: Plan) -> Iterator[Finding]:
    """What no camera sees stays empty, whoever is there."""
    seen = seen_floor(plan)
    if seen is None:
        return
    for index, zone in plan.zones:
        if any(sound_polygon(plan, ("zones", index, "polygon_m"), zone.polygon_m)):
            continue
        polygon = shape(zone.polygon_m)
        share = polygon.intersection(seen).area / polygon.area if polygon.area else 1.0
        if share < SEEN_SHARE:
            got = f"{share:.0%} of {zone.id}"
            hint = "people elsewhere in it are not counted: extend a camera's floor_m, or add a camera"
            expected = "a zone that cameras see, or most of it"
            yield Finding(HALL_FILE, ("zones", index, "polygon_m"), expected, got, hint, "warning")
