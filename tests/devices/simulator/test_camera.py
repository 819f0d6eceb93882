"""What a camera reports, and the faults it is asked to have."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.geometry import Homography, apply_homography, inside
from config.hall import Camera
from config.homography import camera_homography
from devices.simulator.camera import CameraProcess, Noise, View
from streams.events import Frame
from tests.support.simhall import OVERHEAD, PX_PER_M, clean_hour, demo_hour, example, simulate

TOP = Camera(id="top", size_px=(480, 320), homography=OVERHEAD)
VIEWS = {c.id: (c, View(c)) for c in (*example("demo").cameras, *example("forum").cameras)}


def camera(noise: Noise, *, seed: int = 1, fps: float = 10) -> CameraProcess:
    return CameraProcess("box", TOP, seed=seed, fps=fps, boot="b", noise=noise)


def stare(noise: Noise, frames: int, people: int = 1) -> list[Frame]:
    """People who stand still in front of the camera, a tenth of a second between frames."""
    eye = camera(noise)
    standing = [(f"v{i}", 3.0 + 0.5 * i, 4.0, 1.7) for i in range(people)]
    return [eye.frame(i * 100, standing)[0] for i in range(frames)]


class TestView:
    @given(
        name=st.sampled_from(sorted(VIEWS)), x=st.floats(-3, 30, allow_nan=False), y=st.floats(-3, 20, allow_nan=False)
    )
    def test_the_box_stands_on_the_floor_point(self, name: str, x: float, y: float) -> None:
        own, view = VIEWS[name]
        seen = view.see(x, y)
        if seen is not None:
            assert apply_homography(camera_homography(own), seen[0], seen[1]) == pytest.approx((x, y), abs=1e-6)
            assert 0 <= seen[0] < own.size_px[0]
            assert 0 <= seen[1] < own.size_px[1]
            assert not own.floor_m or inside(x, y, own.floor_m)

    def test_it_sees_only_its_own_part_of_the_floor(self) -> None:
        #    west | east      of the demo hall, parted at x = 12
        assert VIEWS["west"][1].see(11.9, 6.0)
        assert not VIEWS["west"][1].see(12.1, 6.0)
        assert VIEWS["east"][1].see(12.1, 6.0)
        assert not VIEWS["east"][1].see(11.9, 6.0)

    def test_from_above_a_person_is_a_head_and_shoulders(self) -> None:
        seen = View(TOP).see(6, 4)
        assert seen is not None
        _, _, width, height = seen
        assert 0.4 < 1.7 * width / PX_PER_M < 0.6
        assert 0.3 < 1.7 * height / PX_PER_M < 0.6

    def test_at_a_slant_a_person_is_taller_than_wide_and_smaller_far_away(self) -> None:
        """A camera of 1000 px focal length, 4 m up, looking 30 degrees down along +y."""
        down = math.radians(30)
        s, c = math.sin(down), math.cos(down)
        # Image: u = 500 + 1000 x / z, v = 400 + 1000 h / z with depth z = 4 s + y c and h = 4 c - y s.
        to_px = ((1000.0, 500 * c, 2000 * s), (0.0, 400 * c - 1000 * s, 1600 * s + 4000 * c), (0.0, c, 4 * s))
        slant = Camera(id="slant", size_px=(1000, 800), homography=_inverse(to_px))
        near, far = View(slant).see(0, 5), View(slant).see(0, 12)
        assert near is not None
        assert far is not None
        for y, (_, _, width, height) in ((5, near), (12, far)):
            depth = 4 * s + y * c
            assert width == pytest.approx(0.3 * 1000 / depth, rel=0.15)
            assert 2.2 < height / width < 4
        assert far[3] < near[3] * 0.7

    @given(x=st.floats(-1e4, 1e4, allow_nan=False), y=st.floats(-1e4, 1e4, allow_nan=False))
    def test_a_point_behind_the_horizon_is_not_seen(self, x: float, y: float) -> None:
        tilted = Camera(id="t", size_px=(480, 320), homography=((0.02, 0, -5), (0, 0.02, -8), (0, 0.004, -0.1)))
        seen = View(tilted).see(x, y)
        if seen is not None:
            h = camera_homography(tilted)
            assert h[2][0] * seen[0] + h[2][1] * seen[1] + h[2][2] > 0

    def test_a_homography_without_inverse_is_refused(self) -> None:
        flat = Camera(id="f", size_px=(10, 10), homography=((1, 0, 0), (1, 0, 0), (0, 0, 1)))
        with pytest.raises(ValueError, match="no inverse"):
            View(flat)


def _inverse(m: tuple[tuple[float, ...], ...]) -> Homography:
    a, b, c = np.linalg.inv(np.array(m)).tolist()
    return tuple(a), tuple(b), tuple(c)


class TestWithoutNoise:
    def test_everyone_in_view_is_reported_where_they_are_under_one_id(self) -> None:
        frames = stare(Noise.none(), 100, people=3)
        for frame in frames:
            assert [p.track for p in frame.people] == ["1", "2", "3"]
            for i, p in enumerate(frame.people):
                foot = (p.left_px + p.width_px / 2) / PX_PER_M, (p.top_px + p.height_px) / PX_PER_M
                assert foot == pytest.approx((3.0 + 0.5 * i, 4.0), abs=0.01)  # boxes are given to a tenth of a pixel

    def test_there_is_nobody_else(self) -> None:
        _, truth = clean_hour()
        assert truth.false_tracks == ()

    def test_who_comes_back_into_view_after_long_gets_a_new_id(self) -> None:
        eye = camera(Noise.none())
        for at_ms, x, expected in (
            (0, 3.0, "1"),
            (100, -3.0, None),
            (300, 3.0, "1"),
            (400, -3.0, None),
            (9000, 3.0, "2"),
        ):
            frame, _ = eye.frame(at_ms, [("v1", x, 4.0, 1.7)])
            assert [p.track for p in frame.people] == ([expected] if expected else [])


class TestNoise:
    def test_misses_are_as_many_and_as_long_as_asked(self) -> None:
        noise = Noise(jitter=0, miss_rate=0.1, miss_run=4, break_every_s=math.inf, false_per_hour=0)
        there = [bool(f.people) for f in stare(noise, 40_000)]
        runs = [len(r) for r in "".join("x" if t else "." for t in there).split("x") if r]
        assert there.count(False) / len(there) == pytest.approx(0.1, rel=0.1)
        assert sum(runs) / len(runs) == pytest.approx(4, rel=0.15)

    def test_ids_break_as_often_as_asked(self) -> None:
        noise = Noise(jitter=0, miss_rate=0, break_every_s=20, break_gap=4, false_per_hour=0)
        frames = stare(noise, 40_000)
        tracks = {p.track for f in frames for p in f.people}
        assert len(tracks) == pytest.approx(4000 / (20 + 0.4), rel=0.2)
        missing = sum(not f.people for f in frames)
        assert missing / len(tracks) == pytest.approx(4, rel=0.2)

    def test_jitter_is_gaussian_with_the_asked_deviation(self) -> None:
        noise = Noise(jitter=0.1, miss_rate=0, break_every_s=math.inf, false_per_hour=0)
        feet = [f.people[0].top_px + f.people[0].height_px for f in stare(noise, 5000)]
        mean = sum(feet) / len(feet)
        deviation = (sum((v - mean) ** 2 for v in feet) / len(feet)) ** 0.5
        seen = View(TOP).see(3, 4)
        assert seen is not None
        assert mean == pytest.approx(4 * PX_PER_M, abs=0.1)
        assert deviation == pytest.approx(0.1 * 1.7 * seen[3], rel=0.05)
        within = sum(abs(v - mean) < deviation for v in feet) / len(feet)
        assert within == pytest.approx(0.683, abs=0.03)

    def test_false_boxes_are_as_many_as_asked_brief_and_inside_the_image(self) -> None:
        noise = Noise(jitter=0, miss_rate=0, break_every_s=math.inf, false_per_hour=120, false_s=2)
        eye = camera(noise)
        for i in range(10 * 3600 * 4):
            eye.frame(i * 100, [])
        spans = eye.take_spans()
        assert len(spans) == pytest.approx(480, rel=0.15)
        assert all(s.visitor is None for s in spans)
        assert sum(s.last_ms - s.first_ms for s in spans) / len(spans) == pytest.approx(2000, rel=0.2)

    def test_scores_tell_people_from_nothing_on_average(self) -> None:
        frames, truth = demo_hour()
        false = {(t.camera, t.track) for t in truth.false_tracks}
        scores = defaultdict(list)
        for f in frames:
            for p in f.people:
                assert 0 < p.score < 1
                scores[f.camera, p.track in {t for c, t in false if c == f.camera}].append(p.score)
        for c in ("west", "east"):
            assert (
                sum(scores[c, True]) / len(scores[c, True]) < 0.6 < 0.8 < sum(scores[c, False]) / len(scores[c, False])
            )

    def test_noise_of_one_camera_does_not_disturb_another(self) -> None:
        hall = example("demo")
        alone = hall.model_copy(update={"cameras": hall.cameras[1:]})
        both, _ = simulate(hall, 0.2)
        one, _ = simulate(alone, 0.2)
        assert [f.people for f in both if f.camera == "east"] == [f.people for f in one]


def test_a_track_id_is_given_once_and_to_one_person_only() -> None:
    frames, truth = demo_hour()
    owner: dict[tuple[str, str], str] = {}
    for v in truth.visitors:
        for t in v.tracks:
            assert owner.setdefault((t.camera, t.track), v.visitor) == v.visitor
    owner.update({(t.camera, t.track): "nobody" for t in truth.false_tracks})
    for frame in frames:
        ids = [p.track for p in frame.people]
        assert len(ids) == len(set(ids))
        assert all((frame.camera, i) in owner for i in ids)
