"""Compact topics: the newest record of a key, at every moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded.compaction import TOMBSTONE_MS
from streams.embedded.errors import RowRefused
from streams.embedded.log import Log
from streams.log import Append, TopicSpec
from tests.support.embedded import Clock, everything

T = "state"


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000)


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    with Log.open(tmp_path / "halls.log", sync="NORMAL", now_ms=clock) as log:
        log.create_topic(TopicSpec(T, 2, compact=True))
        yield log


def put(log: Log, *pairs: tuple[bytes, bytes | None]) -> None:
    log.append([Append(T, 0, key, value) for key, value in pairs])


def contents(log: Log) -> list[tuple[int, bytes | None, bytes | None]]:
    return [(record.offset, record.key, record.value) for record in everything(log, T)]


def test_what_is_superseded_goes_at_once(log: Log) -> None:
    put(log, (b"a", b"1"), (b"b", b"1"))
    put(log, (b"a", b"2"))
    assert contents(log) == [(1, b"b", b"1"), (2, b"a", b"2")]
    assert (log.start(T, 0), log.end(T, 0)) == (1, 3)


def test_within_one_append_too(log: Log) -> None:
    put(log, (b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"a", b"3"))
    assert contents(log) == [(1, b"b", b"1"), (3, b"a", b"3")]


def test_a_read_goes_on_at_the_next_record_that_exists(log: Log) -> None:
    put(log, (b"a", b"1"), (b"a", b"2"), (b"b", b"1"), (b"a", b"3"))
    assert [record.offset for record in log.read(T, 0, 0)] == [2, 3]
    assert [record.offset for record in log.read(T, 0, 3)] == [3]


def test_partitions_have_keys_of_their_own(log: Log) -> None:
    log.append([Append(T, 0, b"a", b"0"), Append(T, 1, b"a", b"1")])
    assert [len(everything(log, T, partition)) for partition in (0, 1)] == [1, 1]


def test_counts_are_of_what_is_left(log: Log) -> None:
    put(log, (b"a", bytes(100)), (b"b", bytes(10)))
    put(log, (b"a", bytes(7)))
    assert log.stats()[0][2:6] == (1, 3, 2, 19)


def test_a_tombstone_stays_an_hour_and_then_goes(log: Log) -> None:
    put(log, (b"a", b"1"), (b"b", b"1"))
    put(log, (b"a", None), (b"c", b"1"))
    assert contents(log) == [(1, b"b", b"1"), (2, b"a", None), (3, b"c", b"1")]
    assert log.retain(1_000 + TOMBSTONE_MS) == {}
    assert log.retain(1_001 + TOMBSTONE_MS) == {(T, 0): 1}
    assert contents(log) == [(1, b"b", b"1"), (3, b"c", b"1")]
    assert log.stats()[0].records == 2


def test_the_last_record_stays_even_a_tombstone(log: Log) -> None:
    put(log, (b"a", b"1"), (b"a", None))
    assert log.retain(10**15) == {}
    assert contents(log) == [(1, b"a", None)]
    put(log, (b"b", b"1"))
    assert log.retain(10**15) == {(T, 0): 1}


def test_a_key_lives_again_after_its_tombstone(log: Log) -> None:
    put(log, (b"a", None))
    put(log, (b"a", b"again"))
    put(log, (b"b", b"1"))
    assert log.retain(10**15) == {}
    assert contents(log) == [(1, b"a", b"again"), (2, b"b", b"1")]


def test_values_do_not_age(log: Log) -> None:
    put(log, (b"a", b"1"))
    put(log, (b"b", b"1"))
    assert log.retain(10**15) == {}


def test_a_record_without_a_key_is_refused(log: Log) -> None:
    with pytest.raises(RowRefused, match="expected a key"):
        log.append([Append(T, 0, b"a", b"1"), Append(T, 0, None, b"2")])
    assert (contents(log), log.end(T, 0)) == ([], 0)


def test_an_append_that_fails_brings_back_what_it_superseded(log: Log) -> None:
    put(log, (b"a", b"1"))
    with pytest.raises(RowRefused):
        log.append([Append(T, 0, b"a", b"2"), Append(T, 1, b"b", "text")])  # type: ignore[arg-type]
    assert contents(log) == [(0, b"a", b"1")]


def test_a_thousand_states_rewritten_leave_a_thousand_records_in_a_small_file(log: Log) -> None:
    for second in range(30):
        put(log, *((b"hall-%d" % hall, bytes([second]) * 2_000) for hall in range(1_000)))
    assert [record.offset for record in everything(log, T)] == list(range(29_000, 30_000))
    assert log.size_bytes() < 20_000_000
