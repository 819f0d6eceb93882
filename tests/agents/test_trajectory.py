"""Trajectory: floor points, smoothing, speed; tracks that start, are joined and end. In the hall of support/halls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.trajectory import Trajectory
from config.geometry import Homography, apply_homography, inside
from config.hall import Hall
from config.homography import camera_homography
from config.rules import Rules
from streams.events import Event, Frame, OddRows, Person, Position, Positions, TrackEnded, TrackStarted
from tests.support.chain import Link
from tests.support.halls import HALL, RAW, START_MS, camera, configured, frame, person, rules, small_hall, tick

T = START_MS
TILTED = ((0.02, 0.001, -1.0), (0.0005, 0.03, 0.5), (0.0001, 0.002, 0.5))


class Run:
    """One trajectory agent; ``see`` and ``pass_to`` return what it says."""

    def __init__(self, plain: Rules | None = None, hall: Hall | None = None) -> None:
        self.link = Link(Trajectory(hall or small_hall(), plain or rules()))

    def offer(self, event: Event) -> tuple[Event, ...]:
        return self.link.agent.on_event(self.link.state, event)

    def see(self, ms: int, *people: tuple[str, float, float], camera: str = "c1") -> tuple[Event, ...]:
        """``ms`` after the start."""
        return self.offer(frame(T + ms, *people, camera=camera))

    def pass_to(self, second: int) -> tuple[Event, ...]:
        """The tick of a second after the start; what it tells of rows is left out."""
        said = self.offer(tick(T + second * 1000))
        return tuple(event for event in said if not isinstance(event, OddRows))


def raw_run(hall: Hall | None = None, **trajectory: float) -> Run:
    return Run(rules(trajectory=RAW["trajectory"] | trajectory), hall)


def places(events: tuple[Event, ...]) -> list[tuple[str, float, float]]:
    """The rows of the frame's one Positions, which is the last that is said."""
    at = events[-1]
    assert isinstance(at, Positions)
    return [(track, x_m, y_m) for track, x_m, y_m, *_ in at.rows]


def kinds(events: tuple[Event, ...]) -> list[type[Event]]:
    return [type(event) for event in events]


# -- floor points ------------------------------------------------------------------------------------------------------


def test_a_person_stands_at_the_bottom_centre_of_the_box() -> None:
    #   +--+  top 144 px
    #   |  |              64 px a metre: centre 320 px, bottom 256 px
    #   +--+  = (5, 4) m
    run = raw_run()
    box = Person("7", 304.0, 144.0, 32.0, 112.0)
    said = run.offer(Frame(hall=HALL, at_ms=T, camera="c1", people=(box,)))
    assert places(said) == [("c1/7", 5.0, 4.0)]
    assert said[0] == TrackStarted(hall=HALL, at_ms=T, decided_at_ms=T, camera="c1", track="c1/7", x_m=5.0, y_m=4.0)


boxes = st.tuples(st.floats(-100, 800), st.floats(-100, 600), st.floats(3, 200), st.floats(3, 300))


@given(st.lists(boxes, min_size=1, max_size=5), st.sampled_from([TILTED, ((1 / 3, 0, 0), (0, 1 / 7, 0), (0, 0, 1))]))
def test_raw_points_are_the_homography_of_the_box_to_the_last_bit(
    people: list[tuple[float, float, float, float]], matrix: Homography
) -> None:
    hall = small_hall(cameras=(camera(homography=matrix),))
    run = raw_run(hall)
    h = camera_homography(hall.cameras[0])
    persons = tuple(Person(str(n), *box) for n, box in enumerate(people))
    for at_ms in (T, T + 100, T + 100, T + 50):
        said = run.offer(Frame(hall=HALL, at_ms=at_ms, camera="c1", people=persons))
        expected = [apply_homography(h, p.left_px + p.width_px / 2, p.top_px + p.height_px) for p in persons]
        assert [(x, y) for _, x, y in places(said)] == expected


