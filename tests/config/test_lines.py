"""Lines: of several points, in sight on both sides, and leading where they say."""

from __future__ import annotations

import pytest

from config.hall import Line
from config.loading import examine, load_files
from tests.support.hall_files import HALL, hall_with, problems, the_problem

FROM, TO = "from_m: [2, 7]", "to_m: [4, 7]"
MATRIX = "    homography: [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]\n"


def test_a_line_goes_through_all_its_points() -> None:
    bent = Line(id="l", name="l", from_m=(0, 0), via_m=((1, 0), (1, 1)), to_m=(2, 1))
    assert bent.path_m == ((0, 0), (1, 0), (1, 1), (2, 1))
    assert Line(id="l", name="l", from_m=(0, 0), to_m=(2, 1)).path_m == ((0, 0), (2, 1))


#      2    3    4
#    5 +----+             via_m is listed between the ends in the order of the way
#      |    |
#    7 o    +----x
#
def test_a_line_round_a_corner_is_sound() -> None:
    files = hall_with(TO, "via_m: [[2, 5], [3, 5], [3, 7]]\n    to_m: [4, 7]")
    assert problems(files) == ()
    assert len(load_files(files).hall.lines[0].path_m) == 5


@pytest.mark.parametrize(
    ("via", "to", "message"),
    [
        ("[[3, 9]]", "[4, 7]", "hall.yaml:18: lines[0].via_m: expected points inside the hall, (0, 0) to (10, 8), got (3, 9)"),
        ("[[2, 7.05]]", "[4, 7]", "hall.yaml:18: lines[0].via_m[0]: expected points of a line at least 0.1 m apart, got"),
        ("[[3.95, 7]]", "[4, 7]", "hall.yaml:19: lines[0].to_m: expected points of a line at least 0.1 m apart, got"),
        ("[[4, 5], [2, 5]]", "[4, 7]", "hall.yaml:18: lines[0].via_m: expected a line that does not cross itself, got "
         "(2, 7)-(4, 5) meeting (2, 5)-(4, 7)"),
        ("[[4, 7]]", "[3, 7]", "hall.yaml:18: lines[0].via_m: expected a line that does not cross itself"),
        ("[[4, 7], [4, 5]]", "[2, 7]", "hall.yaml:19: lines[0].to_m: expected a line with two ends, got (2, 7) at both"),
        ("[[4, 7, 1]]", "[4, 7]", "hall.yaml:18: lines[0].via_m[0]: expected at most 2 numbers, got 3"),
        (str([[2, 6.9 - 0.1 * k] for k in range(51)]), "[4, 7]", "hall.yaml:18: lines[0].via_m: expected at most 50 "
         "points, got 51"),
    ],
)  # fmt: skip
def test_paths_that_are_no_lines(via: str, to: str, message: str) -> None:
    assert the_problem(hall_with(TO, f"via_m: {via}\n    to_m: {to}")).startswith(message)


# -- in sight ----------------------------------------------------------------------------------------------------------


#      0         5         10
#    0 +-------------------+       the door is at y = 7, x = 2 to 4; forward leads up
#      |                   |
#    7 |   o====x          |
#    8 +-------------------+
#
@pytest.mark.parametrize(
    ("floor_m", "got"),
    [
        ("[[0, 0], [10, 0], [10, 8], [0, 8]]", None),
        ("[[0, 0], [10, 0], [10, 6], [0, 6]]", "nothing of door seen"),
        ("[[0, 0], [10, 0], [10, 8], [3.4, 8], [3.4, 5], [0, 5]]", "35% of door seen"),
        ("[[0, 0], [10, 0], [10, 7.1], [0, 7.1]]", "door seen on one side only: 0% of it 0.3 m off on the side where "
         "forward comes from"),
        ("[[0, 6.9], [10, 6.9], [10, 8], [0, 8]]", "door seen on one side only: 0% of it 0.3 m off on the side where "
         "forward leads to"),
    ],
)  # fmt: skip
def test_a_line_must_be_seen_from_both_sides(floor_m: str, got: str | None) -> None:
    found = [p for p in problems(hall_with(MATRIX, f"{MATRIX}    floor_m: {floor_m}\n")) if p.key.startswith("lines")]
    assert [problem.got for problem in found] == ([] if got is None else [got])
    assert all(problem.severity == "warning" for problem in found)


def test_what_floor_m_claims_and_the_image_does_not_show_is_not_seen() -> None:
    """The image ends at y = 6; floor_m says 8."""
    files = hall_with("size_px: [1000, 800]", "size_px: [1000, 600]\n    floor_m: [[0, 0], [10, 0], [10, 8], [0, 8]]")
    assert {problem.key: problem.got.split(",")[0] for problem in problems(files)} == {
        "lines[0]": "nothing of door seen",
        "cameras[0].floor_m": "25% of it outside the image",
    }


def test_a_line_with_a_mistake_of_its_own_is_told_once() -> None:
    assert the_problem(hall_with(TO, "to_m: [4, 12]")).startswith("hall.yaml:18: lines[0].to_m: expected points inside")


# -- direction ---------------------------------------------------------------------------------------------------------


def test_an_entrance_that_leads_out_of_the_hall_is_told() -> None:
    """Written from right to left: forward ends at the street's wall after a metre."""
    text = the_problem(hall_with(f"{FROM}\n    {TO}", "from_m: [4, 7]\n    to_m: [2, 7]"))
    assert text.startswith(
        "hall.yaml:15: warning: lines[0]: expected an entrance that leads in, got forward over door ends at the hall's "
        "edge after 1.0 m, backward after 7.0 m; exchange from_m and to_m"
    )


@pytest.mark.parametrize(
    ("from_m", "to_m", "entrance"),
    [
        ("[4, 7]", "[2, 7]", "false"),  # not an entrance: both ways are as good
        ("[4, 4]", "[2, 4]", "true"),  # in the middle of the hall: nobody can say
    ],
)
def test_where_geometry_does_not_tell_nothing_is_said(from_m: str, to_m: str, entrance: str) -> None:
    text = HALL.replace(FROM, f"from_m: {from_m}").replace(TO, f"to_m: {to_m}")
    found = examine({"hall.yaml": text.replace("entrance: true", f"entrance: {entrance}")})[1]
    assert [problem for problem in found if problem.expected == "an entrance that leads in"] == []


#    3 +----+
#      |    |  porch, an entrance zone inside the plan: people come from there,
#  6.5 x====o  so forward leads down, however near that wall is
#    8 +--------
#
@pytest.mark.parametrize(("kind", "told"), [("entrance", 0), ("open", 1)])
def test_a_porch_on_the_side_where_forward_starts_settles_it(kind: str, told: int) -> None:
    porch = f"  - {{id: porch, name: Porch, kind: {kind}, polygon_m: [[2, 3], [4, 3], [4, 6.5], [2, 6.5]]}}\n"
    text = HALL.replace(f"{FROM}\n    {TO}", "from_m: [4, 6.5]\n    to_m: [2, 6.5]").replace(
        "lines:\n", f"{porch}lines:\n"
    )
    found = examine({"hall.yaml": text})[1]
    assert len([problem for problem in found if problem.expected == "an entrance that leads in"]) == told
