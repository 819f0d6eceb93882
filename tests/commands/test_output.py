"""Whoever reads what a verb prints may leave, and the disk under it be full: quiet ends, and exit codes that mean something."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agents.topology import TOPOLOGY
from streams.operating.admin import lane_states
from tests.support.operating import HALL, Box, walk

PRINTING = (
    ("log", "cat"),
    ("log", "cat", "observations", "--limit", "1", "--raw"),
    ("log", "cat", "--follow"),
    ("log", "stats"),
    ("status", "--json"),
    ("explain", "ID"),
    ("config", "show", HALL),
    ("topics", "list"),
    ("--help",),
)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    return Box(tmp_path_factory.mktemp("box")).made("producer").put(walk()).settle()


@contextmanager
def nobody() -> Iterator[int]:
    """A pipe whose reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def said(box: Box, words: tuple[str, ...], stdout: int) -> subprocess.CompletedProcess[str]:
    name = next(id_ for id_ in box.ids("hall.journal") if id_ is not None)
    return box.process(*(name if word == "ID" else word for word in words), stdout=stdout)


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_reader_that_leaves_ends_a_verb_as_it_ends_other_tools(box: Box, words: tuple[str, ...]) -> None:
    # hall log cat | head -1: 1 would be an answer of `hall explain`, and a traceback nobody's business.
    with nobody() as pipe:
        ended = said(box, words, pipe)
    assert (ended.returncode, ended.stderr) == (-signal.SIGPIPE, "")


@pytest.mark.parametrize("words", [w for w in PRINTING if "--follow" not in w], ids=" ".join)
def test_an_output_whose_disk_is_full_is_said_in_one_line(box: Box, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = said(box, words, full.fileno())
    assert ended.returncode == 74
    assert re.fullmatch(r"Error: the output.* could not be written.*: No space left on device\n", ended.stderr)


def test_an_error_keeps_its_exit_code_though_nobody_reads_it(box: Box) -> None:
    with nobody() as pipe:
        assert box.process("log", "cat", "no-such-topic", stdout=pipe, stderr=pipe).returncode == 64


def test_an_output_that_is_closed(box: Box) -> None:
    # hall log cat --raw >&-
    ended = box.process("log", "cat", "--raw", stdout=None, preexec_fn=lambda: os.close(1))
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("why", ["Broken pipe", "No space left on device"])
def test_the_engine_stops_in_good_order_when_its_table_cannot_be_printed(tmp_path: Path, why: str) -> None:
    box = Box(tmp_path)
    run = ("run", box.hall_dir(), "--no-simulate", "--plain", "--for", 30)
    with nobody() as pipe, Path("/dev/full").open("wb") as full:
        ended = box.process(*run, stdout=pipe if why == "Broken pipe" else full.fileno())
    assert ended.returncode == 74
    assert f"({why}), so the engine has stopped, in good order" in ended.stderr
    assert "Traceback" not in ended.stderr
    # A last checkpoint stands behind all that came in: observations do not wait. (The journal may: the sensing lane
    # publishes until its own end.)
    with box.log() as log:
        assert lane_states(log, TOPOLOGY)[0].lag == 0
