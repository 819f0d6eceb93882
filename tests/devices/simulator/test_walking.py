"""Bodies walk at a human pace, without jumps."""

from __future__ import annotations

import itertools
import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulator import Simulator
from devices.simulator.walking import KEEP_POINTS, Body, Leg, pace
from tests.support.simhall import at, clean_hour, example

METRES = st.floats(0, 30, allow_nan=False)


def test_paces_are_those_of_people_indoors() -> None:
    rng = Random(1)
    paces = sorted(pace(rng) for _ in range(4000))
    assert sum(paces) / len(paces) == pytest.approx(1.2, abs=0.02)
    assert 0.7 <= paces[0] < paces[2000] < paces[-1] <= 1.7


@given(
    a=st.tuples(METRES, METRES),
    b=st.tuples(METRES, METRES),
    speed=st.floats(0.7, 1.7),
    starts=st.booleans(),
    stops=st.booleans(),
)
def test_a_leg_begins_and_ends_where_it_should_and_is_never_rushed(
    a: tuple[float, float], b: tuple[float, float], speed: float, starts: bool, stops: bool
) -> None:
    bend = ((a[0] + b[0]) / 2 + 0.1 * (b[1] - a[1]), (a[1] + b[1]) / 2 - 0.1 * (b[0] - a[0]))
    leg = Leg(a, bend, b, 1000, speed, starts=starts, stops=stops)
    assert math.dist(leg.at(1000), a) < 1e-6
    assert math.dist(leg.at(leg.end_ms), b) < 1e-6
    last = leg.at(leg.start_ms)
    for at_ms in range(leg.start_ms, leg.end_ms, 100):
        here = leg.at(at_ms)
        # The curve's own parameter is up to 4 % faster than its mean, and times are whole milliseconds.
        assert math.dist(last, here) <= speed * 0.1 * 1.08 + 0.002
        last = here


def test_standing_sways_a_little_and_slowly() -> None:
    body = Body(Random(3), 0, (5.0, 5.0))
    points = []
    for at_ms in range(0, 120_000, 100):
        body.move(at_ms)
        points.append((body.x, body.y))
    assert points[0] == (5.0, 5.0)
    assert 0.01 < max(math.dist(p, (5, 5)) for p in points) < 0.1
    assert max(math.dist(p, q) for p, q in itertools.pairwise(points)) / 0.1 < 0.2


def test_turning_round_in_mid_walk_does_not_jump() -> None:
    """From (0, 0) towards (10, 0), called to (0, 5) after three seconds."""
    body = Body(Random(1), 0, (0.0, 0.0))
    body.walk(0, [(10.0, 0.0)], 1.2)
    end_ms = body.walk(3000, [(0.0, 5.0)], 1.2)
    body.move(3000)
    turned = body.x, body.y
    assert 2.5 < turned[0] < 3.7
    body.move(3100)
    assert math.dist(turned, (body.x, body.y)) < 0.15
    body.move(end_ms)
    assert (body.x, body.y) == pytest.approx((0.0, 5.0))
    assert [at_ms for at_ms, _, _ in body.key_points] == [0, 3000, end_ms]


def test_a_body_that_walks_for_ever_does_not_grow() -> None:
    body = Body(Random(1), 0, (0.0, 0.0))
    now_ms = 0
    for i in range(KEEP_POINTS + 50):
        now_ms = body.walk(now_ms, [(i % 2 * 3.0, 0.0)], 1.2)
    body.move(now_ms)
    assert len(body.key_points) == KEEP_POINTS


def test_in_a_whole_hall_nobody_runs_and_nobody_jumps() -> None:
    hall = example("demo")
    start_ms = at(hall, 9.5)
    simulator = Simulator(hall, seed=2, start_ms=start_ms, fps=10)
    last: dict[str, tuple[float, float]] = {}
    speeds = []
    for step in range(0, 1_200_000, 100):
        simulator.step(start_ms + step)
        for visitor, x, y in simulator.positions():
            if visitor in last:
                speeds.append(math.dist(last[visitor], (x, y)) / 0.1)
            last[visitor] = x, y
    walking = sorted(s for s in speeds if s > 0.5)
    assert 0.9 < walking[len(walking) // 2] < 1.4
    assert max(speeds) < 2.0
    assert 0.3 < sum(s < 0.25 for s in speeds) / len(speeds) < 0.98, "most of the time is waiting and being served"


def test_groups_stay_together() -> None:
    """Members of a party are never far from each other while they walk and while they are served."""
    _, truth = clean_hour()
    parties: dict[str, list[tuple[int, int | None]]] = {}
    for v in truth.visitors:
        parties.setdefault(v.party, []).append((v.entered_ms, v.left_ms))
    groups = [g for g in parties.values() if len(g) > 1]
    assert groups
    for group in groups:
        assert len({entered for entered, _ in group}) == 1
        lefts = [left for _, left in group if left is not None]
        assert not lefts or max(lefts) - min(lefts) < 10_000
