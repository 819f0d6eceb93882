"""Dwell: how long each person stays in each zone, and when a stay passes a threshold.

A stay begins with ``zone_entered`` and ends with ``zone_left``; re-entering begins a new one. Tracks are canonical (a
broken camera id is joined above), so a stay survives an id break without any doing here.

**A threshold is said only of somebody who was seen to stay so long.** A person who is out of sight occupies the zone
until the track ends, and may turn out to have left minutes before; one who is just past an edge is in the zone until
the zones' inertia has run out. So no clock can tell who is still there. What can: the last frame of each camera before
a tick. Who stands in it has been there until its ``at_ms``, less the inertia. This compares times of one camera's clock
only, so it does not matter how far that clock is from the log's. Who is not in it waits for a later tick: a threshold
that was passed out of sight is said when the person is seen again, or just before ``dwell_ended``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Any, ClassVar, Literal

import msgspec

from config.hall import Hall
from config.rules import Rules
from streams.events import (
    Configured,
    DwellEnded,
    DwellExceeded,
    Event,
    HallRemoved,
    Positions,
    Tick,
    ZoneEntered,
    ZoneLeft,
)

MINUTE_MS = 60_000
SPARE_MINUTES = 10
"""How much longer than an unseen track lives its stays are kept, for the case that its ``zone_left`` is lost."""


class Stay(msgspec.Struct):
    """``said_ms``: the longest threshold said of this stay; shorter ones are no news any more."""

    entered_ms: int
    said_ms: int = 0


class Stays(msgspec.Struct):
    """One track's stays by zone. ``idle``: full minutes since the track was last seen."""

    zones: dict[str, Stay]
    idle: int = 0


class DwellState(msgspec.Struct):
    """``frames``: by camera, its last frame since the last tick. ``configured_ms``: zones may have vanished then."""

    tracks: dict[str, Stays] = {}
    frames: dict[str, Positions] = {}
    minute: int = 0
    configured_ms: int | None = None


