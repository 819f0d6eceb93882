"""`hall replay`: files out, and clear words where it cannot be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from config.loading import load_files
from streams.driver import lay_out
from streams.recording import write_recording
from streams.topics import JOURNAL, OBSERVATIONS
from tests.support.hall_files import FILES
from tests.support.operating import HALL, Box, walk, wrong_once

RAW = """\
trajectory: {smoothing_s: 0, join_within_m: 0}
zones: {inertia_m: 0, inertia_s: 0}
flow: {inertia_m: 0}
"""
MOT = "".join(f"{n + 1},7,{25 + 20 * n},300,50,100,1,-1,-1,-1\n" for n in range(46))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def recorded(box: Box) -> Path:
    """A log that was left by an engine."""
    box.made("producer").put(walk(46)).settle()
    box.hall("record", file := box.directory / "log.jsonl.gz")
    return file


def mot(box: Box, text: str = MOT) -> Path:
    file = box.directory / "tracks.txt"
    file.write_text(text)
    return file


def test_a_logs_recording_gives_what_was_published_byte_for_byte(box: Box) -> None:
    file, out = recorded(box), box.directory / "events.jsonl"
    said = box.hall("replay", file, "--out", out).stderr
    assert f"wrote {out}" in said
    journal = [record.value for record in box.records(JOURNAL) if (record.value or b"").startswith(b'{"id"')]
    assert sorted(out.read_bytes().splitlines()) == sorted(value for value in journal if value is not None)


def test_motchallenge_text_gives_figures_and_pictures(box: Box) -> None:
    pictures = [box.directory / "heat.png", box.directory / "tracks.png"]
    summary = box.directory / "summary.json"
    box.hall(
        "replay", mot(box), "--hall", box.hall_dir(), "--fps", 5, "--summary", summary, "--heatmap", pictures[0],
        "--tracks", pictures[1],
    )  # fmt: skip
    figures = json.loads(summary.read_text())
    assert (figures["frames"], figures["tracks"]) == (46, 1)
    assert {zone: found["entries"] for zone, found in figures["zones"].items()} == {"west": 1, "east": 1}
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_other_rules_take_the_place_of_the_halls(box: Box) -> None:
    rules, out = box.directory / "raw.yaml", box.directory / "events.jsonl"
    rules.write_text(RAW)
    entered = []
    for more in ([], ["--rules", rules]):
        box.hall("replay", mot(box), "--hall", box.hall_dir(), "--fps", 5, "--out", out, *more)
        entered.append(next(e for e in events(out) if e["type"] == "zone_entered" and e["zone"] == "east"))
    smooth, raw = entered
    assert raw["decided_at_ms"] == raw["at_ms"] < smooth["decided_at_ms"], "without inertia it is known at once"


def test_lines_that_are_no_rows_are_left_out_and_named(box: Box) -> None:
    said = box.hall("replay", mot(box, MOT + "47,x,0,0\n"), "--hall", box.hall_dir(), "--fps", 5).stderr
    assert "could not be used: " in said
    assert "tracks.txt:47" in said


def test_what_if_a_logs_frames_had_come_under_stricter_rules(box: Box) -> None:
    file, out = recorded(box), box.directory / "events.jsonl"
    strict = box.directory / "strict.yaml"
    strict.write_text("limits:\n  - {id: anybody, zone: west, metric: occupancy, over: 0}\n")
    box.hall("replay", file, "--what-if", "--hall", box.hall_dir(), "--rules", strict, "--out", out)
    assert [e["alarm"] for e in events(out) if e["type"] == "alarm_raised"] == ["anybody"]
    box.hall("replay", file, "--out", out)
    assert not [e for e in events(out) if e["type"] == "alarm_raised"], "as it was, there was no such limit"


def test_a_simulation_brings_its_own_halls(box: Box) -> None:
    """A recording of what only cameras sent: it is laid out as a log, and closed with ticks."""
    file, out = box.directory / "frames.jsonl", box.directory / "events.jsonl"
    write_recording(file, lay_out(OBSERVATIONS, {HALL: FILES}, walk(46), close=False))
    box.hall("replay", file, "--out", out)
    kinds = [event["type"] for event in events(out)]
    assert kinds.count("track_started") == kinds.count("track_ended") == 1
    assert load_files(FILES).hall.id == HALL


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "name its directory with --hall"),
        (["--prove", "--hall"], "--prove needs a log's recording"),
        (["--camera", "attic", "--hall"], "with the one that saw this (cam), got 'attic'"),
        (["--start", "noon", "--hall"], "expected a date and time"),
    ],
)
def test_what_does_not_go_together_is_said(box: Box, options: list[str], says: str) -> None:
    arguments: list[object] = [*options, box.hall_dir()] if options else []
    assert says in box.hall("replay", mot(box), *arguments, code=64).stderr


def test_a_logs_recording_runs_under_its_own_rules_only(box: Box) -> None:
    file = recorded(box)
    rules = box.directory / "raw.yaml"
    rules.write_text(RAW)
    assert "--what-if takes others" in box.hall("replay", file, "--rules", rules, code=64).stderr


# -- nonsense is told ------------------------------------------------------------------------------------------------------


def edge_recording(box: Box, *offsets: int) -> Path:
    """Frames as a camera sent them, after the hall's files, at these offsets of the log."""
    records = list(lay_out(OBSERVATIONS, {HALL: FILES}, walk(len(offsets)), close=False))[: len(offsets)]
    file = box.directory / "edge.jsonl"
    write_recording(file, [r._replace(offset=o) for r, o in zip(records, offsets, strict=True)], {"kind": "edge"})
    return file


