"""Appending to the embedded log and reading from it, in one process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded.connection import WAL_LIMIT_BYTES
from streams.embedded.errors import LogClosed, LogError, LogRefused, RowRefused, TopicMissing
from streams.embedded.log import Log
from streams.embedded.schema import connect
from streams.log import Append, TopicSpec
from streams.record import Record
from tests.support.embedded import Clock, everything, values

T, P = "hall.journal", "played"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    with Log.open(tmp_path / "halls.log", now_ms=clock) as log:
        log.create_topic(TopicSpec(T, partitions=2))
        log.create_topic(TopicSpec(P, time="producer"))
        yield log


def row(value: bytes, partition: int = 0) -> Append:
    return Append(T, partition, b"hall-1", value)


def test_records_come_back_as_they_were_with_offsets_in_order(log: Log) -> None:
    assert log.append([row(b"a"), row(b"b", 1), row(b"c")]) == [(0, 1_000), (0, 1_000), (1, 1_000)]
    assert log.append([Append(T, 0, None, None)]) == [(2, 1_000)]
    assert everything(log, T) == [
        Record(T, 0, 0, 1_000, b"hall-1", b"a"),
        Record(T, 0, 1, 1_000, b"hall-1", b"c"),
        Record(T, 0, 2, 1_000, None, None),
    ]
    assert values(log, T, 1) == [b"b"]


def test_nothing_and_empty_are_different(log: Log) -> None:
    log.append([Append(T, 0, b"", b""), Append(T, 0, None, None)])
    assert [(r.key, r.value) for r in everything(log, T)] == [(b"", b""), (None, None)]


@pytest.mark.parametrize(("offset", "expected"), [(-5, [0, 1, 2]), (0, [0, 1, 2]), (2, [2]), (3, []), (2**70, [])])
def test_reading_starts_at_the_offset_and_stays_in_the_partition(log: Log, offset: int, expected: list[int]) -> None:
    log.append([row(b"x", partition) for partition in (0, 1) for _ in range(3)])
    assert [record.offset for record in log.read(T, 0, offset)] == expected


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (-1, 0), (1, 1), (7, 7), (500, 10)])
def test_a_read_is_limited_by_records(log: Log, limit: int, expected: int) -> None:
    log.append([row(b"x")] * 10)
    assert len(log.read(T, 0, 0, limit=limit)) == expected


@pytest.mark.parametrize(("max_bytes", "expected"), [(0, 1), (15, 1), (16, 1), (31, 1), (32, 2), (10_000, 10)])
def test_a_read_is_limited_by_bytes_but_never_stuck(log: Log, max_bytes: int, expected: int) -> None:
    log.append([row(b"0123456789")] * 10)  # 6 bytes of key and 10 of value
    assert len(log.read(T, 0, 0, max_bytes=max_bytes)) == expected


def test_log_time_never_goes_back(log: Log, clock: Clock) -> None:
    stamps = []
    for now in (5_000, 4_000, 6_000):
        clock.now_ms = now
        stamps += log.append([Append(T, 0, b"k", b"v", timestamp_ms=1)])
    assert stamps == [(0, 5_000), (1, 5_000), (2, 6_000)]


def test_log_time_stands_for_two_minutes_at_most(log: Log, clock: Clock) -> None:
    """A clock that was put right by more is believed at once: else the log would be of another time for hours.

    clock     7,200,000   7,080,000   7,079,999   7,080,000
    stamp     7,200,000   7,200,000   7,079,999   7,080,000
    """
    stamps = []
    for now in (7_200_000, 7_080_000, 7_079_999, 7_080_000):
        clock.now_ms = now
        stamps += [stamp for _, stamp in log.append([Append(T, 0, b"k", b"v")])]
    assert stamps == [7_200_000, 7_200_000, 7_079_999, 7_080_000]


def test_producer_time_stands_as_given(log: Log, clock: Clock) -> None:
    clock.now_ms = 7_777
    given = [Append(P, 0, b"k", b"v", at) for at in (500, 400, None, -1)]
    assert log.append(given) == [(0, 500), (1, 400), (2, 7_777), (3, -1)]


def test_positions_are_committed_with_the_rows(log: Log) -> None:
    assert log.position("engine", T, 0) is None
    log.append([row(b"out")], positions={("engine", T, 0): 5, ("console", T, 1): 9})
    assert log.append([], positions={("engine", T, 0): 3}) == []  # back is allowed: `hall reset` does it
    assert log.position("engine", T, 0) == 3
    assert log.positions() == {("console", T, 1): 9, ("engine", T, 0): 3}


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Append("nowhere", 0, b"k", b"v"), TopicMissing),
        (Append(T, 2, b"k", b"v"), TopicMissing),
        (Append(T, -1, b"k", b"v"), TopicMissing),
        (Append(T, 0, b"k", "text"), RowRefused),  # type: ignore[arg-type]
        (Append(P, 0, b"k", b"v", 2**63), RowRefused),
        (Append(P, 0, b"k", b"v", 1.5), RowRefused),  # type: ignore[arg-type]
    ],
)
def test_an_append_that_fails_leaves_nothing_of_itself(log: Log, bad: Append, error: type[LogError]) -> None:
    log.append([row(b"before")], positions={("engine", T, 0): 1})
    with pytest.raises(error):
        log.append([row(b"half"), row(b"half", 1), bad], positions={("engine", T, 0): 2})
    assert (log.end(T, 0), log.end(T, 1), log.end(P, 0), log.position("engine", T, 0)) == (1, 0, 0, 1)
    log.append([row(b"after")])
    assert values(log, T) == [b"before", b"after"]


def test_a_missing_topic_is_told_with_what_there_is(log: Log) -> None:
    with pytest.raises(TopicMissing, match=r"no topic 'hall.jurnal'; there are topics hall.journal, played"):
        log.read("hall.jurnal", 0, 0)
    with pytest.raises(TopicMissing, match=r"no partition 7 of topic 'hall.journal'; there are partitions 0 to 1"):
        log.end(T, 7)


def test_everything_is_there_after_opening_again(log: Log, tmp_path: Path) -> None:
    log.append([row(b"kept")], positions={("engine", T, 0): 1})
    log.close()
    with Log.open(tmp_path / "halls.log") as again:
        assert (again.id, values(again, T), again.position("engine", T, 0)) == (log.id, [b"kept"], 1)
        assert again.append([row(b"next")])[0][0] == 1


def test_changed_tells_of_every_writer(log: Log, tmp_path: Path) -> None:
    assert [log.changed(), log.changed()] == [True, False]
    log.append([row(b"mine")])
    assert [log.changed(), log.changed()] == [True, False]
    with Log.open(tmp_path / "halls.log") as other:
        other.append([row(b"theirs")])
    values(log, T)  # reading it in between does not hide the change
    assert [log.changed(), log.changed()] == [True, False]


def test_reading_only(log: Log, tmp_path: Path) -> None:
    with Log.open(tmp_path / "halls.log", read_only=True) as viewer:
        log.append([row(b"new")])
        assert values(viewer, T) == [b"new"]
        for write in (lambda: viewer.append([row(b"x")]), lambda: viewer.create_topic(TopicSpec("x"))):
            with pytest.raises(LogRefused, match="opened to read only"):
                write()


def test_a_closed_log_says_so(log: Log) -> None:
    log.close()
    log.close()
    for use in (lambda: log.append([row(b"x")]), lambda: log.read(T, 0, 0), log.changed, log.stats):
        with pytest.raises(LogClosed, match="the log was closed"):
            use()


def test_statistics(log: Log, clock: Clock) -> None:
    log.append([row(b"12")])
    clock.now_ms = 2_000
    log.append([row(b"1234")] * 2)
    assert [tuple(stats) for stats in log.stats()] == [
        (T, 0, 0, 3, 3, 28, 1_000, 2_000),
        (T, 1, 0, 0, 0, 0, None, None),
        (P, 0, 0, 0, 0, 0, None, None),
    ]
    assert log.size_bytes() >= 4_096
    assert log.free_bytes() > 0


def test_threads_append_and_read_at_the_same_time(log: Log) -> None:
    """What a reader sees grows, without gaps, and only by whole transactions."""

    def write() -> None:
        for batch in range(100):
            log.append([row(b"%d" % batch)] * 7)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    seen: list[Record] = []
    while any(writer.is_alive() for writer in writers) or len(seen) < log.end(T, 0):
        assert log.end(T, 0) % 7 == 0
        seen += log.read(T, 0, len(seen))
    assert [record.offset for record in seen] == list(range(2 * 100 * 7))


def test_the_write_ahead_log_stays_small_though_somebody_is_always_reading(log: Log, tmp_path: Path) -> None:
    """SQLite starts it anew only at a moment without readers, and here no such moment comes by itself.

    reader a   |-----|  |-----|  |-----|
    reader b  --|  |------|  |------|  |---
    """
    path, wal = tmp_path / "halls.log", tmp_path / "halls.log-wal"
    done = threading.Event()

    def read() -> None:
        one, other = connect(path, "ro", 5_000), connect(path, "ro", 5_000)
        while not done.wait(0.01):  # each looks at one moment for two appends or so, as a slow reader does
            one.execute("BEGIN")
            one.execute("SELECT count(*) FROM topic").fetchone()
            if other.in_transaction:
                other.execute("COMMIT")
            one, other = other, one
        one.close()
        other.close()

    reader = threading.Thread(target=read)
    reader.start()
    largest = 0
    for _ in range(250):  # 250 MB altogether
        log.append([row(bytes(10_000))] * 100)
        largest = max(largest, wal.stat().st_size)
    done.set()
    reader.join()
    assert largest < 2.5 * WAL_LIMIT_BYTES  # room for one attempt in vain, on a busy machine


def test_what_a_reader_that_does_not_end_makes_it_grow_comes_back(log: Log, tmp_path: Path) -> None:
    stuck = connect(tmp_path / "halls.log", "ro", 0)
    stuck.execute("BEGIN")
    stuck.execute("SELECT count(*) FROM record").fetchone()
    for _ in range(70):
        log.append([row(bytes(10_000))] * 100)
    wal = tmp_path / "halls.log-wal"
    assert wal.stat().st_size > WAL_LIMIT_BYTES
    stuck.close()
    for _ in range(80):
        log.append([row(bytes(10_000))] * 100)
    assert wal.stat().st_size <= WAL_LIMIT_BYTES
