"""Limits: a metric of a zone over its limit for a while raises an alarm; back for as long, it clears.

Every limit is watched by the same small machine, one per limit, and for ``dwell`` one per limit and person:

    quiet --over--> rising --held for_s--> raised --under--> falling --held for_s--> quiet
      ^---not over----'                      ^----not under----'

``over`` is a value above the limit, ``under`` one at or below ``clear_at``. An absent watch is a quiet one.

Time is the log's (``agents.log_time``): a condition is held for ``for_s`` from when it became known. What is reported
as ``at_ms`` is since when it was true by the event that told of it: when an edge was crossed or, for ``dwell``, when
the stay reached the limit. Before a value changes, what was already due under the old value is decided, so a condition
that held long enough is announced even if it ends between two ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Literal

import msgspec

from agents.log_time import LogTime
from config.geometry import area
from config.hall import Hall
from config.rules import Limit, Rules
from streams.events import (
    AlarmCleared,
    AlarmRaised,
    Configured,
    Event,
    Metric,
    PeopleInside,
    Tick,
    ZoneEntered,
    ZoneLeft,
)

Phase = Literal["quiet", "rising", "raised", "falling"]
Band = Literal["over", "between", "under"]

NEXT: dict[tuple[Phase, Band], Phase] = {
    ("quiet", "over"): "rising",
    ("quiet", "between"): "quiet",
    ("quiet", "under"): "quiet",
    ("rising", "over"): "rising",
    ("rising", "between"): "quiet",
    ("rising", "under"): "quiet",
    ("raised", "over"): "raised",
    ("raised", "between"): "raised",
    ("raised", "under"): "falling",
    ("falling", "over"): "raised",
    ("falling", "between"): "raised",
    ("falling", "under"): "falling",
}
HELD: dict[Phase, Phase] = {"rising": "raised", "falling": "quiet"}
"""Where a phase leads once it has lasted ``for_s``."""
RESTART: dict[Phase, Phase] = {"rising": "quiet", "falling": "raised"}
"""Where a phase goes back to when the limit it was measured against is another one now."""

WHOLE_ZONE = ""
"""Stands for a track where a limit is on the zone as a whole; track ids are never empty."""
LONGEST_DELAY_MS = 60_000
"""Of the time between a zone's edge and its announcement (inertia) no more than this is believed."""


class Watch(msgspec.Struct):
    """One machine that is not quiet: the limit it was judged by and since when the phase lasts."""

    zone: str
    metric: Metric
    over: float
    clear_at: float
    phase: Phase = "quiet"
    since_ms: int = 0
    since_log_ms: int = 0
    raised_ms: int = 0


class Stay(msgspec.Struct):
    """A person in a zone: since when, by the camera and by the log."""

    entered_ms: int
    entered_log_ms: int


class ZoneNow(msgspec.Struct):
    """``stays`` by track, never more than ``occupancy``: so a lost ``zone_left`` is forgotten."""

    occupancy: int = 0
    stays: dict[str, Stay] = {}


class LimitsState(msgspec.Struct):
    """``watches``: limit -> track (or WHOLE_ZONE) -> machine. ``inside``: people in the hall by its entrances."""

    time: LogTime
    zones: dict[str, ZoneNow]
    watches: dict[str, dict[str, Watch]]
    inside: int = 0


