"""What the parts hold the engine against: halls around recordings, and the truth of the simulator and of the real day."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.accuracy import measuring, simulated
from benchmarks.accuracy.crowds import run, scene_of
from benchmarks.accuracy.day import crossings_by_points, seconds_by_points
from benchmarks.accuracy.floors import Ends, extent_of, hall_files
from benchmarks.accuracy.recordings import Moment, Moments, standing
from benchmarks.accuracy.scoring import Crossings
from benchmarks.accuracy.seconds import compared
from benchmarks.figures import Options
from config.geometry import area, inside
from config.loading import load_dir, load_files
from devices.simulator import Noise
from streams.events import Person

FORUM = Path(__file__).parents[3] / "config" / "examples" / "forum"
ELEVATOR, FLOOR = Person("1", 600, 0, 20, 20), Person("1", 400, 200, 20, 20)
"""1 px is 24.7 mm: the elevator is at the top right, the open floor in the middle."""
WALK: Moments = tuple(Moment(100 * n, (standing("1", -3 + 0.1 * n, -2.0),)) for n in range(90))


def test_zones_tile_the_floor_around_the_walk() -> None:
    hall = load_files(hall_files(extent_of(WALK))).hall
    areas = [area(zone.polygon_m) for zone in hall.zones]
    assert sum(areas) == pytest.approx(hall.size_m[0] * hall.size_m[1], rel=0.01)
    for moment in scene_of(WALK, Ends()).moments:
        person = moment.people[0]
        assert person.x_m is not None
        assert person.y_m is not None
        assert any(inside(person.x_m, person.y_m, zone.polygon_m) for zone in hall.zones)


def test_forward_over_both_entrances_leads_inwards() -> None:
    there = run(scene_of(WALK, Ends(west=-2, east=5)))
    back = tuple(Moment(m.at_ms, n.people) for m, n in zip(WALK, reversed(WALK), strict=True))
    again = run(scene_of(back, Ends(west=-2, east=5)))
    assert there.crossed == {("west", "forward"): 1, ("east", "backward"): 1}
    assert again.crossed == {("east", "forward"): 1, ("west", "backward"): 1}


def test_the_simulator_s_truth_knows_whose_each_id_is() -> None:
    hall, truth, ledger = simulated.simulated(0.1, Noise())
    whose, broken = simulated.visitor_of(truth), simulated.broken_ids(truth)
    assert {link.source for link in ledger.links} <= {
        *whose, *(f"{track.camera}/{track.track}" for track in truth.false_tracks)
    }  # fmt: skip
    assert set(broken) < set(whose)
    assert set(simulated.true_seconds(truth)) <= {zone.id for zone in hall.zones}


def test_without_noise_no_id_is_broken() -> None:
    assert simulated.broken_ids(simulated.simulated(0.1, Noise.none()).truth) == []


def test_time_by_points_lasts_to_the_next_point_of_the_same_id() -> None:
    """
    ms     0          200      500
    id 1   elevator   floor    floor      elevator 0.2 s, floor 0.3 s: the last point lasts no time
    """
    hall = load_dir(FORUM).hall
    moments = (Moment(0, (ELEVATOR,)), Moment(200, (FLOOR,)), Moment(500, (FLOOR,)))
    assert seconds_by_points(hall, moments) == {"elevator": 0.2, "floor": 0.3}


def test_crossings_by_points_are_the_steps_over_the_line_forward_into_the_hall() -> None:
    hall = load_dir(FORUM).hall
    there = (Moment(0, (ELEVATOR,)), Moment(200, (FLOOR,)))
    back = (Moment(0, (FLOOR,)), Moment(200, (ELEVATOR,)))
    assert crossings_by_points(hall, hall.lines, there) == Crossings(entries=1, exits=0)
    assert crossings_by_points(hall, hall.lines, back) == Crossings(entries=0, exits=1)


def test_each_way_of_counting_is_told_by_its_difference_from_the_truth() -> None:
    rows = list(compared({"a": 100.0, "b": 50.0}, {"one": {"a": 101.0, "b": 49.0}, "other": {"a": 90.0}}, ["a", "b"]))
    assert [row.got for row in rows] == [
        "one +0.0 %, other -40.0 %", "one +1.0 %, other -10.0 %", "one -2.0 %, other -100.0 %",
    ]  # fmt: skip


def test_only_the_parts_that_are_named_are_measured(tmp_path: Path) -> None:
    parts = tuple(measuring.Part(name, lambda _: (), name) for name in ("crowds", "day"))
    for only, told in ((("day",), ["day"]), ((), ["crowds", "day"])):
        titles = [figure.what for figure in measuring.measure(Options(True, tmp_path, only), parts)]
        assert titles == [f"[bold]{name}[/bold]: {name}" for name in told]


@pytest.mark.parametrize("arguments", [["accuracy", "--only", "crowd"], ["driver", "--only", "crowds"]])
def test_a_part_that_there_is_not_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "--only: expected" in capsys.readouterr().err
