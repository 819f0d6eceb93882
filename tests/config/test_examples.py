"""The halls that ship: sound, without a doubt, and what they claim to be."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.geometry import area, cross, inside
from config.hall import Hall, Line
from config.homography import camera_homography, on_floor, residuals_m
from config.loading import examine, load_dir, load_halls, read_dir
from tests.support.data import shared

CONFIG = Path(__file__).parents[2] / "config"
DEMO, FORUM = CONFIG / "examples" / "demo", CONFIG / "examples" / "forum"


@pytest.mark.parametrize(
    ("directory", "rules"),
    [(DEMO, None), (FORUM, None), (FORUM, FORUM / "rules.raw.yaml"), (CONFIG / "starter", None)],
)
def test_what_ships_is_sound_and_raises_no_doubt(directory: Path, rules: Path | None) -> None:
    loaded, problems = examine(read_dir(directory, rules))
    assert loaded is not None
    assert problems == ()


def test_all_examples_can_run_together() -> None:
    assert list(load_halls(CONFIG / "examples")) == ["demo", "forum"]


@pytest.mark.parametrize("directory", [DEMO, CONFIG / "starter"])
def test_measured_points_agree_to_a_few_centimetres(directory: Path) -> None:
    for camera in load_dir(directory).hall.cameras:
        assert max(residuals_m(camera)) < 0.06


def test_the_demo_hall_has_what_a_service_hall_has() -> None:
    kinds = {zone.kind.value for zone in load_dir(DEMO).hall.zones}
    assert kinds == {"entrance", "guide", "tickets", "waiting", "desks", "kiosks", "payment", "experience"}


def positive_side(line: Line, step_m: float = 0.3) -> tuple[float, float]:
    """A spot just off the middle of a line, on the side from which forward starts."""
    (ax, ay), (bx, by) = line.from_m, line.to_m
    mx, my, length = (ax + bx) / 2, (ay + by) / 2, ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    spot = mx - (by - ay) / length * step_m, my + (bx - ax) / length * step_m
    assert cross(*line.from_m, *line.to_m, *spot) > 0
    return spot


@pytest.mark.parametrize("directory", [DEMO, FORUM, CONFIG / "starter"])
def test_forward_over_an_entrance_line_starts_in_an_entrance(directory: Path) -> None:
    hall = load_dir(directory).hall
    assert any(line.entrance for line in hall.lines)
    for line in hall.lines:
        x, y = positive_side(line)
        assert [zone.kind for zone in hall.zones if inside(x, y, zone.polygon_m)] == ["entrance"], line.id


# --- the forum ---


def forum() -> Hall:
    return load_dir(FORUM).hall


def test_one_pixel_of_the_forum_is_24_7_millimetres() -> None:
    (camera,) = forum().cameras
    assert on_floor(camera_homography(camera), 100.0, 40.0) == (100 * 0.0247, 40 * 0.0247)


def test_the_forums_zones_tile_it() -> None:
    assert sum(area(zone.polygon_m) for zone in forum().zones) == pytest.approx(15.808 * 11.856)


@given(st.floats(0.01, 15.8), st.floats(0.01, 11.85))
def test_every_spot_of_the_forum_is_in_one_zone(x: float, y: float) -> None:
    assert len([zone.id for zone in FORUM_ZONES if inside(x, y, zone.polygon_m)]) == 1


FORUM_ZONES = forum().zones


def test_raw_rules_leave_nothing_between_the_points_and_the_figures() -> None:
    rules = load_dir(FORUM, FORUM / "rules.raw.yaml").rules
    assert (rules.trajectory.smoothing_s, rules.trajectory.join_within_m) == (0, 0)
    assert (rules.zones.inertia_m, rules.zones.inertia_s, rules.flow.inertia_m) == (0, 0, 0)
    week_s = 7 * 86_400
    assert rules.trajectory.join_within_s == rules.engine.late_after_s == rules.engine.ahead_at_most_s == week_s
    assert rules.limits == ()


def test_most_real_people_come_and_go_by_the_forums_entrances() -> None:
    """146 tracks of a real day; those that start or end elsewhere are ids that broke."""
    first: dict[str, tuple[float, float]] = {}
    last: dict[str, tuple[float, float]] = {}
    for row in shared("hall-day", "tracks.mot.txt").read_text().splitlines():
        _, track, left, top, width, height = row.split(",")[:6]
        point = (float(left) + float(width) / 2) * 0.0247, (float(top) + float(height)) * 0.0247
        first.setdefault(track, point)
        last[track] = point
    assert len(first) == 146
    entrances = [zone for zone in FORUM_ZONES if zone.kind == "entrance"]

    def by_entrance(ends: dict[str, tuple[float, float]]) -> int:
        return sum(any(inside(*point, zone.polygon_m) for zone in entrances) for point in ends.values())

    assert by_entrance(first) > 0.85 * len(first)
    assert by_entrance(last) > 0.85 * len(last)


def test_no_two_zones_of_the_demo_overlap() -> None:
    """People there are in one place at a time, which keeps its figures easy to read."""
    boxes = [(z.id, min(z.polygon_m), max(z.polygon_m)) for z in load_dir(DEMO).hall.zones]
    for (_, a, b), (_, c, d) in combinations(boxes, 2):
        assert b[0] <= c[0] or d[0] <= a[0] or b[1] <= c[1] or d[1] <= a[1]
