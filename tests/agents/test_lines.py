"""The grid over the lines never hides a line that a step can have to do with."""

from __future__ import annotations

import random
from math import inf, nan

import pytest
from agents.line_index import ROWS, STEP_M, LineIndex
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point

from config.geometry import cross
from config.hall import Line, PointM


def line(from_m: PointM, to_m: PointM, name: str = "l") -> Line:
    return Line(id=name, name=name, from_m=from_m, to_m=to_m)


def near(index: LineIndex, x: float, y: float) -> list[str]:
    return [line.id for line in index.near.get(x // index.cell_m * ROWS + y // index.cell_m, ())]


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.25, 1.0, 30.0]))
def test_law_what_a_step_can_meet_is_near(seed: int, strip_m: float) -> None:
    """Each line within a step and a strip of a point is named in its cell, in the hall's order."""
    chance = random.Random(seed)
    spots = [(chance.uniform(-20, 20), chance.uniform(-20, 20)) for _ in range(12)]
    lines = [line(a, b, f"l{i}") for i, (a, b) in enumerate(zip(spots[::2], spots[1::2], strict=True))]
    index = LineIndex(lines, strip_m)
    for _ in range(200):
        x, y = chance.uniform(-25, 25), chance.uniform(-25, 25)
        box = Point(x, y).buffer(STEP_M, cap_style="square")  # where a step to (x, y) can come from
        wanted = [item.id for item in lines if box.distance(LineString([item.from_m, item.to_m])) <= strip_m]
        found = near(index, x, y)
        assert [name for name in found if name in wanted] == wanted
        assert found == sorted(found)


def test_far_from_every_line_there_is_none() -> None:
    index = LineIndex([line((0, 0), (2, 0))], 0.25)
    assert near(index, 1.0, 0.4) == ["l"]
    assert near(index, 1.0, 3.0) == []
    assert near(index, nan, inf) == []


@pytest.mark.parametrize(("x", "y", "inside"), [
    (1.0, 0.5, True), (1.0, -0.5, True), (1.0, 0.501, False), (-0.5, 0.0, True), (-0.4, 0.4, False), (2.3, 0.3, True),
    (2.6, 0.0, False), (inf, 0.0, False), (nan, 0.0, False),
])  # fmt: skip
def test_a_strip_goes_round_the_ends(x: float, y: float, inside: bool) -> None:
    """
     .---------.
    ( o=======o )   0.5 m all round the line from (0, 0) to (2, 0)
     '---------'
    """
    (strip,) = LineIndex([line((0, 0), (2, 0))], 0.5).all
    assert strip.in_strip(x, y) is inside


@given(*[st.floats(-1e4, 1e4)] * 6)
def test_law_sides_are_those_of_the_geometry(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> None:
    for plan_line in LineIndex([line((ax, ay), (bx, by))], 0.25).all:
        assert plan_line.side(x, y) == cross(ax, ay, bx, by, x, y)


def test_a_line_without_length_is_no_line() -> None:
    assert LineIndex([line((1, 1), (1, 1))], 0.25).all == ()


@pytest.mark.parametrize("strip_m", [0.0, 0.25, 100.0])
def test_the_grid_stays_small_however_long_the_line(strip_m: float) -> None:
    assert len(LineIndex([line((-1e4, -1e4), (1e4, 1e4))], strip_m).near) < 10_000
