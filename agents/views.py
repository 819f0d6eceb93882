"""What a camera sees of the floor: from the rows of a frame to floor points, and what is odd about the rows."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import msgspec

from agents.floor_index import FloorIndex, floor_index
from config.hall import Camera
from config.homography import camera_homography
from streams.events import Extent, OddKind, Person

FAR_M = 1e5
FAR_M2 = FAR_M * FAR_M
"""What is more than 100 km from the plan's origin comes from a point just below the horizon, not from a person."""
BESIDE = 0.1
"""A bottom centre may lie outside the image by this share of its size: feet are guessed below the edge."""

Box = tuple[float, float, float, float]
TINY_PX = 2.0
"""A box that is not larger than this, in width or height, is none: it has no size, or its numbers are shares of an image."""


class Odd(msgspec.Struct):
    """What was odd about a camera's rows since it was last told: how many rows there were, how many by kind, and how
    far those that have no place on the floor, or no size, reach in the image.
    """

    rows: int = 0
    kinds: dict[OddKind, int] = {}
    extent: Extent = Extent()

    def note(self, kind: OddKind, rows: int = 1) -> None:
        self.kinds[kind] = self.kinds.get(kind, 0) + rows

    def is_nobody(self, person: Person) -> bool:
        """Of a score that is too low: whether it was given at all. Below 0 it says that there is none."""
        if person.score < 0:
            return False
        self.note("low_score")
        return True

    def refuse(self, kind: OddKind, box: Person) -> None:
        """A row that cannot be used, and what it looks like."""
        self.note(kind)
        width, height = box.width_px, box.height_px
        corner_like = int(width > box.left_px and height > box.top_px)
        one = Extent(1, corner_like, box.left_px + width, box.top_px + height, width, height)
        self.extent = self.extent.joined(one)


class View(NamedTuple):
    """How a camera's pixels become floor points: its homography row by row; the floor it answers for, if limited.

    ``certain`` (left, near, right, far): inside this box a point is on that floor, without a look at its outline.
    ``image`` (left, top, right, bottom): where a bottom centre may be, in pixels.
    """

    matrix: tuple[float, ...]
    floor: FloorIndex | None
    certain: Box
    image: Box


Spot = tuple[str, float, float, float]
"""A row of a frame on the floor: the camera's id, x and y in metres, and the point's blur."""
BLUR = 0.1
"""A box may end above or below the feet by this share of its height."""


def camera_view(camera: Camera) -> View:
    a, b, c = camera_homography(camera)
    floor = floor_index(((camera.id, camera.floor_m),)) if camera.floor_m else None
    width, height = camera.size_px
    image = (-BESIDE * width, -BESIDE * height, (1 + BESIDE) * width, (1 + BESIDE) * height)
    return View((*a, *b, *c), floor, _certain(camera), image)


def floor_spots(view: View, people: tuple[Person, ...]) -> dict[int, tuple[float, float]]:
    """By row: where it is on the plan, in metres; rows beyond the horizon are left out."""
    found = {}
    h00, h01, h02, h10, h11, h12, h20, h21, h22 = view.matrix
    for number, person in enumerate(people):
        x, y = person.x_m, person.y_m
        if x is None or y is None:
            px, py = person.left_px + person.width_px / 2, person.top_px + person.height_px
            w = h20 * px + h21 * py + h22
            if w <= 0:
                continue
            x, y = (h00 * px + h01 * py + h02) / w, (h10 * px + h11 * py + h12) / w
        found[number] = x, y
    return found


def blur_m(view: View, person: Person) -> float:
    """How far a floor point is off if its box is off by a tenth of its height: more the flatter the camera looks at it.

    A point that the camera gives itself is taken at its word.
    """
    if person.x_m is not None and person.y_m is not None:
        return 0.0
    h00, h01, h02, h10, h11, h12, h20, h21, h22 = view.matrix
    px, py = person.left_px + person.width_px / 2, person.top_px + person.height_px
    low = py + BLUR * person.height_px
    w, low_w = h20 * px + h21 * py + h22, h20 * px + h21 * low + h22
    if w <= 0 or low_w <= 0:
        return 0.0
    x = (h00 * px + h01 * py + h02) / w - (h00 * px + h01 * low + h02) / low_w
    y = (h10 * px + h11 * py + h12) / w - (h10 * px + h11 * low + h12) / low_w
    return sqrt(x * x + y * y)


def is_there(view: View, person: Person, x_m: float, y_m: float, odd: Odd) -> bool:
    """Whether a point is of this world, and of the part of the floor that the camera answers for; what is odd is noted."""
    left, top, right, bottom = view.image
    if person.x_m is None and not (
        left <= person.left_px + person.width_px / 2 <= right and top <= person.top_px + person.height_px <= bottom
    ):
        odd.note("outside_image")
    if x_m * x_m + y_m * y_m <= FAR_M2 and (view.floor is None or view.floor.at(x_m, y_m)):
        return True
    odd.refuse("off_floor", person)
    return False


def _certain(camera: Camera) -> Box:
    """A box whose inside is the camera's floor for certain, so that a point in it needs no further test; else empty."""
    if camera.floor_m is None:
        return 0.0, 0.0, 0.0, 0.0
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
        odd.note("same_row_twice", len(people) - len(kept))
    return tuple(kept)
