"""A camera's numbers, and the same numbers read in another way: in another resolution, unit or order of axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from config.calibration.pinhole import Pinhole, pinhole
from config.geometry import Homography, Point, apply_homography, inside
from config.hall import Camera
from config.homography import camera_homography, determinant, facing, inverse, on_floor

SAMPLES = 20
"""In each direction, of the floor that a camera answers for."""
EDGE = 0.02
"""Points may lie so much of the image's size beyond its edge: people click beside it, lens corrections push it out."""
EYE: Homography = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
EXCHANGED: Homography = ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def scaled(x: float, y: float) -> Homography:
    return (x, 0.0, 0.0), (0.0, y, 0.0), (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class View:
    """``h`` faces the floor it sees. ``px`` and ``floor``: the measured points; none where the matrix was given."""

    size_px: tuple[int, int]
    size_m: Point | None
    h: Homography
    px: tuple[Point, ...] = ()
    floor: tuple[Point, ...] = ()
    floor_m: tuple[Point, ...] | None = None

    @classmethod
    def of(cls, camera: Camera, size_m: Point | None) -> View:
        """Raises ValueError where the camera has no map."""
        h = camera_homography(camera)
        inverse(h)
        px, floor = tuple(pair.px for pair in camera.points), tuple(pair.floor_m for pair in camera.points)
        return cls(camera.size_px, size_m, h, px, floor, camera.floor_m)

    def read(self, px: Homography = EYE, floor: Homography = EYE) -> View:
        """As if ``px`` led from the pixels as written to those meant, and ``floor`` likewise; both affine."""
        h = product(floor, product(self.h, inverse(px)))
        return replace(
            self, h=h, px=tuple(_moved(px, p) for p in self.px), floor=tuple(_moved(floor, p) for p in self.floor)
        )

    def facing(self, h: Homography) -> View | None:
        """With another matrix, of the sign that faces the image's lower middle; None where it is singular."""
        turned = facing(h, (self.size_px[0] / 2, float(self.size_px[1])))
        return replace(self, h=turned) if determinant(turned) else None

    @cached_property
    def mirrored(self) -> bool:
        return determinant(self.h) < 0

    @cached_property
    def pinhole(self) -> Pinhole:
        return pinhole(self.h, self.size_px)

    @property
    def mismatch(self) -> float:
        return self.pinhole.mismatch

    def shows(self, x_m: float, y_m: float) -> bool:
        spot = on_floor(self._back, x_m, y_m)
        return spot is not None and 0 <= spot[0] <= self.size_px[0] and 0 <= spot[1] <= self.size_px[1]

    def behind(self, x_m: float, y_m: float) -> bool:
        return on_floor(self._back, x_m, y_m) is None

    @cached_property
    def _back(self) -> Homography:
        return inverse(self.h)

    @cached_property
    def unseen(self) -> tuple[Point, ...]:
        """Those of the samples of floor_m that the image does not show."""
        return tuple(spot for spot in self.samples if not self.shows(*spot))

    @property
    def unseen_share(self) -> float:
        return len(self.unseen) / max(1, len(self.samples))

    @cached_property
    def samples(self) -> tuple[Point, ...]:
        """Spots spread evenly over the floor that the camera answers for: floor_m, or what the image shows of the hall."""
        if self.floor_m is not None:
            return tuple(spot for spot in grid(self.floor_m) if inside(*spot, self.floor_m))
        if self.size_m is None:
            return ()
        return tuple(spot for spot in grid(((0.0, 0.0), self.size_m)) if self.shows(*spot))

    def outside_image(self) -> tuple[int, ...]:
        """Indices of the points that no image of this size can show."""
        (width, height), edge = self.size_px, EDGE
        return tuple(
            index
            for index, (x, y) in enumerate(self.px)
            if max(-x, x - width) > edge * width or max(-y, y - height) > edge * height
        )

    def outside_hall(self, by: float = 0.2) -> tuple[int, ...]:
        """Indices of the points that lie off the hall's floor by more than half a metre and a share of its size."""
        if self.size_m is None:
            return ()
        width, depth = self.size_m
        return tuple(
            index
            for index, (x, y) in enumerate(self.floor)
            if max(-x, x - width) > 0.5 + by * width or max(-y, y - depth) > 0.5 + by * depth
        )


def grid(points: tuple[Point, ...]) -> list[Point]:
    """The middles of cells that tile the points' bounding box."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    left, top, width, depth = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    parts = [(k + 0.5) / SAMPLES for k in range(SAMPLES)]
    return [(left + width * s, top + depth * t) for t in parts for s in parts]


def product(a: Homography, b: Homography) -> Homography:
    x, y, z = (
        tuple(sum(row[k] * b[k][j] for k in range(3)) for j in range(3)) for row in a
    )  # fmt: skip
    return (x[0], x[1], x[2]), (y[0], y[1], y[2]), (z[0], z[1], z[2])


def _moved(affine: Homography, point: Point) -> Point:
    found = apply_homography(affine, *point)
    assert found  # the last row is (0, 0, 1)
    return found
