"""An item with a mistake of its own is still checked for all that does not depend on it, and nothing is told twice."""

from __future__ import annotations

import pytest

from config.loading import examine
from tests.support.hall_files import FILES, HALL, RULES, hall_with, problems

SQUARE = "    points: [{px: [0, 0], floor_m: [0, 0]}, {px: [1000, 0], floor_m: [10, 0]}, {px: [1000, 800], floor_m: [10, 8]},\n"
"""Three of a camera's points; the rest follows."""
MATRIX = "    homography: [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]\n"
REST = "      {px: [0, 800], floor_m: [0, 8]}, {px: [500, 400], floor_m: [5, 4]}]\n"


def keys(files: dict[str, str]) -> list[str]:
    return [problem.key for problem in problems(files)]


def test_a_zone_with_a_bad_key_is_still_a_zone_and_still_checked() -> None:
    """Its kind is misspelt; its corners leave the hall, and a limit names it."""
    hall = HALL.replace("kind: waiting", "kind: wating").replace("[5, 8], [0, 8]]", "[5, 8], [0, 9]]")
    assert keys(FILES | {"hall.yaml": hall}) == ["zones[0].kind", "zones[0].polygon_m"]


def test_a_limit_with_a_bad_key_still_names_its_zone() -> None:
    rules = RULES.replace("over: 10", "over: ten").replace("zone: west", "zone: nowhere")
    assert keys(FILES | {"rules.yaml": rules}) == ["limits[0].zone", "limits[0].over"]


def test_a_limit_with_a_bad_key_is_still_asked_where_it_clears() -> None:
    """It clears at 11 and is raised over 10; that it lasts for -1 s hides none of it. What ``over`` is, is known only here."""
    rules = RULES.replace("over: 10", "over: 10\n    clear_at: 11\n    for_s: -1")
    assert keys(FILES | {"rules.yaml": rules}) == ["limits[0].clear_at", "limits[0].for_s"]
    assert keys(FILES | {"rules.yaml": rules.replace("over: 10", "over: ten")}) == ["limits[0].over", "limits[0].for_s"]


def test_ids_of_unreadable_items_are_taken() -> None:
    hall = HALL.replace("id: east", "id: west").replace("[[5, 0], [10, 0], [10, 8], [5, 8]]", "nowhere")
    assert keys(FILES | {"hall.yaml": hall}) == ["zones[1].id", "zones[1].polygon_m"]


@pytest.mark.parametrize("floor_m", ["here", "[[0, 0], [1, 1]]", "[[0, 0], [10, x], [10, 8]]"])
def test_a_camera_with_a_bad_floor_still_has_its_points_judged(floor_m: str) -> None:
    """Two points are exchanged; what the camera would see of the hall is not guessed at."""
    swapped = SQUARE + REST.replace("[0, 8]", "[5, 4]", 1).replace("floor_m: [5, 4]}]", "floor_m: [0, 8]}]")
    found = problems(hall_with(MATRIX, f"{swapped}    floor_m: {floor_m}\n"))
    assert any("exchange the floor_m of points[3] and points[4]" in problem.hint for problem in found)
    assert {problem.key.split(".")[0] for problem in found} == {"cameras[0]"}


def test_a_camera_with_bad_points_still_has_its_floor_checked() -> None:
    bad = SQUARE + REST.replace("[500, 400]", "[500]") + "    floor_m: [[0, 0], [10, 8], [10, 0], [0, 8]]\n"
    assert keys(hall_with(MATRIX, bad)) == ["cameras[0].points[4].px[1]", "cameras[0].floor_m"]


def test_a_misspelt_key_does_not_stand_for_its_default() -> None:
    assert keys(hall_with("entrance: true", "entrence: true")) == ["lines[0].entrence"]


def test_a_line_with_a_bad_name_is_still_checked() -> None:
    hall = HALL.replace("name: Door", "name: 7").replace("to_m: [4, 7]", "to_m: [2, 7]")
    assert keys(FILES | {"hall.yaml": hall}) == ["lines[0].name", "lines[0].to_m"]


def test_an_error_in_the_rules_hides_no_doubt_about_the_hall() -> None:
    hall = HALL.replace("entrance: true", "entrance: false")
    assert keys({"hall.yaml": hall, "rules.yaml": "limits: 3"}) == ["lines", "limits"]


def test_millimetres_are_told_once_for_each_item() -> None:
    """Lengths past 10 km are refused by the model, number by number."""
    hall = HALL.replace("[[0, 0], [5, 0], [5, 8], [0, 8]]", "[[0, 0], [15000, 0], [15000, 18000], [0, 18000]]")
    (problem,) = [p for p in examine(FILES | {"hall.yaml": hall})[1] if "millimetres" in p.hint]
    assert problem.got == "15000 (and 3 more of zones[0])"
