"""The camera behind a homography, and the floor in its image."""

from __future__ import annotations

from math import cos, hypot, pi, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calibration.footprint import footprint
from config.calibration.pinhole import mismatch, pinhole
from config.calibration.view import EXCHANGED, product, scaled
from config.geometry import Homography, area
from config.hall import PointPair
from config.homography import determinant, fitted, in_image, inverse, metres_per_px, on_floor
from tests.support.pinholes import Pinhole

SIZE = (1920, 1080)
SQUARE = ((4.0, 3.0), (8.0, 3.0), (8.0, 6.0), (4.0, 6.0), (6.0, 4.0))


def exact(height: float = 4.0, tilt: float = 40.0, pan: float = -90.0, fov: float = 80.0) -> Homography:
    """The map of a camera at (6, 9), without errors of measuring."""
    camera = Pinhole(SIZE, 6.0, 9.0, height, radians(tilt), radians(pan), radians(fov))
    pixels = [(camera.px(*spot), spot) for spot in SQUARE]
    return fitted(tuple(PointPair(px=px, floor_m=spot) for px, spot in pixels if px is not None))


@given(st.floats(2.5, 12), st.floats(20, 75), st.floats(-110, -70), st.floats(40, 100))
def test_a_real_camera_has_no_mismatch_and_its_own_height(height: float, tilt: float, pan: float, fov: float) -> None:
    h = exact(height, tilt, pan, fov)
    found = pinhole(h, SIZE)
    assert found.mismatch < 0.03  # the focal lengths tried are 6 % apart
    assert found.heights_m[0] * 0.9 < height < found.heights_m[1] * 1.1
    assert determinant(h) > 0, "a floor seen from above is not mirrored"


@pytest.mark.parametrize(
    ("misread", "least"),
    [(scaled(1 / 2, 1 / 2), 0.15), (scaled(2, 2), 0.05), (scaled(1 / 1920, 1 / 1080), 0.8)],
)
def test_what_is_read_in_another_resolution_is_no_cameras(misread: Homography, least: float) -> None:
    assert mismatch(product(exact(pan=-75), inverse(misread)), SIZE) > least


def test_units_of_the_floor_change_the_height_alone() -> None:
    centimetres = product(scaled(100, 100), exact())
    found = pinhole(centimetres, SIZE)
    assert found.mismatch < 0.03
    assert 350 < found.heights_m[0] <= found.heights_m[1] < 450


def test_straight_down_every_focal_length_fits() -> None:
    """1 cm a pixel: 4.8 m up through the widest lens that is tried, 77 m through the narrowest."""
    found = pinhole(scaled(0.01, 0.01), SIZE)
    assert found.mismatch == pytest.approx(0)
    assert found.heights_m == pytest.approx((4.8, 76.8))


def test_a_singular_map_has_no_camera() -> None:
    flat: Homography = ((1.0, 0.0, 0.0), (2.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    with pytest.raises(ValueError, match="a matrix with an inverse"):
        pinhole(flat, SIZE)
    assert mismatch(flat, SIZE) == float("inf")


def test_exchanged_axes_mirror() -> None:
    assert determinant(product(exact(), EXCHANGED)) < 0


# -- there and back ----------------------------------------------------------------------------------------------------


@given(st.floats(0, 1920), st.floats(300, 1080))
def test_the_way_to_the_floor_and_back_ends_where_it_began(x: float, y: float) -> None:
    h = exact()
    spot = on_floor(h, x, y)
    assert spot is not None
    assert in_image(h, *spot) == pytest.approx((x, y), abs=1e-6)


def test_what_is_behind_the_camera_is_in_no_image() -> None:
    """It stands at y = 9, 4 m up, looks to smaller y, 40 degrees down: the plane through it meets the floor at y = 12.4."""
    assert in_image(exact(), 6.0, 12.0) is not None
    assert in_image(exact(), 6.0, 13.0) is None


def test_metres_per_px_are_the_largest_that_a_pixel_moves_a_point() -> None:
    h, step = exact(), 1e-4
    a = on_floor(h, 900.0, 400.0)
    assert a is not None
    moved = []
    for k in range(360):
        b = on_floor(h, 900 + step * cos(pi * k / 180), 400 + step * sin(pi * k / 180))
        assert b is not None
        moved.append(hypot(b[0] - a[0], b[1] - a[1]) / step)
    assert metres_per_px(h, 900.0, 400.0) == pytest.approx(max(moved), rel=1e-3)
    assert metres_per_px(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 1.0, -200.0)), 0, 100) == float("inf")


#   image                floor
#   +-------+            \-----/    what lies under the horizon is a trapezoid, wide at its far end
#   |- - - -|    ->       \---/
#   +-------+
#
def test_a_footprint_ends_at_the_horizon() -> None:
    assert area(footprint(scaled(0.01, 0.01), SIZE)) == pytest.approx(19.2 * 10.8)
    far: Homography = ((3.0, 5.0, -2500.0), (0.0, 10.0, -5000.0), (0.0, 1.0, -200.0))
    corners = footprint(far, (1000, 800))
    assert len(corners) == 4
    assert footprint(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)), SIZE) == ()
