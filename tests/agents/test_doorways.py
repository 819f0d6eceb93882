"""Entrances that were passed while nobody saw it: who ends walking out at one, who begins walking in, ids that break there.

In the hall of support/halls: the door at x 0.5 from y 2 to 6, in is to the right. The camera answers for x -1 to 12.
"""

from __future__ import annotations

import pytest

from config.hall import Hall
from streams.events import EntrancePassed, TrackEnded, TrackJoined, TrackStarted
from tests.agents.test_identity import Run, T, line, odd_rows, of, passages, stay, tracks
from tests.support.halls import PX_PER_M, RAW, camera, rules, small_hall

SCALE = 1 / PX_PER_M


def seen_on_both_sides(left_m: float = -1.0) -> Hall:
    floor = (left_m, 0), (12, 0), (12, 8), (left_m, 8)
    return small_hall(cameras=(camera(homography=((SCALE, 0, 0), (0, SCALE, 0), (0, 0, 1)), floor_m=floor),))


def doorway() -> Run:
    return Run(hall=seen_on_both_sides())


# -- out ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last_seen_at", [0.6, 1.0, 1.6])
def test_who_is_last_seen_walking_out_a_step_before_the_line_has_gone_out(last_seen_at: float) -> None:
    #   street | door | hall
    #          |  . . x-------- 7       the last boxes are missed; nobody turns up
    run = doorway()
    made = run.walk("7", line(4.0, last_seen_at)) + run.wait(6)
    assert passages(made) == [("c1/7", False)]
    (over,) = of(TrackEnded, made)
    assert over.reason == "left"


def test_who_turns_up_outside_under_another_id_has_gone_out_once() -> None:
    #          |  . . x-------- 7
    #   <--8 . |                      whoever is seen outside under another id, 7 has gone out once
    run = doorway()
    assert passages(run.walk("7", line(4.0, 1.0)) + run.wait(0.5)) == []
    made = run.walk("8", line(0.4, -0.8))
    assert passages(made + run.wait(6)) == [("c1/7", False)]


def test_whose_broken_id_is_healed_goes_out_once() -> None:
    #          |      x--- 7
    #   <------|--x . .            8 is 7, and is seen on the line
    run = doorway()
    made = run.walk("7", line(4.0, 2.0)) + run.wait(0.3) + run.walk("8", line(1.6, -0.5)) + run.wait(6)
    assert [joined.track for joined in of(TrackJoined, made)] == ["c1/7"]
    assert passages(made) == [("c1/7", False)]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (line(4.0, 3.0), "too far to have been through it by then"),
        ([*line(4.0, 0.8), *stay(0.8, 3.0)], "stands before it"),
        (line(0.8, 2.0), "walks away from it"),
        ([(1.0, 2.5 + 0.12 * n) for n in range(25)], "walks along it"),
        ([(3.0 - 0.12 * n, 7.0) for n in range(20)], "walks past its end"),
    ],
)
def test_who_is_last_seen_otherwise_has_not(path: list[tuple[float, float]], why: str) -> None:
    run = doorway()
    made = run.walk("7", path) + run.wait(60)
    assert [passage for passage in passages(made) if not passage[1]] == [], why


@pytest.mark.parametrize("left_m", [0.4, 0.8])
def test_where_the_floor_in_view_ends_at_the_door_nobody_was_missed(left_m: float) -> None:
    #   end of view ¦| door ------ 7      who goes out of view was not seen going out, by this camera
    run = Run(hall=seen_on_both_sides(left_m))
    assert passages(run.walk("7", line(4.0, 1.0)) + run.wait(6)) == []


def test_a_camera_that_is_not_known_to_see_the_other_side_is_taken_at_what_it_saw() -> None:
    run = Run()
    assert passages(run.walk("7", line(4.0, 1.0)) + run.wait(6)) == []


