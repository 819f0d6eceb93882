"""The floor that each camera answers for, and that its image shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.calibration.footprint import footprint
from config.calibration.judge import verdict
from config.camera_checks import has_sound_map, sound_camera
from config.checks import Plan, sound_polygon
from config.geometry import Point
from config.hall import Camera
from config.homography import coverage_m

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MAP_KEYS = ("size_px", "homography", "points", "floor_m")


def answered_floor(plan: Plan, index: int, camera: Camera) -> tuple[Point, ...] | None:
    """The floor that a camera answers for; None where the camera has faults of its own, which are told elsewhere."""
    if plan.is_faulty("cameras", index, "floor_m"):
        return None
    if camera.floor_m is not None:
        return None if any(sound_polygon(plan, ("cameras", index, "floor_m"), camera.floor_m)) else camera.floor_m
    if plan.is_faulty("cameras", index, *MAP_KEYS) or any(sound_camera(plan, index, camera)):
        return None
    return coverage_m(camera)


def seen_floor(plan: Plan) -> BaseGeometry | None:
    """All the floor that cameras answer for and show; None where that of one is not known.

    Of a camera whose calibration is in doubt, told elsewhere, its floor_m is taken at its word.
    """
    from shapely import unary_union

    if "cameras" in plan.unread:
        return None
    floors = [(index, camera, answered_floor(plan, index, camera)) for index, camera in plan.cameras]
    if any(floor is None for _, _, floor in floors):
        return None
    return unary_union([_shown(plan, index, camera, floor) for index, camera, floor in floors if floor])


def _shown(plan: Plan, index: int, camera: Camera, floor: tuple[Point, ...]) -> BaseGeometry:
    if not has_sound_map(plan, index, camera) or any(sound_camera(plan, index, camera)):
        return shape(floor)
    found = verdict(camera, plan.size_m)
    if found.causes or found.view.mirrored or len(image := footprint(found.view.h, camera.size_px)) < 3:
        return shape(floor)
    return shape(floor).intersection(shape(image))


def shape(polygon: tuple[Point, ...]) -> BaseGeometry:
    """Shapely takes a tenth of a second to load: only halls whose cameras come near each other pay it."""
    from shapely import Polygon
    from shapely.validation import make_valid

    found = Polygon(polygon)
    return found if found.is_valid else make_valid(found)
