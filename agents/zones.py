r"""Zones: who is in which zone, with inertia against jitter at an edge.

A point tells on which side of a zone's edge a track is. The track changes sides once it is ``inertia_m`` past the edge
or has been past it for ``inertia_s``; either of them 0: at once. Going back over the edge before that ends the attempt:

    outside   -----.     .-----.     .-----.
    edge      ======\===/=======\===/=======\=====================
    inside           `-'         `-'         *--.         * said to have happened here
    inertia_m . . . . . . . . . . . . . . . . . .\. . . . . . . .
                  attempts that failed            o---    o known here, or inertia_s after *

A track that is first seen inside has no other side to come from: it enters at once. A track that ends leaves at the
moment it was last seen. Whoever is in a zone whose outline is changed, or that is gone, leaves it for that reason; who
stands inside the new outline enters it with the next frame.

**What is settled.** A track that is out of view may turn out to have left when it was last seen, so who was where is
known for certain only up to then. Once a minute ``zones_settled`` says up to when: what sums up time (``statistics``)
waits for that, and need not take anything back, as long as the cameras' clocks agree with the log's within a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal
from zlib import crc32

import msgspec

from agents.floor_index import ROWS, SLACK_M, Polygon, floor_index, zones_of
from config.geometry import Point, distance_to_segment
from config.hall import Hall
from config.patience import longest_patience_s
from config.rules import Rules
from streams.events import (
    Configured,
    Event,
    Position,
    Positions,
    Presence,
    Tick,
    TrackEnded,
    ZoneEntered,
    ZoneLeft,
    ZonesSettled,
)

LeftReason = Literal["walked", "ended", "config"]
Edge = tuple[float, float, float, float, Point, Point]
NOWHERE: tuple[str, ...] = ()
MINUTE_MS = 60_000
SPARE_MS = 10 * MINUTE_MS
"""How much longer than an unseen track lives it is remembered, for the case that its end is never told: a zone must not
stay occupied because this agent failed at one event."""
SETTLE_MS = 10_000
"""What is seen is told within this time of the log's: cameras are behind by a moment, and new tracks are held back."""
CLOCK_MS = 1000
"""How far a camera's clock may be from the log's for what is settled to stay so."""


class Stay(msgspec.Struct, array_like=True):
    """One track: the zones it counts in, in the hall's order; when it entered each; and its attempts to change sides.

    ``since_ms``: zone -> when the track was first on the other side of its edge, in the run that has not counted yet.
    ``seen_ms``: the last tick before it was last seen.
    """

    zones: tuple[str, ...]
    entered_ms: dict[str, int]
    since_ms: dict[str, int]
    seen_ms: int = -1


class ZonesState(msgspec.Struct):
    """``occupancy``: zone -> number of ``stays`` that count in it, if any. ``tick_ms``: the last tick, -1: none yet.

    ``settled_ms``: up to when ``zones_settled`` was said. ``outlines``: of each zone, by which a moved one is known.
    """

    tick_ms: int = -1
    stays: dict[str, Stay] = {}
    occupancy: dict[str, int] = {}
    settled_ms: int = -1
    outlines: dict[str, int] = {}


