"""The camera that a homography belongs to, if any: how high it hangs, and how far from any real camera it is.

A map from a plane has eight numbers. A camera with square pixels and its axis through the image's middle has seven: its
place and direction, and its focal length. The one left over shows maps that no camera could have, such as one measured
in an image of another size, and needs to know nothing of the hall for it (Zhang, A flexible new technique for camera
calibration, 2000, section 3.1: the images of two floor axes are at right angles and of one length).
"""

from __future__ import annotations

from math import exp, inf, log, sqrt
from typing import NamedTuple

from config.geometry import Homography
from config.homography import determinant, inverse

NARROWEST, WIDEST = 4.0, 0.25
"""Focal lengths in image widths: fields of view of 14 to 127 degrees."""
STEPS = 48


class Pinhole(NamedTuple):
    """``mismatch``: 0 for a real camera; 0.1: floor axes that should be at right angles are 6 degrees off, or differ in
    length by a tenth. ``heights_m``: the lowest and highest place over the floor that agrees about as well."""

    mismatch: float
    heights_m: tuple[float, float]


class _Trial(NamedTuple):
    mismatch: float
    height_m: float


def pinhole(h: Homography, size_px: tuple[float, float]) -> Pinhole:
    """The nearest pinhole camera to a map from pixels to the floor. Raises ValueError for a singular map."""
    back = _centred(inverse(h), size_px)
    # In image widths: the determinant of pixels to the third power would lose itself in rounding.
    lengths = [WIDEST * exp(log(NARROWEST / WIDEST) * k / (STEPS - 1)) for k in range(STEPS)]
    trials = [_trial(back, length) for length in lengths]
    best = min(trials)
    near = [trial.height_m for trial in trials if trial.mismatch <= best.mismatch + 0.02]
    return Pinhole(best.mismatch, (min(near), max(near)))


def mismatch(h: Homography, size_px: tuple[float, float]) -> float:
    """That of the nearest pinhole camera; inf for a singular map."""
    try:
        return pinhole(h, size_px).mismatch
    except ValueError:
        return inf


def _centred(back: Homography, size_px: tuple[float, float]) -> Homography:
    """Floor to image, counted from the image's middle in image widths."""
    (width, height), (p, q, r) = size_px, back
    x = tuple((v - width / 2 * w) / width for v, w in zip(p, r, strict=True))
    y = tuple((v - height / 2 * w) / width for v, w in zip(q, r, strict=True))
    return (x[0], x[1], x[2]), (y[0], y[1], y[2]), r


def _trial(back: Homography, length: float) -> _Trial:
    """How unlike one rigid motion the map is, seen with a focal length; and the height that follows."""
    rows: Homography = (_over(back[0], length), _over(back[1], length), back[2])
    a, b = [row[0] for row in rows], [row[1] for row in rows]
    long_a, long_b = sqrt(sum(v * v for v in a)), sqrt(sum(v * v for v in b))
    if not long_a or not long_b:
        return _Trial(inf, 0.0)
    cosine, ratio = sum(v * w for v, w in zip(a, b, strict=True)) / (long_a * long_b), log(long_a / long_b)
    scale = 2 / (long_a + long_b)
    return _Trial(sqrt(cosine * cosine + ratio * ratio), abs(determinant(rows)) * scale * scale * scale)


def _over(row: tuple[float, float, float], length: float) -> tuple[float, float, float]:
    return row[0] / length, row[1] / length, row[2] / length
