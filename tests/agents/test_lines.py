"""The grid over the lines never hides a line that a step can have to do with."""

from __future__ import annotations

import random
from collections.abc import Iterable
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point

from agents.lines import ROWS, STEP_M, LineIndex, PlanLine, plan_line
from config.geometry import cross
from config.hall import Line, PointM


def line(from_m: PointM, to_m: PointM, name: str = "l", via: tuple[PointM, ...] = ()) -> Line:
    return Line(id=name, name=name, from_m=from_m, to_m=to_m, via_m=via)


def index_of(lines: Iterable[Line], strip_m: float) -> LineIndex:
    return LineIndex([found for line in lines if (found := plan_line(line, strip_m))])


def only(line: Line, strip_m: float) -> PlanLine:
    (found,) = index_of([line], strip_m).all
    return found


def near(index: LineIndex, x: float, y: float) -> list[str]:
    return [line.id for line in index.near.get(x // index.cell_m * ROWS + y // index.cell_m, ())]


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.25, 1.0, 30.0]))
def test_law_what_a_step_can_meet_is_near(seed: int, strip_m: float) -> None:
    """Each line within a step and a strip of a point is named in its cell, in the hall's order."""
    chance = random.Random(seed)
    spots = [(chance.uniform(-20, 20), chance.uniform(-20, 20)) for _ in range(12)]
    lines = [line(a, b, f"l{i}") for i, (a, b) in enumerate(zip(spots[::2], spots[1::2], strict=True))]
    index = index_of(lines, strip_m)
    for _ in range(200):
        x, y = chance.uniform(-25, 25), chance.uniform(-25, 25)
        box = Point(x, y).buffer(STEP_M, cap_style="square")  # where a step to (x, y) can come from
        wanted = [item.id for item in lines if box.distance(LineString([item.from_m, item.to_m])) <= strip_m]
        found = near(index, x, y)
        assert [name for name in found if name in wanted] == wanted
        assert found == sorted(found)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.25, 1.0, 30.0]))
def test_law_who_is_a_step_away_from_a_cell_with_lines_is_about_them(seed: int, strip_m: float) -> None:
    """
    +---+---+---+
    | a | a |   |     L: a line is near; a: about it
    +---+---+---+
    | L | a |   |     from a point of L no step of STEP_M per axis leads past a
    +---+---+---+
    """
    chance = random.Random(seed)
    ends = [(chance.uniform(-9, 9), chance.uniform(-9, 9)) for _ in range(2)]
    index = index_of([line(ends[0], ends[1])], strip_m)
    spots = [(chance.uniform(-12, 12), chance.uniform(-12, 12)) for _ in range(200)]
    for x, y in (spot for spot in spots if near(index, *spot)):
        x, y = x + chance.uniform(-STEP_M, STEP_M), y + chance.uniform(-STEP_M, STEP_M)
        assert x // index.cell_m * ROWS + y // index.cell_m in index.about


def test_far_from_every_line_there_is_none() -> None:
    index = index_of([line((0, 0), (2, 0))], 0.25)
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
    assert only(line((0, 0), (2, 0)), 0.5).in_strip(x, y) is inside


@given(*[st.floats(-1e4, 1e4)] * 6)
def test_law_sides_are_those_of_the_geometry(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> None:
    for found in index_of([line((ax, ay), (bx, by))], 0.25).all:
        assert found.segments[0].side(x, y) == cross(ax, ay, bx, by, x, y)
        assert found.positive(x, y) == (cross(ax, ay, bx, by, x, y) > 0)


def test_a_line_without_length_is_no_line() -> None:
    assert index_of([line((1, 1), (1, 1))], 0.25).all == ()


@pytest.mark.parametrize("strip_m", [0.0, 0.25, 100.0])
def test_the_grid_stays_small_however_long_the_line(strip_m: float) -> None:
    assert len(index_of([line((-1e4, -1e4), (1e4, 1e4))], strip_m).near) < 10_000


# -- lines of several points ---------------------------------------------------------------------------------------------

PORCH = line((0, 0), (4, 0), via=((0, 2), (4, 2)))
"""A porch, y down: street above and beside it, hall below. From the upper left down, along, and up again."""


@pytest.mark.parametrize(
    ("x", "y", "street"),
    [(2, 1, False), (2, 3, True), (-1, 1, True), (5, 1, True), (-1, 3, True), (5, 3, True), (0.5, 1.9, False)],
)
def test_a_side_is_that_of_the_nearest_segment_behind_corners_too(x: float, y: float, street: bool) -> None:
    """
    0   from      to        walking down, along and up, y down, the street is on the right: positive
    1   |   in    |   out
    2   +---------+
    3       out
    """
    assert only(PORCH, 0.25).positive(x, y) is street


@pytest.mark.parametrize(
    ("path", "net"),
    [
        ([(2, 3), (2, 1)], 1),  # in through the long side
        ([(2, 1), (-1, 1)], -1),  # out through a short one
        ([(-1, 1), (5, 1)], 0),  # in by one side and out by the other, in one step
        ([(-1, 3), (1, 1)], 1),  # exactly through a corner: one crossing
        ([(-1, 3), (5, 3)], 0),  # past it
    ],
)
def test_a_step_crosses_on_balance(path: list[PointM], net: int) -> None:
    assert only(PORCH, 0.25).crossed(*path) == net


@given(st.integers(0, 2**32))
def test_law_a_straight_line_in_pieces_is_the_same_line(seed: int) -> None:
    chance = random.Random(seed)
    whole = only(line((0, 0), (4, 0)), 0.25)
    pieces = only(line((0, 0), (4, 0), via=((0.5, 0), (1.25, 0), (3, 0))), 0.25)
    for _ in range(50):
        p, q = ((chance.uniform(-1, 5), chance.uniform(-1, 1)) for _ in range(2))
        assert pieces.crossed(p, q) == whole.crossed(p, q)
        assert pieces.positive(*p) == whole.positive(*p)
        assert pieces.in_strip(*p) == whole.in_strip(*p)


def test_the_grid_knows_all_parts_of_a_line() -> None:
    index = index_of([PORCH], 0.25)
    assert [near(index, x, y) for x, y in ((0, 1), (2, 2), (4, 1))] == [["l"]] * 3
    assert near(index, 2, 0) == []
