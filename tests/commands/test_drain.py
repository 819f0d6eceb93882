"""`hall drain`: an exact boundary, or a clear word why there is none."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commands.common import Ended
from commands.drain import stop
from streams.log import Runner
from tests.support.embedded import ROOT, start
from tests.support.operating import Box, walk, worker

HERE = Runner("process 42", 5, 42)


def test_the_engine_stops_and_the_boundary_is_told(tmp_path: Path) -> None:
    box = Box(tmp_path).made().put(walk(46))
    with worker(box) as process:
        box.hall("config", "apply", box.hall_dir())
        text = box.hall("drain").stdout
        assert process.wait(10) == 0
    assert f"process {process.pid}, since " in text
    with box.log() as log:
        end = log.end("hall.observations", 0)
    assert "sensing/0: everything before offset " in text
    assert box.hall("status", code=3).stdout.startswith("stopped")
    assert f"offset {end} of hall.observations" in text or "more wait in the log" in text


def test_without_an_engine_it_ends_with_3(tmp_path: Path) -> None:
    assert "no engine runs" in Box(tmp_path).made().hall("drain", code=3).stderr


def test_one_that_does_not_stop_is_named_with_the_way_out(tmp_path: Path) -> None:
    box = Box(tmp_path).made()
    program = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "from tests.support.embedded import consume; consume(sys.argv[1])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, box.path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        error = box.hall("drain", "--wait", 0.2, code=75).stderr
    finally:
        process.kill()
        process.communicate()
    assert "has not stopped within 0.2 s" in error
    assert f"kill -9 {process.pid}" in error


def test_one_that_leaves_no_checkpoint_is_not_a_boundary(tmp_path: Path) -> None:
    box = Box(tmp_path).made().put(walk(5)).settle()
    process = start("consume", box.path)
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    assert "left without a last checkpoint" in box.hall("drain", code=75).stderr
    process.communicate()


def test_somebody_elses_engine_is_not_ours_to_stop() -> None:
    def forbidden(pid: int, number: int) -> None:
        raise PermissionError

    with pytest.raises(Ended, match="may not be stopped by this user") as caught:
        stop(HERE, forbidden)
    assert caught.value.exit_code == 74


def test_one_that_goes_by_itself_in_that_moment_has_stopped() -> None:
    asked: list[tuple[int, int]] = []

    def gone(pid: int, number: int) -> None:
        asked.append((pid, number))
        raise ProcessLookupError

    stop(HERE, gone)
    assert asked == [(42, signal.SIGTERM)]


def test_one_in_another_container_has_no_number_here() -> None:
    with pytest.raises(Ended, match="another container") as caught:
        stop(Runner("a process of another container"))
    assert caught.value.exit_code == 74
