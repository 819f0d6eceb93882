"""A request to stop, from the log to the process: who obeys it, and that to the engine it is no more than a tick."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from faust.types import TP

from agents.topology import TOPOLOGY as WHOLE
from streams.codec import TICK, drain_asked_ms, drain_request
from streams.operating import draining
from streams.topics import JOURNAL, OBSERVATIONS
from streams.worker.lanes import Lanes
from tests.support.lane_port import FakePort, batch
from tests.support.operating import Box
from tests.support.script import Script, feed, running, told
from tests.support.toy import SENSING, TOPOLOGY

BORN_MS = 5_000
SENSES = TP(OBSERVATIONS, 0)


def test_a_request_says_when_it_was_made() -> None:
    assert drain_asked_ms(drain_request(1_795_375_488_229)) == 1_795_375_488_229


@pytest.mark.parametrize(
    "value", [None, b"", TICK, b'{"type":"drain"}', b'{"type":"drain","at_ms":-1}', b'{"type":"drain","at_ms":1} ']
)
def test_what_only_looks_like_one_is_none(value: bytes | None) -> None:
    assert drain_asked_ms(value) is None


def test_to_the_engine_it_is_a_tick() -> None:
    """
    0: a is configured   1: tick, +1 s       the same outputs, and nothing dead
    0: a is configured   1: drain, +1 s
    """
    said = []
    for value in (TICK, drain_request(BORN_MS)):
        log, engine = running("a")
        said.append(told(feed(engine, [log.raw(None, value, at=1)])))
    assert said[0] == said[1]
    assert not any("dead" in text for text in said[1])


@pytest.mark.parametrize(("asked_ms", "obeyed"), [(BORN_MS - 1, False), (BORN_MS, True), (BORN_MS + 60_000, True)])
def test_it_means_the_processes_that_ran_when_it_was_made(asked_ms: int, obeyed: bool) -> None:
    assert asyncio.run(heard(None, drain_request(asked_ms))) == obeyed


def test_with_a_key_it_is_a_record_of_a_hall_and_no_request() -> None:
    assert not asyncio.run(heard(b"a", drain_request(BORN_MS)))


async def heard(key: bytes | None, value: bytes) -> bool:
    """Whether a process that takes such a record wants to stop."""
    log = Script(SENSING)
    log.configure("a", at=0)
    log.raw(key, value, at=1)
    lanes = Lanes(TOPOLOGY, FakePort(log.records), lambda lane, outputs: None, {})
    lanes.recovered = {lane.name: lambda partition: {} for lane in TOPOLOGY.lanes}
    lanes.partition_counts = dict.fromkeys(lanes.topics, 1)
    lanes.born_ms = BORN_MS
    await lanes.assign([SENSES], 1)
    await lanes.take(batch(log.records))
    return lanes.drain_asked.is_set()


def test_every_partition_of_every_lane_is_told(tmp_path: Path) -> None:
    with Box(tmp_path).made().log() as log:
        draining.ask(log, WHOLE, 7)
        for topic in (OBSERVATIONS, JOURNAL):
            assert [(r.key, drain_asked_ms(r.value)) for r in log.read(topic, 0, 0)] == [(None, 7)]
