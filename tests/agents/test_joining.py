"""Who of the newcomers is somebody lost a moment ago. Distances in metres; x to the right."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.assignment import assign
from agents.joining import FASTEST_MPS, Lost, Newcomer, distance_to_way, pair_up

NOW_MS = 10_000
JOIN_MS = 2000


def lost(
    name: str,
    x_m: float,
    *,
    vx: float = 0.0,
    gone_ms: int = 500,
    outside: tuple[str, ...] = (),
    left: str | None = None,
) -> Lost:
    return Lost(name, NOW_MS - gone_ms, x_m, 0.0, vx, 0.0, JOIN_MS, JOIN_MS, 1.0, frozenset(outside), left)


def new(
    id_: str, x_m: float, *, vx: float | None = None, outside: tuple[str, ...] = (), blur_m: float = 0.0,
    jitter_m: float = 0.0,
) -> Newcomer:  # fmt: skip
    """``outside`` an entrance is also beyond it."""
    out, velocity = frozenset(outside), None if vx is None else (vx, 0.0)
    return Newcomer(id_, NOW_MS, x_m, 0.0, velocity, out, blur_m, jitter_m, out)


def joined(one: Lost, other: Newcomer) -> bool:
    return bool(pair_up([one], [other]))


def test_nobody_lost_nobody_joined() -> None:
    assert pair_up([], [new("9", 0)]) == {}
    assert pair_up([lost("7", 0)], []) == {}


@pytest.mark.parametrize(("x_m", "found"), [(0.5, True), (0.69, True), (0.71, False)])
def test_who_appears_within_reach_is_the_lost_one(x_m: float, found: bool) -> None:
    # 7 . . . 9 - - |      half a second later: 0.4 m that boxes may be off, and 0.6 m for every second; at most join_m
    assert joined(lost("7", 0), new("9", x_m)) == found


@pytest.mark.parametrize(("gone_ms", "found"), [(1, True), (2000, True), (2001, False), (0, False), (-100, False)])
def test_only_for_so_long_and_never_back_in_time(gone_ms: int, found: bool) -> None:
    assert joined(lost("7", 0, gone_ms=gone_ms), new("9", 0)) == found


@pytest.mark.parametrize(
    ("x_m", "found"), [(2.4, True), (2.9, True), (1.4, True), (0.0, True), (-0.3, True), (3.1, False)]
)
def test_who_walked_may_have_gone_on_slowed_down_or_stopped(x_m: float, found: bool) -> None:
    #  0                    2        3
    #  *===================>*- - - - |        lost at 0, walking at 2 m/s, a second ago; within 1 m of that way
    assert joined(lost("7", 0.0, vx=2.0, gone_ms=1000), new("9", x_m)) == found


def test_who_walked_is_not_found_behind() -> None:
    #  9        7===>          nobody walks back so quickly; after three seconds somebody may have turned round
    assert not joined(lost("7", 0.0, vx=1.2), new("9", -0.8))
    patient = lost("7", 0.0, vx=1.2, gone_ms=3500)._replace(join_ms=10_000, walk_ms=10_000)
    assert joined(patient, new("9", -0.8))


def test_who_comes_from_elsewhere_is_somebody_else() -> None:
    #  <===9    7        9 walks away from 7: it may have been 7.   9===>  7: it comes from the left, and was never 7
    assert joined(lost("7", 0.0, gone_ms=1000), new("9", -0.8, vx=-0.9))
    assert not joined(lost("7", 0.0, gone_ms=1000), new("9", -0.8, vx=0.9))


@pytest.mark.parametrize(
    ("before", "after", "gone_ms", "found"),
    [
        (1.4, 1.3, 500, True),  # goes on
        (1.4, 0.4, 500, True),  # slows down
        (0.0, 0.9, 500, True),  # starts to walk
        (1.4, -1.4, 500, False),  # would have turned in half a second: two people who pass each other
        (1.2, -0.8, 1900, False),  # nor in two seconds, at the edge of a view
    ],
)
def test_a_velocity_changes_only_as_fast_as_people_can(before: float, after: float, gone_ms: int, found: bool) -> None:
    assert joined(lost("7", 0.0, vx=before, gone_ms=gone_ms), new("9", 0.1, vx=after)) == found


def test_who_appears_outside_an_entrance_is_new() -> None:
    #   street  9 | door | 7  hall
    assert not joined(lost("7", 0.0), new("9", 0.4, outside=("door",)))
    assert joined(lost("7", 0.0, outside=("door",)), new("9", 0.4, outside=("door",)))
    assert joined(lost("7", 0.0, outside=("door",)), new("9", 0.4))


def test_who_was_walking_out_is_seen_walking_on_outside() -> None:
    #   street  <==9 | door | <==7  hall       the same way; whoever comes in, stands there, or is not yet known, is new
    out = lost("7", 0.0, vx=-1.2)
    assert joined(out, new("9", -0.6, vx=-1.2, outside=("door",)))
    assert not joined(out, new("9", -0.6, vx=1.2, outside=("door",)))
    assert not joined(out, new("9", -0.3, vx=0.3, outside=("door",)))
    assert not joined(out, new("9", -0.6, outside=("door",)))
    assert not joined(lost("7", 0.0), new("9", -0.6, vx=-0.8, outside=("door",)))


def test_who_was_counted_out_is_gone_unless_they_stand_there_still() -> None:
    #   street  7 9 | door |   hall
    stood = lost("7", 0.0, left="door", outside=("door",))
    assert joined(stood, new("9", 0.3, vx=0.0, outside=("door",)))
    assert not joined(stood, new("9", 0.3, outside=("door",)))  # how it moves is not known yet
    assert not joined(stood, new("9", 0.3, vx=0.0))  # in the hall
    assert not joined(stood, new("9", 0.3, vx=0.8, outside=("door",)))
    walked = lost("7", 0.0, vx=0.8, left="door", outside=("door",))
    assert not joined(walked, new("9", 0.3, vx=0.8, outside=("door",)))
    assert not joined(walked, new("9", 0.3, vx=0.0, outside=("door",)))


@pytest.mark.parametrize(
    ("blur_m", "jitter_m", "found"),
    [
        (0.0, 0.3, False),  # the camera says itself where people are
        (0.2, 0.3, False),  # so much is usual
        (0.5, 0.3, True),  # boxes that dance, far from a camera that looks flat
        (0.5, 0.0, False),  # boxes that are exact, wherever the camera is
        (0.5, 0.13, False),  # three times 0.13 is not enough, and 0.14 is
        (0.5, 0.14, True),
    ],
)
def test_whose_box_dances_far_away_may_be_farther_off(blur_m: float, jitter_m: float, found: bool) -> None:
    #   7 . . . . 9       0.9 m after half a second: 0.2 m more than anybody whose feet are seen clearly
    assert joined(lost("7", 0), new("9", 0.9, blur_m=blur_m, jitter_m=jitter_m)) == found


def test_the_velocity_of_a_box_that_dances_is_less_sure() -> None:
    one = lost("7", 0.0, vx=1.6)
    assert not joined(one, new("9", 0.6, vx=0.3))
    assert joined(one, new("9", 0.6, vx=0.3, blur_m=0.4, jitter_m=0.2))
    # ... but who clearly walks the other way is never the same
    assert not joined(one, new("9", 0.6, vx=-1.6, blur_m=0.6, jitter_m=0.3))


def test_of_a_box_that_jumped_as_it_was_lost_only_the_place_is_believed_and_not_too_much() -> None:
    #   lost at 4 m/s, away from 9: two boxes grew into one, far from a camera that looks flat; nobody walks like that
    jumped = lost("7", 0.0, vx=-4.0)
    assert joined(jumped, new("9", 0.9, vx=1.2, blur_m=0.5))
    assert not joined(jumped, new("9", 1.1, vx=1.2, blur_m=0.5))
    assert not joined(jumped, new("9", 0.6, vx=1.2))
    # ... but 2.4 m/s is a jog, and who is met standing there half a second later is somebody else
    assert not joined(lost("7", 0.0, vx=-2.4), new("9", 0.9, vx=0.0, blur_m=0.5))


def test_a_box_that_jumped_as_it_was_lost_does_not_hide_who_it_was() -> None:
    # 7 had 5 m/s from a box that jumped; 9 walks on at 1.4: within what a brisk walk can become.
    assert joined(lost("7", 0.0, vx=5.0), new("9", 0.8, vx=1.4))


def test_who_stood_and_stands_is_found_in_the_same_place() -> None:
    #  7       9      both stand, 0.7 m apart: nobody walked there while out of sight for a second
    assert joined(lost("7", 0.0, gone_ms=1000), new("9", 0.5, vx=0.0))
    assert not joined(lost("7", 0.0, gone_ms=1000), new("9", 0.7, vx=0.0))


def test_the_patience_of_a_waiting_area_is_for_who_sits_there() -> None:
    #  out of sight for 8 s: who sits there again is the same; who walks past there is not
    one = lost("7", 0.0, gone_ms=8000)._replace(join_ms=10_000)
    assert joined(one, new("9", 0.3, vx=0.0))
    assert not joined(one, new("9", 0.3, vx=0.8))


def test_a_velocity_that_nobody_walks_with_does_not_reach_across_the_hall() -> None:
    # A box that jumped leaves 50 m/s behind: believed up to a brisk walk.
    one = lost("7", 0.0, vx=50.0, gone_ms=1000)
    assert joined(one, new("9", FASTEST_MPS + 0.9))
    assert not joined(one, new("9", FASTEST_MPS + 1.1))


def test_two_at_once_are_matched_together() -> None:
    #  x     0        0.4   0.6            1.0
    #        7         8     a               b         nearest first, a would take 8, and b could be nobody
    found = pair_up([lost("7", 0), lost("8", 0.4)], [new("b", 1.0), new("a", 0.6)])
    assert {id_: pair.name for id_, pair in found.items()} == {"a": "7", "b": "8"}
    assert found["b"].distance_m == pytest.approx(0.6)


def test_of_two_equally_near_ones_the_one_that_moves_alike_is_it() -> None:
    #  7 stands, 8 walks; who walks on is 8
    found = pair_up([lost("7", -0.2), lost("8", 0.2, vx=0.8)], [new("9", 0.0, vx=0.8)])
    assert found["9"].name == "8"


spots = st.integers(-8, 8).map(lambda n: n / 4)


@given(
    gone=st.lists(st.tuples(spots, spots, spots, spots, st.integers(1, 2000)), max_size=6),
    came=st.lists(st.tuples(spots, spots, st.sampled_from([0.0, 0.5, 2.0])), max_size=6),
    join_m=st.sampled_from([0.25, 0.5, 1.0, 3.0]),
)
@example(gone=[(0.0, 0.0, 0.0, 0.0, 500)], came=[(1.5, 0.0, 2.0)], join_m=0.25)
def test_looking_only_nearby_misses_no_pair(
    gone: list[tuple[float, float, float, float, int]], came: list[tuple[float, float, float]], join_m: float
) -> None:
    """Against every lost one with every newcomer, with nothing sorted or skipped."""
    ones = [
        Lost(str(n), NOW_MS - ms, x, y, vx, vy, JOIN_MS, JOIN_MS, join_m) for n, (x, y, vx, vy, ms) in enumerate(gone)
    ]
    others = [Newcomer(f"n{n}", NOW_MS, x, y, None, blur_m=blur, jitter_m=blur) for n, (x, y, blur) in enumerate(came)]
    costs = {
        (one.name, other.id): distance / join_m
        for one in ones
        for other in others
        if (distance := distance_to_way(one, other)) is not None
    }
    assert {pair.name: id_ for id_, pair in pair_up(ones, others).items()} == assign(costs)
