"""Bad input is accounted for and never a crash: every record is used, refused with a reason, or known as a repeat.

The real lanes as well as the toys. A million records were run once with this (SEEDS and COUNT turned up); what broke
then has a test of its own by now.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from agents.topology import SENSING, SERVICE
from streams.codec import MAX_OUTPUT_BYTES, encode, encode_named
from streams.engine import Engine, Output
from streams.events import (
    Configured,
    Event,
    Frame,
    FramesShed,
    Person,
    TrackStarted,
    TripEnded,
    ZoneEntered,
    ZoneLeft,
)
from streams.lane import Lane
from streams.record import Record
from tests.support.mutants import Valid, mutants
from tests.support.script import again, counted, states
from tests.support.toy import SENSING as TOY_SENSING
from tests.support.toy import SERVICE as TOY_SERVICE
from tests.support.toy import START_MS, Poke, Summed, files

SEEDS = (1, 2)
COUNT = 4000
AT_ONCE = "trajectory: {confirm_s: 0}"
"""Bent records follow no person for long enough to be believed otherwise."""
ORDERS = ("", "", "", "breaker:raise", "summer:nan", "breaker:arm", "counter:list")


def hall_of(dice: random.Random) -> str:
    return "nowhere" if dice.random() < 0.02 else dice.choice("ab")


def body(hall: str, dice: random.Random, now_ms: int) -> Configured:
    return Configured(
        hall=hall, at_ms=now_ms, files=files(hall, dice.choice(("Hall", "Other", "Hall three")), rules=AT_ONCE)
    )


def from_edge(dice: random.Random, number: int, now_ms: int) -> tuple[bytes, bytes]:
    hall = hall_of(dice)
    edge: dict[str, Any] = {"hall": hall, "at_ms": now_ms, "source": "cam", "boot": "b", "seq": number}
    people = tuple(
        Person(f"t{n}", dice.uniform(0, 800), dice.uniform(0, 800), 40.0, 90.0) for n in range(dice.randrange(6))
    )
    event: Event = dice.choice((
        Frame(camera="cam", people=people, **edge), Frame(camera="cam", people=people, **edge),
        FramesShed(camera="cam", count=3, **edge), Poke(order=dice.choice(ORDERS), **edge), body(dice.choice("ab"), dice, now_ms),
    ))  # fmt: skip
    return event.hall.encode(), encode(event)


def from_above(dice: random.Random, number: int, now_ms: int) -> tuple[bytes, bytes]:
    hall, track, zone = hall_of(dice), f"t{dice.randrange(9)}", dice.choice("zy")
    its: dict[str, Any] = {"hall": hall, "at_ms": now_ms, "decided_at_ms": now_ms}
    event: Event = dice.choice((
        TrackStarted(camera="cam", track=track, x_m=1, y_m=1, **its), counted(hall, number),
        ZoneEntered(zone=zone, track=track, occupancy=dice.randrange(9), **its),
        ZoneLeft(zone=zone, track=track, entered_ms=now_ms - 5000, occupancy=0, **its),
        TripEnded(track=track, started_ms=now_ms - 9, from_zone=zone, to_zone=None, **its),
        Summed(by="x", total=1.0, **its), body(dice.choice("ab"), dice, now_ms),
    ))  # fmt: skip
    return event.hall.encode(), encode_named(f"{event.hall}:sensing:agent{dice.randrange(3)}:1:{number}:0", event)


LANES: dict[str, tuple[Lane, Valid]] = {
    "toy sensing": (TOY_SENSING, from_edge), "toy service": (TOY_SERVICE, from_above),
    "sensing": (SENSING, from_edge), "service": (SERVICE, from_above),
}  # fmt: skip


def configured(lane: Lane) -> Engine:
    """An engine with halls a and b."""
    engine = Engine(lane)
    for n, hall in enumerate("ab"):
        event = Configured(hall=hall, at_ms=START_MS, files=files(hall, rules=AT_ONCE))
        raw = encode(event) if lane.origin else encode_named(f"{hall}:sensing:engine:0:{n}:0", event)
        engine.process(Record(lane.topic, 0, n, START_MS, hall.encode(), raw))
    return engine


def check(output: Output) -> None:
    """What leaves the engine is always well-formed."""
    assert output.id is not None
    assert len(output.value) <= MAX_OUTPUT_BYTES + 200
    assert output.value.startswith(b'{"id":"%s","type":"' % str(output.id).encode())


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", LANES)
def test_no_record_crashes_a_lane_and_none_is_lost_sight_of(name: str, seed: int) -> None:
    lane, valid = LANES[name]
    engine = configured(lane)
    found = run(lane, engine, mutants(seed, COUNT, valid, START_MS))
    assert engine.counts["records"] == COUNT + 2
    assert found.keys() >= {"undecodable", "no_key", "wrong_hall", "no_such_hall", "bad_config"}
    if name in ("sensing", "service"):
        assert found["agent_failed"] == 0, "agents take odd input without raising"
    if name == "sensing":
        assert found.keys() >= {"TrackStarted", "ZoneEntered", "Late", "unknown_camera"}


def run(lane: Lane, engine: Engine, records: Iterator[Record], restart_every: int = 500) -> Counter[str]:
    """Beside the engine runs one that is restored from its checkpoint now and then: both say the same."""
    found: Counter[str] = Counter()
    shadow = again(engine)
    for n, record in enumerate(records):
        record = record._replace(topic=lane.topic, offset=engine.next_offset)
        outputs = engine.process(record)
        assert shadow.process(record) == outputs
        for output in outputs:
            check(output)
            found[str(getattr(output.event, "reason", type(output.event).__name__))] += 1
        if n % restart_every == 0:
            shadow = again(engine)
            assert states(shadow) == states(engine)
    return found