def test_a_floor_point_that_the_camera_gives_is_used() -> None:
    given_point = Person("7", 0.0, 0.0, 1.0, 1.0, 1.0, 5.25, 3.1)
    half_given = Person("8", 304.0, 144.0, 32.0, 112.0, 1.0, 1.0, None)
    said = raw_run().offer(Frame(hall=HALL, at_ms=T, camera="c1", people=(given_point, half_given)))
    assert places(said) == [("c1/7", 5.25, 3.1), ("c1/8", 5.0, 4.0)]


def test_boxes_at_and_above_the_horizon_are_passed_over() -> None:
    #   - - - - - - - horizon: y = 100 px       w = 0.01 y - 1
    #        []  feet at 101 px: far away, but on the floor
    run = raw_run(small_hall(cameras=(camera(homography=((1, 0, 0), (0, 1, 0), (0, 0.01, -1))),)))
    people = tuple(Person(str(bottom), 0.0, bottom - 10.0, 4.0, 10.0) for bottom in (101, 100, 99))
    said = run.offer(Frame(hall=HALL, at_ms=T, camera="c1", people=people))
    assert [track for track, _, _ in places(said)] == ["c1/101"]


def test_points_beyond_any_floor_are_passed_over() -> None:
    far = Person("far", 0.0, 0.0, 1.0, 1.0, 1.0, 9e4, 9e4)
    nan = Person("nan", 0.0, 0.0, 1.0, 1.0, 1.0, float("nan"), 0.0)
    said = raw_run().offer(Frame(hall=HALL, at_ms=T, camera="c1", people=(far, nan, person("7", 1.0, 1.0))))
    assert places(said) == [("c1/7", 1.0, 1.0)]


def test_people_outside_the_cameras_own_floor_are_not_its_business() -> None:
    #   0          6         12
    #   +----------+----------+
    #   |  floor_m |          |      it answers for the left half only
    #   |     7    |    8     |
    #   +----------+----------+
    half = camera(homography=small_hall().cameras[0].homography, floor_m=((0, 0), (6, 0), (6, 8), (0, 8)))
    run = raw_run(small_hall(cameras=(half,)))
    assert places(run.see(0, ("7", 3.0, 4.0), ("8", 9.0, 4.0))) == [("c1/7", 3.0, 4.0)]
    assert places(run.see(100, ("7", 6.5, 4.0))) == []


def test_a_camera_that_the_hall_does_not_have_is_ignored() -> None:
    assert raw_run().see(0, ("7", 1.0, 1.0), camera="c9") == ()


def test_a_frame_without_people_still_gives_its_positions() -> None:
    assert Run().see(0) == (Positions(hall=HALL, at_ms=T, camera="c1", rows=()),)


def test_rows_stay_in_the_order_of_the_frame() -> None:
    run = raw_run()
    run.see(0, ("8", 1.0, 1.0), ("7", 2.0, 2.0))
    assert places(run.see(100, ("7", 2.0, 2.5), ("8", 1.0, 1.0))) == [("c1/7", 2.0, 2.5), ("c1/8", 1.0, 1.0)]


def test_with_ids_taken_at_their_word_a_repeated_id_is_processed_as_it_stands() -> None:
    run = raw_run()
    run.see(0, ("8", 1.0, 1.0))
    assert places(run.see(100, ("8", 1.0, 1.0), ("8", 3.0, 3.0))) == [("c1/8", 1.0, 1.0), ("c1/8", 3.0, 3.0)]


# -- smoothing and speed -----------------------------------------------------------------------------------------------


def smooth_run(hall: Hall | None = None) -> Run:
    """Ordinary rules, but whoever appears is believed at once."""
    return Run(rules(trajectory={"confirm_s": 0}), hall)


def test_who_walks_steadily_is_where_the_boxes_are() -> None:
    #   smoothing that lags would put a walker 0.3 s behind: 0.4 m, and every door 0.3 s late
    rows = walk(smooth_run(), 1.4, 0, 4000)
    assert rows[-1][1] == pytest.approx(1.4 * 3.9, abs=0.01)


