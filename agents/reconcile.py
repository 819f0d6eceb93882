"""Reconcile: do the entrances count as many people as the cameras see?

From a base (so many people at that moment) the entrance lines are counted; every ``every_s`` of the hall's time
``base + entries - exits`` is compared with the people there are: tracks that have started and not ended. A difference
over ``tolerance`` is announced as ``count_drift``, and then **the base is set anew** to the people seen. So what is
announced is always new drift, with the counts that led to it; it is never repeated for as long as nothing else goes
wrong; and a persistent fault shows as one announcement after the other, at the rate at which people are lost.

The base is also set anew, without a word, at the first look of every day of the hall's clock: a person missed now and
then, within the tolerance, must not add up over a month to an alarm about nothing. And after a change of configuration,
which may have moved the entrances.

A person seen before the door counts as seen: with the entrances well inside the cameras' view the difference swings by
the few people between the edge of the view and the line. ``tolerance`` is for that. A hall without an entrance has
nothing to compare, and nothing is said of it.

**People inside** is the same sum as a figure of its own: ``people_inside`` after every crossing of an entrance, and
when the base is set anew. It never falls below 0: whoever leaves an empty hall was missed at the door, and counts as
having come in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from config.hall import Hall
from config.local_hour import local_day
from config.rules import Rules
from streams.events import (
    Configured,
    CountDrift,
    Event,
    LineCrossed,
    PeopleInside,
    Tick,
    TrackEnded,
    TrackStarted,
)

FORGET_AFTER_MS = 24 * 3_600_000
"""A track that has not ended by then never will: its end was lost with a part of the log."""


class ReconcileState(msgspec.Struct):
    """``tracks``: everyone there, with the tick at which they came, oldest first. ``base_ms`` None: no tick yet.

    ``missed``: who left without having been counted in, as far as that shows.
    """

    tracks: dict[str, int]
    now_ms: int = 0
    base: int = 0
    base_ms: int | None = None
    entries: int = 0
    exits: int = 0
    look_at_ms: int = 0
    missed: int = 0


class Reconcile:
    name: ClassVar[str] = "reconcile"
    reads: ClassVar[tuple[type[Event], ...]] = (LineCrossed, TrackStarted, TrackEnded, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (CountDrift, PeopleInside)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall, self._tz = hall.id, hall.tz
        self._entrances = frozenset(line.id for line in hall.lines if line.entrance)
        self._every_ms = round(rules.reconcile.every_s * 1000)
        self._tolerance = rules.reconcile.tolerance
        self._handlers: dict[type[Event], Callable[[ReconcileState, Any], tuple[Event, ...]]] = {
            LineCrossed: self._crossed,
            TrackStarted: self._started,
            TrackEnded: self._ended,
            Tick: self._tick,
            Configured: self._configured,
        }

    def initial(self) -> ReconcileState:
        return ReconcileState({})

    def on_event(self, state: ReconcileState, event: Event) -> tuple[Event, ...]:
        return self._handlers[type(event)](state, event)

    def _crossed(self, state: ReconcileState, event: LineCrossed) -> tuple[Event, ...]:
        if event.line not in self._entrances:
            return ()
        forward = event.direction == "forward"
        state.entries += forward
        state.exits += not forward
        if state.base_ms is None:
            return ()
        state.missed += max(0, -_inside(state))
        return (self._people(state, event.at_ms, event.decided_at_ms),)

    def _people(self, state: ReconcileState, at_ms: int, decided_ms: int) -> PeopleInside:
        inside, seen = _inside(state), len(state.tracks)
        return PeopleInside(
            hall=self._hall, at_ms=at_ms, decided_at_ms=decided_ms, inside=inside, seen=seen, drift=inside - seen,
            since_ms=state.base_ms or 0,
        )  # fmt: skip

    def _started(self, state: ReconcileState, event: TrackStarted) -> tuple[Event, ...]:
        state.tracks.pop(event.track, None)  # a repeated start goes to the end: the order is by age
        state.tracks[event.track] = state.now_ms
        return ()

    def _ended(self, state: ReconcileState, event: TrackEnded) -> tuple[Event, ...]:
        state.tracks.pop(event.track, None)
        return ()

    def _configured(self, state: ReconcileState, event: Configured) -> tuple[Event, ...]:
        return () if state.base_ms is None else self._rebase(state, event.at_ms)

    def _tick(self, state: ReconcileState, event: Tick) -> tuple[Event, ...]:
        state.now_ms = max(state.now_ms, event.at_ms)
        if state.base_ms is None:
            state.tracks = dict.fromkeys(state.tracks, state.now_ms)
            return self._rebase(state, state.now_ms)
        if state.now_ms < state.look_at_ms:
            return ()
        return self._look(state, state.base_ms)

    def _look(self, state: ReconcileState, since_ms: int) -> tuple[Event, ...]:
        _forget(state)
        expected, people = state.base + state.entries - state.exits, len(state.tracks)
        drift = expected - people
        said: tuple[Event, ...] = ()
        if self._entrances and abs(drift) > self._tolerance:
            said = (CountDrift(
                hall=self._hall, at_ms=state.now_ms, decided_at_ms=state.now_ms, since_ms=since_ms,
                entries=state.entries, exits=state.exits, expected=expected, people=people, drift=drift,
            ),)  # fmt: skip
        if said or local_day(self._tz, since_ms) != local_day(self._tz, state.now_ms):
            said += self._rebase(state, state.now_ms)
        state.look_at_ms = self._next_look(state.now_ms)
        return said

    def _rebase(self, state: ReconcileState, at_ms: int) -> tuple[Event, ...]:
        state.base, state.base_ms = len(state.tracks), state.now_ms
        state.entries = state.exits = state.missed = 0
        state.look_at_ms = self._next_look(state.now_ms)
        return (self._people(state, at_ms, max(at_ms, state.now_ms)),) if self._entrances else ()

    def _next_look(self, now_ms: int) -> int:
        """Looks stand on whole multiples of ``every_s``, wherever the log began; what time jumped over is left out."""
        return (now_ms // self._every_ms + 1) * self._every_ms


def _inside(state: ReconcileState) -> int:
    return state.base + state.entries - state.exits + state.missed


def _forget(state: ReconcileState) -> None:
    """Drop, from both sides of the comparison, whom nobody reported gone."""
    while state.tracks:
        track, came_ms = next(iter(state.tracks.items()))
        if state.now_ms - came_ms <= FORGET_AFTER_MS:
            return
        del state.tracks[track]
        state.base -= 1
