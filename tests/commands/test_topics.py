"""`hall topics`: made once, with a clock that never changes."""

from __future__ import annotations

from pathlib import Path

from streams.topics import DEAD, OBSERVATIONS
from tests.support.operating import Box


def test_the_log_and_all_topics_are_made_with_the_time_asked_for(tmp_path: Path) -> None:
    box = Box(tmp_path / "new")
    assert "9 made, 0 were there" in box.hall("topics", "create", "--time", "producer").stdout
    with box.log(create=False) as log:
        kinds = {name: spec.time for name, spec in log.topics().items()}
    assert kinds[OBSERVATIONS] == kinds[DEAD] == "producer"
    assert {kind for name, kind in kinds.items() if "state" in name} == {"log"}


def test_made_again_nothing_changes_and_the_kind_of_time_stays(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    assert "0 made, 9 were there" in box.hall("topics", "create").stdout
    with box.log() as log:
        assert log.topics()[OBSERVATIONS].time == "producer"


def test_another_kind_of_time_is_refused(tmp_path: Path) -> None:
    error = Box(tmp_path).made("log").hall("topics", "create", "--time", "producer", code=64).stderr
    assert "expected topics of producer time, but hall.observations" in error
    assert "HALL_VAR=DIR" in error


def test_the_list_says_what_each_carries_and_keeps(tmp_path: Path) -> None:
    text = Box(tmp_path).made().hall("topics", "list").stdout
    (row,) = (line for line in text.splitlines() if line.startswith("hall.dead"))
    assert row.split()[:5] == ["hall.dead", "1", "log", "30", "d"]
    assert "raw bytes, reason, agent" in row