def test_a_gap_in_a_recording_is_run_and_said_with_its_line(box: Box) -> None:
    #   line 1: header; 2: offset 0; 3: 1; 4: 3
    said = box.hall("replay", edge_recording(box, 0, 1, 3, 4)).stderr
    assert "edge.jsonl: line 4: hall.observations/0: offsets 2 to 2 are missing; it is run without them" in said


def test_records_out_of_order_are_run_and_said(box: Box) -> None:
    said = box.hall("replay", edge_recording(box, 0, 1, 3, 2, 3)).stderr
    assert "line 5: hall.observations/0: offset 2 after 3: out of order, or twice" in said


def test_a_recording_without_any_halls_files_says_what_to_do(box: Box) -> None:
    records = list(lay_out(OBSERVATIONS, {HALL: FILES}, walk(5), close=False))[1:]
    write_recording(file := box.directory / "bare.jsonl", records, {"kind": "edge"})
    assert "has no hall's files: name the hall's directory with --hall" in box.hall("replay", file, code=64).stderr
    assert "events published" in box.hall("replay", file, "--hall", box.hall_dir()).stderr


def test_a_time_that_is_wrong_by_years_is_told_with_what_it_cost(box: Box) -> None:
    file = box.directory / "day.jsonl"
    write_recording(file, lay_out(OBSERVATIONS, {HALL: FILES}, wrong_once()))
    said = box.hall("replay", file).stderr
    assert re.search(r"late +60", said)
    assert "The log's time went back: a clock was ahead: lane sensing: from 2099-01-01T00:00:00+00:00 to" in said


def test_rows_that_the_engine_could_not_use_are_told_and_end_with_65(box: Box) -> None:
    #   the hall is 10 m x 8 m at 100 px a metre; these boxes have no size
    text = "".join(f"{n + 1},7,{25 + 10 * n},300,0,0,1,-1,-1,-1\n" for n in range(40))
    directory = box.hall_dir()
    said = box.hall("replay", mot(box, text), "--hall", directory, "--fps", 4, code=65).stderr
    assert "camera cam: 100% of 40 rows are boxes without width or height: does the tracker write points?" in said
    assert "100% of the rows could not be used (40 of 40: 40 boxes without size)" in said
    assert "no_size 40" in box.hall("replay", mot(box, text), "--hall", directory, "--fps", 4, "--allow-bad").stderr