def test_smoothing_halves_the_jitter_of_who_stands() -> None:
    run = smooth_run()
    rows = [places(run.see(n * 100, ("7", 4.0 + (0.1 if n % 2 else -0.1), 4.0)))[0][1] for n in range(100)]
    assert max(abs(x - 4.0) for x in rows[20:]) < 0.05


@pytest.mark.parametrize("ms", [100, 0, -60_000])
def test_a_camera_clock_that_stands_still_or_goes_back_moves_nothing_for_one_frame(ms: int) -> None:
    run = smooth_run()
    run.see(0, ("7", 1.0, 1.0))
    run.see(100, ("7", 1.0, 1.0))
    assert places(run.see(ms, ("7", 2.5, 1.0)))[0][1] == pytest.approx(1.0)
    later = places(run.see(ms + 10_000, ("7", 2.5, 1.0)))
    assert later[0][1] == pytest.approx(2.5)


def walk(run: Run, metres_per_second: float, from_ms: int, to_ms: int, x_m: float = 0.0) -> list[Position]:
    """Straight on at 10 frames/s; returns the rows."""
    rows = []
    for ms in range(from_ms, to_ms, 100):
        said = run.see(ms, ("7", x_m + metres_per_second * (ms - from_ms) / 1000, 4.0))
        assert isinstance(said[-1], Positions)
        rows.append(said[-1].rows[0])
    return rows


def test_speed_settles_at_the_speed_walked() -> None:
    rows = walk(smooth_run(), 1.25, 0, 4000)
    assert rows[0][3] == 0.0
    assert rows[-1][3] == pytest.approx(1.25, abs=0.02)


def test_walking_and_standing_need_to_be_clear_to_change() -> None:
    #   speed  1.2 |  ,------.
    #   0.50 above | /        `.
    #              |/ - - - - - `.- - - - - - - - - 0.35 keeps what it was
    #   0.25 below +--------------`-------
    run = smooth_run()
    assert walk(run, 1.2, 0, 2000)[-1][4]
    assert all(row[4] for row in walk(run, 0.35, 2000, 6000, 2.4))
    assert not walk(run, 0.0, 6000, 9000, 3.8)[-1][4]
    assert not any(row[4] for row in walk(run, 0.35, 9000, 12000, 3.8))


def test_jitter_is_neither_walking_nor_a_way() -> None:
    run = smooth_run()
    run.pass_to(0)
    for n in range(600):
        said = run.see(n * 100, ("7", 4.0 + (0.05 if n % 2 else -0.05), 4.0 + (0.04 if n % 3 else -0.04)))
        assert isinstance(said[-1], Positions)
        assert not said[-1].rows[0][4]
    (over,) = run.pass_to(60)
    assert isinstance(over, TrackEnded)
    assert over.path_m < 0.1
    assert over.standing_ms == 59_900


def test_path_and_standing_time_of_a_walk_with_a_stop() -> None:
    #   0 ===3 s===> 3.6 m, stands 4 s, ===3 s===> 7.2 m
    run = smooth_run()
    run.pass_to(0)
    walk(run, 1.2, 0, 3000)
    walk(run, 0.0, 3000, 7000, 3.6)
    walk(run, 1.2, 7000, 10_000, 3.6)
    (over,) = run.pass_to(60)
    assert isinstance(over, TrackEnded)
    assert over.path_m == pytest.approx(7.2, abs=0.3)
    assert over.standing_ms == pytest.approx(4000, abs=1500)
    assert (over.first_ms, over.at_ms) == (T, T + 9900)


# -- the end -----------------------------------------------------------------------------------------------------------


