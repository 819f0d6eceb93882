"""Whether a lane's partition that finds no state ever had one: what the log tells elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.checkpoint import Mark, encode_mark
from streams.embedded.log import Log
from streams.log import Append, TopicSpec
from streams.snapshot import SnapshotName
from streams.topics import GROUP, OBSERVATIONS, SNAPSHOTS, state_topic
from streams.traces import LanePlace, Taken, Traces, find, gone
from tests.support.embedded import Clock

PLACES = [LanePlace("sensing", OBSERVATIONS, number) for number in (0, 1)]
HOUR_14 = 1_700_056_800_000
"""2023-11-15 14:00 UTC."""


@pytest.fixture
def clock() -> Clock:
    return Clock(HOUR_14)


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    with Log.open(tmp_path / "hall.db", now_ms=clock) as opened:
        for topic in (OBSERVATIONS, SNAPSHOTS):
            opened.create_topic(TopicSpec(topic, 2))
        opened.create_topic(TopicSpec(state_topic("sensing"), 2, compact=True))
        yield opened


def mark(era: int, *, pending: bool = False) -> bytes:
    return encode_mark(Mark(era, pending, 7, 0, 0, "log", 1, ()))


def test_where_nothing_ever_ran_there_is_nothing(log: Log) -> None:
    log.append([Append(OBSERVATIONS, 0, b"hall", b"a frame that came before the first worker")])
    assert find(log, PLACES) == dict.fromkeys(PLACES, Traces())
    assert not Traces().found
    assert Traces().odd == ""


def test_the_groups_position_tells(log: Log) -> None:
    """A position of 0 is committed by who begins: it tells nothing."""
    log.append([], positions={(GROUP, OBSERVATIONS, 0): 5, (GROUP, OBSERVATIONS, 1): 0})
    found = find(log, PLACES)
    assert [found[place].committed for place in PLACES] == [5, 0]
    assert [found[place].found for place in PLACES] == [True, False]


def test_the_newest_snapshot_of_that_lane_and_partition_tells(log: Log, clock: Clock) -> None:
    """Positions expire when nobody has run for a week; snapshots are kept for a month."""
    log.append([Append(SNAPSHOTS, 0, key, b"m") for key in (b"sensing.1.9", b"sensing.1.10/a", b"sensing.1.10")])
    clock.now_ms += 1_000
    log.append([Append(SNAPSHOTS, 0, b"service.1.99", b"m"), Append(SNAPSHOTS, 1, b"sensing.1.11/a", b"no mark")])
    found = find(log, PLACES)
    assert found[PLACES[0]].snapshot == Taken(SnapshotName("sensing", 1, 10), HOUR_14)
    assert found[PLACES[1]].snapshot is None
    said = str(gone(PLACES[0], found[PLACES[0]]))
    assert "hall.snapshots has it as it was at offset 10, of 2023-11-15 14:00 UTC" in said
    assert "`hall reset`" in said


@pytest.mark.parametrize(
    ("begun_before_s", "pending", "odd"),
    [(61, False, True), (59, False, False), (61, True, False)],
)
def test_partitions_that_have_long_had_a_state_make_one_wonder(
    log: Log, begun_before_s: int, pending: bool, odd: bool
) -> None:
    """
    partition 0   era ──────── 61 s ──────── mark          1   nothing

    Of workers that begin together for the first time one is a little quicker: that is no reason.
    """
    log.append([Append(state_topic("sensing"), 0, b"w", mark(HOUR_14 - begun_before_s * 1000, pending=pending))])
    found = find(log, PLACES)
    assert bool(found[PLACES[1]].odd) == odd
    assert not found[PLACES[0]].odd, "only others count"


def test_junk_among_marks_is_nobodys_age(log: Log) -> None:
    log.append([Append(state_topic("sensing"), 0, b"0123456789ab", b"junk")])
    assert find(log, PLACES)[PLACES[1]].odd == ""
