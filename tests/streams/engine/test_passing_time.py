"""A lane that is the clock of others: one tick for each second that passes, in its place among the conclusions."""

from __future__ import annotations

from streams.codec import TICK
from streams.engine import Engine, Output
from streams.lane import below
from tests.support.script import Script
from tests.support.toy import SENSING, START_MS, TOPOLOGY


def ticks(outputs: list[Output]) -> list[tuple[str, int]]:
    return [(o.topic, o.timestamp_ms - START_MS) for o in outputs if o.key is None and o.value == TICK]


def run(engine: Engine, *at_ms: int) -> list[Output]:
    """Pokes of two halls at these times."""
    script = Script()
    records = [script.configure("a"), script.configure("b")]
    records += [script.poke(hall, at=ms / 1000) for ms in at_ms for hall in "ab"]
    return [output for record in records for output in engine.process(record)]


def test_a_second_is_passed_on_once_however_many_halls_there_are() -> None:
    (topic,) = below(TOPOLOGY, SENSING)
    said = run(Engine(SENSING, time_to=(topic,)), 0, 300, 1000, 1500, 3200)
    assert ticks(said) == [(topic, 0), (topic, 1000), (topic, 3000)]


def test_it_stands_before_what_is_concluded_in_that_second() -> None:
    (topic,) = below(TOPOLOGY, SENSING)
    said = run(Engine(SENSING, time_to=(topic,)), 0, 1000)
    times = [o.timestamp_ms for o in said if o.topic == topic]
    assert times == sorted(times)


def test_live_nobody_passes_time_on() -> None:
    """There the ticker tells every lane."""
    assert ticks(run(Engine(SENSING), 0, 1000, 2000)) == []
