"""Plane geometry: small cases drawn, laws for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.geometry import Point, apply_homography, area, cross, distance_to_segment, inside, segments_meet

SQUARE: tuple[Point, ...] = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
NOTCHED: tuple[Point, ...] = ((0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
raster = st.integers(-8, 8).map(float)
points = st.tuples(raster, raster)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (1, 1, True),
        (0, 0, True),
        (0, 1, True),
        (1, 0, True),
        (2, 1, False),
        (1, 2, False),
        (2, 2, False),
        (-1, 1, False),
    ],
)
def test_a_square_holds_its_left_and_upper_edge_and_not_the_others(x: float, y: float, expected: bool) -> None:
    #   (0,0) #######. (2,0)     # in
    #         #      .           . out
    #   (0,2) ........ (2,2)
    assert inside(x, y, SQUARE) == expected
    assert inside(x, y, SQUARE[::-1]) == expected


def test_a_notch_is_outside() -> None:
    #   *     *
    #   | \x/ |
    #   |  o  |
    #   +-----+
    assert not inside(1.0, 0.5, NOTCHED)
    assert inside(1.0, 1.5, NOTCHED)


def test_cross_is_positive_to_the_left_with_y_up() -> None:
    assert cross(0, 0, 1, 0, 0, 1) == 1
    assert cross(0, 0, 1, 0, 0, -1) == -1
    assert cross(0, 0, 1, 0, 5, 0) == 0


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ((1, -1), (1, 1), True),  # through the middle
        ((0, 0), (0, 1), True),  # touches an end
        ((1, 0), (1, 1), True),  # ends on it
        ((1, 0), (3, 0), True),  # overlaps
        ((3, 0), (4, 0), False),  # on its line, beyond it
        ((3, -1), (3, 1), False),  # passes its end
        ((0, 1), (2, 1), False),  # beside it
    ],
)
def test_whether_segments_meet(p: Point, q: Point, expected: bool) -> None:
    a, b = (0.0, 0.0), (2.0, 0.0)
    assert segments_meet(p, q, a, b) == segments_meet(q, p, b, a) == segments_meet(a, b, p, q) == expected


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(1, 0, 0.0), (1, 3, 3.0), (1, -3, 3.0), (-3, 4, 5.0), (5, 4, 5.0), (2, 0, 0.0)],
)
def test_the_distance_to_a_segment_is_to_its_nearest_point(x: float, y: float, expected: float) -> None:
    #      x             x
    #        `5       3  :  5`      the ends are round
    #           *========*
    assert distance_to_segment(x, y, (0.0, 0.0), (2.0, 0.0)) == expected


@given(points, points, points)
def test_no_point_of_a_segment_is_nearer_than_its_distance(p: Point, a: Point, b: Point) -> None:
    distance = distance_to_segment(*p, a, b)
    assert distance == pytest.approx(distance_to_segment(*p, b, a))
    for n in range(9):
        at = a[0] + (b[0] - a[0]) * n / 8, a[1] + (b[1] - a[1]) * n / 8
        assert distance <= distance_to_segment(*p, at, at) + 1e-9


def test_area_does_not_care_which_way_round() -> None:
    assert area(SQUARE) == area(SQUARE[::-1]) == 4
    assert area(NOTCHED) == 3


def test_a_homography_maps_a_pixel_to_the_floor_unless_it_is_on_the_horizon() -> None:
    h = ((1.0, 0.0, 2.0), (0.0, 1.0, 4.0), (0.0, 0.5, -1.0))
    assert apply_homography(h, 2.0, 4.0) == (4.0, 8.0)
    assert apply_homography(h, 2.0, 2.0) is None
