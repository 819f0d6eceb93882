"""Puts events into one agent of the service lane and compares what comes out; time is written in seconds.

After every event the state goes through msgpack and back, and the outputs are checked against what the agent declares.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from config.hall import Camera, Hall, Line, Zone
from config.rules import Rules
from streams.agent import AnyAgent
from streams.events import (
    Configured,
    DwellEnded,
    Event,
    LineCrossed,
    Tick,
    TrackEnded,
    TrackStarted,
    TripEnded,
    ZoneEntered,
    ZoneLeft,
)

HALL = "hall"
SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 5.0), (0.0, 5.0))  # 20 m²
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def hall(*zones: str, timezone: str = "UTC", entrances: tuple[str, ...] = (), lines: tuple[str, ...] = ()) -> Hall:
    """Zones of 20 m² side by side; ``entrances`` are lines that lead into the hall, ``lines`` others."""
    squares = {z: tuple((x + 4.0 * i, y) for x, y in SQUARE) for i, z in enumerate(zones)}
    return Hall(
        id=HALL, name="Hall", timezone=timezone, size_m=(100, 10),
        zones=tuple(Zone(id=z, name=z, polygon_m=p) for z, p in squares.items()),
        lines=tuple(
            Line(id=i, name=i, from_m=(0, 0), to_m=(1, 0), entrance=i in entrances) for i in (*entrances, *lines)
        ),
        cameras=(Camera(id="cam", size_px=(640, 480), homography=EYE),),
    )  # fmt: skip


def ms(seconds: float) -> int:
    return round(seconds * 1000)


def tick(at_s: float) -> Tick:
    return Tick(hall=HALL, at_ms=ms(at_s))


def ticks(from_s: int, to_s: int) -> list[Event]:
    """One a second, both ends included."""
    return [tick(s) for s in range(from_s, to_s + 1)]


def configured(at_s: float) -> Configured:
    return Configured(hall=HALL, at_ms=ms(at_s), files={})


def entered(at_s: float, track: str, occupancy: int, zone: str = "a", decided_s: float | None = None) -> ZoneEntered:
    decided = ms(at_s if decided_s is None else decided_s)
    return ZoneEntered(hall=HALL, at_ms=ms(at_s), decided_at_ms=decided, zone=zone, track=track, occupancy=occupancy)


def left(
    at_s: float, track: str, occupancy: int, zone: str = "a", entered_s: float = 0.0, decided_s: float | None = None,
    reason: Literal["walked", "ended", "config"] = "walked",
) -> ZoneLeft:  # fmt: skip
    decided = ms(at_s if decided_s is None else decided_s)
    return ZoneLeft(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=decided, zone=zone, track=track, occupancy=occupancy,
        entered_ms=ms(entered_s), reason=reason,
    )  # fmt: skip


def dwelt(
    at_s: float, track: str, dwell_s: float, zone: str = "a", reason: Literal["walked", "ended", "config"] = "walked"
) -> DwellEnded:
    return DwellEnded(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), zone=zone, track=track, entered_ms=ms(at_s - dwell_s),
        dwell_ms=ms(dwell_s), reason=reason,
    )  # fmt: skip


def trip(at_s: float, from_zone: str | None, to_zone: str | None) -> TripEnded:
    return TripEnded(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), track="t", started_ms=0, from_zone=from_zone, to_zone=to_zone
    )


def crossed(at_s: float, line: str, direction: Literal["forward", "backward"], track: str = "t") -> LineCrossed:
    return LineCrossed(hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), line=line, track=track, direction=direction)


def started(at_s: float, track: str) -> TrackStarted:
    return TrackStarted(hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), camera="cam", track=track, x_m=0, y_m=0)


def ended(at_s: float, track: str) -> TrackEnded:
    return TrackEnded(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), camera="cam", track=track, first_ms=0, path_m=1,
        standing_ms=0, x_m=0, y_m=0,
    )  # fmt: skip


class Rig:
    """One agent and its state."""

    def __init__(self, kind: type[AnyAgent], hall: Hall, rules: Rules) -> None:
        self.kind = kind
        self.agent = kind(hall, rules)
        self.state: Any = self.agent.initial()

    def put(self, *events: Event) -> list[Event]:
        """What the agent said to all of ``events``, in order."""
        said: list[Event] = []
        for event in events:
            outputs = self.agent.on_event(self.state, event) if type(event) in self.agent.reads else ()
            assert type(outputs) is tuple
            assert all(type(o) in self.agent.writes for o in outputs)
            self.state = msgspec.msgpack.decode(msgspec.msgpack.encode(self.state), type=type(self.state))
            said += outputs
        return said

    def configure(self, hall: Hall, rules: Rules, at_s: float) -> list[Event]:
        """Another configuration from here on."""
        self.agent = self.kind(hall, rules)
        return self.put(configured(at_s))

    @property
    def size(self) -> int:
        """Bytes of the encoded state."""
        return len(msgspec.msgpack.encode(self.state))
