"""The floor that an image shows: its rectangle, cut at the horizon, on the floor."""

from __future__ import annotations

from config.geometry import Homography, Point
from config.homography import on_floor

NEAR_HORIZON = 1e-3
"""Rows so near to the horizon, by their share of the largest w of the image, show floor a thousand times as far off."""


def footprint(h: Homography, size_px: tuple[int, int]) -> tuple[Point, ...]:
    """A convex polygon in metres, finite where the horizon crosses the image; empty where all is beyond it."""
    (width, height), (g, i, j) = size_px, h[2]
    corners = [(0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))]
    ws = [g * x + i * y + j for x, y in corners]
    least = NEAR_HORIZON * max(ws)
    if least <= 0:
        return ()
    cut: list[Point] = []
    for k, (corner, w) in enumerate(zip(corners, ws, strict=True)):
        after, w_after = corners[(k + 1) % 4], ws[(k + 1) % 4]
        if w >= least:
            cut.append(corner)
        if (w >= least) != (w_after >= least):
            part = (least - w) / (w_after - w)
            cut.append((corner[0] + part * (after[0] - corner[0]), corner[1] + part * (after[1] - corner[1])))
    return tuple(spot for p in cut if (spot := on_floor(h, *p)) is not None)
