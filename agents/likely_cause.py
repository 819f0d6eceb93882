"""What a stretch of odd rows looks like: the mistake that is most likely behind it. Pure; used by cameras.

Cameras have few resolutions, and detectors clip their boxes at the image's edge. So how far boxes reach tells at which
size a tracker ran, and whether four numbers are corners, sizes, or shares of the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from streams.events import Person

SIZES = (
    (640, 360), (640, 480), (640, 640), (704, 576), (768, 576), (800, 600), (960, 540), (1024, 576), (1024, 768),
    (1280, 720), (1280, 960), (1280, 1024), (1920, 1080), (2304, 1296), (2560, 1440), (2592, 1944), (3072, 2048),
    (3840, 2160),
)  # fmt: skip
"""Usual sizes of images, in pixels, the smallest first."""
SLACK = 1.02
SHAPE = 0.02
"""Images whose sides are in the same proportion, so far."""
NEARLY_ALL = 0.95
SAMPLED_AT_LEAST = 5

Size = tuple[int, int]


class Look(msgspec.Struct):
    """A stretch of a camera's rows: how many; and of the ``sampled`` ones, how far they reach, in pixels.

    ``corner_like``: rows whose third number is above the first and the fourth above the second.
    """

    rows: int = 0
    sampled: int = 0
    corner_like: int = 0
    right_px: float = 0.0
    bottom_px: float = 0.0
    widest_px: float = 0.0
    highest_px: float = 0.0

    def at(self, people: tuple[Person, ...]) -> None:
        for person in people:
            if person.x_m is not None:
                continue  # placed by the camera itself: its pixels do not matter
            self.sampled += 1
            self.corner_like += person.width_px > person.left_px and person.height_px > person.top_px
            self.right_px = max(self.right_px, person.left_px + person.width_px)
            self.bottom_px = max(self.bottom_px, person.top_px + person.height_px)
            self.widest_px = max(self.widest_px, person.width_px)
            self.highest_px = max(self.highest_px, person.height_px)


class Cause(NamedTuple):
    """The share of rows of the commonest kind, and a sentence on what it looks like."""

    share: float
    text: str


def likely_cause(size_px: Size, look: Look, odd: Mapping[str, int], over: float) -> Cause | None:
    """None: nothing is wrong with most of the rows."""
    kind, count = max(odd.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    share = count / look.rows
    if look.sampled >= SAMPLED_AT_LEAST:
        if look.right_px <= 2 and look.bottom_px <= 2 and look.widest_px > 0:
            text = (
                "boxes lie within 0..1: these are shares of the image, not pixels; multiply them by the camera's "
                f"{_size(size_px)}"
            )
            return Cause(max(share, 1.0), text)
        if _are_corners(size_px, look):
            text = (
                "the third and fourth number of a box are beyond the first and second in nearly every row, and as sizes "
                f"they reach out of the image ({_size(size_px)}): these are corners (left, top, right, bottom), not sizes"
            )
            return Cause(max(share, look.corner_like / look.sampled), text)
    if share <= over:
        return None
    return Cause(share, f"{share:.0%} of {look.rows} rows {_WHAT[kind]}{_resolution(size_px, look, kind)}")


def _are_corners(size_px: Size, look: Look) -> bool:
    width, height = size_px
    reach_out = look.right_px > width * 1.1 or look.bottom_px > height * 1.1
    stay_in = look.widest_px <= width * SLACK and look.highest_px <= height * SLACK
    return look.corner_like >= NEARLY_ALL * look.sampled and reach_out and stay_in


_WHAT: dict[str, str] = {
    "off_floor": "lie off the camera's floor",
    "outside_image": "have their feet outside the image",
    "no_size": "are boxes without width or height: does the tracker write points?",
    "low_score": "have a score below min_score: certainly no person",
    "same_id_twice": "repeat the id of another box of the frame: do two trackers write as one camera?",
    "same_row_twice": "repeat another row of the frame",
    "unconfirmed": "belong to ids that vanish before they are believed (confirm_s): does the tracker hold its ids?",
}


def _resolution(size_px: Size, look: Look, kind: str) -> str:
    """Whether how far the boxes reach tells of another size of the image."""
    if kind not in ("off_floor", "outside_image") or look.sampled < SAMPLED_AT_LEAST:
        return ""
    holding = [s for s in SIZES if look.right_px <= s[0] * SLACK and look.bottom_px <= s[1] * SLACK]
    alike = [s for s in holding if abs(s[0] * size_px[1] - s[1] * size_px[0]) <= SHAPE * s[0] * size_px[1]]
    reached = next(iter(alike or holding), None)
    inside = reached is not None and reached[0] < size_px[0] and reached[1] < size_px[1]
    if reached is not None and (inside or look.right_px > size_px[0] * 1.1 or look.bottom_px > size_px[1] * 1.1):
        return (
            f"; boxes lie within {_size(reached)}, the camera is {_size(size_px)}: the tracker ran at another size, or "
            "size_px and the calibration are of another"
        )
    return "; is this the right camera, and are its calibration and floor_m right?"


def _size(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
