"""Perfect tracks as a camera sees them that stands low and looks level across the floor: exact boxes, no floor points.

camera, 3 m up
|``--..__
|  3 m   ``--..__    the walks      Far away a pixel is half a metre of floor. Nobody's box is off by one here, so
+-------[---------------------]     an engine that allows for more than it sees joins strangers.
"""

from __future__ import annotations

import json

from benchmarks.accuracy.floors import NOWHERE, Extent, extent_of, hall_files
from benchmarks.accuracy.recordings import Moment, Moments
from config.geometry import Homography
from streams.events import Person

FOCAL_PX, HEIGHT_M, BEFORE_M, TALL_M = 1000.0, 3.0, 3.0, 1.75
SIZE_PX = 2000, 2000
MIDDLE_PX = SIZE_PX[0] / 2


def flat_view(extent: Extent) -> Homography:
    """From the image to a plan that begins at (0, 0); the horizon is the image's upper edge."""
    middle_m = (extent.far - extent.near) / 2
    return (
        (0.0, -BEFORE_M, FOCAL_PX * HEIGHT_M), (HEIGHT_M, middle_m, -MIDDLE_PX * HEIGHT_M), (0.0, 1.0, 0.0),
    )  # fmt: skip


def flat_files(moments: Moments) -> dict[str, str]:
    extent = extent_of(moments)
    files = hall_files(extent, NOWHERE, view=flat_view(extent), size_px=SIZE_PX)
    hall = json.loads(files["hall.yaml"])
    width, depth = hall["size_m"]
    hall["cameras"][0]["floor_m"] = [[0, 0], [width, 0], [width, depth], [0, depth]]
    return files | {"hall.yaml": json.dumps(hall)}


def seen_flat(moments: Moments) -> Moments:
    """The boxes of everybody, all equally tall."""
    extent = extent_of(moments)
    return tuple(Moment(m.at_ms, tuple(_box(person, extent) for person in m.people)) for m in moments)


def _box(person: Person, extent: Extent) -> Person:
    assert person.x_m is not None
    assert person.y_m is not None
    away_m = person.x_m - extent.left + BEFORE_M
    aside_m = person.y_m - (extent.near + extent.far) / 2
    feet, tall = FOCAL_PX * HEIGHT_M / away_m, FOCAL_PX * TALL_M / away_m
    middle = MIDDLE_PX + FOCAL_PX * aside_m / away_m
    return Person(person.track, middle - tall / 6, feet - tall, tall / 3, tall, -1.0)