class Zones:
    name: ClassVar[str] = "zones"
    reads: ClassVar[tuple[type[Event], ...]] = (Positions, TrackEnded, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (ZoneEntered, ZoneLeft, Presence, ZonesSettled)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._polygons: dict[str, Polygon] = {zone.id: zone.polygon_m for zone in hall.zones}
        self._index = floor_index(tuple(self._polygons.items()))
        self._outlines = {id_: _outline(p, rules.zones.inertia_m) for id_, p in self._polygons.items()}
        self._inertia_m = rules.zones.inertia_m
        self._inertia_ms = rules.zones.inertia_s * 1000
        self._forget_ms = round(longest_patience_s(hall, rules) * 1000) + SPARE_MS
        self._marks = {zone: _mark(polygon) for zone, polygon in self._polygons.items()}

    def initial(self) -> ZonesState:
        return ZonesState(outlines=dict(self._marks))

    def on_event(self, state: ZonesState, event: Event) -> tuple[Event, ...]:
        if isinstance(event, Positions):
            return self._positions(state, event)
        if isinstance(event, TrackEnded):
            return self._track_ended(state, event)
        if isinstance(event, Tick):
            return self._tick(state, event)
        return self._close_zones(state, event)

    def _positions(self, state: ZonesState, event: Positions) -> tuple[Event, ...]:
        changes: list[Event] = []
        inside: list[tuple[str, ...]] = []
        index, stay_of, tick_ms, lines = self._index, state.stays.get, state.tick_ms, ROWS
        known, cell_m, shift_m = index.cells.get, index.cell_m, index.shift_m
        for row in event.rows:
            track, x, y, _, _ = row
            certain, tests = known((x + shift_m) // cell_m * lines + (y + shift_m) // cell_m) or index.cell(x, y)
            found = zones_of(tests, x, y) if tests else certain
            stay = stay_of(track)
            # Nearly always it counts where it is, and tries nothing; comparing identities first is quicker.
            if stay is None or (found is not stay.zones and found != stay.zones) or stay.since_ms:
                stay = self._move(state, stay, row, found, event.at_ms, changes)
            if stay.seen_ms is not tick_ms:  # writing costs five times as much as looking
                stay.seen_ms = tick_ms
            inside.append(stay.zones)
        return (*changes, Presence(hall=self._hall, at_ms=event.at_ms, camera=event.camera, zones=tuple(inside)))

    def _move(
        self, state: ZonesState, stay: Stay | None, row: Position, found: tuple[str, ...], at_ms: int, out: list[Event]
    ) -> Stay:
        """Bring a track that is over some edge, or was at its last point, up to its new point."""
        track, x, y, _, _ = row
        changed: dict[str, int] = {}
        trying: dict[str, int] = {}
        if stay is None:
            stay = state.stays[track] = Stay(NOWHERE, {}, {})
            changed = dict.fromkeys(found, at_ms)
        before = stay.zones
        for zone in (*before, *found):
            if (zone in before) != (zone in found) and zone not in changed:
                since_ms = min(stay.since_ms.get(zone, at_ms), at_ms)
                counts = at_ms - since_ms >= self._inertia_ms or self._is_deep(x, y, zone)
                (changed if counts else trying)[zone] = since_ms
        stay.since_ms = trying
        if changed:
            out += [self._left(state, track, stay, z, changed[z], at_ms, "walked") for z in changed if z in before]
            out += [self._entered(state, track, stay, z, changed[z], at_ms) for z in changed if z in found]
            stay.zones = self._ordered(stay.entered_ms) if trying else found
        return stay

    def _is_deep(self, x_m: float, y_m: float, zone: str) -> bool:
        """Whether a point is ``inertia_m`` or more from a zone's outline, on whichever side."""
        for left, right, low, high, a, b in self._outlines[zone]:
            if left <= x_m <= right and low <= y_m <= high and distance_to_segment(x_m, y_m, a, b) < self._inertia_m:
                return False
        return True

    def _entered(
        self, state: ZonesState, track: str, stay: Stay, zone: str, at_ms: int, decided_at_ms: int
    ) -> ZoneEntered:
        stay.entered_ms[zone] = at_ms
        people = state.occupancy[zone] = state.occupancy.get(zone, 0) + 1
        return ZoneEntered(
            hall=self._hall, at_ms=at_ms, decided_at_ms=decided_at_ms, zone=zone, track=track, occupancy=people
        )

    def _left(
        self, state: ZonesState, track: str, stay: Stay, zone: str, at_ms: int, decided_at_ms: int, reason: LeftReason
    ) -> ZoneLeft:
        entered_ms = stay.entered_ms.pop(zone)
        people = state.occupancy.pop(zone) - 1
        if people:
            state.occupancy[zone] = people
        # A camera's clock may have gone back; nobody leaves before they came.
        return ZoneLeft(
            hall=self._hall, at_ms=max(at_ms, entered_ms), decided_at_ms=decided_at_ms, zone=zone, track=track,
            entered_ms=entered_ms, occupancy=people, reason=reason,
        )  # fmt: skip

    def _track_ended(self, state: ZonesState, event: TrackEnded) -> tuple[Event, ...]:
        stay = state.stays.pop(event.track, None)
        if stay is None:
            return ()
        reason: LeftReason = "config" if event.reason == "config" else "ended"
        return tuple(
            self._left(state, event.track, stay, zone, event.at_ms, event.decided_at_ms, reason) for zone in stay.zones
        )

    def _tick(self, state: ZonesState, tick: Tick) -> tuple[Event, ...]:
        """Once a minute, let go of tracks whose end should have been told by the tick before this one."""
        before_ms, state.tick_ms = state.tick_ms, max(state.tick_ms, tick.at_ms)
        if before_ms < 0:
            for stay in state.stays.values():
                stay.seen_ms = state.tick_ms if stay.seen_ms < 0 else stay.seen_ms
        if before_ms // MINUTE_MS == state.tick_ms // MINUTE_MS:
            return ()
        out: list[Event] = []
        for track, stay in list(state.stays.items()):
            if before_ms - stay.seen_ms > self._forget_ms:
                del state.stays[track]
                out += [self._left(state, track, stay, zone, stay.seen_ms, tick.at_ms, "ended") for zone in stay.zones]
        return (*out, *self._settle(state, tick.at_ms))

    def _settle(self, state: ZonesState, now_ms: int) -> tuple[Event, ...]:
        """Say up to when everything is known: to when the first of those who are there was seen last, or is about to change."""
        # Log time of the last sight, camera time of an attempt: a camera's clock may be a second behind the log's.
        seen_ms = [min([stay.seen_ms - CLOCK_MS, *stay.since_ms.values()]) for stay in state.stays.values()]
        until_ms = min([now_ms - SETTLE_MS, *seen_ms])
        if until_ms <= state.settled_ms:
            return ()
        state.settled_ms = until_ms
        return (ZonesSettled(hall=self._hall, at_ms=until_ms, decided_at_ms=now_ms),)

    def _close_zones(self, state: ZonesState, event: Event) -> tuple[Event, ...]:
        """Everybody leaves the zones that were moved, or are not in the hall any more; the rest is in its order."""
        # States of older versions know no outlines: their zones count as moved only if they are gone.
        known = state.outlines or self._marks
        kept = {zone for zone, mark in self._marks.items() if known.get(zone) == mark}
        out: list[Event] = []
        for track, stay in state.stays.items():
            gone = [zone for zone in stay.zones if zone not in kept]
            out += [self._left(state, track, stay, zone, event.at_ms, event.at_ms, "config") for zone in gone]
            stay.since_ms = {zone: since for zone, since in stay.since_ms.items() if zone in kept}
            stay.zones = self._ordered(stay.entered_ms)
        state.outlines = dict(self._marks)
        return tuple(out)

    def _ordered(self, zones: Iterable[str]) -> tuple[str, ...]:
        return tuple(zone for zone in self._polygons if zone in zones)


def _mark(polygon: Polygon) -> int:
    """A checksum by which an outline is known again."""
    return crc32(repr(polygon).encode())


def _outline(polygon: Polygon, reach_m: float) -> tuple[Edge, ...]:
    """The polygon's edges, each after a box (left, right, low, high) that holds all that is within reach of it."""
    edges = []
    a = polygon[-1]
    for b in polygon:
        (left, right), (low, high) = sorted((a[0], b[0])), sorted((a[1], b[1]))
        reach = reach_m + SLACK_M
        edges.append((left - reach, right + reach, low - reach, high + reach, a, b))
        a = b
    return tuple(edges)
