"""`my-tracker | hall feed -`: frames of now, told apart from what is none, and in the log at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands.common import now_ms
from commands.feed_stdin import TOLD_AT_MOST, Halls, Pipe
from streams.events import Frame
from streams.operating import configuring
from streams.recordings.live import FrameLines, Wanted
from streams.topics import DEAD, JOURNAL, LATE, OBSERVATIONS
from tests.support.hall_files import FILES, hall_with
from tests.support.operating import HALL, ROOT, Box, worker
from tests.support.system import until

PERSON = {"id": 7, "box": [200, 300, 50, 100]}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).made().put([]).settle()


def text(*lines: object) -> str:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


def frames(box: Box) -> list[Frame]:
    found = [r.value or b"" for r in box.records(OBSERVATIONS) if b'"type":"frame"' in (r.value or b"")]
    return [msgspec.json.decode(value, type=Frame) for value in found]


def test_lines_are_frames_of_now(box: Box) -> None:
    before = now_ms()
    said = box.hall("feed", "-", input=text({"people": [PERSON]}, "", {"people": []}))
    assert said.stdout == "2 frames are in the log\n"
    assert "hall small, cameras cam" in said.stderr
    assert "no engine runs on it: the frames wait there" in said.stderr
    first, second = frames(box)
    assert before <= first.at_ms <= second.at_ms <= now_ms()
    assert (first.camera, first.people[0].track, second.people) == ("cam", "7", ())


def test_a_running_engine_takes_them(box: Box) -> None:
    with worker(box):
        lines = [
            {"at_ms": now_ms() - 5000 + 200 * n, "people": [{"id": 7, "box": [100 + 20 * n, 300, 50, 100]}]}
            for n in range(20)
        ]
        box.hall("feed", "-", input=text(*lines))
        until("the track", lambda: any(b'"track_started"' in (r.value or b"") for r in box.records(JOURNAL)))
    assert box.records(DEAD) == box.records(LATE) == []


def test_two_runs_are_two_senders(box: Box) -> None:
    for _ in range(2):
        box.hall("feed", "-", input=text({"people": [PERSON]}))
    assert len({frame.boot for frame in frames(box)}) == 2


def test_what_is_no_frame_is_told_with_its_line_and_counted(box: Box) -> None:
    said = box.hall(
        "feed",
        "-",
        input=text({"people": [PERSON]}, "junk", {"people": [{"id": 7}, PERSON]}, {"camera": "x", "people": []}),
    )
    assert said.stdout == "2 frames are in the log\n"
    told = [line for line in said.stderr.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in told] == ["line 2", "line 3", "line 4"]
    assert "2 lines could not be used: 1 no such camera, 1 not readable" in said.stderr
    assert "1 people could not be used: 1 no place" in said.stderr


def test_a_flood_of_them_is_told_in_sum(box: Box) -> None:
    said = box.hall("feed", "-", input=text({"people": []}, *["junk"] * 2500))
    told = [line for line in said.stderr.splitlines() if "not readable: " in line]
    assert len(told) == TOLD_AT_MOST
    assert "line 2001: 2,000 could not be used by now" in said.stderr
    assert "2,500 lines could not be used: 2,500 not readable" in said.stderr


def test_where_no_line_is_a_frame_it_ends_with_65(box: Box) -> None:
    assert "docs/sending-frames.md shows one" in box.hall("feed", "-", input="east 3 285\n", code=65).stderr
    assert box.hall("feed", "-", input="").stdout == "0 frames are in the log\n"


def test_a_clock_that_is_off_is_told_and_the_frames_are_sent(box: Box) -> None:
    old = [{"at_ms": now_ms() - 3_600_000, "people": []}] * 3
    said = box.hall("feed", "-", input=text(*old)).stderr
    assert "line 1: at_ms is 3,600 s behind this machine's clock" in said
    assert "3 frames were more than 60 s from this machine's clock" in said
    assert len(frames(box)) == 3


def test_a_hall_of_its_own_is_put_in_force(tmp_path: Path) -> None:
    box = Box(tmp_path).made()
    assert "has no hall in force" in box.hall("feed", "-", input="{}", code=64).stderr
    said = box.hall("feed", "-", "--hall", box.hall_dir(), input=text({"people": [PERSON]}))
    assert "small: was not in force in this log; the files of --hall are put in force" in said.stderr
    box.settle()
    assert box.records(DEAD) == []
    other = box.hall_dir("other", hall_with("name: West\n", "name: Far west\n"))
    assert "with other files than those of --hall" in box.hall("feed", "-", "--hall", other, input="", code=64).stderr


@pytest.mark.parametrize("options", [["--speed", "max"], ["--start", "2026-03-02T08:30"], ["--fps", "5"], ["--world"]])
def test_options_of_recordings_are_refused(box: Box, options: list[str]) -> None:
    said = box.hall("feed", "-", *options, input="", code=64).stderr
    assert f"{options[0]}: for recordings only" in said


def test_a_log_with_a_recording_s_clock_is_none_for_frames_of_now(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer").put([]).settle()
    assert "expected a log that stamps what arrives" in box.hall("feed", "-", input="{}", code=64).stderr


def test_a_camera_that_comes_into_force_meanwhile_is_found(box: Box) -> None:
    more = hall_with("- id: cam\n", "- id: cam2\n")
    line = json.dumps({"camera": "cam2", "people": []}).encode() + b"\n"
    with box.log() as log:
        now = iter([0.0, 4.0, 6.0, 6.0])
        halls = Halls(log, {HALL: FILES}, clock=lambda: next(now))
        pipe = Pipe(log, FrameLines(lambda: halls.cameras, Wanted(), "boot"), halls)
        configuring.put(log, {HALL: more}, 1)
        # after 4 s it is too early to look again, after 6 s it is not
        pieces = iter([line, line, b""])
        pipe.run(lambda: next(pieces))
    assert [frame.camera for frame in frames(box)] == ["cam2"]


# -- as a process ------------------------------------------------------------------------------------------------------


@contextmanager
def piped(box: Box) -> Iterator[subprocess.Popen[str]]:
    env = {"HALL_VAR": str(box.directory), "PATH": "/usr/bin:/bin"}
    made = subprocess.Popen(
        [sys.executable, "-m", "hall", "feed", "-"], cwd=ROOT, env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield made
    finally:
        made.kill()
        made.communicate()


def send(process: subprocess.Popen[str], *lines: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(text(*lines))
    process.stdin.flush()


def test_a_frame_is_in_the_log_while_the_pipe_is_still_open_and_ctrl_c_ends_it_well(box: Box) -> None:
    with piped(box) as process:
        for n in (1, 2):
            send(process, {"people": [PERSON]})
            until(f"frame {n}", lambda n=n: len(frames(box)) == n)  # type: ignore[misc]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == "2 frames are in the log\n"
    assert err.endswith("stopped\n")
    assert "Traceback" not in err


def test_the_end_of_a_tracker_is_the_end(box: Box) -> None:
    with piped(box) as process:
        assert process.stdin is not None
        process.stdin.write('{"people": []}\n{"people": []}')
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "2 frames are in the log\n")
