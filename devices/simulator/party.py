"""Visitors and the parties they come in."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from config.geometry import Point
from devices.simulator.floor import Door
from devices.simulator.plans import Route, Stage
from devices.simulator.stations import Place, Queue, Seats
from devices.simulator.walking import Body

Phase = Literal["arrives", "queues", "waits", "called", "served", "done", "gives_up", "leaves"]


@dataclass(frozen=True)
class StageChange:
    """A party went from one phase of a stage to the next; what devices (ticket machine, desk, kiosk) act on.

    ``stage`` is None at the door; ``place`` numbers the desk or kiosk within its kind.
    """

    at_ms: int
    party: str
    visitors: tuple[str, ...]
    stage: str | None
    phase: Phase
    zone: str | None = None
    place: int | None = None


@dataclass
class Visitor:
    """One person: a body, and the party it belongs to."""

    id: str
    party: Party
    body: Body
    entered_ms: int
    left_ms: int | None = None
    inside_ms: int = 1 << 62
    """When the body is through the door; known once it has a way to go."""


@dataclass
class Party:
    """People who came together: one plan, one pace. ``turn`` changes with every phase and voids timers of the last."""

    id: str
    route: Route
    plan: tuple[Stage, ...]
    entered_by: Door
    leaves_by: Door
    chance: Random
    """How long things take and where they stand: a stream of the party's own."""
    members: list[Visitor] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    """Where in the gap of its entrance each member walks, 0..1."""
    step: int = -1
    turn: int = 0
    queue: Queue | None = None
    place: Place | None = None
    seats: tuple[Seats, list[int]] | None = None
    walked_out: bool = False

    @property
    def stage(self) -> Stage:
        """What the party is at; only within its plan."""
        return self.plan[self.step]

    @property
    def speed_mps(self) -> float:
        """The slowest sets the pace."""
        return min(v.body.speed_mps for v in self.members)

    def walk(self, now_ms: int, targets: list[Point]) -> int:
        """Everyone to a point of their own; returns when the last has arrived."""
        return max(self._go(now_ms, [(target,) for target in targets], stops=True))

    def leave(self, now_ms: int, shares: list[float]) -> list[int]:
        """Out through the gap of the door, each at a share of its width; returns when each one is gone."""
        door = self.leaves_by
        return self._go(now_ms, [(door.inner(share), door.outer(share)) for share in shares], stops=False)

    def _go(self, now_ms: int, ways: list[tuple[Point, ...]], *, stops: bool) -> list[int]:
        """Who is still on the way in keeps to the gap, wherever the plan has turned since."""
        speed, ends = self.speed_mps, []
        for visitor, share, way in zip(self.members, self.shares, ways, strict=True):
            outside = now_ms < visitor.inside_ms
            path = (self.entered_by.inner(share), *way) if outside else way
            ends.append(visitor.body.walk(now_ms, path, speed, starts=not outside, stops=stops))
            if outside:
                visitor.inside_ms = visitor.body.legs[0].end_ms
        return ends
