"""`hall record`, and `hall replay --prove` of what it saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import commands.record
from agents.topology import TOPOLOGY
from commands.record import record_log
from commands.replaying import replay_log
from commands.results import Results
from streams.embedded.log import Log
from streams.embedded.schema import base
from streams.log import Append
from streams.record import Record
from streams.recording import read_header, read_recording, write_recording
from streams.topics import ALERTS, JOURNAL, OBSERVATIONS, SNAPSHOTS, TOPICS
from tests.support.operating import HALL, Box, walk, wrong_once


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).made("producer").put(walk(46)).settle()


def proved(box: Box, file: Path) -> str:
    return str(box.hall("replay", file, "--prove").stderr)


def test_what_was_recorded_proves_itself(box: Box, tmp_path: Path) -> None:
    box.hall("record", tmp_path / "log.jsonl.gz")
    assert "published events with the replay: 0 streams differ" in proved(box, tmp_path / "log.jsonl.gz")


def test_only_what_was_held_against_the_replay_is_counted(box: Box, tmp_path: Path) -> None:
    """Retention has taken the sources of everything: what was published on them nobody can compute again."""
    box.hall("record", file := tmp_path / "log.jsonl")
    about, records = read_header(file).about, list(read_recording(file))
    assert replay_log(file, Results(None, None, None, None), prove=True).compared == sum(map(_is_named, records))
    left = [r for r in records if r.topic != OBSERVATIONS]
    write_recording(file, left, about | {f"cut.{lane.topic}.0": "999" for lane in TOPOLOGY.lanes})
    said = proved(box, file)
    assert "nothing could be compared" in said
    count = sum(map(_is_named, left))
    assert (
        f"{count} published events could not be compared: what they were concluded from is not in the recording" in said
    )


def _is_named(record: Record) -> bool:
    return record.topic not in (OBSERVATIONS, SNAPSHOTS) and (record.value or b"").startswith(b'{"id":')


def test_junk_in_the_journal_does_not_end_the_proof(box: Box, tmp_path: Path) -> None:
    with box.log() as log:
        at_ms = log.read(JOURNAL, 0, log.end(JOURNAL, 0) - 1)[0].timestamp_ms
        log.append([Append(JOURNAL, 0, HALL.encode(), b'{"id":"x","type":"zone_entered"}', at_ms)])
    box.hall("record", tmp_path / "log.jsonl")
    assert ": 0 streams differ" in proved(box, tmp_path / "log.jsonl")


def test_an_event_that_was_published_otherwise_is_found(box: Box, tmp_path: Path) -> None:
    box.hall("record", file := tmp_path / "log.jsonl")
    about, records = read_header(file).about, list(read_recording(file))
    write_recording(file, [_spoilt(r) for r in records], about)
    assert "track_started" in box.hall("replay", file, "--prove", code=1).stderr


def _spoilt(record: Record) -> Record:
    if record.topic != JOURNAL or b'"type":"track_started"' not in (record.value or b""):
        return record
    return record._replace(value=(record.value or b"").replace(b'"track":"', b'"track":"x'))


def test_the_end_of_a_source_is_asked_after_the_ends_of_what_is_published_on_it(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    with box.log() as log:
        ends = log.end
        monkeypatch.setattr(log, "end", lambda topic, p: asked.append(topic) or ends(topic, p))  # type: ignore[func-returns-value]
        record_log(log, tmp_path / "log.jsonl", None)
    assert asked[-2:] == [JOURNAL, OBSERVATIONS] == [lane.topic for lane in reversed(TOPOLOGY.lanes)]
    assert set(asked) >= {topic.name for topic in TOPICS}


def test_an_interrupted_recording_leaves_the_old_file(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(log: Log, *_: object) -> Iterator[Record]:
        yield from log.read(OBSERVATIONS, 0, 0, limit=3)
        raise KeyboardInterrupt

    file = tmp_path / "log.jsonl"
    file.write_text("what was there")
    monkeypatch.setattr(commands.record, "_all", interrupted)
    with box.log() as log, pytest.raises(KeyboardInterrupt):
        record_log(log, file, None)
    assert file.read_text() == "what was there"
    assert not list(tmp_path.glob(".draft*"))


def test_a_file_that_exists_is_replaced_only_when_told(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text("what was there")
    assert "--overwrite" in box.hall("record", file, code=64).stderr
    box.hall("record", file, "--overwrite")
    assert "0 streams differ" in proved(box, file)


def test_what_is_left_out_is_said_and_why(box: Box, tmp_path: Path) -> None:
    #   hall.observations  0 .......... n    after `hall reset` only the state at n is known of what came before
    with box.log() as log:
        end = log.end(OBSERVATIONS, 0)
    box.hall("reset", "--yes")
    said = box.hall("record", tmp_path / "log.jsonl").stderr
    assert (
        f"left out: hall.observations/0: {end} records before offset {end}: of an era before this one (`hall reset`"
        in said
    )


def set_back(tmp_path: Path) -> Box:
    """A log whose clock was in the year 2099 for a moment."""
    return Box(tmp_path).made("producer").put(wrong_once()).settle()


def test_a_log_whose_clock_was_set_back_is_recorded_from_its_first_record(tmp_path: Path) -> None:
    """Its era is another than the first record's time; but it follows from that by computing."""
    box = set_back(tmp_path)
    said = box.hall("record", tmp_path / "log.jsonl")
    assert "left out" not in said.stderr
    assert "0 streams differ" in proved(box, tmp_path / "log.jsonl")
    assert "could not be compared" not in proved(box, tmp_path / "log.jsonl")


