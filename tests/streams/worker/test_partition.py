"""A partition at work between two sides of a log: the order of a checkpoint, gaps, and what a failure stops."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streams.checkpoint import Mark
from streams.engine import Engine, OtherLog, Output
from streams.record import Record
from streams.worker.partition import BACKLOG_AT_MOST, YIELD_EVERY, LanePartition, Rewind
from tests.support.lane_port import Clock, FakePort, Refused, batch, partition, run, script
from tests.support.script import again, running
from tests.support.toy import SENSING


def mark(port: FakePort) -> Mark:
    """The newest one that was written."""
    found = port.restored().mark
    assert found is not None
    return found


# -- beginning ---------------------------------------------------------------------------------------------------------


def test_it_begins_by_writing_everything_under_its_own_name_and_then_forgets_the_others() -> None:
    log, engine = running("a", "b")
    port = FakePort(log.records)
    stale = {b"old": b"mark", b"old/a": b"hall"}
    port.state.update(stale)
    part = partition(port, again(engine))
    run(part.begin(list(stale)))
    assert port.calls == ["settle", "write 2 halls, mark, hall.observations at 2", "forget 2"]
    assert port.restored().writers == {part.writer}
    assert set(port.restored().halls) == {"a", "b"}
    assert part.marked == 2


def test_two_owners_never_share_a_name() -> None:
    port = FakePort()
    assert partition(port).writer != partition(port).writer


def test_on_an_empty_log_there_is_nothing_to_prove() -> None:
    port = FakePort()
    run(partition(port).begin([]))
    assert port.calls == ["settle", "write 0 halls, mark, hall.observations at 0"]
    assert mark(port).log_id == "log"


def wrong_id(port: FakePort) -> None:
    port.id = "another"


def cut_end(port: FakePort) -> None:
    del port.source[-1]


def other_record(port: FakePort) -> None:
    port.source[-1] = port.source[-1]._replace(value=b"something else")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (wrong_id, "the state belongs to log log, this is another"),
        (cut_end, "the state has seen records up to 2, but the log ends at 1"),
        (other_record, "the record at offset 1 is not the one the state was computed from"),
    ],
)
def test_a_log_that_the_state_does_not_belong_to_is_refused_before_anything_is_written(damage: Any, says: str) -> None:
    log, engine = running("a", "b")
    port = FakePort(log.records)
    damage(port)
    with pytest.raises(OtherLog, match=says) as caught:
        run(partition(port, again(engine, log_id="log")).begin([b"old"]))
    assert "`hall reset` starts a new era" in str(caught.value)
    assert port.calls == []


def test_the_record_before_the_mark_may_have_been_removed() -> None:
    log, engine = running("a", "b")
    log.poke("a")
    port = FakePort(log.records[2:])
    run(partition(port, again(engine, log_id="log")).begin([]))
    assert port.restored().mark is not None


# -- the order of a checkpoint -----------------------------------------------------------------------------------------


def test_outputs_go_first_then_halls_and_mark_then_the_position() -> None:
    log = script(2)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        port.calls.clear()
        assert await part.take(batch(log.records)) is None
        await part.finish()

    run(work())
    outputs = [call for call in port.calls if call.startswith("publish")]
    assert port.calls == [*outputs, "settle", "write 1 halls, mark, hall.observations at 3"]
    assert port.told()[0] == "a engine configured"
    assert port.positions == {SENSING.topic: 3}
    assert mark(port).next_offset == 3


def test_what_was_processed_while_one_was_written_is_not_in_it() -> None:
    """A checkpoint is encoded between two records; records that come later belong to the next."""
    log = script(6)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        await part.take(batch(log.records[:3]))
        async with part._busy:
            await part._mark()  # in the background from here on
        await part.take(batch(log.records[3:]))
        await part.settled()
        assert (port.positions[SENSING.topic], part.marked) == (3, 3)
        await part.finish()

    run(work())
    assert port.positions[SENSING.topic] == 7


@pytest.mark.parametrize("refuse", ["settle", "write"])
def test_after_a_failure_nothing_later_goes_out(refuse: str) -> None:
    log = script(6)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        await part.take(batch(log.records[:3]))
        port.refuse, before = refuse, list(port.calls)
        with pytest.raises(Refused):
            await part.finish()
        with pytest.raises(Refused):  # it is not forgotten
            await part.finish()
        written = [call for call in port.calls[len(before) :] if call.startswith(("write", "forget"))]
        assert written == []

    run(work())
    assert part.marked == 0
    assert port.positions == {SENSING.topic: 0}


def test_a_checkpoint_that_failed_in_the_background_is_told_in_the_next_quiet_moment(clock: Clock) -> None:
    """Not with the next record only: on topics of producer time that may be tomorrow."""
    log = script(3)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        await part.take(batch(log.records))
        port.refuse = "write"
        clock.now += 60
        await part.idle()
        with pytest.raises(Refused):
            await idle_for_ever(part)

    run(work())


async def idle_for_ever(part: LanePartition) -> None:
    while True:
        await asyncio.sleep(0)
        await part.idle()


# -- when --------------------------------------------------------------------------------------------------------------


def test_idle_checkpoints_what_is_in_hand_once_it_is_due(clock: Clock) -> None:
    log = script(1)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        await part.take(batch(log.records))
        await part.idle()
        assert part.marked == 0
        clock.now += 2
        await part.idle()
        await part.settled()
        assert part.marked == 2
        written = len(port.calls)
        clock.now += 60
        await part.idle()  # nothing new: nothing to write
        assert len(port.calls) == written

    run(work())


def test_a_batch_that_is_done_when_one_is_due_is_followed_by_it(clock: Clock) -> None:
    log = script(4)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        clock.now += 2
        await part.take(batch(log.records))
        await part.settled()

    run(work())
    assert part.marked == 5


def test_input_waits_while_too_much_is_not_on_disk_yet() -> None:
    log = script(2 * YIELD_EVERY)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        port.calls.clear()
        await part.take(batch(log.records))
        assert "settle" not in port.calls
        port.backlog = BACKLOG_AT_MOST + 1
        more = [log.poke("a") for _ in range(2 * YIELD_EVERY)]
        await part.take(batch(more))
        assert port.calls.count("settle") == 2

    run(work())


def test_observers_are_told_of_what_is_published_as_it_is() -> None:
    log, seen = script(1), list[list[Output]]()
    port = FakePort(log.records)
    run(LanePartition(Engine(SENSING), port, seen.append).take(batch(log.records)))
    assert [output for outputs in seen for output in outputs] == port.sent
    assert all(seen)


def test_what_was_concluded_is_published_although_a_later_record_ends_the_process() -> None:
    """
    0  1  2 | boom     the agents have seen 0 to 2, and will not say it again if somebody marks them
    """
    log = script(3)
    port, whole = FakePort(log.records), FakePort(log.records)
    run(partition(whole).take(batch(log.records)))
    part = partition(port)
    process, last = part.engine.process, log.records[-1]

    def boom(record: Record) -> list[Output]:
        if record is last:
            raise MemoryError
        return process(record)

    part.engine.process = boom  # type: ignore[method-assign]
    with pytest.raises(MemoryError):
        run(part.take(batch(log.records)))
    assert port.sent
    assert port.sent == whole.sent[: len(port.sent)]


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
    assert port.told()[0] == "a engine log_lost 4"
    assert part.engine.counts["lost"] == 2
    assert part.engine.next_offset == 10


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
