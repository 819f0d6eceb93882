"""`hall config`: files come into force through the log, or are refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.topology import SENSING, TOPOLOGY
from streams.log import newest_in
from streams.operating import configuring
from streams.operating.configuring import Applied, Outcome
from streams.topics import DEAD, JOURNAL, OBSERVATIONS, state_topic
from tests.support.hall_files import FILES, hall_with
from tests.support.operating import HALL, Box, walk, worker

OTHER = hall_with("name: West\n", "name: Far west\n")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).made()


def test_without_an_engine_it_waits_in_the_log(box: Box) -> None:
    text = box.hall("config", "apply", box.hall_dir()).stdout
    assert "small: new" in text
    assert "no engine runs" in text
    (record,) = box.records(OBSERVATIONS)
    assert (record.key, b'"type":"configured"' in (record.value or b"")) == (b"small", True)


def test_what_is_in_force_can_be_shown_and_written_out(box: Box, tmp_path: Path) -> None:
    box.put([]).settle()
    text = box.hall("config", "show", HALL).stdout
    assert "# hall.yaml\n" + FILES["hall.yaml"] in text
    assert "# rules.yaml\n" + FILES["rules.yaml"] in text
    box.hall("config", "show", HALL, "--out", tmp_path / "out")
    assert {file.name: file.read_text() for file in (tmp_path / "out").iterdir()} == FILES
    assert "expected a directory without" in box.hall("config", "show", HALL, "--out", tmp_path / "out", code=64).stderr


def test_a_hall_that_is_not_in_force_is_answered_with_those_that_are(box: Box) -> None:
    box.put([]).settle()
    assert "expected a hall in force (small), got 'large'" in box.hall("config", "show", "large", code=64).stderr


def test_the_difference_is_shown(box: Box) -> None:
    box.put([]).settle()
    text = box.hall("config", "apply", box.hall_dir(files=OTHER), "--dry-run").stdout
    assert "small: changed" in text
    assert "-    name: West" in text
    assert "+    name: Far west" in text
    assert len(box.records(OBSERVATIONS)) == 1, "a dry run writes nothing"


def test_files_that_wait_in_the_log_count_as_those_to_compare_with(box: Box) -> None:
    directory = box.hall_dir(files=OTHER)
    box.put([]).settle().hall("config", "apply", directory)
    assert "small: as it is in force" in box.hall("config", "apply", directory, "--dry-run").stdout


def test_a_long_difference_is_cut_unless_asked_for(box: Box) -> None:
    box.put([]).settle()
    long = {**FILES, "rules.yaml": FILES["rules.yaml"] + "# more\n" * 100}
    directory = box.hall_dir(files=long)
    assert "more lines (--full shows them)" in box.hall("config", "apply", directory, "--dry-run").stdout
    assert box.hall("config", "apply", directory, "--dry-run", "--full").stdout.count("+# more") == 100


def test_every_mistake_in_every_hall_is_told_and_nothing_is_written(box: Box) -> None:
    box.hall_dir("a", hall_with("size_m: [10, 8]", "size_m: [10]"))
    box.hall_dir("b", {**hall_with("id: small", "id: other"), "rules.yaml": "dwel: {}"})
    error = box.hall("config", "apply", box.directory / "halls", code=78).stderr
    assert "halls/a/hall.yaml" in error
    assert "halls/b/rules.yaml" in error
    assert box.records(OBSERVATIONS) == []


def test_files_too_large_for_a_record_are_refused_before_they_are_written(box: Box) -> None:
    huge = {**FILES, "rules.yaml": "# comment\n" * 99_000}
    assert "at most 1,000,000 fit" in box.hall("config", "apply", box.hall_dir(files=huge), code=78).stderr
    assert box.records(OBSERVATIONS) == []


def test_without_topics_it_says_how_to_make_them(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.log().close()
    assert "hall topics create" in box.hall("config", "apply", box.hall_dir(), code=75).stderr


def test_on_a_log_with_its_own_time_a_configuration_is_of_that_time(tmp_path: Path) -> None:
    """A record of today among those of 2023 would make all that follows late."""
    box = Box(tmp_path).made("producer").put(walk(6)).settle()
    box.hall("config", "apply", box.hall_dir(files=OTHER))
    newest = box.records(OBSERVATIONS)[-1]
    assert newest.timestamp_ms == walk(6)[-1].at_ms
    assert b'"at_ms":%d' % newest.timestamp_ms in (newest.value or b"")


def test_waiting_tells_in_force_from_refused_from_not_yet(box: Box) -> None:
    with box.log() as log:
        sound, unsound = {HALL: FILES}, {HALL: {"hall.yaml": "id: small"}}
        first = configuring.put(log, sound, 1)
        second = configuring.put(log, unsound, 1)
    box.settle()
    with box.log() as log:
        third = configuring.put(log, sound, 1)
        now = iter(range(100))
        outcomes = configuring.wait(
            log, SENSING, [*first, *second, *third], 5, clock=lambda: next(now), rest=lambda _: None
        )  # fmt: skip
    assert [(o.hall, o.in_force) for o in outcomes] == [(HALL, True), (HALL, False), (HALL, False)]
    assert (outcomes[1].reason or "").startswith("bad_config: ")
    assert outcomes[2] == Outcome(HALL, False, None)
    assert next(now) < 100, "the deadline ended it"


def test_where_it_stands_is_told(box: Box) -> None:
    with box.log() as log:
        assert configuring.put(log, {HALL: FILES}, 1) == [Applied(HALL, 0, 0, 0)]


def test_with_an_engine_it_is_waited_for(box: Box) -> None:
    with worker(box):
        assert "small: in force" in box.hall("config", "apply", box.hall_dir()).stdout
        assert "small: as it is in force\nsmall: in force" in box.hall("config", "apply", box.hall_dir()).stdout


# -- taking a hall out -------------------------------------------------------------------------------------------------


def types(box: Box) -> list[str]:
    return [json.loads(r.value or b"")["type"] for r in box.records(JOURNAL) if r.key]


def test_a_hall_is_removed_through_the_log_and_what_it_had_is_closed(tmp_path: Path) -> None:
    # one person in the middle of a walk; the hall is removed
    box = Box(tmp_path).made("producer").put(walk(20)).settle()
    text = box.hall("config", "remove", HALL, "--yes").stdout
    assert "it is the only hall of this log" in text
    assert "no engine runs: it is removed when one is started" in text
    box.settle()
    ended = [json.loads(r.value or b"") for r in box.records(JOURNAL) if b'"track_ended"' in (r.value or b"")]
    assert [event["reason"] for event in ended] == ["config"]
    assert types(box).count("hall_removed") == 1
    assert types(box).count("zone_hour") > 0, "the hour so far"
    status = box.hall("status", code=3).stdout
    assert "no hall is in force" in status
    assert box.records(DEAD) == []


def test_its_frames_are_dead_and_it_begins_afresh_when_it_is_applied_again(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer").put(walk(20)).settle()
    box.hall("config", "remove", HALL, "--yes")
    box.put(walk(22)[20:], configure=False).settle()
    assert [json.loads(r.value or b"")["reason"] for r in box.records(DEAD)] == ["no_such_hall"] * 2
    box.hall("config", "apply", box.hall_dir())
    box.put(walk(24)[22:], configure=False).settle()
    assert len(box.records(DEAD)) == 2
    assert "small" in box.hall("status", code=3).stdout


def test_with_an_engine_its_removal_is_waited_for_and_its_record_leaves_the_checkpoint(box: Box) -> None:
    with worker(box):
        box.hall("config", "apply", box.hall_dir())
        assert "small: removed" in box.hall("config", "remove", HALL, "--yes").stdout
        box.hall("drain")
    for lane in TOPOLOGY.lanes:
        with box.log() as log:
            assert [key for key in newest_in(log, state_topic(lane.name), 0) if b"/" in key] == []


def test_what_waits_in_the_log_to_be_removed_is_not_known_any_more(box: Box) -> None:
    box.put([]).settle()
    box.hall("config", "remove", HALL, "--yes")
    assert (
        "expected a hall that is in force (none), got 'small'"
        in box.hall("config", "remove", HALL, "--yes", code=64).stderr
    )
    assert "small: new" in box.hall("config", "apply", box.hall_dir(), "--dry-run").stdout


def test_it_asks_first_and_no_is_no(box: Box) -> None:
    box.put([]).settle()
    before = len(box.records(OBSERVATIONS))
    assert "remove small? [y/N]" in box.hall("config", "remove", HALL, code=1).stdout
    assert len(box.records(OBSERVATIONS)) == before
