"""Checks between values: names, shapes, references. One sound hall, spoilt in one place at a time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.checks import first_crossing
from tests.support.hall_files import FILES, HALL, hall_with, problems, rules_with, the_problem

EAST = "[[5, 0], [10, 0], [10, 8], [5, 8]]"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (hall_with("id: east", "id: west"),
         "hall.yaml:10: zones[1].id: expected an id of its own among the zones, got 'west' as in zones[0]; rename one"),
        (rules_with("limits:\n", "limits:\n  - {id: full, zone: east, metric: dwell, over: 9}\n"),
         "rules.yaml:6: limits[1].id: expected an id of its own among the limits, got 'full' as in limits[0]"),
        (hall_with("Asia/Shanghai", "Asia/Shangai"),
         "hall.yaml:3: timezone: expected an IANA time zone, got 'Asia/Shangai'; did you mean Asia/Shanghai?"),
        (hall_with("Asia/Shanghai", "Asia"), "hall.yaml:3: timezone: expected an IANA time zone, got 'Asia'"),
        (hall_with("Asia/Shanghai", "../../etc/passwd"), "hall.yaml:3: timezone: expected an IANA time zone"),
        (hall_with("from_m: [2, 7]", "from_m: [2, 9]"),
         "hall.yaml:17: lines[0].from_m: expected points inside the hall, (0, 0) to (10, 8), got (2, 9); "
         "correct the point"),
        (hall_with("to_m: [4, 7]", "to_m: [2, 7]"),
         "hall.yaml:18: lines[0].to_m: expected a line at least 0.1 m long, got (2, 7) to (2, 7)"),
        (rules_with("zone: west", "zone: wets"),
         "rules.yaml:6: limits[0].zone: expected a zone of hall.yaml, got 'wets'; did you mean west?"),
        (rules_with("    west: [60]", "    lobby: [60]"),
         "rules.yaml:3: dwell.zones.lobby: expected a zone of hall.yaml, got 'lobby'; zones are east, west"),
    ],
)  # fmt: skip
def test_names_references_and_lines(files: dict[str, str], message: str) -> None:
    assert the_problem(files).startswith(message)


#     5      10        The corners of the east zone in other orders, and other corners:
#   0 a------b
#     |      |         a c b d   the bow tie: ac crosses bd
#     |      |         a b a d   there and back over ab
#   8 d------c         a b e     e half way between: all in one line
#
@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        ("[[5, 0], [10, 8], [10, 0], [5, 8]]", "expected a simple polygon, got edge (5, 0)-(10, 8) meeting edge "
         "(10, 0)-(5, 8)"),
        ("[[5, 0], [10, 0], [5, 0], [5, 8]]", "expected a simple polygon, got edge (5, 0)-(10, 0) meeting edge "
         "(10, 0)-(5, 0)"),
        ("[[5, 0], [10, 0], [7.5, 0]]", "expected a simple polygon"),
        ("[[5, 0], [5, 0], [10, 0], [10, 8], [5, 8]]", "expected a simple polygon, got edge (5, 0)-(5, 0)"),
        ("[[5, 0], [10, 0], [10, 8], [5, 8], [5, 0]]",
         "expected a polygon that closes itself, got (5, 0) at both ends; leave out the last point"),
        ("[[5, 0], [10, 0], [5, 0.001]]", "expected an area of at least 0.01 m², got 0.0025 m²"),
        ("[[5, 0], [10.6, 0], [10, 8], [5, 8]]", "expected points inside the hall, (0, 0) to (10, 8), got (10.6, 0)"),
    ],
)  # fmt: skip
def test_polygons_that_enclose_nothing_sensible(polygon: str, message: str) -> None:
    assert str(problems(hall_with(EAST, polygon))[0]).startswith(f"hall.yaml:13: zones[1].polygon_m: {message}")


@pytest.mark.parametrize("polygon", [
    "[[5, 8], [10, 8], [10, 0], [5, 0]]",            # the other way round
    "[[5, 0], [7, 0], [10, 0], [10, 8], [5, 8]]",    # a corner in the middle of an edge
    "[[5, 0], [10.4, 0], [10, 8.4], [5, 8]]",        # a hand's breadth outside: plans are measured by hand
])  # fmt: skip
def test_polygons_that_are_sound(polygon: str) -> None:
    assert problems(hall_with(EAST, polygon)) == ()


@given(st.lists(st.floats(0.2, 2.0), min_size=3, max_size=12), st.booleans())
def test_a_star_around_its_centre_is_simple(radii: list[float], clockwise: bool) -> None:
    n = len(radii)
    corners = tuple((r * math.cos(2 * math.pi * k / n), r * math.sin(2 * math.pi * k / n)) for k, r in enumerate(radii))
    assert first_crossing(corners[::-1] if clockwise else corners) is None


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.integers(0, 3))
def test_a_bow_tie_is_found_wherever_its_list_starts(width: float, height: float, start: int) -> None:
    tie = ((0.0, 0.0), (width, height), (width, 0.0), (0.0, height))
    assert first_crossing(tie[start:] + tie[:start]) is not None


# --- warnings: the engine starts all the same ---


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (hall_with("entrance: true", "entrance: false"),
         "hall.yaml:14: warning: lines: expected a line with entrance: true, got none"),
        (FILES | {"hall.yaml": HALL.replace("size_px: [1000, 800]", "size_px: [1000, 800]\n    floor_m: [[0, "
         "0], [6, 0], [6, 8], [0, 8]]")},
         "hall.yaml:13: warning: zones[1].polygon_m: expected a zone that cameras see, or most of it, got 20% of east"),
        (rules_with("metric: occupancy\n    over: 10", "metric: density\n    over: 12"),
         "rules.yaml:8: warning: limits[0].over: expected people/m² below 10, got 12; no crowd is ever that dense"),
        (rules_with("metric: occupancy\n    over: 10", "metric: density\n    over: 0.01"),
         "rules.yaml:8: warning: limits[0].over: expected people/m² that one person stays below, got 0.01 for "
         "zone west of 40.00 m²"),
    ],
)  # fmt: skip
def test_doubts_are_warnings(files: dict[str, str], message: str) -> None:
    from config.loading import examine, load_files

    loaded, (problem,) = examine(files)
    assert str(problem).startswith(message)
    assert loaded == load_files(files)


def test_rules_of_single_zones_and_lines_name_those_of_the_hall() -> None:
    rules = {
        "rules.yaml": "trajectory: {zones: {wets: {hold_s: 5}}}\nflow: {lines: {door: {inertia_s: 1}, dor: {inertia_m: 1}}}\n"
    }
    said = [str(problem) for problem in problems(FILES | rules)]
    assert said == [
        "rules.yaml:1: trajectory.zones.wets: expected a zone of hall.yaml, got 'wets'; did you mean west?",
        "rules.yaml:2: flow.lines.dor: expected a line of hall.yaml, got 'dor'; did you mean door?",
    ]


def test_people_inside_are_of_the_hall_and_other_limits_of_a_zone() -> None:
    limits = "limits:\n  - {id: a, metric: inside, over: 5}\n  - {id: b, metric: inside, zone: west, over: 5}\n"
    said = [str(p) for p in problems(FILES | {"rules.yaml": limits + "  - {id: c, metric: dwell, over: 5}\n"})]
    assert [text.partition(", got")[0] for text in said] == [
        "rules.yaml:3: limits[1]: expected no zone with metric inside (it is about the whole hall)",
        "rules.yaml:4: limits[2]: expected a zone with metric dwell",
    ]
