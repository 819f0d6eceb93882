"""The crowd of the benchmarks: what they measure is only as good as what they feed."""

from itertools import islice

import pytest

from benchmarks.crowd import FPS, frames, log_of
from benchmarks.figures import percentile
from benchmarks.halls import many
from config.geometry import inside
from config.hall import Camera, Hall
from config.homography import camera_homography, on_floor
from config.loading import load_files
from streams.events import Frame, Person


def hall_of(name: str) -> Hall:
    return load_files(many(3)[name]).hall


def stood_at(camera: Camera, person: Person) -> tuple[float, float]:
    spot = on_floor(camera_homography(camera), person.left_px + person.width_px / 2, person.top_px + person.height_px)
    assert spot is not None
    return spot


def tracks(some: list[Frame], camera: str) -> set[str]:
    return {person.track for frame in some if frame.camera == camera for person in frame.people}


def test_every_frame_has_as_many_people_as_were_asked_for_each_with_an_id_of_its_own() -> None:
    for frame in islice(frames(hall_of("h0000"), 1, people=5), 2000):
        assert len({person.track for person in frame.people}) == 5


def test_the_same_seed_gives_the_same_frames_and_another_seed_or_hall_others() -> None:
    first, again, other = (list(islice(frames(hall_of("h0000"), seed), 20)) for seed in (1, 1, 2))
    elsewhere = list(islice(frames(hall_of("h0001"), 1), 20))
    assert first == again
    assert first[0].people != other[0].people
    assert first[0].people != elsewhere[0].people


def test_cameras_take_turns_at_the_same_moments_and_count_their_frames() -> None:
    some = list(islice(frames(hall_of("h0000"), 1, start_ms=1000), 6))
    assert [frame.camera for frame in some] == ["west", "east"] * 3
    assert [frame.seq for frame in some] == [0, 0, 1, 1, 2, 2]
    assert [frame.at_ms for frame in some] == [1000, 1000, 1000 + round(1000 / FPS), 1000 + round(1000 / FPS)] + [
        1000 + round(2000 / FPS)
    ] * 2


def test_boxes_stand_on_the_camera_s_own_floor_but_for_noise() -> None:
    hall = hall_of("h0000")
    cameras = {camera.id: camera for camera in hall.cameras}
    on_it = [
        inside(*stood_at(cameras[frame.camera], person), cameras[frame.camera].floor_m or ())
        for frame in islice(frames(hall, 1), 800)
        for person in frame.people
    ]
    assert sum(on_it) / len(on_it) > 0.98


def test_floor_points_given_are_where_the_boxes_stand() -> None:
    hall = hall_of("h0000")
    cameras = {camera.id: camera for camera in hall.cameras}
    for frame in islice(frames(hall, 1, floor=True), 100):
        for person in frame.people:
            assert person.x_m is not None
            assert person.y_m is not None
            assert stood_at(cameras[frame.camera], person) == pytest.approx((person.x_m, person.y_m), abs=0.3)


def test_people_walk_stand_and_are_followed_by_others() -> None:
    some = list(islice(frames(hall_of("h0000"), 1), round(2 * FPS * 600)))
    early, late = tracks(some[:100], "west"), tracks(some[-100:], "west")
    assert not early & late


def test_a_log_has_the_halls_then_frames_in_the_order_of_time_with_a_tick_each_second() -> None:
    records = list(log_of(many(3), 1, 3 * 2 * 16))
    assert [record.offset for record in records] == list(range(len(records)))
    assert [record.key for record in records[:3]] == [b"h0000", b"h0001", b"h0002"]
    assert sum(record.key is None for record in records) == 1
    times = [record.timestamp_ms for record in records]
    assert times == sorted(times)
    assert len(records) == 3 + 1 + 3 * 2 * 16


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (51, 3.0), (99, 4.0), (100, 4.0), (1, 1.0)])
def test_percentiles_are_by_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == expected
