"""What the worker's log says when the log's time and the machine's clock part, and when time goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from faust.types import TP

from streams.topics import OBSERVATIONS
from streams.worker.clocks import ClockWatch
from streams.worker.lanes import Lanes
from tests.support.lane_port import FakePort, partition
from tests.support.toy import START_MS, TOPOLOGY

Said = Callable[[], list[str]]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Said:
    """What has been said since this was last asked, the level first."""
    caplog.set_level("INFO", "streams.worker.clocks")

    def news() -> list[str]:
        texts = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
        caplog.clear()
        return texts

    return news


def watched(work: Callable[[Lanes, ClockWatch], None]) -> None:
    """On lanes with one partition, whose time is START_MS."""

    async def inside() -> None:
        lanes = Lanes(TOPOLOGY, FakePort(), lambda lane, outputs: None, {})
        part = lanes.parts[TP(OBSERVATIONS, 0)] = partition(FakePort())
        part.engine.time_ms = START_MS
        work(lanes, ClockWatch(lanes))

    asyncio.run(inside())


def test_each_change_is_said_once(said: Said) -> None:
    """
    ahead by    10 s   11 s     12 s   10 s   200 s
    said        -      stands   -      over   late
    """

    def work(lanes: Lanes, watch: ClockWatch) -> None:
        for ahead_s, expected in ((10, ""), (11, "it stands"), (12, ""), (10, "no longer ahead"), (200, "is late")):
            watch.look(START_MS - ahead_s * 1000)
            texts = said()
            assert len(texts) == bool(expected)
            assert all(expected in text for text in texts)

    watched(work)


def test_it_is_a_warning_with_what_to_do(said: Said) -> None:
    watched(lambda lanes, watch: watch.look(START_MS - 7_200_000))
    (text,) = said()
    assert text.startswith("WARNING hall.observations/0: the log's time is 7200 s ahead of this machine's clock")
    assert "NTP" in text


def test_a_recording_that_is_played_is_of_any_time(said: Said) -> None:
    def work(lanes: Lanes, watch: ClockWatch) -> None:
        lanes.own_clock = True
        watch.look(START_MS - 7_200_000)

    watched(work)
    assert said() == []


def test_time_that_went_back_is_said(said: Said) -> None:
    def work(lanes: Lanes, watch: ClockWatch) -> None:
        (part,) = lanes.parts.values()
        watch.look(START_MS)
        part.engine.counts["clock_set_back"] += 1
        watch.look(START_MS)
        watch.look(START_MS)

    watched(work)
    (text,) = said()
    assert text.startswith("WARNING hall.observations/0: the log's time went back")


def test_a_process_that_began_in_the_future_still_hears_who_asks_it_to_stop(said: Said) -> None:
    """A request means those who ran when it was made; this one began, by its clock of then, in two hours."""

    def work(lanes: Lanes, watch: ClockWatch) -> None:
        lanes.born_ms = START_MS + 7_200_000
        watch.look(START_MS)
        assert lanes.born_ms == START_MS
        watch.look(START_MS + 1_000)
        assert lanes.born_ms == START_MS

    watched(work)
    assert said() == []
