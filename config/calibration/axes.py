"""Pixels and matrices written in another order, or not as pixels at all."""

from __future__ import annotations

from collections.abc import Iterator

from config.calibration.view import EXCHANGED, View
from config.calibration.wording import (
    MISMATCH_LEFT,
    SUSPICIOUS,
    Cause,
    beyond,
    doubt,
    extent,
    height,
    may_hang_there,
    size_text,
    source,
)
from config.geometry import Homography
from config.homography import inverse


def shares_for_pixels(view: View) -> Iterator[Cause]:
    """0..1 or percent in place of pixels."""
    if not view.px:
        return
    most = max(max(abs(x), abs(y)) for x, y in view.px)
    for limit, name in ((1.5, "0 to 1"), (101.0, "0 to 100 (percent)")):
        if most <= limit and min(view.size_px) >= 4 * limit:
            hint = f"as shares of the image, {name}? Multiply x_px by the image's width and y_px by its height"
            got = f"all within {extent(view)} of an image of {size_text(view.size_px)}"
            yield Cause("points", "px in pixels", got, f"{hint} ({size_text(view.size_px)}), the share being 1", True)
            return


def exchanged_pixels(view: View) -> Iterator[Cause]:
    """Row and column: the image is mirrored by it, and its middle is not where a camera's axis goes through."""
    swapped = view.read(px=EXCHANGED)
    outside = view.outside_image()
    if swapped.outside_image():
        return
    proven = bool(outside) and (view.mirrored or swapped.mismatch < view.mismatch)
    likely = view.mismatch > SUSPICIOUS / 2 and swapped.mismatch < MISMATCH_LEFT * view.mismatch
    if not proven and not (likely and (view.mirrored or much_better(view, swapped))):
        return
    got = (
        f"{extent(view)} of {size_text(view.size_px)}" if view.px else "the map of a camera whose x and y are exchanged"
    )
    got += (
        f"{beyond(view, outside)}; with x and y exchanged it is a camera's map ({doubt(view)}, then {doubt(swapped)})"
    )
    hint = "are row and column exchanged? px is [x, y]: x to the right, y down, from the image's top left corner"
    yield Cause(source(view), "px as [x, y] inside the image", got, hint, proven, turns=True)


def much_better(view: View, other: View) -> bool:
    return view.mismatch > 2 * SUSPICIOUS and other.mismatch < 0.25 * view.mismatch


def other_matrix(view: View) -> Iterator[Cause]:
    """A matrix given the wrong way round (from the floor to pixels), or by columns."""
    if view.px or _sensible(view):
        return
    transposed: Homography = (
        (view.h[0][0], view.h[1][0], view.h[2][0]),
        (view.h[0][1], view.h[1][1], view.h[2][1]),
        (view.h[0][2], view.h[1][2], view.h[2][2]),
    )
    for h, hint in ((inverse(view.h), _INVERTED), (transposed, _TRANSPOSED)):
        faced = view.facing(h)
        if faced is not None and _sensible(faced):
            got = f"one of no camera over this hall ({doubt(view)}, {height(view)})"
            yield Cause("homography", "a map from pixels to metres of this hall", got, hint, True, turns=True)
            return


_INVERTED = "the map leads from pixels to metres: is it the other way round? Its inverse is a camera's"


_TRANSPOSED = "three rows: is it written by columns? Its transpose is a camera's"


def _sensible(view: View) -> bool:
    """Whether a camera over the hall may have this map: near a pinhole, at a height, the hall's floor in its image."""
    seen = bool(view.samples) and view.unseen_share < SUSPICIOUS * 10
    return view.mismatch < 2 * SUSPICIOUS and may_hang_there(view) and seen
