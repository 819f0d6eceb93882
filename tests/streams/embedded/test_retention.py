"""Retention: by age, by size, without ever giving an offset twice, and with the space given back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded.connection import WriteConnection, identity
from streams.embedded.errors import LogClosed
from streams.embedded.log import Log
from streams.embedded.retention import STEP_RECORDS, Retention
from streams.embedded.spec import Partition
from streams.log import Append, TopicSpec
from tests.support.embedded import Clock, everything, values


@pytest.fixture
def clock() -> Clock:
    return Clock(0)


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    with Log.open(tmp_path / "halls.log", sync="NORMAL", now_ms=clock) as log:
        yield log


def fill(log: Log, clock: Clock, topic: str, times_ms: list[int], size: int = 10) -> None:
    for at in times_ms:
        clock.now_ms = max(clock.now_ms, at)
        log.append([Append(topic, 0, None, bytes(size), at)])


@pytest.mark.parametrize(("now_ms", "start"), [(0, 0), (1_100, 0), (1_101, 1), (1_300, 2), (1_301, 3), (9_999, 3)])
def test_by_age(log: Log, clock: Clock, now_ms: int, start: int) -> None:
    """Kept as long as 1,000 ms; the one that is just as old stays.

    offset      0     1     2
    time      100   200   300
    """
    log.create_topic(TopicSpec("t", retention_ms=1_000))
    fill(log, clock, "t", [100, 200, 300])
    assert log.retain(now_ms) == ({("t", 0): start} if start else {})
    assert (log.start("t", 0), log.end("t", 0)) == (start, 3)
    assert [record.offset for record in log.read("t", 0, 0)] == list(range(start, 3))


@pytest.mark.parametrize(("limit", "start"), [(30, 0), (29, 1), (20, 1), (19, 2), (0, 2)])
def test_by_size_sparing_the_last_record(log: Log, clock: Clock, limit: int, start: int) -> None:
    log.create_topic(TopicSpec("t", retention_bytes=limit))
    fill(log, clock, "t", [1, 2, 3])
    log.retain(1_000)
    assert (log.start("t", 0), log.stats()[0].records, log.stats()[0].bytes) == (start, 3 - start, 10 * (3 - start))


def test_without_limits_nothing_goes(log: Log, clock: Clock) -> None:
    log.create_topic(TopicSpec("t"))
    fill(log, clock, "t", [1, 2, 3])
    log.create_topic(TopicSpec("state", compact=True))
    log.changed()
    assert log.retain(10**15) == {}
    assert not log.changed()  # and nobody is woken for it
    assert len(everything(log, "t")) == 3


def test_offsets_go_on_after_everything_went(log: Log, tmp_path: Path, clock: Clock) -> None:
    log.create_topic(TopicSpec("t", retention_ms=1))
    fill(log, clock, "t", [1, 2, 3])
    log.retain(1_000)
    assert (log.start("t", 0), log.end("t", 0), log.read("t", 0, 0)) == (3, 3, [])
    log.close()
    with Log.open(tmp_path / "halls.log") as again:
        assert again.append([Append("t", 0, None, b"v")])[0][0] == 3


def test_only_from_the_start(log: Log, clock: Clock) -> None:
    """In producer time a young record may stand before an old one; then both stay.

    offset        0       1       2       3
    time        100   5,000     100   5,000     own clock 5,000, kept 1,000: only offset 0 goes
    """
    log.create_topic(TopicSpec("t", time="producer", retention_ms=1_000))
    fill(log, clock, "t", [100, 5_000, 100, 5_000])
    assert log.retain(6_000) == {("t", 0): 1}


def test_an_old_recording_ages_by_its_own_clock(log: Log, clock: Clock) -> None:
    log.create_topic(TopicSpec("t", time="producer", retention_ms=1_000))
    clock.now_ms = 10**12
    fill(log, clock, "t", [100, 900, 1_200])
    assert log.retain(10**12) == {("t", 0): 1}


def test_a_timestamp_far_ahead_makes_the_others_no_older(log: Log, clock: Clock) -> None:
    log.create_topic(TopicSpec("t", time="producer", retention_ms=1_000))
    fill(log, clock, "t", [100, 200, 10**15])
    assert log.retain(1_000) == {}


def test_what_was_stamped_by_a_clock_far_ahead_goes_with_what_stands_behind_it(log: Log, clock: Clock) -> None:
    """A clock was a year ahead for a moment: that must not keep everything behind it for a year.

    offset        0            1            2       3
    time        100       a year       a year     300     kept 1,000: at 1,101 offset 0 goes, at 1,301 the others
    """
    log.create_topic(TopicSpec("t", retention_ms=1_000))
    for at in (100, 31_536_000_000, 31_536_000_001, 300):
        clock.now_ms = at
        log.append([Append("t", 0, None, b"")])
    assert log.retain(1_300) == {("t", 0): 1}
    assert log.retain(1_301) == {("t", 0): 3}


def test_one_far_ahead_with_nothing_behind_it_stays(log: Log, clock: Clock) -> None:
    log.create_topic(TopicSpec("t", retention_ms=1_000))
    fill(log, clock, "t", [31_536_000_000])
    assert log.retain(10_000) == {}


def test_more_than_one_step_and_other_partitions_untouched(log: Log) -> None:
    log.create_topic(TopicSpec("t", 3, retention_ms=0))
    log.create_topic(TopicSpec("u"))
    places = [("t", 0), ("t", 2), ("u", 0)]
    log.append([Append(topic, part, None, b"v") for topic, part in places for _ in range(2 * STEP_RECORDS + 1)])
    gone = 2 * STEP_RECORDS + 1
    assert log.retain(1) == {("t", 0): gone, ("t", 2): gone}
    assert len(values(log, "u")) == gone


def test_retention_altered_elsewhere_counts(log: Log, tmp_path: Path, clock: Clock) -> None:
    log.create_topic(TopicSpec("t"))
    fill(log, clock, "t", [1])
    with Log.open(tmp_path / "halls.log") as other:
        other.create_topic(TopicSpec("t", retention_ms=1))
    assert log.retain(1_000) == {("t", 0): 1}


@pytest.fixture
def writer(log: Log, tmp_path: Path) -> Iterator[WriteConnection]:
    """A connection for a run of retention of our own; the log itself is open beside it."""
    path = tmp_path / "halls.log"
    writer = WriteConnection(path, identity(path), "NORMAL", None, 1_000)
    yield writer
    writer.close()


def test_space_is_given_back(log: Log, writer: WriteConnection) -> None:
    log.create_topic(TopicSpec("t", retention_bytes=1_000_000))
    for _ in range(40):
        log.append([Append("t", 0, None, bytes(10_000))] * 100)
    full = log.size_bytes()
    rests: list[float] = []
    Retention(writer, rest=rests.append).run([Partition(1, 0, log.topics()["t"])], 0)
    assert full > 40_000_000
    assert log.size_bytes() < 10_000_000
    assert len(everything(log, "t")) == 100
    assert len(rests) < 200  # steps of a decent size: 10 MiB of pages are 20 of them


def many(log: Log) -> None:
    log.create_topic(TopicSpec("t", retention_ms=0))
    for _ in range(20):
        log.append([Append("t", 0, None, b"v")] * STEP_RECORDS)


def test_a_run_rests_after_every_step_and_ends_when_told_to(log: Log, writer: WriteConnection) -> None:
    many(log)
    rests: list[float] = []
    retention = Retention(writer, stopped=lambda: len(rests) == 3, rest=rests.append)
    assert retention.run([Partition(1, 0, log.topics()["t"])], 1) == {("t", 0): 3 * STEP_RECORDS}
    assert all(rest > 0 for rest in rests)


def test_a_run_that_is_closed_under_its_hands_tells_what_it_did(log: Log, writer: WriteConnection) -> None:
    many(log)
    asked: list[bool] = []

    def stopped() -> bool:
        """The second time, closing comes just after the answer."""
        asked.append(len(asked) > 1)
        if len(asked) == 2:
            writer.close()
        return asked[-1]

    part = Partition(1, 0, log.topics()["t"])
    assert Retention(writer, stopped, lambda _: None).run([part], 1) == {("t", 0): STEP_RECORDS}
    with pytest.raises(LogClosed):  # not by whoever asked for the run, so that is a fault to be told
        Retention(writer, rest=lambda _: None).run([part], 1)


def test_closing_ends_a_long_run(log: Log, tmp_path: Path) -> None:
    many(log)
    removed: list[dict[tuple[str, int], int]] = []
    thread = threading.Thread(target=lambda: removed.append(log.retain(1)))
    thread.start()
    while log.start("t", 0) == 0:
        pass
    log.close()
    thread.join()
    with Log.open(tmp_path / "halls.log") as again:
        assert removed == [{("t", 0): again.start("t", 0)}]
