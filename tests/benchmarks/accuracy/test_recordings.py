"""Readers of public recordings: one format each, floor points in metres, times from the first frame on."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.accuracy.recordings import Moments, people_of, read_mot, read_obsmat, read_petrack, unscored
from tests.support.data import shared

PETRACK = """# PeTrack project: a.pet
# framerate: 25 fps
# id frame x/cm y/cm z/cm
1 10 100 250 170
1 11 104 250 170
2 11 -50.5 0 160
"""
OBSMAT = """   7.8e+02   1.0e+00   8.45   0.0   3.58   1.6   0.0   0.1
   7.86e+02   1.0e+00   9.12   0.0   3.65   1.6   0.0   0.3
"""
MOT = "3,7,100,50,20,60,0.9,1.5,2.5,0\n5,7,110,50,20,60,0.9,1.7,2.5,0\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recording.txt"
    path.write_text(text)
    return path


def spots(moments: Moments) -> list[tuple[int, str, float | None, float | None]]:
    return [(moment.at_ms, p.track, p.x_m, p.y_m) for moment in moments for p in moment.people]


def test_petrack_is_in_centimetres_at_the_rate_that_it_states(tmp_path: Path) -> None:
    moments = read_petrack(written(tmp_path, PETRACK))
    assert spots(moments) == [(0, "1", 1.0, 2.5), (40, "1", 1.04, 2.5), (40, "2", -0.505, 0.0)]


def test_petrack_without_a_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a comment '# framerate: 25 fps'"):
        read_petrack(written(tmp_path, "1 10 100 250 170\n"))


def test_obsmat_counts_the_frames_of_a_video_with_15_a_second(tmp_path: Path) -> None:
    assert spots(read_obsmat(written(tmp_path, OBSMAT))) == [(0, "1", 8.45, 3.58), (400, "1", 9.12, 3.65)]


def test_mot_gives_boxes_and_floor_points_if_they_are_wanted(tmp_path: Path) -> None:
    path = written(tmp_path, MOT)
    assert spots(read_mot(path, 10, world=True)) == [(0, "7", 1.5, 2.5), (200, "7", 1.7, 2.5)]
    assert spots(read_mot(path, 10, world=False)) == [(0, "7", None, None), (200, "7", None, None)]
    box = read_mot(path, 10, world=False)[0].people[0]
    assert (box.left_px, box.top_px, box.width_px, box.height_px, box.score) == (100, 50, 20, 60, 0.9)


def test_true_boxes_have_no_score_whatever_stands_in_their_column(tmp_path: Path) -> None:
    """There 0 means that an evaluation may leave the box out; taken as a score it would be nobody."""
    flagged = written(tmp_path, MOT.replace(",0.9,", ",0,"))
    assert {p.score for m in read_mot(flagged, 10, world=False) for p in m.people} == {0}
    assert {p.score for m in unscored(read_mot(flagged, 10, world=False)) for p in m.people} == {-1}


@pytest.mark.parametrize("line", ["1 2 3", "1 2 three 4 5", "1 2 3 4 5 6"])
def test_a_line_that_is_not_of_the_format_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match=r"recording\.txt:7: expected 5 numbers, got"):
        read_petrack(written(tmp_path, f"{PETRACK}{line}\n"))


def test_people_are_listed_with_the_times_at_which_they_were_seen(tmp_path: Path) -> None:
    assert people_of(read_petrack(written(tmp_path, PETRACK))) == {"1": [0, 40], "2": [40]}


def test_the_public_crowds_have_as_many_people_as_is_said_of_them() -> None:
    assert len(people_of(read_petrack(shared("crowds", "bi_corr_400_b_03.txt")))) == 480
    assert len(people_of(read_obsmat(shared("crowds", "eth_obsmat.txt")))) == 360