class Limits:
    name: ClassVar[str] = "limits"
    reads: ClassVar[tuple[type[Event], ...]] = (ZoneEntered, ZoneLeft, PeopleInside, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (AlarmRaised, AlarmCleared)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._areas_m2 = {z.id: area(z.polygon_m) for z in hall.zones}
        self._limits = tuple(x for x in rules.limits if x.zone is None or x.zone in self._areas_m2)
        self._of_hall = tuple(x for x in rules.limits if x.zone is None)
        self._by_zone = {z: tuple(x for x in self._limits if x.zone == z) for z in self._areas_m2}
        self._hall = hall.id
        self._handlers: dict[type[Event], Callable[[LimitsState, Any], Iterator[Event]]] = {
            ZoneEntered: self._zone_changed,
            ZoneLeft: self._zone_changed,
            PeopleInside: self._inside_changed,
            Tick: self._tick,
            Configured: self._configured,
        }

    def initial(self) -> LimitsState:
        return LimitsState(LogTime(), {}, {})

    def on_event(self, state: LimitsState, event: Event) -> tuple[Event, ...]:
        return tuple(self._handlers[type(event)](state, event))

    def _tick(self, state: LimitsState, event: Tick) -> Iterator[Event]:
        state.time.tick(event)
        yield from self._judge(state, self._limits, event.at_ms)

    def _zone_changed(self, state: LimitsState, event: ZoneEntered | ZoneLeft) -> Iterator[Event]:
        limits = self._by_zone.get(event.zone)
        if limits is None:
            return  # a zone of the configuration before this one: its alarms are closed already
        state.time.see(event)
        yield from self._judge(state, limits, event.at_ms)
        _move(state, event)
        yield from self._judge(state, limits, event.at_ms)

    def _inside_changed(self, state: LimitsState, event: PeopleInside) -> Iterator[Event]:
        state.time.see(event)
        yield from self._judge(state, self._of_hall, event.at_ms)
        state.inside = event.inside
        yield from self._judge(state, self._of_hall, event.at_ms)

    def _configured(self, state: LimitsState, event: Configured) -> Iterator[Event]:
        known = {x.id: x for x in self._limits}
        for name, watches in list(state.watches.items()):
            for track, watch in list(watches.items()):
                limit = known.get(name)
                if limit is None or (_zone(limit), limit.metric) != (watch.zone, watch.metric):
                    if watch.phase in ("raised", "falling"):
                        value = self._value(state, watch.zone, watch.metric, track)
                        yield self._cleared(name, track, watch, value, event.at_ms, state.time.now_ms, "config")
                    _forget(state, name, track)
                elif (limit.over, limit.clears_at) != (watch.over, watch.clear_at):
                    watch.phase = RESTART.get(watch.phase, watch.phase)
                    watch.over, watch.clear_at = limit.over, limit.clears_at
        for zone in [z for z in state.zones if z not in self._areas_m2]:
            del state.zones[zone]
        yield from self._judge(state, self._limits, event.at_ms)

    def _judge(self, state: LimitsState, limits: Iterable[Limit], at_ms: int) -> Iterator[Event]:
        """Bring the machines of ``limits`` to the values of this moment, ``at_ms`` by the event that made us look."""
        for limit in limits:
            for track in _subjects(state, limit):
                watch = state.watches.get(limit.id, {}).get(track)
                value = self._value(state, _zone(limit), limit.metric, track)
                band = _band(limit, value)
                if watch is None:
                    if band != "over":
                        continue
                    watch = Watch(_zone(limit), limit.metric, limit.over, limit.clears_at)
                    state.watches.setdefault(limit.id, {})[track] = watch
                yield from self._step(state, limit, track, watch, band, value, at_ms)
                if watch.phase == "quiet":
                    _forget(state, limit.id, track)

    def _step(
        self, state: LimitsState, limit: Limit, track: str, watch: Watch, band: Band, value: float, at_ms: int
    ) -> Iterator[Event]:
        phase = NEXT[watch.phase, band]
        if phase != watch.phase:
            watch.phase = phase
            watch.since_ms, watch.since_log_ms = _since(state, limit, track, band, at_ms)
        now = state.time.now_ms
        if phase in HELD and now - watch.since_log_ms >= limit.for_s * 1000:
            watch.phase = HELD[phase]
            if watch.phase == "raised":
                watch.raised_ms = watch.since_ms
                yield self._raised(limit, track, watch, value, now)
            else:
                yield self._cleared(limit.id, track, watch, value, watch.since_ms, now, "cleared")

    def _value(self, state: LimitsState, zone: str, metric: str, track: str) -> float:
        if metric == "inside":
            return float(state.inside)
        here = state.zones.get(zone)
        if here is None:
            return 0.0
        if metric == "dwell":
            stay = here.stays.get(track)
            return (state.time.now_ms - stay.entered_log_ms) / 1000 if stay else 0.0
        area_m2 = self._areas_m2.get(zone, 0.0) if metric == "density" else 1.0
        # A zone that is gone has no area any more; a polygon folded to a line has none either.
        return here.occupancy / area_m2 if area_m2 else 0.0

    def _raised(self, limit: Limit, track: str, watch: Watch, value: float, now_ms: int) -> AlarmRaised:
        return AlarmRaised(
            hall=self._hall, at_ms=watch.raised_ms, decided_at_ms=now_ms, alarm=limit.id, zone=_zone(limit),
            metric=limit.metric, value=value, limit=limit.over, severity=limit.severity, track=track or None,
        )  # fmt: skip

    def _cleared(
        self, alarm: str, track: str, watch: Watch, value: float, at_ms: int, now_ms: int,
        reason: Literal["cleared", "config"],
    ) -> AlarmCleared:  # fmt: skip
        return AlarmCleared(
            hall=self._hall, at_ms=at_ms, decided_at_ms=now_ms, alarm=alarm, zone=watch.zone, metric=watch.metric,
            value=value, raised_ms=watch.raised_ms, reason=reason, track=track or None,
        )  # fmt: skip


def _zone(limit: Limit) -> str:
    return limit.zone or ""


def _band(limit: Limit, value: float) -> Band:
    if value > limit.over:
        return "over"
    return "under" if value <= limit.clears_at else "between"


def _subjects(state: LimitsState, limit: Limit) -> list[str]:
    """Whom a limit is about: the zone, or everyone in it, and those who left it with an alarm still open."""
    if limit.metric != "dwell":
        return [WHOLE_ZONE]
    here = state.zones.get(_zone(limit))
    inside = list(here.stays) if here else []
    return inside + [t for t in state.watches.get(limit.id, ()) if here is None or t not in here.stays]


def _since(state: LimitsState, limit: Limit, track: str, band: Band, at_ms: int) -> tuple[int, int]:
    """Since when, by the event and by the log, a value is in its band: a stay passes its limit without any event."""
    here = state.zones.get(_zone(limit))
    stay = here.stays.get(track) if here and limit.metric == "dwell" and band == "over" else None
    if stay is None:
        return at_ms, state.time.now_ms
    over_ms = round(limit.over * 1000)
    return stay.entered_ms + over_ms, stay.entered_log_ms + over_ms


def _move(state: LimitsState, event: ZoneEntered | ZoneLeft) -> None:
    here = state.zones.setdefault(event.zone, ZoneNow())
    here.occupancy = max(0, event.occupancy)
    if isinstance(event, ZoneEntered):
        delay_ms = min(max(0, event.decided_at_ms - event.at_ms), LONGEST_DELAY_MS)
        here.stays.setdefault(event.track, Stay(event.at_ms, state.time.now_ms - delay_ms))
    else:
        here.stays.pop(event.track, None)
    while len(here.stays) > here.occupancy:  # more than the zone holds: some left unheard, the oldest likeliest
        del here.stays[next(iter(here.stays))]


def _forget(state: LimitsState, limit: str, track: str) -> None:
    watches = state.watches[limit]
    del watches[track]
    if not watches:
        del state.watches[limit]
