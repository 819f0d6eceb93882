"""`hall record` and `hall replay --prove` where the log does not begin with its beginning, or an engine did not end well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streams.embedded.log import Log
from streams.recording import read_header, read_recording
from streams.topics import JOURNAL, OBSERVATIONS, SNAPSHOTS
from tests.support.operating import START_MS, Box, walk

FIRST, SECOND, THIRD = (walk(46, start_ms=START_MS + n * 20_000, track=str(n), boot=str(n)) for n in range(3))
"""One person after another; each is gone when the next one comes."""


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).made("producer").put(FIRST).settle()


def lose(log: Log, topic: str) -> None:
    """Everything that the topic has now."""
    spec = log.topics()[topic]
    log.create_topic(replace(spec, retention_ms=0))
    log.retain(10**15)
    log.create_topic(spec)


def proved(box: Box, tmp_path: Path, *options: object) -> int:
    """How many published events a recording of the box proves."""
    file = tmp_path / "recording.jsonl"
    box.hall("record", file, "--overwrite", *options)
    said = box.hall("replay", file, "--prove").stderr
    assert ": 0 streams differ" in said, said
    return int(said.split("compared ")[1].split(" ")[0])


def test_a_whole_log_is_proved_from_its_first_record(box: Box, tmp_path: Path) -> None:
    box.put(SECOND, configure=False).settle()
    named = sum((record.value or b"").startswith(b'{"id":') for record in box.records(JOURNAL))
    assert proved(box, tmp_path) == named


def test_what_was_published_twice_counts_once(box: Box, tmp_path: Path) -> None:
    """An engine that ended before its checkpoint; the next one publishes the same again."""
    before = proved(box.put(SECOND, configure=False).settle(mark=False), tmp_path)
    lines = len(box.records(JOURNAL))
    box.settle()
    assert len(box.records(JOURNAL)) > lines
    assert proved(box, tmp_path) >= before


def test_what_stands_after_the_last_checkpoint_is_proved_too(box: Box, tmp_path: Path) -> None:
    marked = proved(box, tmp_path)
    assert proved(box.put(SECOND, configure=False).settle(mark=False), tmp_path) > marked


def test_without_its_beginning_a_log_is_proved_from_the_last_checkpoint(box: Box, tmp_path: Path) -> None:
    with box.log() as log:
        lose(log, OBSERVATIONS)
    box.put(SECOND, configure=False).settle(mark=False)
    assert proved(box, tmp_path) > 0
    about = read_header(tmp_path / "recording.jsonl").about
    assert int(about["begin.sensing.0"]) > 0
    assert next(r.topic for r in read_recording(tmp_path / "recording.jsonl")) == SNAPSHOTS


def test_what_was_published_on_records_that_were_lost_before_the_next_checkpoint_is_left_out(
    box: Box, tmp_path: Path
) -> None:
    """
    sensing    | FIRST | SECOND | THIRD      the checkpoint is after FIRST; an engine published on SECOND, and was killed;
    checkpoint         ^                     retention took SECOND before the next one came. Nobody can compute what that
                                             was published from; what THIRD led to is proved.
    """
    box.put(SECOND, configure=False).settle(mark=False)
    with box.log() as log:
        lose(log, OBSERVATIONS)
    box.put(THIRD, configure=False).settle(mark=False)
    assert proved(box, tmp_path) > 0
    published = b"".join(record.value or b"" for record in box.records(JOURNAL))
    assert b"log_lost" in published
    assert b"cam/1" in published


def test_a_journal_without_its_beginning_lets_the_first_lane_be_proved_all_the_same(box: Box, tmp_path: Path) -> None:
    with box.log() as log:
        lose(log, JOURNAL)
    box.put(SECOND, configure=False).settle(mark=False)
    assert proved(box, tmp_path) > 0


def test_an_engine_that_never_made_a_checkpoint(tmp_path: Path) -> None:
    box = Box(tmp_path / "box")
    box.directory.mkdir()
    assert proved(box.made("producer").put(FIRST).settle(mark=False), tmp_path) > 5


def test_only_the_last_hours_of_what_is_there(tmp_path: Path) -> None:
    """No snapshot stands before what is wanted, and the era is whole: everything is taken."""
    box = Box(tmp_path / "box")
    box.directory.mkdir()
    box.made("producer").put(FIRST).settle()
    whole = proved(box, tmp_path)
    assert proved(box, tmp_path, "--last", 1) == whole
