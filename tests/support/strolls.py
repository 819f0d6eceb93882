"""People who walk through the hall of the behaviour tests, and what was concluded of them.

   0     3                         13    16 m
 0 +-----+-------------------------+-----+
   |     |                         |     |
 3 |west-+                         +-east|     west-line and east-line are the doors' inner edges, x = 3 and x = 13,
   |     |          middle         |     |     from y = 3 to y = 9
   | o . . . . . . . . . . . . . . . . x |     a stroll: along y = 6 m from x = 1 m on, two metres a second
 9 |-----+                         +-----|
   |     |                         |     |
12 +-----+-------------------------+-----+
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from streams.codec import encode
from streams.events import Event, Frame, Person
from streams.ids import Seen, parse_id
from streams.record import Record
from streams.topics import JOURNAL, OBSERVATIONS
from tests.support.system import System, until
from tests.torture.halls import HALL

FPS = 5
SPEED_MPS = 2.0
RULES = """\
trajectory: {join_within_s: 1.0, join_within_m: 0.0, confirm_s: 0}
limits:
  - {id: crowded, zone: middle, metric: occupancy, over: 4, for_s: 1, clear_at: 3}
"""
FILES = {"hall.yaml": HALL.format(hall="hall-1"), "rules.yaml": RULES}
_boots = itertools.count(1)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def stroll(track: str, *, to_m: float = 15.0, hall: str = "hall-1", at_ms: int | None = None) -> list[Frame]:
    """One person from the west door to x = ``to_m``; the walk ends at ``at_ms``, or now. Boxes are out of sight of no one:
    the floor points are given."""
    count = round((to_m - 1.0) / SPEED_MPS * FPS) + 1
    start_ms = (now_ms() if at_ms is None else at_ms) - count * 1000 // FPS
    boot = f"stroll-{next(_boots)}"
    return [
        Frame(
            hall=hall, at_ms=start_ms + n * 1000 // FPS, source="left", boot=boot, seq=n, camera="left",
            people=(Person(track, 100.0, 100.0, 50.0, 100.0, 0.9, round(1.0 + n * SPEED_MPS / FPS, 2), 6.0),),
        )
        for n in range(count)
    ]  # fmt: skip


def send(system: System, events: Sequence[Event], topic: str = OBSERVATIONS) -> None:
    """As a camera does it."""
    system.put(topic, [(event.hall.encode(), encode(event)) for event in events])


def told(system: System, topic: str = JOURNAL) -> list[dict[str, Any]]:
    """What the engine published there, as a reader acts on it: in order, repeats dropped."""
    seen = Seen()
    return [event for event in named(system.records(topic)) if seen.is_new(parse_id(event["id"]))]


def named(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    """The events that an engine published, repeats and all."""
    for record in records:
        event = msgspec.json.decode(record.value) if record.key is not None and record.value is not None else {}
        if "id" in event:
            yield event


def kinds(events: Sequence[dict[str, Any]], track: str) -> list[str]:
    """In short what happened to a track: ``zone_entered west``. Tracks are prefixed with their camera."""
    return [
        " ".join([event["type"], *(str(event[k]) for k in ("zone", "line") if k in event)])
        for event in events
        if (event.get("track") or "").endswith(f"/{track}")
    ]


def wait_for(system: System, kind: str, count: int = 1, *, topic: str = JOURNAL, **fields: Any) -> list[dict[str, Any]]:
    """The events of this kind with these fields, once there are so many."""

    def found() -> list[dict[str, Any]]:
        events = [event for event in told(system, topic) if event["type"] == kind]
        return [event for event in events if all(event.get(name) == value for name, value in fields.items())]

    until(f"{count} {kind} {fields}", lambda: len(found()) >= count or not system.running)
    assert len(found()) >= count, f"{kind} {fields}: found {found()}; the engine said: {system.heard()[-3000:]}"
    return found()
