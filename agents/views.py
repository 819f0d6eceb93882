"""What a camera sees of the floor: from the rows of a frame to floor points, and what is odd about the rows."""

from __future__ import annotations

from typing import NamedTuple

from agents.floor_index import FloorIndex, floor_index
from config.hall import Camera
from config.homography import camera_homography
from streams.events import OddKind, Person

FAR_M = 1e5
FAR_M2 = FAR_M * FAR_M
"""What is more than 100 km from the plan's origin comes from a point just below the horizon, not from a person."""
BESIDE = 0.1
"""A bottom centre may lie outside the image by this share of its size: feet are guessed below the edge."""

Box = tuple[float, float, float, float]
Odd = dict[OddKind, int]


class View(NamedTuple):
    """How a camera's pixels become floor points: its homography row by row; the floor it answers for, if limited.

    ``certain`` (left, near, right, far): inside this box a point is on that floor, without a look at its outline.
    ``image`` (left, top, right, bottom): where a bottom centre may be, in pixels.
    """

    matrix: tuple[float, ...]
    floor: FloorIndex | None
    certain: Box
    image: Box


Spot = tuple[str, float, float]
"""A row of a frame on the floor: the camera's id, x and y in metres."""


def camera_view(camera: Camera) -> View:
    a, b, c = camera_homography(camera)
    floor = floor_index(((camera.id, camera.floor_m),)) if camera.floor_m else None
    width, height = camera.size_px
    image = (-BESIDE * width, -BESIDE * height, (1 + BESIDE) * width, (1 + BESIDE) * height)
    return View((*a, *b, *c), floor, _certain(camera), image)


def spots(view: View, people: tuple[Person, ...], min_score: float, odd: Odd) -> list[Spot]:
    """Where the rows are on the floor, the same doubles as ``config.geometry.apply_homography``; others go to ``odd``.

    This loop runs for every person of every frame: it is kept flat, on local names.
    """
    (h00, h01, h02, h10, h11, h12, h20, h21, h22), floor, (left, near, right, far), image = view
    image_left, image_top, image_right, image_bottom = image
    found: list[Spot] = []
    for person in people:
        if person.score < min_score and person.score >= 0:
            odd["low_score"] = odd.get("low_score", 0) + 1
            continue
        x, y = person.x_m, person.y_m
        if x is None or y is None:
            width, height = person.width_px, person.height_px
            px, py = person.left_px + width / 2, person.top_px + height
            if width <= 0 or height <= 0:
                odd["no_size"] = odd.get("no_size", 0) + 1
                continue
            if not (image_left <= px <= image_right and image_top <= py <= image_bottom):
                odd["outside_image"] = odd.get("outside_image", 0) + 1
            w = h20 * px + h21 * py + h22
            if w <= 0:  # on or beyond the horizon
                odd["off_floor"] = odd.get("off_floor", 0) + 1
                continue
            x, y = (h00 * px + h01 * py + h02) / w, (h10 * px + h11 * py + h12) / w
        if not ((left < x < right and near < y < far) or _is_there(floor, x, y)):
            odd["off_floor"] = odd.get("off_floor", 0) + 1
            continue
        found.append((person.track, x, y))
    return found


def _is_there(floor: FloorIndex | None, x: float, y: float) -> bool:
    """Whether a point is of this world, and of the part of the floor that the camera answers for."""
    return x * x + y * y <= FAR_M2 and (floor is None or bool(floor.at(x, y)))


def _certain(camera: Camera) -> Box:
    """A box whose inside is the camera's floor for certain, so that a point in it needs no further test."""
    if camera.floor_m is None:
        return -FAR_M / 2, -FAR_M / 2, FAR_M / 2, FAR_M / 2
    xs, ys = sorted({x for x, _ in camera.floor_m}), sorted({y for _, y in camera.floor_m})
    upright = len(camera.floor_m) == 4 and len(xs) == len(ys) == 2 and len(set(camera.floor_m)) == 4
    return (xs[0], ys[0], xs[1], ys[1]) if upright else (0.0, 0.0, 0.0, 0.0)


def without_repeats(people: tuple[Person, ...], odd: Odd) -> tuple[Person, ...]:
    """The rows of a frame without those that say the same box of the same id again."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for person in people:
        row = (person.track, person.left_px, person.top_px, person.width_px, person.height_px, person.x_m, person.y_m)
        if row not in seen:
            kept.append(person)
        seen.add(row)
    if len(kept) < len(people):
        odd["same_row_twice"] = odd.get("same_row_twice", 0) + len(people) - len(kept)
    return tuple(kept)
