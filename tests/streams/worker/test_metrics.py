"""The engine's own figures, read from its lanes when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from faust.types import TP

from streams.engine import Engine, Output
from streams.engine.partition import METER_EVERY
from streams.events import InputOdd, Late
from streams.topics import OBSERVATIONS
from streams.worker.lanes import Lanes
from streams.worker.metrics import ENGINE_COUNTERS, AgentMeter, WorkerMetrics
from tests.support.lane_port import FakePort, batch
from tests.support.scraping import Samples, samples
from tests.support.script import Script
from tests.support.toy import SENSING, START_MS, TOPOLOGY

SENSES = TP(OBSERVATIONS, 0)
ONE = ("sensing", "0")


class Room:
    """A lane at work on a fake log, and its metrics. Every topic ends at ``end``."""

    def __init__(self) -> None:
        self.log, self.end = Script(), 0
        self.metrics = WorkerMetrics(("sensing", "service"))
        self.lanes = Lanes(TOPOLOGY, FakePort(), self.metrics.observe, self.metrics.meters)
        self.lanes.recovered = {lane.name: lambda partition: {} for lane in TOPOLOGY.lanes}
        self.lanes.partition_counts = {lane.topic: 1 for lane in TOPOLOGY.lanes}

    async def work(self) -> None:
        """Everything in the script so far."""
        if not self.lanes.parts:
            await self.lanes.assign([SENSES], 1)
        await self.lanes.take(batch(self.log.records[self.lanes.parts[SENSES].engine.next_offset :]))

    def bind(self) -> None:
        self.metrics.bind(self.lanes, lambda topic, partition: self.end)

    def scraped(self) -> Samples:
        return samples(self.metrics.registry.collect())


def given_a_room(work: Callable[[Room], object]) -> Callable[[], None]:
    async def inside() -> None:
        await work(Room())  # type: ignore[misc]

    return lambda: asyncio.run(inside())


async def _counts(room: Room) -> None:
    room.log.configure("a", at=0)
    for _ in range(3):
        room.log.poke("a")
    room.log.raw(b"a", b"junk")
    room.log.raw(None, b"no tick")
    await room.work()
    room.bind()
    room.end = 10
    found = room.scraped()
    assert found["hall_records_total", *ONE] == 6
    assert found["hall_configurations_total", *ONE] == 1
    assert found["hall_log_lost_records_total", *ONE] == 0
    assert found["hall_halls", *ONE] == 1
    assert found["hall_lag_records", *ONE] == 4
    assert found["hall_dead_total", "undecodable"] == found["hall_dead_total", "no_key"] == 1
    assert found["hall_outputs_total", "sensing", "hall.dead"] == 2
    assert (
        found["hall_outputs_total", "sensing", "hall.journal"] == room.lanes.parts[SENSES].engine.counts["outputs"] - 2
    )
    assert found["hall_event_age_seconds_count", "sensing"] == 1  # they came together, and were published together
    assert found["hall_mark_age_seconds", *ONE] < 60


async def _lag(room: Room) -> None:
    """The log's end was asked for a moment before: a lag is never below nothing."""
    room.log.configure("a", at=0)
    await room.work()
    room.bind()
    room.end = 0
    assert room.scraped()["hall_lag_records", *ONE] == 0


async def _agents(room: Room) -> None:
    """One pass in 64 is timed, and stands for all."""
    room.log.configure("a", at=0)
    for _ in range(2 * METER_EVERY):
        room.log.poke("a")
    await room.work()
    room.bind()
    found = room.scraped()
    assert {labels[1] for name, *labels in found if name == "hall_agent_seconds_total"} == {
        "counter",
        "breaker",
        "summer",
    }
    assert all(found["hall_agent_seconds_total", "sensing", agent] > 0 for agent in ("counter", "breaker", "summer"))


async def _before(room: Room) -> None:
    """A scrape that comes too early gets what there is."""
    assert list(room.metrics.collect()) == []
    assert not [name for name, *_ in room.scraped() if name == "hall_lag_records"]


test_what_the_engine_counts_is_told = given_a_room(_counts)
test_a_lag_is_never_negative = given_a_room(_lag)
test_time_in_agents_is_scaled_up_from_a_sample = given_a_room(_agents)
test_before_the_lanes_are_there_nothing_is_said_of_them = given_a_room(_before)


def test_late_input_is_counted() -> None:
    metrics = WorkerMetrics(("sensing",))
    late = Late(
        hall="a", at_ms=0, decided_at_ms=START_MS, source_topic="t", partition=0, offset=1, behind_ms=70_000, raw=b""
    )  # fmt: skip
    metrics.observe("sensing", [Output("hall.late", 0, START_MS, b"a", b"{}", None, late)])
    assert samples(metrics.registry.collect())["hall_late_total",] == 1


def test_odd_rows_are_counted_by_kind() -> None:
    metrics = WorkerMetrics(("sensing",))
    odd = InputOdd(hall="a", at_ms=0, decided_at_ms=0, camera="c", rows=9, kinds={"no_size": 4, "off_floor": 1})
    metrics.observe("sensing", [Output("hall.journal", 0, 0, b"a", b"{}", None, odd)])
    found = samples(metrics.registry.collect())
    assert found["hall_input_odd_total", "no_size"] == 4
    assert found["hall_input_odd_total", "unconfirmed"] == 0, "there from the start, so that an alert sees it rise"


def test_every_counter_of_the_table_is_one_that_the_engine_keeps() -> None:
    """A misspelt one would be 0 for ever."""
    known = {"records", "repeats", "frames_shed", "lost", "agent_failures", "configured", "clock_set_back"}
    assert {row.kept_as for row in ENGINE_COUNTERS} == known
    assert set(Engine(SENSING).counts) <= known | {"outputs"}


def test_a_meter_adds_up_by_agent() -> None:
    readings = iter([1.0, 1.5, 2.0, 2.25, 10.0, 11.0])
    meter = AgentMeter(lambda: next(readings))
    for agent in ("zones", "dwell", "zones"):
        meter.begin()
        meter.end(agent)
    assert meter.seconds == {"zones": pytest.approx(1.5), "dwell": pytest.approx(0.25)}
