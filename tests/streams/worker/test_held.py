"""An open transaction holds a lane back: for how long, and how much, is known, said once, and measured."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from faust.types import TP

from streams.topics import OBSERVATIONS
from streams.worker.held import TOLD_AFTER_S, Ends, HeldInput, Holding
from streams.worker.lanes import Lanes
from streams.worker.metrics import WorkerMetrics
from tests.support.lane_port import FakePort, partition
from tests.support.scraping import samples
from tests.support.toy import TOPOLOGY

SENSES = TP(OBSERVATIONS, 0)
NOTHING = Holding(0, 0.0)


class Yard:
    """Lanes with one partition; ``ends`` are set by the test, which looks every second."""

    def __init__(self) -> None:
        self.lanes = Lanes(TOPOLOGY, FakePort(), lambda lane, outputs: None, {})
        self.lanes.parts[SENSES] = partition(FakePort())
        self.ends, self.now = Ends(5, 5), 100.0
        self.held = HeldInput(self.lanes, lambda topic, p: self.ends, lambda topic: f"acme.{topic}")

    def after(self, seconds: float, ends: Ends) -> Holding:
        """These are the ends for so long."""
        self.ends, until = ends, self.now + seconds
        while self.now < until:
            self.now += 1.0
            self.held.check(self.now)
        return self.held.of(SENSES)


def in_a_yard(work: Callable[[Yard], None]) -> None:
    async def inside() -> None:
        work(Yard())

    asyncio.run(inside())


def test_what_is_held_back_is_counted_from_when_it_was_first_seen() -> None:
    """
    readable  5 ........ 5 ........ 9      one is open at 5; then it is over, and all can be read
    written   5 8 ...... 9 ........ 9
    """

    def work(yard: Yard) -> None:
        assert yard.after(3, Ends(5, 5)) == NOTHING
        assert yard.after(1, Ends(5, 8)) == Holding(3, 0.0)
        assert yard.after(4, Ends(5, 9)) == Holding(4, 4.0)
        assert yard.after(1, Ends(9, 9)) == NOTHING

    in_a_yard(work)


def test_one_after_another_is_not_one_that_is_open_for_long() -> None:
    """As a gateway leaves them that writes in nothing else: whenever one looks, some transaction is open."""

    def work(yard: Yard) -> None:
        for at in range(5, 40):
            assert yard.after(1, Ends(at, at + 2)) == Holding(2, 0.0)

    in_a_yard(work)


def test_one_that_is_open_for_long_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    def work(yard: Yard) -> None:
        yard.after(TOLD_AFTER_S, Ends(5, 8))
        assert caplog.messages == []
        yard.after(30, Ends(5, 8))
        [told] = caplog.messages
        assert told.startswith(
            "acme.hall.observations/0: an open transaction at offset 5 has held back 3 records for 10 s."
        )
        assert "abort --topic acme.hall.observations --partition 0 --start-offset 5" in told
        yard.after(30, Ends(8, 8))
        [_, over] = caplog.messages
        assert over == "acme.hall.observations/0: no transaction holds records back any more"
        yard.after(TOLD_AFTER_S + 2, Ends(8, 9))
        assert len(caplog.messages) == 3

    caplog.set_level(logging.WARNING)
    in_a_yard(work)


def test_it_is_a_metric() -> None:
    def work(yard: Yard) -> None:
        metrics = WorkerMetrics(("sensing", "service"))
        metrics.bind(yard.lanes, lambda topic, p: yard.ends.readable, yard.held)
        yard.after(11, Ends(5, 8))
        found = samples(metrics.registry.collect())
        assert found["hall_input_held_back_records", "sensing", "0"] == 3
        assert found["hall_input_held_back_seconds", "sensing", "0"] == 10

    in_a_yard(work)


def test_what_this_process_has_no_partition_of_is_others_business() -> None:
    def work(yard: Yard) -> None:
        yard.after(3, Ends(5, 8))
        yard.lanes.parts.clear()
        assert yard.after(1, Ends(5, 8)) == NOTHING

    in_a_yard(work)
