"""The simulator as a whole: deterministic, in order, and everyone accounted for."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.hall import Hall, ZoneKind
from devices.simulator import Noise, Simulator
from streams.events import Frame
from tests.support.simhall import at, demo_hour, example, hall_with, simulate

ROOT = Path(__file__).parents[3]
QUARTER_MS = 900_000


def encoded(frames: list[Frame]) -> list[bytes]:
    return [msgspec.json.encode(f) for f in frames]


class TestDeterminism:
    def test_same_seed_same_bytes(self) -> None:
        one, truth = simulate(example("demo"), 0.25)
        two, again = simulate(example("demo"), 0.25)
        assert encoded(one) == encoded(two)
        assert msgspec.json.encode(truth) == msgspec.json.encode(again)

    def test_another_seed_another_day(self) -> None:
        one, _ = simulate(example("demo"), 0.25, seed=1)
        two, _ = simulate(example("demo"), 0.25, seed=2)
        assert [f.people for f in one] != [f.people for f in two]

    def test_halls_of_one_seed_differ(self) -> None:
        hall = example("demo")
        one, _ = simulate(hall, 0.25)
        two, _ = simulate(hall.model_copy(update={"id": "demo-2"}), 0.25)
        assert [f.people for f in one] != [f.people for f in two]

    def test_the_hash_seed_of_the_process_does_not_matter(self) -> None:
        code = (
            "import hashlib, msgspec; from tests.support.simhall import *;"
            "frames, truth = simulate(example('demo'), 0.1);"
            "print(hashlib.sha256(msgspec.json.encode((frames, truth))).hexdigest())"
        )
        runs = [
            subprocess.run(
                [sys.executable, "-c", code], env={"PYTHONHASHSEED": s}, cwd=ROOT, capture_output=True, check=True
            )
            for s in ("1", "2")
        ]
        assert runs[0].stdout == runs[1].stdout

    @settings(max_examples=15, deadline=None)
    @given(cuts=st.lists(st.integers(0, QUARTER_MS), max_size=8))
    def test_however_the_time_is_cut_into_steps(self, cuts: list[int]) -> None:
        """A live demonstration steps by the wall clock, a recording by the second: the same frames."""
        hall = hall_with(ZoneKind.TICKETS, ZoneKind.WAITING, ZoneKind.DESKS)
        start_ms = at(hall, 9)
        whole, parts = (Simulator(hall, seed=3, start_ms=start_ms, fps=2) for _ in range(2))
        expected = whole.step(start_ms + QUARTER_MS)
        got = [f for cut in (*sorted(cuts), QUARTER_MS) for f in parts.step(start_ms + cut)]
        assert encoded(got) == encoded(expected)
        assert parts.truth() == whole.truth()

    def test_the_day_does_not_depend_on_the_frame_rate_or_the_noise(self) -> None:
        _, slow = simulate(example("demo"), 0.5, fps=2)
        _, fast = simulate(example("demo"), 0.5, fps=10, noise=Noise(miss_rate=0.5, jitter=0.1))
        assert [(v.visitor, v.points, v.stages) for v in slow.visitors] == [
            (v.visitor, v.points, v.stages) for v in fast.visitors
        ]


class TestFrames:
    def test_in_order_of_time_and_of_cameras(self) -> None:
        frames, _ = demo_hour()
        cameras = [c.id for c in example("demo").cameras]
        assert [f.camera for f in frames[:4]] == cameras * 2
        assert all(a.at_ms <= b.at_ms for a, b in pairwise(frames))

    def test_seq_counts_each_camera_from_nothing(self) -> None:
        frames, _ = demo_hour()
        for camera in example("demo").cameras:
            own = [f for f in frames if f.camera == camera.id]
            assert [f.seq for f in own] == list(range(len(own)))
            assert {(f.source, f.boot, f.hall) for f in own} == {(camera.id, own[0].boot, "demo")}

    def test_time_does_not_drift_at_odd_rates(self) -> None:
        """7 fps for an hour: frame n is at round(n * 1000 / 7), not n times 143 ms."""
        hall = hall_with()
        simulator = Simulator(hall, seed=1, start_ms=at(hall, 3), fps=7)
        frames = simulator.step(at(hall, 4))
        assert len(frames) == 7 * 3600 + 1
        assert frames[-1].at_ms == at(hall, 4)

    def test_every_frame_can_be_decoded(self) -> None:
        frames, _ = demo_hour()
        decoder = msgspec.json.Decoder(Frame)
        for frame in frames[::50]:
            assert decoder.decode(msgspec.json.encode(frame)) == frame

    def test_a_new_start_is_a_new_boot(self) -> None:
        hall = hall_with()
        one, two = (Simulator(hall, seed=1, start_ms=s, fps=1).step(s)[0] for s in (1000, 2000))
        assert one.boot != two.boot
        assert Simulator(hall, seed=1, start_ms=0, boot="mine").step(0)[0].boot == "mine"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["demo", "forum"])
def test_everyone_who_enters_leaves_or_is_inside(name: str, seed: int) -> None:
    hall = example(name)
    start_ms = at(hall, 9)
    simulator = Simulator(hall, seed=seed, start_ms=start_ms, fps=1)
    simulator.step(start_ms + 3_600_000)
    truth = simulator.truth()
    left = [v for v in truth.visitors if v.left_ms is not None]
    inside = [v for v in truth.visitors if v.left_ms is None]
    assert len(inside) == simulator.inside == len(simulator.positions())
    assert sum(h.visitors for h in truth.arrivals) == len(left) + len(inside) > 20
    assert all(v.entered_ms < (v.left_ms or 0) for v in left)
    assert {v.entered_by for v in truth.visitors} <= {line.id for line in hall.lines}


def test_after_closing_time_the_hall_empties() -> None:
    hall = example("demo")
    start_ms = at(hall, 16)
    simulator = Simulator(hall, seed=5, start_ms=start_ms, fps=0.2)
    simulator.step(at(hall, 17))
    assert simulator.inside > 0
    simulator.step(at(hall, 20))
    assert simulator.inside == 0
    assert all(v.left_ms for v in simulator.truth().visitors)


class TestLive:
    def test_warm_and_always_open_shows_people_at_once_at_any_hour(self) -> None:
        hall = example("demo")
        for hour in (0, 3, 6, 9, 12, 15, 18, 21):
            simulator = Simulator(hall, seed=1, start_ms=at(hall, hour), warm=True, always_open=True)
            assert 3 <= simulator.inside <= 60, hour

    def test_cold_starts_empty_and_a_hall_at_night_stays_so(self) -> None:
        hall = example("demo")
        simulator = Simulator(hall, seed=1, start_ms=at(hall, 2), fps=1, noise=Noise.none())
        assert simulator.inside == 0
        assert not any(f.people for f in simulator.step(at(hall, 3)))
        assert simulator.inside == 0

    def test_visitors_of_before_the_start_are_no_arrivals(self) -> None:
        hall = example("demo")
        simulator = Simulator(hall, seed=1, start_ms=at(hall, 10), warm=True)
        truth = simulator.truth()
        assert simulator.inside == len(truth.visitors) > 0
        assert truth.arrivals == ()
        assert truth.start_ms == truth.end_ms == at(hall, 10)

    def test_without_truth_nothing_is_kept_of_who_left(self) -> None:
        hall = example("demo")
        start_ms = at(hall, 9)
        simulator = Simulator(hall, seed=1, start_ms=start_ms, fps=1, keep_truth=False)
        simulator.step(start_ms + 7_200_000)
        truth = simulator.truth()
        assert len(truth.visitors) == simulator.inside
        assert truth.false_tracks == ()

    def test_skip_lets_time_pass_unseen(self) -> None:
        hall = example("demo")
        start_ms = at(hall, 9)
        simulator = Simulator(hall, seed=1, start_ms=start_ms, fps=4)
        first = simulator.step(start_ms)
        simulator.skip(start_ms + 1_800_000)
        after = simulator.step(start_ms + 1_801_000)
        assert simulator.inside > 0
        assert after[0].at_ms == start_ms + 1_800_250
        assert after[0].seq == first[0].seq + 1

    def test_changes_tell_what_devices_would_act_on(self) -> None:
        hall = example("demo")
        start_ms = at(hall, 9)
        simulator = Simulator(hall, seed=1, start_ms=start_ms, fps=1)
        seen: dict[str, set[str]] = {}
        for second in range(1800):
            simulator.step(start_ms + second * 1000)
            for change in simulator.changes:
                assert start_ms + second * 1000 - 1000 < change.at_ms <= start_ms + second * 1000
                seen.setdefault(change.stage or "door", set()).add(change.phase)
        assert seen["door"] == {"arrives", "leaves"}
        assert {"queues", "served", "done"} <= seen["ticket"]
        assert {"waits", "called", "served", "done"} <= seen["desk"]


@pytest.mark.parametrize(
    ("wrong", "told"), [({"fps": 0}, "fps: expected more than 0"), ({"level": -1}, "level: expected 0")]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Simulator(hall_with(), seed=1, start_ms=0, **wrong)  # type: ignore[arg-type]


def test_nobody_comes_at_level_zero() -> None:
    frames, truth = simulate(example("demo"), 0.5, level=0, noise=Noise.none())
    assert truth.visitors == ()
    assert not any(f.people for f in frames)


@pytest.mark.parametrize(
    "hall",
    [
        hall_with(),
        hall_with(lines=False),
        hall_with(ZoneKind.DESKS),
        hall_with(ZoneKind.OPEN, lines=False),
        hall_with(ZoneKind.ENTRANCE, lines=False),
        hall_with(ZoneKind.TICKETS, ZoneKind.WAITING),
        *(hall_with(kind) for kind in ZoneKind),
        hall_with(*ZoneKind),
    ],
    ids=lambda hall: "+".join(z.id for z in hall.zones) + ("" if hall.lines else " no lines"),
)
def test_any_hall_has_traffic(hall: Hall) -> None:
    """Stages whose zones are missing are left out; without doors people use the plan's borders."""
    frames, truth = simulate(hall, 0.5, fps=2, level=2)
    assert len(truth.visitors) > 10
    assert sum(len(f.people) for f in frames) > 100
    assert sum(v.left_ms is not None for v in truth.visitors) > 3
