"""Formats that are known by their columns or their shape: KITTI, obsmat, VisDrone, COCO, JSON lines, MOTChallenge folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streams.recordings import PositionsError
from tests.support.data import shared
from tests.support.positions import boxes, ids, points, read, reread


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tracks.txt"


# -- KITTI -------------------------------------------------------------------------------------------------------------


def kitti(*people: tuple[int, str, str], score: str = "") -> str:
    """People as (frame, id, type), all with the box 285 330 325 500."""
    rest = "0 0 -1.57 285.00 330.00 325.00 500.00 1.7 0.5 0.5 1 1.6 10 0.1"
    return "".join(f"{frame} {track} {kind} {rest} {score}".strip() + "\n" for frame, track, kind in people)


def test_kitti_labels_have_corners_and_types(file: Path) -> None:
    text = kitti(
        (0, "0", "Pedestrian"), (0, "1", "Car"), (0, "-1", "DontCare"), (1, "0", "Pedestrian"), (1, "2", "Cyclist")
    )
    found = read(file, text)
    assert boxes(found) == [("0", (285, 330, 40, 170)), ("0", (285, 330, 40, 170)), ("2", (285, 330, 40, 170))]
    assert found.left_out == {"class Car": 1, "class DontCare": 1}
    assert found.bad == (), "DontCare has no id and needs none"


def test_kitti_results_have_a_score(file: Path) -> None:
    found = read(file, kitti((0, "0", "Person"), score="0.75"))
    assert [p.score for p in found.frames[0].people] == [0.75]


# -- obsmat ------------------------------------------------------------------------------------------------------------


def test_obsmat_is_in_metres_and_its_frame_numbers_step(file: Path) -> None:
    """frame id x 0 y vx 0 vy; every sixth frame of a video of 15 a second, so 2.5 a second."""
    text = "".join(
        f"{780 + 6 * n:.7e} 1.0e+00 {8 + n / 2:.7e} 0.0e+00 3.5e+00 1.2e+00 0.0e+00 1.0e-01\n" for n in range(3)
    )
    found = read(file, text, fps=None)
    assert points(found) == [(8.0, 3.5), (8.5, 3.5), (9.0, 3.5)]
    assert [f.at_ms for f in found] == [1000, 1400, 1800]
    assert "15 frames a second (ASSUMED" in found.about[1]
    assert "one frame in 6 has rows: 2.5 a second" in found.about[1]
    assert [f.at_ms for f in read(file, text, fps=30)] == [1000, 1200, 1400]


# -- VisDrone, and trackers that write a class -------------------------------------------------------------------------


def test_visdrone_counts_its_classes_from_ignored_regions(file: Path) -> None:
    rows = [(1, 1, 1, 1, 0, 1), (1, 2, 1, 4, 0, 0), (1, 0, 0, 0, 0, 0), (1, 3, 1, 2, 1, 2)]
    found = read(file, "".join(f"{f},{i},10,20,30,40,{s},{c},{t},{o}\n" for f, i, s, c, t, o in rows))
    assert ids(found) == [["1", "3"]]
    assert found.left_out == {"class 4 (car)": 1, "class 0 (ignored regions)": 1}


@pytest.mark.parametrize(
    "rows",
    [
        ["1,1,10,20,30,40,0.9,0", "1,2,10,20,30,40,0.8,2"],
        ["1,1,10,20,30,40,0.9,0,-1,-1", "1,2,10,20,30,40,0.8,56,-1,-1"],
        ["1,1,10,20,30,40,1,1,0.9", "1,2,10,20,30,40,1,57,0.8"],
    ],
)
def test_a_class_in_column_8_is_understood_from_0_or_from_1(file: Path, rows: list[str]) -> None:
    found = read(file, "\n".join(rows))
    assert ids(found) == [["1"]]
    assert sum(found.left_out.values()) == 1


# -- COCO --------------------------------------------------------------------------------------------------------------


def coco(**changes: Any) -> str:
    file: dict[str, Any] = {
        "images": [{"id": 11, "frame_id": 4, "width": 1920, "height": 1080}, {"id": 12, "frame_id": 5}, {"id": 13, "frame_id": 7}],
        "annotations": [
            {"id": 1, "image_id": 11, "track_id": 3, "bbox": [285, 330, 40, 170], "category_id": 1, "score": 0.9},
            {"id": 2, "image_id": 11, "track_id": 4, "bbox": [1, 2, 3, 4], "category_id": 3},
            {"id": 3, "image_id": 13, "attributes": {"track_id": "b"}, "bbox": [290, 330, 40, 170], "category_id": 1},
            {"id": 4, "image_id": 13, "track_id": 9, "bbox": [0, 0, 900, 900], "category_id": 1, "iscrowd": 1},
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
    }  # fmt: skip
    return json.dumps({**file, **changes})


def test_coco_gives_people_by_track_id(file: Path) -> None:
    found = read(file, coco())
    assert boxes(found) == [("3", (285, 330, 40, 170)), ("b", (290, 330, 40, 170))]
    assert [f.at_ms for f in found] == [1000, 1111, 1333]
    assert ids(found) == [["3"], [], ["b"]], "an image without people is a frame"
    assert found.left_out == {"class 3 (car)": 1, "crowd regions": 1}
    assert "image 1920 x 1080" in found.about[1]


def test_coco_says_its_frame_rate(file: Path) -> None:
    assert "30 frames a second (the file says so)" in read(file, coco(info={"fps": 30}), fps=None).about[1]


def test_coco_results_are_a_list(file: Path) -> None:
    rows = [{"image_id": n, "category_id": 1, "bbox": [10, 20, 30, 40], "score": 0.5, "track_id": 1} for n in (5, 6)]
    assert boxes(read(file, json.dumps(rows))) == [("1", (10, 20, 30, 40))] * 2


def test_an_annotation_that_cannot_be_used_is_set_aside(file: Path) -> None:
    good = {"image_id": 11, "track_id": 3, "bbox": [285, 330, 40, 170]}
    wrong = [{"image_id": 99, "track_id": 1, "bbox": [1, 2, 3, 4]}, {"image_id": 11, "bbox": [1, 2, 3, 4]},
             {"image_id": 11, "track_id": 1, "bbox": [1, 2, 3]}, {"image_id": 11, "track_id": 1}]  # fmt: skip
    found = read(file, coco(annotations=[good, *wrong]))
    assert [(line.number, line.kind) for line in found.bad] == [
        (2, "no frame number"), (3, "no id"), (4, "not readable"), (5, "no place"),
    ]  # fmt: skip


def test_coco_of_several_videos_is_refused(file: Path) -> None:
    with pytest.raises(PositionsError, match="expected the images of one video, got 2 videos"):
        read(file, coco(images=[{"id": 1, "video_id": 1}, {"id": 2, "video_id": 2}]))


# -- JSON lines --------------------------------------------------------------------------------------------------------


def lines(*objects: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def test_json_lines_are_a_frame_each(file: Path) -> None:
    text = lines(
        {"frame": 7, "people": [{"id": 3, "box": [285, 330, 40, 170], "score": 0.5, "class": "person"}]},
        {"frame": 8, "people": []},
        {"frame": 9, "people": [{"id": "b", "at_m": [4.5, 1.5]}, {"id": "d", "box": [1, 2, 3, 4], "class": "dog"}]},
    )
    found = read(file, text)
    assert [f.at_ms for f in found] == [1000, 1111, 1222]
    assert ids(found) == [["3"], [], ["b"]]
    assert points(found) == [(None, None), (4.5, 1.5)]
    assert found.left_out == {"class dog": 1}


def test_json_lines_may_have_times(file: Path) -> None:
    at = 1_700_000_000_000
    text = lines(*({"at_ms": at + 100 * n, "people": [{"id": 1, "at_m": [1, 2]}]} for n in range(3)))
    assert [f.at_ms for f in read(file, text)] == [at, at + 100, at + 200]


def test_a_person_who_cannot_be_read_does_not_cost_the_others(file: Path) -> None:
    good = {"id": 1, "box": [1, 2, 3, 4]}
    text = lines(
        {"frame": 1, "people": [good, {"id": 2}, {"box": [1, 2, 3, 4]}, {"id": 3, "box": "big"}]}, {"people": []}
    )
    found = read(file, text + "{broken\n")
    assert ids(found) == [["1"]]
    assert [(line.number, line.kind) for line in found.bad] == [
        (1, "no place"), (1, "not readable"), (1, "not readable"), (2, "no frame number"), (3, "not readable"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ['[{"frame": 1, "people": []}]', '{"frames": {"1": []}}', "{\n", "[1, 2"])
def test_json_of_another_shape_is_refused_with_the_one_that_is_read(file: Path, text: str) -> None:
    with pytest.raises(PositionsError, match="JSON of an unknown shape: expected COCO"):
        read(file, text)


def test_frames_and_times_do_not_mix(file: Path) -> None:
    with pytest.raises(PositionsError, match='line 2: expected "at_ms" in every line or in none'):
        read(file, lines({"frame": 1, "people": []}, {"at_ms": 5, "people": []}))


# -- MOTChallenge folders ----------------------------------------------------------------------------------------------

SEQINFO = "[Sequence]\nname=X\nframeRate=25\nseqLength=600\nimWidth=1920\nimHeight=1080\n"
ROW = "1,1,285,330,40,170,1,1,1.0\n3,1,285,330,40,170,1,1,1.0\n"


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    (tmp_path / "gt").mkdir()
    (tmp_path / "seqinfo.ini").write_text(SEQINFO)
    (tmp_path / "gt" / "gt.txt").write_text(ROW)
    return tmp_path


@pytest.mark.parametrize("named", [".", "gt/gt.txt"])
def test_a_sequence_knows_its_frame_rate_and_image(sequence: Path, named: str) -> None:
    found = reread(sequence / named)
    assert [f.at_ms for f in found] == [1000, 1080]
    assert str(sequence / "gt" / "gt.txt") in found.about[0], "which file it was is said"
    assert f"25 frames a second ({sequence / 'seqinfo.ini'}); image 1920 x 1080" in found.about[1]


def test_fps_on_the_command_line_wins_and_the_difference_is_said(sequence: Path) -> None:
    assert f"30 frames a second (--fps, {sequence / 'seqinfo.ini'} says 25)" in reread(sequence, fps=30.0).about[1]


def test_an_image_of_another_size_than_the_cameras_is_said(sequence: Path) -> None:
    (warning,) = reread(sequence, size_px=(640, 360)).warnings
    assert "an image of 1920 x 1080, the camera's is 640 x 360" in warning
    assert reread(sequence, size_px=(1920, 1080)).warnings == ()


@pytest.mark.parametrize("text", ["", "frameRate=25", "[Other]\na=1", "\xff"])
def test_a_damaged_seqinfo_is_named(sequence: Path, text: str) -> None:
    (sequence / "seqinfo.ini").write_bytes(text.encode("latin-1"))
    with pytest.raises(PositionsError, match=r"seqinfo.ini: expected a \[Sequence\]"):
        reread(sequence)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PositionsError, match="Is a directory: expected a MOTChallenge sequence"):
        reread(tmp_path)


# -- what was asked for ------------------------------------------------------------------------------------------------


def test_a_format_can_be_forced(file: Path) -> None:
    """Truth and results may look alike."""
    text = "1,1,10,20,30,40,0,3,0.5\n"
    assert read(file, text).used == 0
    assert read(file, text, format="mot").used == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "xml"}, "expected one of mot, mot-gt"),
        ({"format": "mot", "columns": ("frame", "id", "x_m", "y_m")}, "got both"),
        ({"format": "kitti", "world": True}, "--world is for MOTChallenge text"),
    ],
)
def test_options_that_contradict_each_other(file: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(PositionsError, match=says):
        read(file, ROW, **options)


@pytest.mark.slow
def test_real_trajectories() -> None:
    obsmat, petrack = reread(shared("crowds", "eth_obsmat.txt")), reread(shared("crowds", "bi_corr_400_b_03.txt"))
    assert (obsmat.used, len({i for each in ids(obsmat) for i in each}), obsmat.bad) == (8_908, 360, ())
    assert (petrack.used, len({i for each in ids(petrack) for i in each}), petrack.bad) == (120_790, 480, ())