class Dwell:
    name: ClassVar[str] = "dwell"
    reads: ClassVar[tuple[type[Event], ...]] = (Positions, ZoneEntered, ZoneLeft, Tick, Configured, HallRemoved)
    writes: ClassVar[tuple[type[Event], ...]] = (DwellExceeded, DwellEnded)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._zones = frozenset(zone.id for zone in hall.zones)
        self._default = _milliseconds(rules.dwell.thresholds_s)
        self._own = {zone: _milliseconds(thresholds) for zone, thresholds in rules.dwell.zones.items()}
        thresholds = (self._default, *self._own.values())
        self._shortest_ms = min((ms for some in thresholds for ms, _ in some), default=inf)
        self._inertia_ms = round(rules.zones.inertia_s * 1000)
        self._idle_at_most = int(rules.trajectory.join_within_s / 60) + SPARE_MINUTES
        self._on: dict[type[Event], Callable[[DwellState, Any], list[Event]]] = {
            ZoneEntered: self._entered, ZoneLeft: self._left, Tick: self._tick, Configured: self._configured,
            HallRemoved: self._removed,
        }  # fmt: skip

    def initial(self) -> DwellState:
        return DwellState()

    def on_event(self, state: DwellState, event: Event) -> tuple[Event, ...]:
        if type(event) is Positions:
            state.frames[event.camera] = event
            return ()
        return tuple(self._on[type(event)](state, event))

    def _entered(self, state: DwellState, event: ZoneEntered) -> list[Event]:
        stays = state.tracks.setdefault(event.track, Stays({}))
        stays.zones[event.zone] = Stay(event.at_ms)
        stays.idle = 0
        return []

    def _left(self, state: DwellState, event: ZoneLeft) -> list[Event]:
        """An unknown stay (this agent is new, or was off) is told by what the event itself knows of it."""
        stays = state.tracks.get(event.track)
        stay = stays.zones.pop(event.zone, None) if stays else None
        if stays and not stays.zones:
            del state.tracks[event.track]
        stay = Stay(event.entered_ms, stay.said_ms if stay else 0)
        return self._end(stay, event.zone, event.track, event.at_ms, event.decided_at_ms, event.reason)

    def _tick(self, state: DwellState, event: Tick) -> list[Event]:
        out = self._drop_vanished(state, event.at_ms) if state.configured_ms is not None else []
        for frame in state.frames.values():
            sure_ms = frame.at_ms - self._inertia_ms
            for track, _, _, _, _ in frame.rows:
                stays = state.tracks.get(track)
                if stays is not None:
                    stays.idle = 0
                    for zone, stay in stays.zones.items():
                        if sure_ms - stay.entered_ms >= self._shortest_ms:  # few have stayed so long
                            out += self._exceed(stay, zone, track, sure_ms, event.at_ms)
        state.frames.clear()
        self._forget_idle(state, event.at_ms // MINUTE_MS)
        return out

    def _configured(self, state: DwellState, event: Configured) -> list[Event]:
        # The zones say in this same pass who left what vanished, but only after this event: the next tick looks.
        state.configured_ms = event.at_ms
        return []

    def _removed(self, state: DwellState, event: HallRemoved) -> list[Event]:
        return self._drop_vanished(state, event.at_ms)  # no tick will come to it any more

    def _drop_vanished(self, state: DwellState, decided_ms: int) -> list[Event]:
        """End the stays that nobody ended in zones that are no more."""
        until_ms, state.configured_ms = state.configured_ms or 0, None
        out: list[Event] = []
        for track, stays in list(state.tracks.items()):
            for zone in [zone for zone in stays.zones if zone not in self._zones]:
                stay = stays.zones.pop(zone)
                out += self._end(stay, zone, track, max(until_ms, stay.entered_ms), decided_ms, "config")
            if not stays.zones:
                del state.tracks[track]
        return out

    def _exceed(self, stay: Stay, zone: str, track: str, until_ms: int, decided_ms: int) -> Iterable[Event]:
        """The thresholds not yet said of a stay that lasted until ``until_ms`` at least."""
        for threshold_ms, threshold_s in self._own.get(zone, self._default):
            if stay.said_ms < threshold_ms <= until_ms - stay.entered_ms:
                stay.said_ms = threshold_ms
                yield DwellExceeded(
                    hall=self._hall, at_ms=stay.entered_ms + threshold_ms, decided_at_ms=decided_ms, zone=zone,
                    track=track, entered_ms=stay.entered_ms, threshold_s=threshold_s,
                )  # fmt: skip

    def _end(
        self,
        stay: Stay,
        zone: str,
        track: str,
        at_ms: int,
        decided_ms: int,
        reason: Literal["walked", "ended", "config"],
    ) -> list[Event]:
        out = list(self._exceed(stay, zone, track, at_ms, decided_ms))
        # A camera's clock may have been set back during the stay; nobody stays for less than no time.
        dwell_ms = max(0, at_ms - stay.entered_ms)
        out.append(DwellEnded(
            hall=self._hall, at_ms=at_ms, decided_at_ms=decided_ms, zone=zone, track=track,
            entered_ms=stay.entered_ms, dwell_ms=dwell_ms, reason=reason,
        ))  # fmt: skip
        return out

    def _forget_idle(self, state: DwellState, minute: int) -> None:
        """Once a minute. Ticks are counted, not time: after a jump of the log's time the zones get their word first."""
        if minute == state.minute:
            return
        state.minute = minute
        for track, stays in list(state.tracks.items()):
            stays.idle += 1
            if stays.idle > self._idle_at_most:
                del state.tracks[track]


def _milliseconds(thresholds_s: Iterable[float]) -> tuple[tuple[int, float], ...]:
    """Ascending (threshold in ms, in s)."""
    return tuple((round(seconds * 1000), seconds) for seconds in sorted(set(thresholds_s)))
