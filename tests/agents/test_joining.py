"""Who of the newcomers is somebody lost a moment ago."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.joining import FASTEST_MPS, Lost, Newcomer, pair_up

NOW_MS = 10_000


def standing(id_: str, x_m: float, y_m: float = 0.0, gone_ms: int = 500) -> Lost:
    return Lost(id_, NOW_MS - gone_ms, x_m, y_m, 0.0, 0.0)


def walking(id_: str, x_m: float, vx_mps: float, gone_ms: int = 1000) -> Lost:
    return Lost(id_, NOW_MS - gone_ms, x_m, 0.0, vx_mps, 0.0)


def test_nobody_lost_nobody_joined() -> None:
    assert pair_up([], [Newcomer("9", 0, 0)], NOW_MS, 1.0) == {}
    assert pair_up([standing("7", 0)], [], NOW_MS, 1.0) == {}


def test_who_appears_within_reach_is_the_lost_one() -> None:
    # 7 . . . 9 - - - |        one metre is still within one metre
    assert pair_up([standing("7", 0)], [Newcomer("9", 0.5, 0)], NOW_MS, 1.0) == {"9": ("7", 0.5)}
    assert pair_up([standing("7", 0)], [Newcomer("9", 1.0, 0)], NOW_MS, 1.0) == {"9": ("7", 1.0)}
    assert pair_up([standing("7", 0)], [Newcomer("9", 1.001, 0)], NOW_MS, 1.0) == {}


@pytest.mark.parametrize(
    ("x_m", "found"),
    [(2.4, True), (2.9, True), (1.4, True), (0.0, True), (-0.9, True), (-1.1, False), (3.1, False)],
)
def test_who_walked_may_have_gone_on_slowed_down_or_stopped(x_m: float, found: bool) -> None:
    #  -1       0                    2        3
    #   |- - - -*===================>*- - - - |        lost at 0, 2 m/s, a second ago; within 1 m of that way
    assert bool(pair_up([walking("7", 0.0, 2.0)], [Newcomer("9", x_m, 0)], NOW_MS, 1.0)) == found


def test_a_velocity_that_nobody_walks_with_does_not_reach_across_the_hall() -> None:
    # A box that jumped leaves 50 m/s behind: believed up to a brisk walk.
    lost = [walking("7", 0.0, 50.0)]
    assert pair_up(lost, [Newcomer("9", FASTEST_MPS + 0.9, 0)], NOW_MS, 1.0)
    assert not pair_up(lost, [Newcomer("9", FASTEST_MPS + 1.1, 0)], NOW_MS, 1.0)


def test_the_nearest_pair_is_joined_first_and_everybody_at_most_once() -> None:
    #  x     0        0.5   0.7            1.4
    #        7         8     a               b         a is nearest to 8; 7 is too far for b, so b is new
    lost, new = [standing("7", 0), standing("8", 0.5)], [Newcomer("b", 1.4, 0), Newcomer("a", 0.7, 0)]
    found = pair_up(lost, new, NOW_MS, 1.0)
    assert {id_: old for id_, (old, _) in found.items()} == {"a": "8"}
    assert found["a"][1] == pytest.approx(0.2)


def test_of_equally_near_ones_the_ids_decide() -> None:
    lost = [standing("8", 1.0), standing("7", -1.0)]
    assert pair_up(lost, [Newcomer("9", 0, 0)], NOW_MS, 1.0) == {"9": ("7", 1.0)}
    assert pair_up(lost[::-1], [Newcomer("9", 0, 0)], NOW_MS, 1.0) == {"9": ("7", 1.0)}


spots = st.integers(-8, 8).map(lambda n: n / 4)


@given(
    lost=st.lists(st.tuples(spots, spots, spots, spots, st.integers(1, 2000)), max_size=6),
    new=st.lists(st.tuples(spots, spots), max_size=6),
    within_m=st.sampled_from([0.25, 0.5, 1.0, 3.0]),
)
def test_looking_only_nearby_misses_no_pair(
    lost: list[tuple[float, float, float, float, int]], new: list[tuple[float, float]], within_m: float
) -> None:
    """Against one lost at a time, where there is nothing to sort or to skip."""
    gone = [Lost(str(n), NOW_MS - ms, x, y, vx, vy) for n, (x, y, vx, vy, ms) in enumerate(lost)]
    came = [Newcomer(f"n{n}", x, y) for n, (x, y) in enumerate(new)]
    alone = [
        (distance, one.id, other.id)
        for one in gone
        for other in came
        for _, distance in pair_up([one], [other], NOW_MS, within_m).values()
    ]
    expected: dict[str, tuple[str, float]] = {}
    for distance, one, other in sorted(alone):
        if other not in expected and one not in {id_ for id_, _ in expected.values()}:
            expected[other] = one, distance
    assert pair_up(gone, came, NOW_MS, within_m) == expected
