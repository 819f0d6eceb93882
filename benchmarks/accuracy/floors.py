"""A hall around a recording: a floor as large as the walks need, four zones that tile it, and lines.

            west                 middle                  east
    +---------|------------+-------|-------+--------------|----+
    |  a      |    |    b  |       |   c   |       |   d  |    |    lines run across; west and east are entrances, and
    |         |    |       |       |       |       |      |    |    forward over them leads inwards
    +---------|------------+-------|-------+--------------|----+

Rules are the defaults.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.accuracy.recordings import PX_PER_M, Moment, Moments, standing
from config.geometry import Homography
from streams.events import Person

HALL, CAMERA = "measured", "cam"
MARGIN_M = 1.0
"""Between the walks and the edge of the floor: nobody walks round the end of a line, which reaches from edge to edge."""
ZONES = "abcd"

ABOVE: Homography = ((1 / PX_PER_M, 0.0, 0.0), (0.0, 1 / PX_PER_M, 0.0), (0.0, 0.0, 1.0))
"""A camera straight above the floor, 1 cm a pixel."""


class Ends(NamedTuple):
    """Where along x there are lines, metres; None: there is none."""

    west: float | None = None
    middle: float | None = None
    east: float | None = None


NOWHERE = Ends()


class Extent(NamedTuple):
    """What part of the recording's own floor is walked on, metres."""

    left: float
    near: float
    right: float
    far: float


def extent_of(moments: Moments) -> Extent:
    """Of the floor points, with a margin."""
    spots = [(p.x_m, p.y_m) for m in moments for p in m.people if p.x_m is not None and p.y_m is not None]
    if not spots:
        raise ValueError("expected a recording with floor points, got none: its extent cannot be told")
    xs, ys = [x for x, _ in spots], [y for _, y in spots]
    return Extent(min(xs) - MARGIN_M, min(ys) - MARGIN_M, max(xs) + MARGIN_M, max(ys) + MARGIN_M)


def moved(moments: Moments, extent: Extent) -> Moments:
    """The recording on a plan that begins at (0, 0)."""
    return tuple(Moment(m.at_ms, tuple(_moved(m, extent))) for m in moments)


def _moved(moment: Moment, extent: Extent) -> Iterator[Person]:
    for person in moment.people:
        assert person.x_m is not None
        assert person.y_m is not None
        yield standing(person.track, person.x_m - extent.left, person.y_m - extent.near)


def moved_view(matrix: Homography, extent: Extent) -> Homography:
    """A camera's map to the floor, for the plan that begins at (0, 0)."""
    a, b, c = matrix
    x, y = (tuple(v - by * w for v, w in zip(row, c, strict=True)) for row, by in ((a, extent.left), (b, extent.near)))
    return (x[0], x[1], x[2]), (y[0], y[1], y[2]), c


def hall_files(
    extent: Extent, ends: Ends = NOWHERE, view: Homography = ABOVE, size_px: tuple[int, int] | None = None
) -> dict[str, str]:  # fmt: skip
    """The files of the hall. ``ends`` are in the recording's own metres."""
    width, depth = extent.right - extent.left, extent.far - extent.near
    hall = {
        "id": HALL, "name": "Measured", "timezone": "UTC", "size_m": [round(width, 3), round(depth, 3)],
        "zones": list(_zones(width, depth)),
        "lines": list(_lines(extent, ends)),
        "cameras": [{
            "id": CAMERA, "size_px": size_px or [round(width * PX_PER_M), round(depth * PX_PER_M)], "homography": view,
        }],
    }  # fmt: skip
    return {"hall.yaml": json.dumps(hall), "rules.yaml": "{}\n"}


def _zones(width: float, depth: float) -> Iterator[dict[str, object]]:
    step = width / len(ZONES)
    for number, name in enumerate(ZONES):
        left, right = round(number * step, 3), round((number + 1) * step, 3)
        outline = [[left, 0.0], [right, 0.0], [right, round(depth, 3)], [left, round(depth, 3)]]
        yield {"id": name, "name": name, "polygon_m": outline}


def _lines(extent: Extent, ends: Ends) -> Iterator[dict[str, object]]:
    low, high = 0.0, round(extent.far - extent.near, 3)
    for name, x, from_y, to_y in (
        ("west", ends.west, low, high), ("middle", ends.middle, low, high), ("east", ends.east, high, low),
    ):  # fmt: skip
        if x is not None:
            at = round(x - extent.left, 3)
            yield {
                "id": name, "name": name, "from_m": [at, from_y], "to_m": [at, to_y], "entrance": name != "middle",
            }  # fmt: skip
