"""What is no person is left out, counted and said; who asks for classes gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.recordings import PositionsError
from tests.support.positions import ids, read

TRUTH = "".join(
    f"{frame},{track},10,20,30,40,{consider},{kind},{visible}\n"
    for frame in (1, 2)
    for track, consider, kind, visible in [(1, 1, 1, 1.0), (2, 1, 2, 0.5), (3, 0, 3, 0.35), (4, 0, 7, 1), (5, 0, 12, 0)]
)
"""A pedestrian, a person on a vehicle, a car, a static person who is not to be considered, a reflection."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tracks.txt"


def test_ground_truth_gives_the_people_who_are_to_be_considered(file: Path) -> None:
    found = read(file, TRUTH)
    assert ids(found) == [["1", "2"]] * 2
    assert found.left_out == {
        "class 3 (car)": 2, "class 12 (reflection)": 2, "class 7 (static person), marked as not to be considered": 2,
    }  # fmt: skip
    assert (found.used, found.understood, found.bad) == (4, 10, ())
    assert {p.score for f in found for p in f.people} == {1.0}, "the mark is no score"


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (("pedestrian",), ["1"]),
        (("1",), ["1"]),
        (("Static Person", "car"), ["3", "4"]),
        (("static_person,3",), ["3", "4"]),
        (("all",), ["1", "2", "3", "4", "5"]),
        (("people",), ["1", "2"]),
        (("people", "all"), ["1", "2", "3", "4", "5"]),
        (("people", "car"), ["1", "2", "3"]),
    ],
)
def test_classes_are_wanted_by_name_or_number_and_then_considered_or_not(
    file: Path, wanted: tuple[str, ...], taken: list[str]
) -> None:
    found = read(file, TRUTH, classes=wanted)
    assert ids(found) == [taken] * 2


def test_a_class_that_the_file_does_not_have(file: Path) -> None:
    with pytest.raises(PositionsError, match=r"expected classes that the file has \(1 \(pedestrian\), 12 .*got dog"):
        read(file, TRUTH, classes=("dog",))


def test_classes_of_a_file_that_says_none(file: Path) -> None:
    with pytest.raises(PositionsError, match="it says none"):
        read(file, "1,1,10,20,30,40\n", classes=("person",))
    assert read(file, "1,1,10,20,30,40\n", classes=("all",)).used == 1


def test_a_file_called_gt_is_truth_even_without_classes(tmp_path: Path) -> None:
    text = "1,1,10,20,30,40,1,-1,-1,-1\n1,2,10,20,30,40,0,-1,-1,-1\n"
    truth, results = read(tmp_path / "gt.txt", text), read(tmp_path / "results.txt", text)
    assert (ids(truth), truth.left_out) == ([["1"]], {"marked as not to be considered": 1})
    assert ids(results) == [["1", "2"]]


def test_one_damaged_row_does_not_make_truth_something_else(file: Path) -> None:
    found = read(file, TRUTH * 10 + "1,1,10,20,30,40,1,x,1\n")
    assert found.left_out["class 3 (car)"] == 20


@pytest.mark.parametrize("person", ["person", "Pedestrian", "PEOPLE", "行人", "", "-1"])
def test_a_column_of_names(file: Path, person: str) -> None:
    found = read(file, f"frame,id,x,y,w,h,class,n\n1,1,2,3,40,50,{person},0\n1,2,2,3,40,50,car,0\n")
    assert (ids(found), found.left_out) == ([["1"]], {"class car": 1})


@pytest.mark.parametrize(
    "row", ["{f},{id},10,20,30,40,{name}", "{f},{id},10,20,30,40,0.9,{name}", "{f},{id},10,20,30,40,1,-1,{name}"]
)
def test_names_of_classes_behind_the_box(file: Path, row: str) -> None:
    text = "".join(row.format(f=f, id=i, name=name) + "\n" for f in (1, 2) for i, name in ((1, "person"), (2, "car")))
    found = read(file, text)
    assert (ids(found), found.left_out, found.bad) == ([["1"]] * 2, {"class car": 2}, ())


def test_truth_without_visibility(file: Path) -> None:
    found = read(file, "1,1,10,20,30,40,1,1\n1,2,10,20,30,40,0,1\n1,3,10,20,30,40,0,3\n")
    assert ids(found) == [["1"]]


def test_py_motmetrics_names_for_the_columns_of_truth(file: Path) -> None:
    header = "FrameId,Id,X,Y,Width,Height,Confidence,ClassId,Visibility\n"
    assert ids(read(file, header + TRUTH)) == [["1", "2"]] * 2


def test_a_frame_whose_people_are_all_left_out_is_there_and_empty(file: Path) -> None:
    """
    frame   1     2     3
            car   1     car       time counts from frame 1, where the camera saw a car
    """
    rows = [(1, 9, 3), (2, 1, 1), (3, 9, 3)]
    found = read(file, "".join(f"{frame},{track},10,20,30,40,1,{kind},1.0\n" for frame, track, kind in rows))
    assert ids(found) == [[], ["1"], []]
    assert found.frames[1].at_ms == 1111


def test_when_nobody_is_left_it_is_said(file: Path) -> None:
    found = read(file, "1,1,10,20,30,40,1,3,1.0\n")
    assert found.used == 0
    assert "nobody is left: 1 rows, all left out" in found.warnings[0]


def test_rows_with_a_low_score_are_left_out_on_request(file: Path) -> None:
    text = "1,1,10,20,30,40,0.9\n1,2,10,20,30,40,0.4\n1,3,10,20,30,40,-1\n"
    found = read(file, text, min_score=0.5)
    assert (ids(found), found.left_out) == ([["1", "3"]], {"score below 0.5": 1})
    assert ids(read(file, text)) == [["1", "2", "3"]]
