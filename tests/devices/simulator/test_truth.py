"""The truth is what the noise-free path says, and the comparison with it finds what differs."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from config.geometry import apply_homography, cross, inside, segments_meet
from config.hall import Hall
from config.homography import camera_homography
from devices.simulator import Noise, Simulator, Truth
from devices.simulator.truth import TOLERANCES, Tolerance, compare, load, save, summarise
from tests.support.simhall import at, clean_hour, demo_hour, example, simulate

EXACT = {name: Tolerance(0, 0) for name in TOLERANCES}


def watched(hall: Hall, minutes: int, fps: int = 4) -> tuple[dict[str, list[tuple[int, float, float]]], Truth]:
    """Everyone's exact points at every frame, and the truth."""
    start_ms = at(hall, 9.5)
    simulator = Simulator(hall, seed=11, start_ms=start_ms, fps=fps, level=2)
    paths: dict[str, list[tuple[int, float, float]]] = {}
    for step in range(0, minutes * 60_000 + 1, 1000 // fps):
        simulator.step(start_ms + step)
        for visitor, x, y in simulator.positions():
            paths.setdefault(visitor, []).append((start_ms + step, x, y))
    return paths, simulator.truth()


@pytest.mark.parametrize("name", ["demo", "forum"])
class TestAgainstThePath:
    """By brute force: every point against every polygon, every step against every line."""

    def test_stays(self, name: str) -> None:
        hall = example(name)
        paths, truth = watched(hall, 20)
        for v in truth.visitors:
            path = paths.get(v.visitor, [])
            expected: list[tuple[str, int, int | None, int]] = []
            for zone in hall.zones:
                since = None
                for i, (at_ms, x, y) in enumerate(path):
                    now = inside(x, y, zone.polygon_m)
                    if now and since is None:
                        since = at_ms
                    elif not now and since is not None:
                        expected.append((zone.id, since, at_ms, path[i - 1][0]))
                        since = None
                if since is not None:
                    last = path[-1][0]
                    expected.append((zone.id, since, last if v.left_ms else None, last))
            assert sorted((s.zone, s.enter_ms, s.leave_ms, s.last_ms) for s in v.stays) == sorted(expected)

    def test_crossings(self, name: str) -> None:
        hall = example(name)
        paths, truth = watched(hall, 20)
        total = 0
        for v in truth.visitors:
            path = paths.get(v.visitor, [])
            expected = []
            for (_, ax, ay), (at_ms, bx, by) in itertools.pairwise(path):
                for line in hall.lines:
                    was, now = (cross(*line.from_m, *line.to_m, *p) > 0 for p in ((ax, ay), (bx, by)))
                    if was != now and segments_meet((ax, ay), (bx, by), line.from_m, line.to_m):
                        expected.append((line.id, at_ms, "forward" if was else "backward"))
            assert [(c.line, c.at_ms, c.direction) for c in v.crossings] == expected
            total += len(expected)
        assert total > 30

    def test_everyone_comes_in_forward_by_the_door_they_use_and_goes_out_backward(self, name: str) -> None:
        _, truth = watched(example(name), 20)
        gone = [v for v in truth.visitors if v.left_ms]
        assert len(gone) > 5
        for v in gone:
            assert (v.crossings[0].line, v.crossings[0].direction) == (v.entered_by, "forward")
            assert (v.crossings[-1].line, v.crossings[-1].direction) == (v.left_by, "backward")

    def test_key_points_lie_on_the_path(self, name: str) -> None:
        paths, truth = watched(example(name), 10, fps=10)
        checked = 0
        for v in truth.visitors:
            path = {at_ms: (x, y) for at_ms, x, y in paths.get(v.visitor, [])}
            for point in v.points:
                if (near := path.get(point.at_ms // 100 * 100)) is not None:
                    assert math.dist(near, (point.x_m, point.y_m)) < 0.25
                    checked += 1
        assert checked > 20


def test_perfect_cameras_report_the_path_itself() -> None:
    """Boxes back through the homography: in the zones the truth names, at the frames it names."""
    hall = example("demo")
    frames, truth = clean_hour()
    maps = {c.id: camera_homography(c) for c in hall.cameras}
    floor: dict[tuple[str, str, int], tuple[float, float]] = {}
    for f in frames:
        for p in f.people:
            point = apply_homography(maps[f.camera], p.left_px + p.width_px / 2, p.top_px + p.height_px)
            assert point is not None
            floor[f.camera, p.track, f.at_ms] = point
    polygons = {z.id: z.polygon_m for z in hall.zones}
    looked = 0
    for v in truth.visitors:
        for stay in v.stays:
            middle = (stay.enter_ms + stay.last_ms) // 2
            middle -= (middle - truth.start_ms) % 250
            points = [floor[t.camera, t.track, middle] for t in v.tracks if (t.camera, t.track, middle) in floor]
            for x, y in points:
                looked += 1
                # A tenth of a pixel may put who grazes an edge on its other side: judge those well inside.
                assert inside(x, y, polygons[stay.zone]) or stay.last_ms - stay.enter_ms < 2000
    assert looked > 100


def test_tracks_of_a_visitor_cover_what_cameras_saw() -> None:
    _, truth = clean_hour()
    for v in truth.visitors:
        seen = [s for stay in v.stays for s in stay.seen]
        for s in seen:
            assert any(t.camera == s.camera and t.first_ms <= s.first_ms and s.last_ms <= t.last_ms for t in v.tracks)


def test_broken_ids_are_known() -> None:
    _, clean = clean_hour()
    _, noisy = demo_hour()
    assert [v.visitor for v in clean.visitors] == [v.visitor for v in noisy.visitors]
    assert sum(len(v.tracks) for v in noisy.visitors) > 1.5 * sum(len(v.tracks) for v in clean.visitors)
    assert [v.stays for v in noisy.visitors] == [v.stays for v in clean.visitors], "noise does not change the truth"


def test_arrivals_are_counted_by_the_hour_of_the_halls_clock() -> None:
    hall = example("demo").model_copy(update={"timezone": "Asia/Kolkata"})
    _, truth = simulate(hall, 2.0, fps=0.5)
    assert len(truth.arrivals) == 2
    assert truth.arrivals[0].hour_ms == at(hall, 9), "half an hour off UTC"
    for hour in truth.arrivals:
        entered = [v for v in truth.visitors if hour.hour_ms <= v.entered_ms < hour.hour_ms + 3_600_000]
        assert len(entered) == hour.visitors
        assert len({v.party for v in entered}) == hour.parties


def test_a_busy_hall_loses_the_impatient() -> None:
    _, truth = simulate(example("demo"), 2.0, fps=0.5, level=3)
    gone = [v for v in truth.visitors if v.walked_out]
    assert 5 < len(gone) < len(truth.visitors) / 2
    for v in gone:
        phases = [s.phase for s in v.stages]
        assert phases[phases.index("gives_up") :] == ["gives_up", "leaves"]


class TestFile:
    def test_saved_and_loaded_again_it_is_the_same(self, tmp_path: Path) -> None:
        _, truth = demo_hour()
        save(truth, tmp_path / "demo.json")
        assert load(tmp_path / "demo.json") == truth

    def test_another_file_is_refused_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text('{"zones": {}}')
        with pytest.raises(ValueError, match=r"x\.json: expected the ground truth"):
            load(tmp_path / "x.json")


class TestSummary:
    def test_fused_counts_people_and_unfused_what_each_camera_sees(self) -> None:
        """The waiting zone (x 1 to 16) lies under both cameras, parted at x = 12: who walks through enters twice."""
        _, truth = clean_hour()
        people, cameras = summarise(truth, fused=True), summarise(truth)
        stays = [s for v in truth.visitors for s in v.stays if s.zone == "waiting" and s.seen]
        assert people["zones"]["waiting"]["entries"] == len(stays)
        assert cameras["zones"]["waiting"]["entries"] == sum(len(s.seen) for s in stays) > len(stays)
        assert people["zones"]["kiosks"] == cameras["zones"]["kiosks"]

    def test_person_frames_are_the_rows_of_perfect_cameras(self) -> None:
        hall = example("forum")
        frames, truth = simulate(hall, 0.5, noise=Noise.none(), level=3)
        total = sum(z["person_frames"] for z in summarise(truth)["zones"].values())
        assert total == sum(len(f.people) for f in frames), "the zones of the forum tile its image"
        assert summarise(truth)["frames"] == len(frames)

    def test_occupancy_is_the_most_at_any_frame(self) -> None:
        paths, truth = watched(example("demo"), 20)
        polygon = next(z.polygon_m for z in example("demo").zones if z.id == "kiosks")
        inside_at: dict[int, int] = {}
        for path in paths.values():
            for at_ms, x, y in path:
                inside_at[at_ms] = inside_at.get(at_ms, 0) + inside(x, y, polygon)
        assert summarise(truth, fused=True)["zones"]["kiosks"]["max_occupancy"] == max(inside_at.values())


class TestCompare:
    def summary(self) -> dict[str, Any]:
        return {
            "zones": {"a": {"entries": 100, "exits": 100, "max_occupancy": 8, "dwell_s": {"p50": 60.0, "p90": 300.0}}},
            "lines": {"door": {"forward": 50, "backward": 49}},
        }

    def test_the_truth_agrees_with_itself(self) -> None:
        _, truth = demo_hour()
        assert compare(truth, summarise(truth), EXACT) == []

    def test_small_differences_are_within_tolerance(self) -> None:
        got = self.summary()
        got["zones"]["a"]["entries"] = 108
        assert compare(self.summary(), got) == []
        assert [str(d) for d in compare(self.summary(), got, EXACT)] == ["zones.a.entries: expected 100 ± 0, got 108"]

    def test_large_ones_are_named(self) -> None:
        got = self.summary()
        got["zones"]["a"]["dwell_s"]["p50"] = 10.0
        got["lines"] = {}
        assert [d.figure for d in compare(self.summary(), got)] == [
            "lines.door.backward", "lines.door.forward", "zones.a.dwell_s.p50",
        ]  # fmt: skip

    def test_what_only_the_engine_saw_counts_too(self) -> None:
        got = self.summary()
        got["zones"]["ghost"] = {"entries": 9}
        assert [(d.figure, d.truth, d.got) for d in compare(self.summary(), got)] == [("zones.ghost.entries", None, 9)]
