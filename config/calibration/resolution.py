"""Pixels of another image than the one that ``size_px`` speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from config.calibration.view import EDGE, View, scaled
from config.calibration.wording import MISMATCH_LEFT, SUSPICIOUS, Cause, beyond, doubt, extent, size_text, source
from config.image_sizes import USUAL_SIZES

PARTS = (1.5, 2, 2.5, 3, 4, 6)
"""What is made of a camera's images to save work, beside the usual sizes."""


SHARES = ((1, 1), (100, 100), (1000, 1000))
"""Not pixels at all, but shares of the image: of one, in percent, in thousandths."""


def larger_image(view: View) -> Iterator[Cause]:
    """Points beyond the image were measured in a larger one."""
    outside = view.outside_image()
    if not outside:
        return
    got = f"{extent(view)}{beyond(view, outside)}"
    hint = "px count from the image's top left corner, x right, y down"
    if min(min(p) for p in view.px) >= -EDGE * min(view.size_px):
        size = _best_holding(view, *_most(view))
        hint = f"were they measured in {_as_px(size)}? Multiply px by {view.size_px[0] / size[0]:.3g}"
        if size not in SHARES:
            hint += f", or give that size if the tracker works on such images (size_px: [{size[0]}, {size[1]}])"
    yield Cause("points", f"px inside the image of {size_text(view.size_px)}", got, hint, True)


def other_image(view: View) -> Iterator[Cause]:
    """A map that no camera has, and one has if the image was smaller or larger."""
    if view.mismatch <= SUSPICIOUS or view.outside_image():
        return
    best = min(_readings(view), default=None)
    if best is None:
        return
    mismatch, _, size = best
    of = size_text(view.size_px)
    got = f"{extent(view)} of {of}" if view.px else f"the map of no camera with images of {of}"
    got += f"; taken for {_as_px(size)} it is a camera's ({doubt(view)}, then {mismatch:.2f})"
    hint = f"{_was(view)} {_as_px(size)}? Scale it to size_px, or give size_px as it was"
    yield Cause(source(view), f"px of the image of {size_text(view.size_px)}", got, hint, size == SHARES[0])


def _readings(view: View) -> Iterator[tuple[float, int, tuple[int, int]]]:
    """Sizes that explain a map: how far from a real camera, whether of another shape, the size."""
    (width, height), far = view.size_px, _most(view)
    parts = tuple((max(1, round(width / part)), max(1, round(height / part))) for part in PARTS)
    for size in (*USUAL_SIZES, *SHARES, *parts):
        if size == view.size_px or far[0] > 1.01 * size[0] or far[1] > 1.01 * size[1]:
            continue
        like = abs(size[0] * height - size[1] * width) < 0.02 * size[0] * height
        smaller = size[0] <= 0.8 * width
        # Points fill most of the image that they were measured in.
        filled = not view.px or max(far[0] / size[0], far[1] / size[1]) > 0.7
        if not filled or (not like and size not in SHARES and not smaller):
            continue
        found = _as_of(view, size)
        enough = MISMATCH_LEFT if smaller and like and view.px else 0.25
        if found < enough * view.mismatch and found < 2 * SUSPICIOUS and (view.mismatch > 0.12 or (smaller and like)):
            yield round(found + (0 if like else SUSPICIOUS), 2), int(not like), size


def _best_holding(view: View, x: float, y: float) -> tuple[int, int]:
    """An image's size, or thousandths where those make the better camera."""
    size, thousandths = _holding(view, x, y), SHARES[-1]
    if max(x, y) > 1010 or min(x, y) < 600 or view.mismatch < SUSPICIOUS:
        return size
    if _as_of(view, thousandths) > MISMATCH_LEFT / 2 * _as_of(view, size):
        return size
    return thousandths


def _holding(view: View, x: float, y: float) -> tuple[int, int]:
    """The smallest usual image that holds a pixel, of the camera's shape if there is one."""
    width, height = view.size_px
    holding = [size for size in USUAL_SIZES if size[0] >= x * 0.99 and size[1] >= y * 0.99]
    alike = [size for size in holding if abs(size[0] * height - size[1] * width) < 0.02 * size[0] * height]
    times = int(max(x / width, y / height)) + 1
    # Of those that hold the points, the smallest under which the map is about as near to a camera's as under any.
    return min(
        alike or holding, key=lambda size: (round(_as_of(view, size), 1), size), default=(width * times, height * times)
    )


def _as_of(view: View, size: tuple[int, int]) -> float:
    """How far from a real camera's the map is if the pixels are those of an image of that size."""
    return view.read(px=scaled(view.size_px[0] / size[0], view.size_px[1] / size[1])).mismatch


def _most(view: View) -> tuple[float, float]:
    return max((p[0] for p in view.px), default=0.0), max((p[1] for p in view.px), default=0.0)


def _was(view: View) -> str:
    return "were they measured in" if view.px else "was the matrix made for"


def _as_px(size: tuple[int, int]) -> str:
    shares = {(1, 1): "one, 0 to 1", (100, 100): "a hundred (percent)", (1000, 1000): "a thousand"}
    return f"shares of {shares[size]}" if size in shares else f"images of {size_text(size)}"
