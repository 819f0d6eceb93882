"""Statistics: what happened in each zone, and between zones, in each hour of the hall's clock.

An hour is published when it is over, every zone in the hall's order, also if nothing happened in it: that nothing
happened is a figure too. Everything is placed by log time (``agents.log_time``): an hour holds what became known in it.

**Observed time.** Means are weighted by time, over the time the log shows the engine at work. A step of more than
``UNOBSERVED_AFTER_MS`` between two looks at the clock (ticks come every second) means that nobody looked: it counts for
nothing. So ``seconds`` says how much of the hour is behind the figures, and after a standstill of days exactly one hour
is published, the one that was begun; hours that nobody watched and that hold nothing are never published.

**Dwell percentiles** are exact up to ``dwell_samples`` stays of an hour and zone. Past it, every second kept stay is
dropped and from then on every second (then fourth, ...) one kept: a systematic sample of at least half of
``dwell_samples`` stays, no randomness. Where lengths do not depend on the order of leaving, the share of stays below a
reported pXX is off by sqrt(p (1 - p) / n), 1.1 percentage points at n = 2048 and p50 (W. G. Cochran, Sampling
Techniques, 1977, ch. 3 and 8).

Stays that only a change of configuration ended count neither as exits nor as stays: nobody walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec

from agents.local_hour import local_hour
from agents.log_time import LogTime
from agents.percentile import nearest_rank
from config.hall import Hall
from config.rules import Rules
from streams.events import (
    Configured,
    DwellEnded,
    Event,
    Tick,
    TripCount,
    TripEnded,
    TripsHour,
    ZoneEntered,
    ZoneHour,
    ZoneLeft,
)

UNOBSERVED_AFTER_MS = 60_000
NO_ZONE = ""
"""Stands for "never in a zone" as a key; zone ids are never empty."""


class Samples(msgspec.Struct):
    """Of ``seen`` values every ``stride``-th is kept."""

    kept: list[int] = []
    stride: int = 1
    seen: int = 0

    def add(self, value: int, limit: int) -> None:
        """Keep ``value`` if it is its turn; never more than ``limit`` of them."""
        if self.seen % self.stride == 0:
            self.kept.append(value)
        self.seen += 1
        while len(self.kept) > limit:
            del self.kept[1::2]
            self.stride *= 2


class Tally(msgspec.Struct):
    """One zone in the current hour; ``person_ms`` is occupancy times observed time."""

    occupancy: int = 0
    entries: int = 0
    exits: int = 0
    person_ms: int = 0
    most: int = 0
    dwell_ms: Samples = msgspec.field(default_factory=Samples)


class StatisticsState(msgspec.Struct):
    """``hour_ms`` None: no tick yet. ``looked_ms``: up to when time is counted. ``trips``: from -> to -> count."""

    time: LogTime
    zones: dict[str, Tally]
    trips: dict[str, dict[str, int]]
    hour_ms: int | None = None
    looked_ms: int = 0
    observed_ms: int = 0


class Statistics:
    name: ClassVar[str] = "statistics"
    reads: ClassVar[tuple[type[Event], ...]] = (ZoneEntered, ZoneLeft, DwellEnded, TripEnded, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (ZoneHour, TripsHour)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall, self._tz = hall.id, hall.tz
        self._zones = tuple(z.id for z in hall.zones)
        self._known = frozenset(self._zones)
        self._samples = rules.statistics.dwell_samples
        self._hour = (0, 0)
        self._handlers: dict[type[Event], Callable[[StatisticsState, Any], Iterator[Event]]] = {
            ZoneEntered: self._entered,
            ZoneLeft: self._left,
            DwellEnded: self._dwelt,
            TripEnded: self._trip,
            Tick: self._tick,
            Configured: self._configured,
        }

    def initial(self) -> StatisticsState:
        return StatisticsState(LogTime(), {z: Tally() for z in self._zones}, {})

    def on_event(self, state: StatisticsState, event: Event) -> tuple[Event, ...]:
        return tuple(self._handlers[type(event)](state, event))

    def _tick(self, state: StatisticsState, event: Tick) -> Iterator[Event]:
        now = state.time.tick(event)
        if state.hour_ms is None:
            state.hour_ms, state.looked_ms = local_hour(self._tz, now)[0], now
        else:
            yield from self._look(state, now)

    def _entered(self, state: StatisticsState, event: ZoneEntered) -> Iterator[Event]:
        yield from self._look(state, state.time.see(event))
        if tally := self._tally(state, event.zone):
            tally.entries += 1
            _occupy(tally, event.occupancy)

    def _left(self, state: StatisticsState, event: ZoneLeft) -> Iterator[Event]:
        yield from self._look(state, state.time.see(event))
        if tally := self._tally(state, event.zone):
            tally.exits += event.reason != "config"
            _occupy(tally, event.occupancy)

    def _dwelt(self, state: StatisticsState, event: DwellEnded) -> Iterator[Event]:
        yield from self._look(state, state.time.see(event))
        tally = self._tally(state, event.zone)
        if tally and event.reason != "config":
            tally.dwell_ms.add(event.dwell_ms, self._samples)

    def _trip(self, state: StatisticsState, event: TripEnded) -> Iterator[Event]:
        yield from self._look(state, state.time.see(event))
        ends = state.trips.setdefault(event.from_zone or NO_ZONE, {})
        end = event.to_zone or NO_ZONE
        ends[end] = ends.get(end, 0) + 1

    def _configured(self, state: StatisticsState, _event: Configured) -> Iterator[Event]:
        """What has been counted of a zone that is gone is published now: part of an hour, as ``seconds`` says."""
        for zone in [z for z in state.zones if z not in self._known]:
            if state.hour_ms is not None:
                yield self._zone_hour(state, zone, state.zones[zone], state.hour_ms)
            del state.zones[zone]

    def _tally(self, state: StatisticsState, zone: str) -> Tally | None:
        return state.zones.setdefault(zone, Tally()) if zone in self._known else None

    def _look(self, state: StatisticsState, now: int) -> Iterator[Event]:
        """Count the time up to ``now``; publish the hour if it is over."""
        if state.hour_ms is None or now <= state.looked_ms:
            return
        watched = now - state.looked_ms <= UNOBSERVED_AFTER_MS
        start, end = self._hour
        if not start <= now < end:
            self._hour = start, end = local_hour(self._tz, now)
        if start != state.hour_ms:
            if watched and start > state.looked_ms:
                _count(state, start)
            yield from self._publish(state, state.hour_ms)
            _turn(state, start)
        if watched:
            _count(state, now)
        state.looked_ms = now

    def _publish(self, state: StatisticsState, hour_ms: int) -> Iterator[Event]:
        if not state.observed_ms and not state.trips and not any(_anything(t) for t in state.zones.values()):
            return
        for zone in self._zones:
            yield self._zone_hour(state, zone, state.zones.get(zone) or Tally(), hour_ms)
        if state.trips:
            counts = sorted((start, end, n) for start, ends in state.trips.items() for end, n in ends.items())
            trips = tuple(TripCount(start or None, end or None, n) for start, end, n in counts)
            yield TripsHour(hall=self._hall, at_ms=hour_ms, decided_at_ms=state.time.now_ms, trips=trips)

    def _zone_hour(self, state: StatisticsState, zone: str, tally: Tally, hour_ms: int) -> ZoneHour:
        ordered = sorted(tally.dwell_ms.kept)
        p50, p90 = nearest_rank(ordered, 50), nearest_rank(ordered, 90)
        return ZoneHour(
            hall=self._hall, at_ms=hour_ms, decided_at_ms=state.time.now_ms, zone=zone,
            seconds=round(state.observed_ms / 1000), entries=tally.entries, exits=tally.exits,
            occupancy_mean=tally.person_ms / state.observed_ms if state.observed_ms else float(tally.occupancy),
            occupancy_max=tally.most, dwell_p50_s=None if p50 is None else p50 / 1000,
            dwell_p90_s=None if p90 is None else p90 / 1000,
        )  # fmt: skip


def _anything(tally: Tally) -> bool:
    return bool(tally.entries or tally.exits or tally.dwell_ms.seen)


def _occupy(tally: Tally, occupancy: int) -> None:
    tally.occupancy = max(0, occupancy)
    tally.most = max(tally.most, tally.occupancy)


def _turn(state: StatisticsState, hour_ms: int) -> None:
    """Begin another hour; who is in a zone stays in it."""
    state.hour_ms, state.observed_ms, state.trips = hour_ms, 0, {}
    state.zones = {z: Tally(occupancy=t.occupancy, most=t.occupancy) for z, t in state.zones.items()}


def _count(state: StatisticsState, until_ms: int) -> None:
    """Weigh everyone's presence with the time from ``looked_ms`` to ``until_ms``."""
    passed = until_ms - state.looked_ms
    state.observed_ms += passed
    for tally in state.zones.values():
        tally.person_ms += tally.occupancy * passed
    state.looked_ms = until_ms
