"""What a stretch of odd rows looks like: the mistake that is most likely behind it. Pure; used by cameras.

Cameras have few resolutions, and detectors clip their boxes at the image's edge. So how far boxes reach tells at which
size a tracker ran, and whether four numbers are corners, sizes, or shares of the image.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from config.image_sizes import USUAL_SIZES, Size
from streams.events import Extent, OddRows

SLACK, OUTSIDE = 1.02, 1.1
SHAPE = 0.02
"""Images whose sides are in the same proportion, so far."""
NEARLY_ALL = 0.95
ROWS_TO_GUESS = 5
PAIRS = ("same_id_twice", "same_row_twice")
"""Kinds of which only the second row of a pair is counted."""
SNUG, BETTER = 0.9, 0.2
"""How much of both of an image's sides boxes reach over that fill it; and by how much more that has to be than of an image
of the camera's own shape, for it to be the likelier one."""


class Look(msgspec.Struct):
    """A stretch of a camera's rows: how many, how many of them odd by kind, and the extent of those without a place."""

    rows: int = 0
    kinds: dict[str, int] = {}
    extent: Extent = Extent()

    def add(self, event: OddRows) -> None:
        self.rows += event.rows
        for kind, count in event.kinds:
            self.kinds[kind] = self.kinds.get(kind, 0) + count
        if event.extent.rows:
            self.extent = self.extent.joined(event.extent)

    def commonest(self) -> tuple[float, str]:
        """The share of rows that are of the commonest kind, and that kind.

        Of a pair both rows count. Ids may be known as unconfirmed some seconds after their rows: the share ends at 1.
        """
        shares = ((count * (2 if kind in PAIRS else 1) / self.rows, kind) for kind, count in self.kinds.items())
        return max(((min(1.0, share), kind) for share, kind in shares), default=(0.0, ""))


class Cause(NamedTuple):
    """The share of rows of the commonest kind, and a sentence on what it looks like."""

    share: float
    text: str


def likely_cause(size_px: Size, look: Look, over: float) -> Cause | None:
    """None: nothing is wrong with most of the rows."""
    if not look.rows:
        return None
    (share, kind), extent = look.commonest(), look.extent
    if extent.rows >= ROWS_TO_GUESS and extent.rows / look.rows > over / 2 and _are_corners(size_px, extent):
        text = (
            "the third and fourth number of a box are beyond the first and second in nearly every row, and as sizes they "
            f"reach out of the image ({_size(size_px)}): these are corners (left, top, right, bottom), not sizes"
        )
        return Cause(share, text)
    if share <= over:
        return None
    if kind == "no_size" and 0 < extent.widest_px <= 2 and extent.right_px <= 2 and extent.bottom_px <= 2:
        text = f"boxes lie within 0..1: shares of the image, not pixels; multiply them by the camera's {_size(size_px)}"
        return Cause(share, text)
    return Cause(share, f"{share:.0%} of {look.rows} rows {_WHAT[kind]}{_resolution(size_px, extent, kind)}")


def _are_corners(size_px: Size, extent: Extent) -> bool:
    width, height = size_px
    stay_in = extent.widest_px <= width * SLACK and extent.highest_px <= height * SLACK
    return extent.corner_like >= NEARLY_ALL * extent.rows and _reach_out(size_px, extent) and stay_in


def _reach_out(size_px: Size, extent: Extent) -> bool:
    """Whether boxes end outside the image, by more than detectors round."""
    return extent.right_px > size_px[0] * OUTSIDE or extent.bottom_px > size_px[1] * OUTSIDE


_WHAT: dict[str, str] = {
    "off_floor": "lie off the camera's floor",
    "outside_image": "have their feet outside the image",
    "no_size": "are boxes without width or height: does the tracker write points?",
    "low_score": "have a score below min_score: certainly no person",
    "same_id_twice": "have the id of another box of the frame: do two trackers write as one camera?",
    "same_row_twice": "are there twice in their frame",
    "unconfirmed": "belong to ids that vanish before they are believed (confirm_s): does the tracker hold its ids?",
}


def _resolution(size_px: Size, extent: Extent, kind: str) -> str:
    """Whether how far the boxes reach tells of another size of the image."""
    if kind not in ("off_floor", "outside_image") or extent.rows < ROWS_TO_GUESS:
        return ""
    reached = _reached(size_px, extent)
    inside = reached is not None and reached[0] < size_px[0] and reached[1] < size_px[1]
    if reached is not None and (inside or _reach_out(size_px, extent)):
        return (
            f"; boxes lie within {_size(reached)}, the camera is {_size(size_px)}: the tracker ran at another size, or "
            "size_px and the calibration are of another"
        )
    return "; is this the right camera, and are its calibration and floor_m right?"


def _reached(size_px: Size, extent: Extent) -> Size | None:
    """The usual size that fits the boxes: the smallest of the camera's own shape, unless another fits much better."""
    holding = [s for s in USUAL_SIZES if extent.right_px <= s[0] * SLACK and extent.bottom_px <= s[1] * SLACK]
    alike = [s for s in holding if abs(s[0] * size_px[1] - s[1] * size_px[0]) <= SHAPE * s[0] * size_px[1]]
    best = max(holding, key=lambda size: _filled(size, extent), default=None)
    if best is None or not alike:
        return best
    filled = _filled(best, extent)
    return best if filled >= SNUG and filled > _filled(alike[0], extent) + BETTER else alike[0]


def _filled(size: Size, extent: Extent) -> float:
    """The share of both sides of an image that boxes reach over at least."""
    return min(extent.right_px / size[0], extent.bottom_px / size[1])


def _size(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
