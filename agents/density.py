"""Density: people per square metre of each zone, as a Fruin level of service from A (free) to F (a crush).

People are what the zones' events say (``occupancy``), never counted here, so a missed event cannot drift. The area is
the zone's polygon. The levels are those for walkways of J. J. Fruin, *Pedestrian Planning and Design*, 1971, chapter 4,
by floor area per person: 35, 25, 15, 10 and 5 square feet, here in the rounded metric figures in general use. Fruin's
other table, for queues, calls 1.2 m² each the best there is: right for standing in line, but one can hardly walk there.
A service hall has to stay passable everywhere, also for a wheelchair in the waiting area, and a letter has to mean the
same on every wall display: so walkways, for all zones.

A level is announced when the zone is at it now and has been at it or beyond it (seen from the level last announced) for
``hold_s``. So a short crowding says nothing, but a zone that flickers between two levels, both unlike the last
announced, is not passed over in silence. ``at_ms`` is since when it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from agents.log_time import LogTime
from config.geometry import area
from config.hall import Hall
from config.rules import Rules
from streams.events import Configured, DensityChanged, Event, FruinLevel, Tick, ZoneEntered, ZoneLeft

WALKWAY_M2: tuple[tuple[FruinLevel, float], ...] = (("A", 3.24), ("B", 2.32), ("C", 1.39), ("D", 0.93), ("E", 0.46))
"""The least floor area per person, m², of each level; with less than the last it is F."""
LEVELS: tuple[FruinLevel, ...] = ("A", "B", "C", "D", "E", "F")


class Since(msgspec.Struct):
    """Since when, by the event that told of it and by the log, on whose time a level is held."""

    at_ms: int
    log_ms: int


class ZoneDensity(msgspec.Struct):
    """``level``: the last announced. ``since``: the levels between it (not with it) and the present one (with it)."""

    people: int = 0
    level: FruinLevel = "A"
    since: dict[FruinLevel, Since] = {}


class DensityState(msgspec.Struct):
    clock: LogTime
    zones: dict[str, ZoneDensity] = {}


def level_of(people: int, area_m2: float) -> FruinLevel:
    """Fruin level of ``people`` on ``area_m2`` > 0; exactly at a limit it is the better one."""
    if people <= 0:
        return "A"
    each_m2 = area_m2 / people
    for level, least_m2 in WALKWAY_M2:
        if each_m2 >= least_m2:
            return level
    return "F"


class Density:
    name: ClassVar[str] = "density"
    reads: ClassVar[tuple[type[Event], ...]] = (ZoneEntered, ZoneLeft, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (DensityChanged,)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        areas_m2 = {zone.id: area(zone.polygon_m) for zone in hall.zones}
        self._areas_m2 = {zone: m2 for zone, m2 in areas_m2.items() if m2 > 0}  # on no floor there is no density
        self._hold_ms = round(rules.density.hold_s * 1000)
        self._on: dict[type[Event], Callable[[DensityState, Any], list[Event]]] = {
            ZoneEntered: self._counted, ZoneLeft: self._counted, Tick: self._tick, Configured: self._configured,
        }  # fmt: skip

    def initial(self) -> DensityState:
        return DensityState(LogTime())

    def on_event(self, state: DensityState, event: Event) -> tuple[Event, ...]:
        return tuple(self._on[type(event)](state, event))

    def _counted(self, state: DensityState, event: ZoneEntered | ZoneLeft) -> list[Event]:
        now_ms = state.clock.see(event)
        if event.zone not in self._areas_m2:
            return []
        zone = state.zones.setdefault(event.zone, ZoneDensity())
        # Before the count changes, what was due under the old one: it held until now, even if no tick came to say so.
        out = self._announce(zone, event.zone, now_ms, event.decided_at_ms)
        self._observe(zone, event.zone, event.occupancy, event.at_ms, now_ms)
        return out + self._announce(zone, event.zone, now_ms, event.decided_at_ms)

    def _tick(self, state: DensityState, event: Tick) -> list[Event]:
        now_ms = state.clock.tick(event)
        out: list[Event] = []
        for name, zone in state.zones.items():
            if zone.since:
                out += self._announce(zone, name, now_ms, event.at_ms)
        return out

    def _configured(self, state: DensityState, event: Configured) -> list[Event]:
        """Forget what vanished; elsewhere the same people may stand on another area now."""
        state.zones = {name: zone for name, zone in state.zones.items() if name in self._areas_m2}
        for name, zone in state.zones.items():
            self._observe(zone, name, zone.people, event.at_ms, state.clock.now_ms)
        return []

    def _observe(self, zone: ZoneDensity, name: str, people: int, at_ms: int, now_ms: int) -> None:
        zone.people = people
        level = level_of(people, self._areas_m2[name])
        for step in LEVELS:
            if zone.level < step <= level or level <= step < zone.level:
                zone.since.setdefault(step, Since(at_ms, now_ms))
            else:
                zone.since.pop(step, None)

    def _announce(self, zone: ZoneDensity, name: str, now_ms: int, decided_ms: int) -> list[Event]:
        area_m2 = self._areas_m2.get(name)
        if area_m2 is None:
            return []
        level = level_of(zone.people, area_m2)
        since = zone.since.get(level)
        if since is None or now_ms - since.log_ms < self._hold_ms:
            return []
        before, zone.level, zone.since = zone.level, level, {}
        return [DensityChanged(
            hall=self._hall, at_ms=since.at_ms, decided_at_ms=decided_ms, zone=name, people=zone.people,
            density_per_m2=zone.people / area_m2, level=level, before=before,
        )]  # fmt: skip