def test_a_track_ends_when_no_join_is_possible_any_more_and_not_before() -> None:
    #   log    0    1    2    3    4
    #   seen   xxxx.                   last at 0.9 s; with 2 s to join, certain at the tick of 3 s
    run = raw_run()
    run.pass_to(0)
    run.see(0, ("7", 4.0, 4.0))
    run.see(900, ("7", 4.5, 4.0))
    assert run.pass_to(1) == run.pass_to(2) == ()
    assert run.pass_to(3) == (
        TrackEnded(
            hall=HALL, at_ms=T + 900, decided_at_ms=T + 3000, camera="c1", track="c1/7", first_ms=T, path_m=0.5,
            standing_ms=900, x_m=4.5, y_m=4.0,
        ),
    )  # fmt: skip
    assert run.pass_to(4) == ()
    assert run.link.state.cameras == {"c1": {}}


@pytest.mark.parametrize("offset_s", [-50, 50])
def test_the_end_is_judged_by_the_logs_time_not_by_the_cameras_clock(offset_s: int) -> None:
    run = raw_run()
    for second in range(10):
        assert run.pass_to(second) == ()
        run.see((second + offset_s) * 1000, ("7", 4.0, 4.0))
    assert run.pass_to(11) == ()
    assert kinds(run.pass_to(12)) == [TrackEnded]


def test_time_may_jump_and_a_first_tick_may_come_late() -> None:
    run = raw_run()
    run.see(0, ("7", 4.0, 4.0))
    assert run.pass_to(1) == ()  # the first tick of all: it says what time it is, not how much has passed
    assert kinds(run.pass_to(500)) == [TrackEnded]


def test_whoever_is_back_in_time_has_not_ended() -> None:
    run = raw_run()
    run.pass_to(0)
    run.see(0, ("7", 4.0, 4.0))
    run.pass_to(2)
    run.see(2500, ("7", 4.0, 4.0))
    assert run.pass_to(3) == run.pass_to(4) == ()


def test_after_its_end_the_same_id_starts_again() -> None:
    run = raw_run()
    run.pass_to(0)
    run.see(0, ("7", 4.0, 4.0))
    run.pass_to(10)
    assert kinds(run.see(10_000, ("7", 4.0, 4.0))) == [TrackStarted, Positions]


def test_tracks_of_a_camera_that_is_no_more_end_with_the_configuration() -> None:
    one = small_hall().cameras[0]
    two = one.model_copy(update={"id": "c2"})
    run = raw_run(small_hall(cameras=(one, two)))
    run.see(0, ("7", 4.0, 4.0))
    run.see(0, ("8", 4.0, 4.0), camera="c2")
    run.link.agent = Trajectory(small_hall(cameras=(two,)), rules())
    (over,) = run.offer(configured(T + 700))
    assert isinstance(over, TrackEnded)
    assert (over.track, over.reason, over.at_ms, over.decided_at_ms) == ("c1/7", "config", T, T + 700)
    assert list(run.link.state.cameras) == ["c2"]


CORNERS = ((0.0, 0.0), (6.0, 0.0), (6.0, 8.0), (0.0, 8.0))
SLANTED = ((0.0, 0.0), (6.0, 1.0), (6.0, 8.0), (0.0, 8.0))
NEAR_EDGES = st.sampled_from([0.0, 1e-9, 3.0, 6.0 - 1e-9, 6.0, 6.0 + 1e-9, 8.0 - 1e-9, 8.0])


@given(st.sampled_from([CORNERS, SLANTED]), NEAR_EDGES | st.floats(-1, 9), NEAR_EDGES | st.floats(-1, 9))
def test_a_limited_floor_is_its_polygon_to_the_last_bit(
    floor: tuple[tuple[float, float], ...], x: float, y: float
) -> None:
    """The box that spares most points the look at the outline says nothing else than the outline."""
    run = raw_run(small_hall(cameras=(camera(homography=small_hall().cameras[0].homography, floor_m=floor),)))
    said = run.offer(Frame(hall=HALL, at_ms=T, camera="c1", people=(Person("7", 0, 0, 9, 9, 1.0, x, y),)))
    assert [(x, y) for _, x, y in places(said)] == ([(x, y)] if inside(x, y, floor) else [])
