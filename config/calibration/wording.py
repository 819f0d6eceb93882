"""A cause as it is told, and how the numbers of a camera are put into words."""

from __future__ import annotations

from typing import NamedTuple

from config.calibration.view import View
from config.problems import Severity

SUSPICIOUS = 0.06
"""Real cameras with points measured well come nearer to a pinhole than this; see ``Pinhole.mismatch``."""
MISMATCH_LEFT = 0.5
"""Numbers read in another way explain a mismatch if they leave less than this share of it."""
HIGHEST_M, LOWEST_M = 40.0, 0.4
"""Cameras over a hall hang somewhere between."""


class Cause(NamedTuple):
    """Where (a key of the camera), expected, got, hint, as in a Finding. ``certain``: such numbers cannot be true."""

    key: str
    expected: str
    got: str
    hint: str
    certain: bool = False
    unit: float = 1.0
    """So many of the floor's units make a metre, as far as is known."""
    turns: bool = False
    """Numbers so wrong turn the floor over: that it is mirrored needs no telling."""

    @property
    def severity(self) -> Severity:
        return "error" if self.certain else "warning"


def source(view: View) -> str:
    return "points" if view.px else "homography"


def extent(view: View) -> str:
    return "x {:.4g} to {:.4g}, y {:.4g} to {:.4g}".format(*_ranges(view.px))


def floor_extent(view: View) -> str:
    if not view.floor:
        return "a map onto other lengths"
    return "x {:.4g} to {:.4g}, y {:.4g} to {:.4g}".format(*_ranges(view.floor))


def _ranges(points: tuple[tuple[float, float], ...]) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), max(xs), min(ys), max(ys)


def beyond(view: View, outside: tuple[int, ...]) -> str:
    return f", {len(outside)} of {len(view.px)} points beyond it" if outside else ""


def doubt(view: View) -> str:
    return f"{view.mismatch:.2f} from a real camera's"


def may_hang_there(view: View) -> bool:
    """Whether a camera over a hall may be as high as the map says."""
    low, high = view.pinhole.heights_m
    return high >= LOWEST_M and low <= HIGHEST_M


def height(view: View) -> str:
    low, high = view.pinhole.heights_m
    texts = [f"{value:.1f}" if value < 10 else f"{value:,.0f}" for value in (low, high)]
    return f"{' to '.join(dict.fromkeys(texts))} m above the floor"


def size_text(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def hall_text(view: View) -> str:
    return f", (0, 0) to ({view.size_m[0]:g}, {view.size_m[1]:g})" if view.size_m else ""
