"""Files of positions on the command line: the same options for `hall replay` and `hall feed`, and what both say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands.positions import too_bad
from streams.events import Frame
from streams.recordings import BadLine, PositionsFile
from streams.topics import OBSERVATIONS
from tests.support.operating import Box

STEPS = range(46)
MOT = "".join(f"{n + 1},7,{25 + 20 * n},300,50,100,0.8\n" for n in STEPS)
"""One person walks through the hall from left to right, 5 frames a second."""
KITTI = "".join(
    f"{n} {track} {kind} 0 0 0 {25 + 20 * n} 300 {75 + 20 * n} 400 1 1 1 1 1 1 1\n"
    for n in STEPS for track, kind in ((7, "Pedestrian"), (8, "Car"))
)  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def write(box: Box, text: str, name: str = "tracks.txt") -> Path:
    file = box.directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def replayed(box: Box, file: Path, *options: object, code: int = 0) -> tuple[dict[str, Any], str]:
    """The figures and what was said; the figures are written whatever the exit code."""
    summary = box.directory / "summary.json"
    result = box.hall("replay", file, "--hall", box.hall_dir(), "--summary", summary, "--fps", 5, *options, code=code)
    return json.loads(summary.read_text()), result.stderr


def entries(figures: dict[str, Any]) -> dict[str, int]:
    return {zone: found["entries"] for zone, found in figures["zones"].items()}


def test_what_a_file_was_taken_for_and_what_was_left_out_is_said(box: Box) -> None:
    figures, said = replayed(box, write(box, KITTI))
    assert (figures["tracks"], entries(figures)) == (1, {"west": 1, "east": 1})
    assert "KITTI tracking labels, separator white space" in said
    assert "46 rows, ids: 1, frames 0 to 45; 5 frames a second (--fps)" in said
    assert "left out: 46 rows: class Car" in said


def test_classes_and_scores_are_chosen(box: Box) -> None:
    assert replayed(box, write(box, KITTI), "--classes", "Car,pedestrian")[0]["tracks"] == 2
    figures, said = replayed(box, write(box, MOT + MOT.replace(",7,", ",8,").replace("0.8", "0.2")), "--min-score", 0.5)
    assert figures["tracks"] == 1
    assert "left out: 46 rows: score below 0.5" in said


def test_columns_are_named(box: Box) -> None:
    """The same walk as points on the floor: one pixel is one centimetre here."""
    text = "".join(f"7 {n} {0.5 + 0.2 * n} 4\n" for n in STEPS)
    figures, _ = replayed(box, write(box, text), "--columns", "id,frame,x_m,y_m")
    assert entries(figures) == entries(replayed(box, write(box, MOT))[0])


def test_corners_are_warned_about(box: Box) -> None:
    text = "".join(f"{n + 1},7,{25 + 20 * n},300,{75 + 20 * n},400,0.8\n" for n in STEPS)
    assert (
        "WARNING: width and height of the boxes look like their right and bottom edges"
        in replayed(box, write(box, text))[1]
    )
    figures, said = replayed(box, write(box, text), "--columns", "frame,id,left,top,right,bottom,score")
    assert ("WARNING" in said, entries(figures)) == (False, {"west": 1, "east": 1})


def test_a_sequence_in_a_folder_brings_its_frame_rate(box: Box) -> None:
    write(box, "[Sequence]\nframeRate=5\nimWidth=1000\nimHeight=800\n", "walk/seqinfo.ini")
    write(box, MOT, "walk/gt/gt.txt")
    said = box.hall("replay", box.directory / "walk", "--hall", box.hall_dir()).stderr
    assert f"{box.directory / 'walk' / 'gt' / 'gt.txt'}: MOTChallenge" in said
    assert "5 frames a second (" in said


def test_a_frame_rate_that_nobody_gave_is_called_an_assumption(box: Box) -> None:
    said = box.hall("replay", write(box, MOT), "--hall", box.hall_dir()).stderr
    assert "9 frames a second (ASSUMED" in said


# -- what could not be used --------------------------------------------------------------------------------------------


def test_a_tenth_may_be_unusable(box: Box) -> None:
    figures, said = replayed(box, write(box, "# comment\n\n" * 50 + MOT + "junk\n" * 5))
    assert figures["frames"] == 46
    assert said.count("could not be used: ") == 5


def test_more_than_a_tenth_ends_with_65_and_the_files_are_written(box: Box) -> None:
    text = MOT + "9,1,x,300,50,100\n" * 10
    figures, said = replayed(box, write(box, text), code=65)
    assert figures["frames"] == 46
    assert "18% of the rows could not be used (10 of 56: 10 not a number)" in said
    assert "--allow-bad" in said
    assert "% of the rows" not in replayed(box, write(box, text), "--allow-bad")[1]


def test_what_was_left_out_is_not_unusable(box: Box) -> None:
    _, said = replayed(box, write(box, KITTI + "junk\n" * 10), "--min-score", 2)
    assert "% of the rows" not in said


def test_what_the_engine_could_not_use_counts_as_well() -> None:
    positions = PositionsFile((), used=95, bad=(BadLine(1, "x", "why", "no id"),) * 5, left_out={"class car": 100})
    assert too_bad(positions) == too_bad(positions, {"off the floor": 10}) == ""
    said = too_bad(positions, {"off the floor": 20, "no id": 1})
    assert "(26 of 200: 20 off the floor, 6 no id)" in said


# -- wrong options -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--columns", "frame,id"], 64, "expected columns that say where"),
        (["--columns", "frame,id,x,y"], 64, "got 'x'"),
        (["--columns", "frame,x_m,y_m"], 64, "expected a column id"),
        (["--columns", "frame,frame,id,x_m,y_m"], 64, "frame is named more often"),
        (["--format", "xml"], 64, "'xml' is not one of 'mot'"),
        (["--classes", "dog"], 64, "expected classes that the file has"),
        (["--format", "kitti", "--world"], 64, "--world is for MOTChallenge"),
        (["--fps", "0"], 64, "fps: expected frames a second"),
    ],
)
def test_a_wrong_option_is_explained(box: Box, options: list[str], code: int, says: str) -> None:
    assert says in box.hall("replay", write(box, MOT), "--hall", box.hall_dir(), *options, code=code).stderr


def test_a_recording_of_frames_takes_no_such_options(box: Box) -> None:
    box.hall("simulate", "--hours", 0.01, "--out", box.directory / "day")
    recording = box.directory / "day" / "recording.jsonl.gz"
    said = box.hall("replay", recording, "--classes", "all", "--min-score", 0.5, code=64).stderr
    assert "--classes, --min-score: for files of positions only" in said
    box.hall("replay", recording, "--fps", 10)


# -- feeding -----------------------------------------------------------------------------------------------------------


def test_the_feed_takes_the_same_files(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    options = ["--speed", "max", "--hall", box.hall_dir(), "--fps", 5, "--classes", "Pedestrian"]
    said = box.hall("feed", write(box, KITTI + "junk\n" * 20), *options).stderr
    assert "left out: 46 rows: class Car" in said
    assert "WARNING: 18% of the rows could not be used" in said
    frames = [r.value for r in box.records(OBSERVATIONS) if b'"frame"' in (r.value or b"")]
    people = [p for frame in frames for p in msgspec.json.decode(frame or b"", type=Frame).people]
    assert [(p.track, p.left_px, p.width_px) for p in people] == [("7", 25 + 20 * n, 50) for n in STEPS]
