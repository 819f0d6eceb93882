"""A worker that is up and does nothing is seen; one that has nothing to do is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from faust.types import TP

from streams.topics import OBSERVATIONS
from streams.worker.lanes import Lanes
from streams.worker.watchdog import STALL_AT_MOST_S, START_AT_MOST_S, Watchdog
from tests.support.lane_port import FakePort, partition
from tests.support.toy import TOPOLOGY

SENSES = TP(OBSERVATIONS, 0)


class Yard:
    """Lanes with one partition; ``end`` and ``marked`` are set by the test."""

    def __init__(self) -> None:
        self.lanes = Lanes(TOPOLOGY, FakePort(), lambda lane, outputs: None, {})
        self.end, self.now = 0, 0.0
        self.dog = Watchdog(self.lanes, lambda topic, p: self.end, 0.0)

    def assigned(self) -> None:
        self.part = self.lanes.parts[SENSES] = partition(FakePort())
        self.lanes.ready.set()

    def says(self, until: float) -> str:
        """What it says when it is asked every second until then."""
        fatal = None
        while self.now < until and fatal is None:
            self.now = min(self.now + 1.0, until)
            fatal = self.dog.check(self.now)
        assert fatal is None or fatal.code == 75, "starting again may help"
        return str(fatal) if fatal else ""


def given_a_yard(work: Callable[[Yard], None]) -> Callable[[], None]:
    async def inside() -> None:
        work(Yard())

    return lambda: asyncio.run(inside())


def _never_assigned(yard: Yard) -> None:
    assert yard.says(START_AT_MOST_S - 1) == ""
    assert "no partition was assigned and recovered within 120 s" in yard.says(START_AT_MOST_S + 1)


def _idle(yard: Yard) -> None:
    yard.assigned()
    assert yard.says(10_000.0) == ""


def _stalled(yard: Yard) -> None:
    yard.assigned()
    yard.end = 5
    assert yard.says(STALL_AT_MOST_S) == ""
    assert "hall.observations/0: no checkpoint for 61 s at offset 0, although there is input" in yard.says(100.0)


def _slow(yard: Yard) -> None:
    """Always behind, and always moving."""
    yard.assigned()
    yard.end = 1_000_000
    for second in range(1, 1_000, 50):
        yard.part.marked = second
        assert yard.says(float(second)) == ""


def _asleep(yard: Yard) -> None:
    """A machine that was suspended for an hour, in the middle of something: nobody can have got on."""
    yard.assigned()
    yard.end = 5
    assert yard.says(30.0) == ""
    yard.now += 3_600
    assert yard.dog.check(yard.now) is None
    assert yard.says(yard.now + STALL_AT_MOST_S - 31) == ""
    assert yard.says(yard.now + 5) != ""


def _asleep_at_the_start(yard: Yard) -> None:
    assert yard.says(START_AT_MOST_S - 1) == ""
    yard.now += 3_600
    assert yard.dog.check(yard.now) is None
    assert yard.says(yard.now + 5) != ""


def _caught_up_in_time(yard: Yard) -> None:
    yard.assigned()
    yard.end = 5
    yard.says(10.0)
    yard.part.marked = 5
    assert yard.says(1_000.0) == ""
    yard.end = 6  # the wait begins when there is something to wait for
    assert yard.says(1_001.0) == ""
    assert yard.says(1_000.0 + STALL_AT_MOST_S) == ""
    assert yard.says(1_002.0 + STALL_AT_MOST_S) != ""


test_a_worker_that_never_gets_a_partition = given_a_yard(_never_assigned)
test_a_worker_without_input_is_left_alone = given_a_yard(_idle)
test_a_worker_that_does_not_get_on_although_there_is_input = given_a_yard(_stalled)
test_a_worker_that_is_slow_is_left_alone = given_a_yard(_slow)
test_time_in_which_the_process_did_not_run_does_not_count = given_a_yard(_asleep)
test_nor_does_it_at_the_start = given_a_yard(_asleep_at_the_start)
test_a_worker_that_has_caught_up_starts_anew = given_a_yard(_caught_up_in_time)
