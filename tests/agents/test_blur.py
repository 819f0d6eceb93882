"""How far a floor point is off if its box is, by where the camera stands.

camera, 5 m up, looks level               0.1 box heights lower in the image:
|`-.______________
|    `-.          ``--.__
|       \\                ``--.__
+--------o----------------------o------   floor
        5 m                    25 m
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import msgspec
import pytest

from agents.tracks import Candidate, jitter_m, too_far
from agents.trajectory import Trajectory
from agents.views import blur_m, camera_view
from config.hall import Hall
from streams.events import Event, Frame, Person, TrackJoined, TrackStarted
from tests.support.chain import Link
from tests.support.halls import HALL, START_MS, camera, rules, small_hall, tick

FOCAL_PX, HEIGHT_M, MIDDLE_PX, TALL_M = 1000.0, 5.0, 384.0, 1.75
FLAT = ((HEIGHT_M, 0.0, -HEIGHT_M * MIDDLE_PX), (0.0, 0.0, FOCAL_PX * HEIGHT_M), (0.0, 1.0, 0.0))
"""The horizon is the image's upper edge; y is the distance from the camera."""


def at(distance_m: float, hidden: float = 0.0, id_: str = "7") -> Person:
    """A box of somebody; ``hidden``: what share of them, from the feet up."""
    feet, tall = FOCAL_PX * HEIGHT_M / distance_m, FOCAL_PX * TALL_M / distance_m
    return Person(id_, MIDDLE_PX - tall / 6, feet - tall, tall / 3, tall * (1 - hidden), 0.9)


def flat_hall() -> Hall:
    return small_hall(size_m=(60, 60), zones=(), lines=(), cameras=(camera(homography=FLAT),))


def blur_at(distance_m: float) -> float:
    return blur_m(camera_view(flat_hall().cameras[0]), at(distance_m))


def test_the_blur_is_how_far_the_point_moves_by_a_tenth_of_the_box() -> None:
    # At 25 m: feet at 200 px, the box 70 px tall; 7 px lower is 24.15 m away. What is tall is the same at every distance:
    # a tenth of a person lower hits the floor 1/29 nearer.
    assert blur_at(25) == pytest.approx(25 - 5000 / 207)
    assert blur_at(5) == pytest.approx(5 * 7 / 207)


def test_from_above_a_box_is_off_by_a_tenth_of_itself() -> None:
    one = Person("7", 100.0, 100.0, 32.0, 112.0)  # 64 px a metre
    assert blur_m(camera_view(small_hall().cameras[0]), one) == pytest.approx(0.175)


def test_a_point_that_the_camera_gives_itself_is_taken_at_its_word() -> None:
    given = msgspec.structs.replace(at(25), x_m=0.0, y_m=25.0)
    assert blur_m(camera_view(flat_hall().cameras[0]), given) == 0


def test_at_the_horizon_nothing_is_known_of_it() -> None:
    view = camera_view(flat_hall().cameras[0])
    assert blur_m(view, Person("7", 384.0, -70.0, 20.0, 70.0)) == 0
    below = blur_m(view, Person("7", 384.0, -69.0, 20.0, 70.0))
    assert 0 < below < sqrt(2) * 5000


def test_jitter_is_what_lies_beside_a_steady_walk() -> None:
    walk = [(100 * n, 0.12 * n, 5.0) for n in range(5)]
    assert jitter_m(walk) == pytest.approx(0)
    #   to the left and right of it by 0.1, 0.2, 0.2, 0.2, 0.1 m: the walk that fits best is the same
    beside = [(t, x, y + off) for (t, x, y), off in zip(walk, (0.1, -0.2, 0.2, -0.2, 0.1), strict=True)]
    assert jitter_m(beside) == pytest.approx(sqrt(0.14 / 3))
    assert jitter_m(beside[:3]) == 0  # of so few nobody can tell


def test_a_box_far_away_may_jump_farther_than_one_nearby() -> None:
    #   25 m away, legs hidden for three tenths: the floor point is at 27.9 m, 2.9 m farther, in a tenth of a second
    here, there = (0, 0.0, 25.0), (100, 0.0, 27.9)
    assert too_far(here, there)
    assert not too_far(here, there, blur_at(27.9))
    assert too_far(here, (100, 0.0, 31.0), blur_at(31.0))


def shown(boxes: Iterable[Person | None]) -> list[Event]:
    """What is concluded from one box a frame, ten frames a second."""
    link, made = Link(Trajectory(flat_hall(), rules())), list[Event]()
    for number, box in enumerate(boxes):
        at_ms, people = START_MS + 100 * number, (box,) if box else ()
        if number % 10 == 0:
            made += link.agent.on_event(link.state, tick(at_ms))
        made += link.agent.on_event(link.state, Frame(hall=HALL, at_ms=at_ms, camera="c1", people=people))
    return made


def who(made: Iterable[Event]) -> list[tuple[str, str]]:
    return [(type(event).__name__, event.track) for event in made if isinstance(event, TrackStarted | TrackJoined)]


def test_whose_legs_are_hidden_far_from_a_flat_camera_stays_the_same_track() -> None:
    #   seconds   0         2     2.5        4
    #   legs      seen      hidden, seen again          the tracker says that it is one person, and nothing speaks against it
    made = shown([at(25)] * 20 + [at(25, hidden=0.3)] * 5 + [at(25)] * 15)
    assert who(made) == [("TrackStarted", "c1/7")]


def test_a_broken_id_far_from_a_flat_camera_is_joined_though_its_box_dances() -> None:
    #   7 7 7 7 . . . . . 9 9 9       stands 25 m away; the box of 9 ends above the feet, now more and now less: 1 m to 0.2 m
    #                                 farther away. Boxes that are as exact as those of 7 would be of somebody else.
    dancing = [at(25, hidden=share, id_="9") for share in (0.11, 0.02, 0.02, 0.11, 0.07, 0.04)]
    exact = [at(26.0, id_="9")] * 6
    before: list[Person | None] = [*[at(25)] * 20, *[None] * 5]
    assert who(shown([*before, *dancing])) == [("TrackStarted", "c1/7"), ("TrackJoined", "c1/7")]
    assert who(shown([*before, *exact])) == [("TrackStarted", "c1/7")]


def test_candidates_of_before_blur_was_known_are_carried_over() -> None:
    before = msgspec.msgpack.encode([[[START_MS, 1.0, 2.0]], START_MS, True])
    assert msgspec.msgpack.decode(before, type=Candidate) == Candidate([(START_MS, 1.0, 2.0)], START_MS, True, 0.0)
