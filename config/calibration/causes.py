"""What was probably done to a camera's numbers: each way of misreading them is tried, and the one that heals is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from config.calibration.axes import exchanged_pixels, other_matrix, shares_for_pixels
from config.calibration.resolution import larger_image, other_image
from config.calibration.units import elsewhere, exchanged_floor, impossible_height, other_unit, shares_for_floor
from config.calibration.view import EXCHANGED, View
from config.calibration.wording import Cause

PIXELS: tuple[Callable[[View], Iterator[Cause]], ...] = (
    shares_for_pixels, other_matrix, exchanged_pixels, larger_image, other_image,
)  # fmt: skip


FLOOR: tuple[Callable[[View], Iterator[Cause]], ...] = (
    shares_for_floor, exchanged_floor, other_unit, elsewhere, impossible_height,
)  # fmt: skip


def causes(view: View) -> tuple[Cause, ...]:
    """The likely causes, one for the pixels and one for the floor at most. The orientation is judged by ``mirrored``."""
    pixels = next(chain.from_iterable(cause(view) for cause in PIXELS), None)
    if pixels is not None and pixels.turns:
        if not view.px:
            return (pixels,)
        view = view.read(px=EXCHANGED)
    floor = next(chain.from_iterable(cause(view) for cause in FLOOR), None)
    return tuple(cause for cause in (pixels, floor) if cause is not None)
