"""The floor index answers what testing every polygon answers: any polygons, points on edges and vertices too."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.floor_index import CELL_M, MARGIN_M, FloorIndex, Polygon, floor_index
from config.geometry import inside
from tests.support.halls import small_hall

# Plans are drawn on a raster, people stand anywhere: both matter, and so does what lies a hair's breadth from a raster.
raster = st.integers(-40, 40).map(lambda n: n / 8)
anywhere = st.floats(-5, 5)
nearly = st.builds(lambda n, ulps: n + ulps * math.ulp(n or 1.0), raster, st.integers(-3, 3))
coordinate = st.one_of(raster, anywhere, nearly)
points = st.tuples(coordinate, coordinate)
polygons = st.lists(points, min_size=3, max_size=9).map(tuple)
"""Any closed ways, concave and crossing themselves as well: more than a plan may hold."""


def brute_force(zones: tuple[tuple[str, Polygon], ...], x: float, y: float) -> tuple[str, ...]:
    return tuple(id_ for id_, polygon in zones if inside(x, y, polygon))


def along(polygon: Polygon, edge: int, part: float) -> tuple[float, float]:
    """A point of the outline: a vertex for ``part`` 0 and 1, else as near to the edge as doubles allow."""
    (ax, ay), (bx, by) = polygon[edge % len(polygon)], polygon[(edge + 1) % len(polygon)]
    return ax + part * (bx - ax), ay + part * (by - ay)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    shapes=st.lists(polygons, min_size=1, max_size=4),
    probes=st.lists(points, min_size=1, max_size=10),
    edges=st.lists(st.tuples(st.integers(0, 8), st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)), max_size=8),
)
def test_every_answer_is_that_of_testing_every_polygon(
    shapes: list[Polygon], probes: list[tuple[float, float]], edges: list[tuple[int, float]]
) -> None:
    zones = tuple((f"z{n}", shape) for n, shape in enumerate(shapes))
    index = FloorIndex(zones)
    on_outlines = [along(shape, edge, part) for shape in shapes for edge, part in edges]
    beside = [(x + dx, y) for x, y in on_outlines for dx in (-1e-9, 1e-9)]
    for x, y in [*probes, *on_outlines, *beside, *shapes[0]]:
        assert index.at(x, y) == brute_force(zones, x, y)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(shape=polygons, probes=st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=10))
def test_nothing_is_far_outside_and_nothing_odd_raises(shape: Polygon, probes: list[tuple[float, float]]) -> None:
    """``st.floats()`` gives infinities, not-a-numbers and the ends of what a double can be."""
    index = FloorIndex((("z", shape),))
    for x, y in probes:
        if not (abs(x) <= 5 and abs(y) <= 5):
            assert index.at(x, y) == ()


def test_two_zones_share_an_edge_and_a_point_on_it_is_in_one() -> None:
    #   0       2       4
    #   +-------+-------+ 0
    #   | left  x right |        x is on the edge of both
    #   +-------+-------+ 2
    left = ("left", ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)))
    right = ("right", ((2.0, 0.0), (4.0, 0.0), (4.0, 2.0), (2.0, 2.0)))
    index = FloorIndex((left, right))
    assert index.at(2.0, 1.0) == ("right",)
    assert index.at(math.nextafter(2.0, 0.0), 1.0) == ("left",)
    assert index.at(0.0, 0.0) == ("left",)
    assert index.at(4.0, 1.0) == ()


def test_a_point_in_the_notch_of_a_concave_zone_is_outside() -> None:
    #   0   1   2   3
    #   +---+   +---+ 0
    #   |   | x |   |
    #   |   +---+   | 1
    #   |     o     |
    #   +-----------+ 2
    u = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (2.0, 0.0), (3.0, 0.0), (3.0, 2.0), (0.0, 2.0))
    index = FloorIndex((("u", u),))
    assert index.at(1.5, 0.5) == ()
    assert index.at(1.5, 1.5) == ("u",)


def test_overlapping_zones_are_named_in_the_order_given() -> None:
    square = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
    assert FloorIndex((("b", square), ("a", square))).at(1.0, 1.0) == ("b", "a")
    assert FloorIndex((("b", square), ("a", square))).at(0.01, 0.01) == ("b", "a")


def test_most_points_of_a_hall_need_no_test() -> None:
    index = FloorIndex((zone.id, zone.polygon_m) for zone in small_hall().zones)
    raster = [(x / 16, y / 16) for x in range(16 * 12) for y in range(16 * 8)]
    tested = sum(bool(index.cell(x, y).tests) for x, y in raster)
    assert tested / len(raster) < 0.15  # this plan has an edge every two metres


@pytest.mark.parametrize("extent_m", [0.5, 50.0, 500.0, 20_000.0])
def test_a_large_floor_gets_coarser_cells_and_the_same_answers(extent_m: float) -> None:
    zones = (("z", ((0.0, 0.0), (extent_m, 0.0), (extent_m, extent_m), (0.0, extent_m / 2))),)
    index = FloorIndex(zones)
    assert (index.cell_m > CELL_M) == (extent_m + 2 * MARGIN_M > 64)
    for n in range(200):
        x, y = extent_m * n / 150 - extent_m / 8, extent_m * (n * 7 % 200) / 150 - extent_m / 8
        assert index.at(x, y) == brute_force(zones, x, y)


def test_halls_with_the_same_zones_share_one_index() -> None:
    zones = tuple((zone.id, zone.polygon_m) for zone in small_hall().zones)
    again = tuple((zone.id, zone.polygon_m) for zone in small_hall().zones)
    assert floor_index(zones) is floor_index(again)
    assert floor_index(zones) is not floor_index(zones[:2])


def test_without_zones_nobody_is_in_one() -> None:
    assert FloorIndex(()).at(0.0, 0.0) == ()