def test_partitions_are_merged_by_time_within_each_turn_of_the_clock(tmp_path: Path) -> None:
    """
    a    1    2 h    5 s          in the recording: a 1, b 2, a 2 h, b 2 h, a 5 s, b 6 s
    b    2    2 h    6 s
    """
    log = Box(tmp_path).made("producer").log()
    with log:
        stamps = [(OBSERVATIONS, [1, 7_200_000, 5_000]), (JOURNAL, [2, 7_200_001, 6_000])]
        log.append([Append(topic, 0, b"k", b"v", at) for topic, times in stamps for at in times])
        record_log(log, tmp_path / "log.jsonl", None)
    found = [record.timestamp_ms for record in read_recording(tmp_path / "log.jsonl")]
    assert found == [1, 2, 7_200_000, 7_200_001, 5_000, 6_000]


def test_what_was_published_after_a_clock_was_set_back_can_be_explained(tmp_path: Path) -> None:
    box = set_back(tmp_path)
    for topic in (ALERTS, JOURNAL):
        for event_id in {name for name in box.ids(topic) if name}:
            assert "proved: replaying" in box.hall("explain", event_id).stdout


def test_each_reason_is_said_of_what_it_is_true_of(box: Box, tmp_path: Path) -> None:
    #   hall.observations  0 ....... 20 ......... n        removed; of an era before, not "older than what was asked for"
    with box.log() as log:
        end = log.end(OBSERVATIONS, 0)
    box.hall("reset", "--yes")
    remove(box, OBSERVATIONS, 20)
    for options in ((), ("--last", 100_000_000)):
        said = box.hall("record", tmp_path / "log.jsonl", "--overwrite", *options).stderr
        assert "left out: hall.observations/0: 20 records that retention had removed from the log before" in said
        assert (
            f"left out: hall.observations/0: {end - 20} records before offset {end}: of an era before this one" in said
        )
        assert "--last" not in said


def remove(box: Box, topic: str, before: int) -> None:
    """As retention does, which goes by time and size."""
    with box.log() as log, log._writing().transaction("a test") as db:
        low = base(log._catalogue.find(topic, 0).id)
        db.execute("DELETE FROM record WHERE id BETWEEN ? AND ?", (low, low + before - 1))
