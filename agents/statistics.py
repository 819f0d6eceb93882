"""Statistics: what happened in each zone, over each line and between zones, in each hour of the hall's clock.

**Everything is placed by when it happened** (``at_ms``), not by when it became known: a person who was last seen leaving
by the door at 9:59:58 was not in the hall at ten, although that is known only some seconds later. So what is told is
kept until ``zones_settled`` says that nothing earlier can come any more, and is then summed up in the order of time.
An hour is published when that has passed its end, with the default patience about a minute after it; every zone and
line in the hall's order, also if nothing happened: that nothing happened is a figure too.

So one person-second is one person-second: over any recording the ``person_s`` of the hours, the ``dwell_ms`` of
``dwell_ended`` and a count by hand of the stays agree to the millisecond.

**Observed time.** Means are by the time that the log shows the engine at work. A step of more than 60 s between two
ticks (they come every second) means that nobody looked: it counts for nothing. So ``seconds`` says how much of the hour
is behind the figures; hours that nobody watched and that hold nothing are not published.

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

from agents.hours import LineTally, Observed, Tally
from agents.percentile import nearest_rank
from config.hall import Hall
from config.local_hour import local_hour
from config.rules import Rules
from streams.events import (
    Configured,
    Event,
    HallRemoved,
    LineCrossed,
    LineHour,
    Tick,
    TripCount,
    TripEnded,
    TripsHour,
    ZoneEntered,
    ZoneHour,
    ZoneLeft,
    ZonesSettled,
)

YEAR_MS = 366 * 86_400_000
NO_ZONE = ""
"""Stands for "never in a zone" as a key; zone ids are never empty."""
KEPT_AT_MOST = 100_000
"""Changes that wait to be settled; past it the oldest half is summed up as it stands."""

LEFT, ENTERED, TOUCHED, CROSSED, TRIP = range(5)
"""Kinds of changes, in the order that counts at one moment: who leaves makes room for who enters. ``TOUCHED``: left at
the moment of entering."""


class Change(msgspec.Struct, array_like=True, gc=False):
    """What happened at ``at_ms``. ``name``: of the zone or line, or where a trip began; ``other``: where it ended.

    ``value``: the length of a stay in ms, -1 if it does not count; of a crossing 1 if it was forward, else 0.
    """

    at_ms: int
    kind: int
    name: str
    value: int = 0
    other: str = ""


class StatisticsState(msgspec.Struct):
    """``hour_ms``: the hour that is summed up, None before the first; ``settled_ms``: up to when it is.

    ``live``: by zone, the occupancy last told of it: what the sum must come to once nothing is kept. ``trips``: from ->
    to -> count. ``observed_ms``: of ``hour_ms``, in states of topology 2 and before.
    """

    zones: dict[str, Tally] = {}
    trips: dict[str, dict[str, int]] = {}
    lines: dict[str, LineTally] = {}
    hour_ms: int | None = None
    settled_ms: int | None = None
    observed: Observed = msgspec.field(default_factory=Observed)
    kept: list[Change] = []
    live: dict[str, int] = {}
    observed_ms: int = 0


class Statistics:
    name: ClassVar[str] = "statistics"
    reads: ClassVar[tuple[type[Event], ...]] = (
        ZoneEntered, ZoneLeft, LineCrossed, TripEnded, ZonesSettled, Tick, Configured, HallRemoved,
    )  # fmt: skip
    writes: ClassVar[tuple[type[Event], ...]] = (ZoneHour, LineHour, TripsHour)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall, self._tz = hall.id, hall.tz
        self._zones = tuple(zone.id for zone in hall.zones)
        self._lines = tuple(line.id for line in hall.lines)
        self._samples = rules.statistics.dwell_samples
        self._hour = (0, 0)
        self._on: dict[type[Event], Callable[[StatisticsState, Any], Iterator[Event] | None]] = {
            ZoneEntered: self._entered, ZoneLeft: self._left, LineCrossed: self._crossed, TripEnded: self._trip,
            ZonesSettled: self._settled, Tick: self._tick, Configured: self._configured,
            HallRemoved: self._removed,
        }  # fmt: skip

    def initial(self) -> StatisticsState:
        return StatisticsState()

    def on_event(self, state: StatisticsState, event: Event) -> tuple[Event, ...]:
        return tuple(self._on[type(event)](state, event) or ())

    # -- what is told is kept --------------------------------------------------------------------------------------

    def _tick(self, state: StatisticsState, event: Tick) -> None:
        state.observed.look(self._tz, event.at_ms)

    def _configured(self, state: StatisticsState, event: Configured) -> None:
        """A hall is observed from when its files are in force. Zones that are gone are published with their last hour."""
        if state.observed.looked_ms is None:
            state.observed.looked_ms = event.at_ms

    def _entered(self, state: StatisticsState, event: ZoneEntered) -> Iterator[Event] | None:
        state.live[event.zone] = event.occupancy
        return self._keep(state, Change(event.at_ms, ENTERED, event.zone), event.decided_at_ms)

    def _left(self, state: StatisticsState, event: ZoneLeft) -> Iterator[Event] | None:
        state.live[event.zone] = event.occupancy
        kind = LEFT if event.at_ms > event.entered_ms else TOUCHED
        dwell_ms = -1 if event.reason == "config" else max(0, event.at_ms - event.entered_ms)
        return self._keep(state, Change(event.at_ms, kind, event.zone, dwell_ms), event.decided_at_ms)

    def _crossed(self, state: StatisticsState, event: LineCrossed) -> Iterator[Event] | None:
        change = Change(event.at_ms, CROSSED, event.line, int(event.direction == "forward"))
        return self._keep(state, change, event.decided_at_ms)

    def _trip(self, state: StatisticsState, event: TripEnded) -> Iterator[Event] | None:
        change = Change(event.at_ms, TRIP, event.from_zone or NO_ZONE, 0, event.to_zone or NO_ZONE)
        return self._keep(state, change, event.decided_at_ms)

    def _keep(self, state: StatisticsState, change: Change, decided_ms: int) -> Iterator[Event] | None:
        if state.settled_ms is not None:  # what comes too late counts from where the sum is
            change.at_ms = max(change.at_ms, state.settled_ms)
        state.kept.append(change)
        if len(state.kept) <= KEPT_AT_MOST:
            return None
        return self._sum_up(state, sorted(c.at_ms for c in state.kept)[KEPT_AT_MOST // 2] + 1, decided_ms)

    # -- and summed up when it is settled --------------------------------------------------------------------------

    def _settled(self, state: StatisticsState, event: ZonesSettled) -> Iterator[Event]:
        return self._sum_up(state, event.at_ms, event.decided_at_ms)

    def _sum_up(self, state: StatisticsState, until_ms: int, decided_ms: int) -> Iterator[Event]:
        """What happened at ``until_ms`` itself waits: who leaves at that moment may still be told, and makes room."""
        due = sorted((c for c in state.kept if c.at_ms < until_ms), key=lambda c: (c.at_ms, c.kind))
        state.kept = [change for change in state.kept if change.at_ms >= until_ms]
        if state.settled_ms is None:
            state.settled_ms = min([until_ms, *state.observed.ms, *(change.at_ms for change in due)])
            _take_over(state)
        for change in due:
            yield from self._advance(state, change.at_ms, decided_ms)
            self._count(state, change)
        yield from self._advance(state, until_ms, decided_ms)
        waiting = {change.name for change in state.kept}
        for zone, tally in state.zones.items():
            if zone not in waiting:
                # Events may have been lost with a part of the log, and nobody is in a zone that is gone.
                people = state.live.get(zone, tally.occupancy) if zone in self._zones else 0
                tally.occupancy = max(0, people)

    def _count(self, state: StatisticsState, change: Change) -> None:
        if change.kind == TRIP:
            ends = state.trips.setdefault(change.name, {})
            ends[change.other] = ends.get(change.other, 0) + 1
        elif change.kind == CROSSED:
            line = state.lines.setdefault(change.name, LineTally())
            line.forward += change.value
            line.backward += 1 - change.value
        else:
            self._move(state.zones.setdefault(change.name, Tally()), change)

    def _move(self, tally: Tally, change: Change) -> None:
        if change.kind == ENTERED:
            tally.entries += 1
            tally.occupancy += 1
            tally.most = max(tally.most, tally.occupancy)
            return
        tally.occupancy -= 1
        if change.value >= 0:
            tally.exits += 1
            tally.dwell_ms.add(change.value, self._samples)

    def _advance(self, state: StatisticsState, to_ms: int, decided_ms: int) -> Iterator[Event]:
        """Weigh everyone's presence with the time up to ``to_ms``, and publish the hours that are over by then."""
        if state.settled_ms is None or to_ms < state.settled_ms:
            return
        start, end = self._hour_of(state.settled_ms)
        while end <= to_ms:
            state.hour_ms = start
            _weigh(state, end)
            yield from self._publish(state, start, decided_ms)
            _turn(state, {*self._zones})
            if to_ms - end > YEAR_MS:  # nobody was there for so long
                state.settled_ms = to_ms
            start, end = self._hour_of(state.settled_ms)
        state.hour_ms = start
        _weigh(state, to_ms)

    def _hour_of(self, at_ms: int) -> tuple[int, int]:
        start, end = self._hour
        if not start <= at_ms < end:
            self._hour = start, end = local_hour(self._tz, at_ms)
        return start, end

    def _removed(self, state: StatisticsState, event: HallRemoved) -> Iterator[Event]:
        """Nothing will settle any more: everything is summed up, and the last hour published as far as it has come."""
        last_ms = max((change.at_ms for change in state.kept), default=event.at_ms)
        yield from self._sum_up(state, max(last_ms + 1, event.at_ms), event.at_ms)
        if state.hour_ms is not None:
            yield from self._publish(state, state.hour_ms, event.at_ms)

    # -- publishing ------------------------------------------------------------------------------------------------

    def _publish(self, state: StatisticsState, hour_ms: int, decided_ms: int) -> Iterator[Event]:
        observed_ms = state.observed.take(hour_ms)
        happened = state.trips or state.lines or any(not tally.empty for tally in state.zones.values())
        if not observed_ms and not happened:
            return
        gone = sorted(zone for zone, tally in state.zones.items() if zone not in self._zones and not tally.empty)
        for zone in (*self._zones, *gone):
            yield self._zone_hour(zone, state.zones.get(zone) or Tally(), hour_ms, observed_ms, decided_ms)
        for line in (*self._lines, *sorted(state.lines.keys() - set(self._lines))):
            met = state.lines.get(line) or LineTally()
            yield LineHour(
                hall=self._hall, at_ms=hour_ms, decided_at_ms=decided_ms, line=line, forward=met.forward,
                backward=met.backward,
            )  # fmt: skip
        if state.trips:
            counts = sorted((start, end, n) for start, ends in state.trips.items() for end, n in ends.items())
            trips = tuple(TripCount(start or None, end or None, n) for start, end, n in counts)
            yield TripsHour(hall=self._hall, at_ms=hour_ms, decided_at_ms=decided_ms, trips=trips)

    def _zone_hour(self, zone: str, tally: Tally, hour_ms: int, observed_ms: int, decided_ms: int) -> ZoneHour:
        ordered = sorted(tally.dwell_ms.kept)
        p50, p90 = nearest_rank(ordered, 50), nearest_rank(ordered, 90)
        return ZoneHour(
            hall=self._hall, at_ms=hour_ms, decided_at_ms=decided_ms, zone=zone, seconds=round(observed_ms / 1000),
            entries=tally.entries, exits=tally.exits, person_s=tally.person_ms / 1000,
            occupancy_mean=tally.person_ms / observed_ms if observed_ms else float(max(0, tally.occupancy)),
            occupancy_max=max(0, tally.most), dwell_p50_s=None if p50 is None else p50 / 1000,
            dwell_p90_s=None if p90 is None else p90 / 1000,
        )  # fmt: skip


def _weigh(state: StatisticsState, until_ms: int) -> None:
    passed_ms = until_ms - (until_ms if state.settled_ms is None else state.settled_ms)
    for tally in state.zones.values():
        tally.person_ms += max(0, tally.occupancy) * passed_ms
    state.settled_ms = until_ms


def _take_over(state: StatisticsState) -> None:
    """What an older version had observed of the hour that it left unfinished."""
    if state.hour_ms is not None and state.observed_ms:
        state.observed.ms[state.hour_ms] = state.observed.ms.get(state.hour_ms, 0) + state.observed_ms
        state.observed_ms = 0


def _turn(state: StatisticsState, zones: set[str]) -> None:
    """Begin another hour. A zone that is gone has one more if somebody was still in it: they left in that hour."""
    state.trips, state.lines = {}, {}
    state.zones = {
        zone: tally.next_hour() for zone, tally in state.zones.items() if zone in zones or tally.occupancy > 0
    }
    state.live = {zone: people for zone, people in state.live.items() if zone in zones or zone in state.zones}
