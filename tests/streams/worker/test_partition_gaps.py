"""Gaps between what a partition wants and what it gets: dropped on the way, lost, or never to be read."""

from __future__ import annotations

import asyncio

import pytest

from streams.engine import OtherLog
from streams.record import Record
from streams.worker.batches import Batch
from streams.worker.partition import LanePartition, Rewind
from tests.support.lane_port import Clock, FakePort, batch, partition, run, script
from tests.support.toy import SENSING

# -- gaps --------------------------------------------------------------------------------------------------------------
#
#      0 1 2 3 | 4 5 6 7 8 9         wanted: 4
#              |
#   asked 4 -->| . . 6 7 8 9         asked for and not there: lost, if the log now starts behind 4; else never was
#   asked 6 -->|     6 7 8 9         something was dropped on the way: fetch from 4 again


def at_four(records: list[Record]) -> tuple[FakePort, LanePartition]:
    """A partition that wants offset 4 next."""
    port = FakePort(records)
    part = partition(port)
    run(part.take(batch(records[:4])))
    port.sent.clear()
    return port, part


def test_something_dropped_on_the_way_is_fetched_again() -> None:
    records = script(9).records
    port, part = at_four(records)
    assert run(part.take(batch(records[6:]))) == Rewind(4)
    assert port.sent == []
    assert run(part.take(batch(records[4:]))) is None
    assert part.engine.next_offset == 10


def test_what_was_asked_for_and_lies_before_the_logs_start_is_lost_and_told() -> None:
    records = script(9).records
    port, part = at_four(records)
    del port.source[:6]
    assert run(part.take(batch(records[6:], asked=4))) is None
    assert port.told()[:2] == ["a engine configured", "a engine log_lost 4"], "a new era begins"
    assert part.engine.counts["lost"] == 2
    assert part.engine.next_offset == 10


def test_the_era_that_a_loss_begins_is_on_disk_before_anything_is_published_under_it() -> None:
    """
    calls      what came before | settle  write  mark of era + 1 | log_lost ...
    """
    records = script(9).records
    port, part = at_four(records)
    del port.source[:6]
    port.calls.clear()
    run(part.take(batch(records[6:], asked=4)))
    assert [call.split()[0] for call in port.calls] == ["settle", "write", "publish"]
    mark = port.restored().mark
    assert mark is not None
    assert (mark.pending, mark.lost_from, mark.next_offset) == (True, 4, 6)


def test_who_is_not_the_owner_any_more_publishes_nothing_behind_a_loss() -> None:
    records = script(9).records
    port, part = at_four(records)
    del port.source[:6]
    port.owner = False
    assert run(part.take(batch(records[6:], asked=4))) is None
    assert port.sent == []
    assert run(part.take(batch(records[8:], asked=8))) is None
    assert port.sent == []


def test_what_was_asked_for_and_never_was_in_the_log_is_passed_over() -> None:
    """As a transaction's marker in Kafka, or what compaction took."""
    records = script(9).records
    port, part = at_four(records)
    assert run(part.take(batch(records[6:], asked=4))) is None
    assert not any("log_lost" in text for text in port.told())
    assert part.engine.counts["lost"] == 0


def test_a_gap_inside_a_batch_is_the_logs_own() -> None:
    records = script(9).records
    port, part = at_four(records)
    assert run(part.take(batch([*records[4:6], *records[8:]]))) is None
    assert part.engine.next_offset == 10
    assert not any("log_lost" in text for text in port.told())


def test_what_comes_a_second_time_is_dropped() -> None:
    records = script(9).records
    port, part = at_four(records)
    assert run(part.take(batch(records[:4]))) is None
    assert port.sent == []
    assert run(part.take(batch(records[2:6]))) is None
    assert [text for text in port.told() if "counter" in text] == ["a counter counted 16", "a counter counted 20"]


# -- what was taken back -----------------------------------------------------------------------------------------------
#
#      0 1 2 3 | a a M | 7 8 9       a: aborted, M: its marker. The log itself tells where it began to answer, so that nobody
#              |                     has to ask it where it starts


def test_a_batch_without_records_takes_the_lane_past_what_was_taken_back(clock: Clock) -> None:
    """And a mark follows, though nothing was processed: else who waits for it would wait until the next record."""
    records = script(9).records
    _, part = at_four(records)

    async def work() -> None:
        assert await part.take(gone(4, 7)) is None
        clock.now += 2
        await part.idle()
        await part.settled()

    run(work())
    assert part.marked == 7
    assert part.engine.counts["lost"] == 0
    assert run(part.take(batch(records[7:]))) is None
    assert part.engine.next_offset == 10


def test_what_was_taken_back_behind_a_batchs_last_record_is_passed_with_it() -> None:
    records = script(9).records
    _, part = at_four(records)
    assert run(part.take(batch(records[4:6])._replace(reached=9))) is None
    assert part.engine.next_offset == 9


def test_a_batch_without_records_that_begins_too_late_is_fetched_again() -> None:
    _, part = at_four(script(9).records)
    assert run(part.take(gone(6, 7))) == Rewind(4)
    assert part.engine.next_offset == 4


def test_a_batch_without_records_that_has_been_passed_is_nothing() -> None:
    _, part = at_four(script(9).records)
    assert run(part.take(gone(2, 4))) is None
    assert run(part.take(gone(1, 3))) is None
    assert part.engine.next_offset == 4


def test_a_log_that_began_to_answer_where_it_was_asked_to_has_lost_nothing() -> None:
    """Whatever it starts with by now: retention may have passed the marker since it was fetched."""
    records = script(9).records
    port, part = at_four(records)
    del port.source[:7]
    assert run(part.take(batch(records[7:], asked=4)._replace(began=4))) is None
    assert part.engine.counts["lost"] == 0
    assert not any("log_lost" in text for text in port.told())


def test_a_log_that_began_to_answer_later_has_lost_what_lies_between() -> None:
    records = script(9).records
    port, part = at_four(records)
    assert run(part.take(batch(records[7:], asked=4)._replace(began=6))) is None
    assert port.told()[:2] == ["a engine configured", "a engine log_lost 4"], "a new era begins"


@pytest.mark.parametrize("records", [0, 3])
def test_a_log_that_began_to_answer_before_is_another_one(records: int) -> None:
    _, part = at_four(script(9).records)
    late = gone(4, 7)._replace(records=script(9).records[4 : 4 + records])
    with pytest.raises(OtherLog, match="asked for offset 4, the log gave 0"):
        run(part.take(late._replace(began=0)))


def gone(asked: int, reached: int) -> Batch:
    """Nothing to be read from the one offset to the other."""
    return Batch(SENSING.topic, 0, 1, asked, [], asked, reached)


def test_who_waits_for_a_checkpoint_that_is_dropped_ends_quietly_and_begins_no_other(clock: Clock) -> None:
    """
    take ── checkpoint in the background (held up) ── a second later: take ── the next has to wait for it ──┐
    drop: the assignment is over ───────────────────────────────────────────────────────────────────────────┴─ nothing
    """
    records = script(9).records
    port, part = at_four(records)

    async def work() -> None:
        port.hold = asyncio.Event()
        clock.now += 5
        await part.take(batch(records[4:6]))
        clock.now += 5
        waiting = asyncio.create_task(part.take(batch(records[6:])))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        calls = list(port.calls)
        part.drop()
        assert await waiting is None
        assert [call for call in port.calls[len(calls) :] if not call.startswith("publish")] == []

    run(work())
