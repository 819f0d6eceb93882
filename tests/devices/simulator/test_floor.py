"""Doors and spots of a hall."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.geometry import cross, inside
from config.hall import Line, Zone, ZoneKind
from devices.simulator import floor
from devices.simulator.cells import Cells
from tests.support.simhall import example, hall_with

SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
#   +--+        an L: its centroid (1.7, 1.7) is near the inner corner
#   |  |
#   |  +----+
#   +-------+
BENT = ((0.0, 0.0), (1.0, 0.0), (1.0, 4.0), (5.0, 4.0), (5.0, 5.0), (0.0, 5.0))


class TestDoors:
    @pytest.mark.parametrize("name", ["demo", "forum"])
    def test_each_entrance_line_is_a_door_with_its_zone_as_porch(self, name: str) -> None:
        hall = example(name)
        doors = floor.doors(hall)
        assert [d.id for d in doors] == [line.id for line in hall.lines if line.entrance]
        lines = {line.id: line for line in hall.lines}
        for door in doors:
            line = lines[door.id]
            for share in (0.2, 0.5, 0.8):
                assert cross(*line.from_m, *line.to_m, *door.outer(share)) > 0, "outside is the positive side"
                assert cross(*line.from_m, *line.to_m, *door.inner(share)) < 0
            assert any(inside(*door.outer(0.5), z.polygon_m) for z in hall.zones if z.kind is ZoneKind.ENTRANCE)

    def test_an_entrance_zone_without_a_line_is_a_door_to_the_nearest_border(self) -> None:
        #  +-----------+
        #  |           |     out is down
        #  |   [door]  |
        #  +-----------+
        zone = Zone(id="mat", name="mat", kind=ZoneKind.ENTRANCE, polygon_m=((5, 6), (7, 6), (7, 8), (5, 8)))
        hall = hall_with(lines=False).model_copy(update={"zones": (zone,)})
        (door,) = floor.doors(hall)
        assert (door.id, door.out) == ("mat", (0.0, 1.0))
        assert inside(*door.outer(0.5), zone.polygon_m)
        assert door.outer(0.5)[1] > 7 > door.inner(0.5)[1]

    def test_a_line_at_the_wall_has_its_outside_beyond_it(self) -> None:
        hall = hall_with()
        (door,) = floor.doors(hall)
        assert door.outer(0.5) == pytest.approx((6, 7 + floor.OUTSIDE_M))
        assert door.width_m == 4

    def test_a_line_that_is_no_entrance_is_no_door(self) -> None:
        inner = Line(id="inner", name="inner", from_m=(1, 4), to_m=(11, 4))
        hall = hall_with(lines=False).model_copy(update={"lines": (inner,)})
        assert [d.id for d in floor.doors(hall)] == ["left", "right"]


class TestSpots:
    @settings(deadline=None)
    @given(width=st.floats(0.5, 8), depth=st.floats(0.5, 8), apart=st.floats(0.5, 2))
    def test_inside_apart_and_at_least_one(self, width: float, depth: float, apart: float) -> None:
        zone = ((0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth))
        found = floor.spots(zone, apart)
        assert found
        assert all(inside(*p, zone) for p in found)
        assert all(
            abs(p[0] - q[0]) > apart - 1e-6 or abs(p[1] - q[1]) > apart - 1e-6 for p in found for q in found if p != q
        )

    def test_a_zone_that_bends_keeps_its_spots_inside(self) -> None:
        assert inside(*floor.centre(BENT), BENT)
        assert all(floor.clearance(*p, BENT) >= 0.4 for p in floor.spots(BENT, 0.5, 0.4))

    def test_a_row_runs_along_the_longer_side_and_starts_at_its_far_end(self) -> None:
        #  door ->  . . . . 0
        zone = ((0.0, 0.0), (6.0, 0.0), (6.0, 2.0), (0.0, 2.0))
        row = floor.row(zone, 1.0, towards=(-1.0, 1.0))
        assert len({y for _, y in row}) == 1
        assert [x for x, _ in row] == sorted((x for x, _ in row), reverse=True)
        assert len(row) >= 5

    def test_anywhere_and_beside_stay_inside(self) -> None:
        rng = Random(1)
        for _ in range(200):
            spot = floor.anywhere(rng, BENT)
            assert inside(*spot, BENT)
            assert inside(*floor.beside(rng, spot, BENT), BENT)

    def test_clearance_is_the_way_to_the_nearest_edge(self) -> None:
        assert floor.clearance(1, 2, SQUARE) == 1
        assert floor.clearance(-3, 2, SQUARE) == -3
        assert floor.clearance(7, 8, SQUARE) == -5


class TestCells:
    @given(x=st.floats(-2, 8, allow_nan=False), y=st.floats(-2, 8, allow_nan=False))
    def test_the_same_answer_as_the_even_odd_rule(self, x: float, y: float) -> None:
        polygons = (SQUARE, BENT, ((0.1, 0.1), (3.3, 0.2), (2.0, 4.7)))
        assert CELLS.zones(x, y) == tuple(i for i, p in enumerate(polygons) if inside(x, y, p))

    @given(x=st.floats(-2, 8, allow_nan=False), y=st.floats(-2, 8, allow_nan=False))
    def test_a_line_within_a_step_is_near(self, x: float, y: float) -> None:
        if floor.distance(x, y, *DOOR) <= 0.5:
            assert CELLS.near(x, y) == (0,)
        if floor.distance(x, y, *DOOR) > 1.0:
            assert CELLS.near(x, y) == ()


DOOR = ((1.0, 6.0), (3.0, 6.0))
CELLS = Cells((SQUARE, BENT, ((0.1, 0.1), (3.3, 0.2), (2.0, 4.7))), (DOOR,), step_m=0.5)