def test_where_ids_are_taken_at_their_word_so_are_points() -> None:
    run = Run(rules(**RAW), seen_on_both_sides())
    assert passages(run.walk("7", line(4.0, 1.0)) + run.walk("9", line(1.0, 4.0)) + run.wait(6)) == []


# -- in ----------------------------------------------------------------------------------------------------------------------


def test_who_is_first_seen_walking_in_a_step_behind_the_line_has_come_in() -> None:
    #   street | door | hall
    #          |  . . 7------->       the first boxes are missed
    made = doorway().walk("7", line(1.0, 4.0))
    told = [event for event in made if isinstance(event, (TrackStarted, EntrancePassed))]
    assert [type(event) for event in told] == [TrackStarted, EntrancePassed]
    assert [event.at_ms for event in told] == [T, T]
    assert passages(made) == [("c1/7", True)]


def test_an_id_that_breaks_behind_the_door_comes_in_once() -> None:
    #   7------|---x . . 8------>      seen coming in as 7; 8 is 7
    run = doorway()
    made = run.walk("7", line(-0.8, 1.2)) + run.wait(0.3) + run.walk("8", line(1.6, 4.0)) + run.wait(6)
    assert tracks(made) == ["c1/7"]
    assert passages(made) == [("c1/7", True)]


# -- ids that break before they are believed ---------------------------------------------------------------------------------


def test_what_was_done_under_an_id_that_broke_before_it_was_believed_is_not_lost() -> None:
    #   street | door | hall
    #   7-x . .|. . 8---.           7 was seen for half a second, too short to be believed; 8 has turned when it is
    #          |         \8
    run = doorway()
    made = run.walk("7", line(-0.8, -0.2)) + run.wait(0.8)
    turned = [(1.0 + 0.02 * n, 4.0 + 0.12 * n) for n in range(15)]
    made += run.walk("8", turned)
    (started,) = of(TrackStarted, made)
    assert (started.track, started.at_ms) == ("c1/8", T)
    assert started.x_m == pytest.approx(-0.8)
    assert passages(made) == [("c1/8", True)]


@pytest.mark.parametrize(
    ("path", "forward"), [(line(0.9, 0.2), False), (line(0.1, 0.8), True), (line(1.4, 0.8), False)]
)
def test_an_id_too_short_to_be_believed_that_walked_through_the_door_is_somebody(
    path: list[tuple[float, float]], forward: bool
) -> None:
    #   <---|---7      seven boxes: half a second and a bit
    run = doorway()
    made = run.walk("7", path) + run.wait(6)
    assert tracks(made) == ["c1/7"]
    assert passages(made) == [("c1/7", forward)]
    (over,) = of(TrackEnded, made)
    assert (over.first_ms, over.at_ms) == (T, T + 100 * (len(path) - 1))
    assert odd_rows(made) == []


@pytest.mark.parametrize("path", [[(0.4, 4.0), (0.6, 4.0)] * 3, [(0.4, 4.0), (1.2, 4.0)], line(0.8, 1.4)])
def test_one_that_only_jitters_on_the_line_or_was_seen_twice_or_on_one_side_only_is_nobody(
    path: list[tuple[float, float]],
) -> None:
    run = doorway()
    made = run.walk("7", path) + run.wait(6)
    assert tracks(made) == []
    assert passages(made) == []


def test_a_false_box_somewhere_else_is_nobodys_beginning() -> None:
    #   7: half a second at x 7; 8 comes in at the door
    run = doorway()
    made = run.walk("7", stay(7.0, 0.5)) + run.walk("8", line(-0.8, 3.0))
    (started,) = of(TrackStarted, made)
    assert started.x_m == pytest.approx(-0.8)


def test_who_is_believed_is_not_the_beginning_of_who_is_seen_beside_them() -> None:
    #   7 and 8 walk in side by side: both are seen all the time
    run = doorway()
    made = [event for x, _ in line(-0.8, 2.0) for event in run.see(("7", x, 3.5), ("8", x, 4.1))]
    assert sorted(passages(made)) == [("c1/7", True), ("c1/8", True)]
