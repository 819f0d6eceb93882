"""What the log says of the engine: its lanes, its halls, and whose positions they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.topology import SENSING, SERVICE, TOPOLOGY
from streams.operating import admin, reading
from streams.topics import OBSERVATIONS
from streams.worker.failure import Fatal
from tests.support.hall_files import FILES, hall_with
from tests.support.operating import HALL, START_MS, Box, walk

OTHER = hall_with("name: West\n", "name: Far west\n")


def test_lanes_say_where_they_stand(tmp_path: Path) -> None:
    with Box(tmp_path).made().put(walk(10)).settle().put(walk(3, boot="2"), configure=False).log() as log:
        sensing, service = admin.lane_states(log, TOPOLOGY)
        assert (sensing.lane, sensing.start, sensing.end, sensing.lag) == (SENSING, 0, 14, 3)
        assert sensing.waiting_since_ms == log.read(OBSERVATIONS, 0, 11, limit=1)[0].timestamp_ms
        assert (service.lane, service.lag, service.waiting_since_ms) == (SERVICE, 0, None)
        assert admin.position(log, SENSING, 0) == 11
        assert sensing.marked_ms == reading.state_records(log, SENSING, 0)[sensing.keys[-1]].timestamp_ms


def test_without_topics_it_says_what_to_do(tmp_path: Path) -> None:
    with Box(tmp_path).log() as log, pytest.raises(Fatal, match="hall topics create"):
        admin.lane_states(log, TOPOLOGY)


def test_files_in_force_and_those_that_will_be(tmp_path: Path) -> None:
    box = Box(tmp_path).made().put([]).settle()
    box.hall("config", "apply", box.hall_dir(files=OTHER))
    with box.log() as log:
        states = admin.lane_states(log, TOPOLOGY)
        assert admin.files_in_force(states) == {HALL: FILES}
        assert admin.coming(log, states) == {HALL: OTHER}


def test_since_when_files_are_in_force_is_in_the_state_and_applying_them_again_changes_nothing(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer").put(walk(5)).put(walk(5, start_ms=START_MS + 60_000, boot="2")).settle()
    with box.log() as log:
        assert admin.in_force(admin.lane_states(log, TOPOLOGY)) == {HALL: (FILES, START_MS)}


def test_records_up_to_an_end(tmp_path: Path) -> None:
    with Box(tmp_path).made().put(walk(10)).log() as log:
        assert [r.offset for r in admin.records(log, OBSERVATIONS, 0, 3, 6)] == [3, 4, 5]
        assert list(admin.records(log, OBSERVATIONS, 0, 11)) == []
