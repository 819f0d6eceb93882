"""When a snapshot goes out: with an era's first checkpoint, every hour, and after what was lost."""

from __future__ import annotations

from streams.record import Record
from streams.snapshot import names
from streams.topics import SNAPSHOTS
from streams.worker.pace import LONGEST_S
from streams.worker.partition import LanePartition
from tests.support.lane_port import Clock, FakePort, batch, partition, run, script
from tests.support.script import Script


def snapshots_of(port: FakePort) -> list[int]:
    pieces = [
        Record(SNAPSHOTS, 0, n, o.timestamp_ms, o.key, o.value) for n, o in enumerate(port.sent) if o.topic == SNAPSHOTS
    ]
    return [name.next_offset for name in names(pieces, "sensing")]


async def marked(part: LanePartition, clock: Clock) -> None:
    """The time for a checkpoint comes, and it is written."""
    clock.now += LONGEST_S
    await part.idle()
    await part.settled()


def test_a_snapshot_goes_out_with_the_first_checkpoint_of_an_era_and_then_every_hour(clock: Clock) -> None:
    log = script(1)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        await part.take(batch(log.records))
        await marked(part, clock)
        await part.take(batch([log.poke("a", at=1800)]))
        await marked(part, clock)
        await part.take(batch([log.poke("a", at=3600)]))
        await marked(part, clock)

    run(work())
    assert snapshots_of(port) == [2, 4]


def test_a_snapshot_follows_what_was_lost_for_the_log_can_no_longer_tell_it(clock: Clock) -> None:
    records = script(9).records
    port = FakePort(records)
    part = partition(port)
    run(part.take(batch(records[:4])))
    run(marked(part, clock))
    assert snapshots_of(port) == [4]  # the era's first
    del port.source[:6]

    async def work() -> None:
        await part.take(batch(records[6:], asked=4))
        await part.finish()

    run(work())
    assert snapshots_of(port) == [4, 10]


def test_no_snapshot_of_nothing() -> None:
    """Without a hall, or in an era that has not begun, there is no state to tell."""
    log = Script()
    log.tick(at=1)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        await part.take(batch(log.records))
        await part.finish()

    run(work())
    assert snapshots_of(port) == []


def test_a_snapshot_follows_a_clock_that_was_set_back_though_its_hour_had_one(clock: Clock) -> None:
    """
    offset    0 ... 4    5: three minutes ahead    6 ... 13: back    the era is another: 14
    """
    log = script(4)
    port = FakePort(log.records)
    part = partition(port)

    async def work() -> None:
        await part.begin([])
        await part.take(batch(log.records))
        await marked(part, clock)
        ahead = [log.poke("a", at=180)]
        await part.take(batch([*ahead, *(log.poke("a", at=at) for at in range(-20, 60, 10))]))
        await marked(part, clock)

    run(work())
    assert snapshots_of(port) == [5, 14]
