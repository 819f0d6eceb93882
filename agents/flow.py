"""Flow: who crosses which line in which direction, and each person's whole way through the hall.

How a crossing is judged is told in ``agents.crossing``. Lines inside the hall are judged here; entrances are judged by
``trajectory``, which must know who has gone, and published here. **Entries and exits of an entrance** are the forward
and backward ``line_crossed`` of its line (``entrance: true``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from agents.crossing import Corners, Crossing, Crossings, Strip
from agents.lines import ROWS, STEP_M
from config.hall import Hall, ZoneKind
from config.patience import longest_patience_s
from config.rules import Rules
from streams.events import (
    Configured,
    EntrancePassed,
    Event,
    LineCrossed,
    Position,
    Positions,
    Tick,
    TrackEnded,
    TrackStarted,
    TripEnded,
    ZoneEntered,
    ZoneLeft,
)

DAY_MS = 86_400_000


class Way(msgspec.Struct, omit_defaults=True):
    """One track's last point, ``at``, and its way so far: ``strips`` by line, those it is in; zones, the oldest first.

    ``met_ms``: the last tick before it was first seen.
    """

    at: Position
    started_ms: int
    met_ms: int = 0
    strips: dict[str, Strip] = {}
    inside: list[str] = []
    first_zone: str | None = None
    last_zone: str | None = None
    started_in: str | None = None
    entered_by: str | None = None
    left_by: str | None = None


class FlowState(msgspec.Struct):
    """``lines``: the corners of the lines that ``strips`` speak of, to know which have moved."""

    lines: dict[str, Corners]
    ways: dict[str, Way] = {}
    tick_ms: int = 0


class Flow:
    name: ClassVar[str] = "flow"
    reads: ClassVar[tuple[type[Event], ...]] = (
        Positions, TrackStarted, EntrancePassed, ZoneEntered, ZoneLeft, TrackEnded, Tick, Configured,
    )  # fmt: skip
    writes: ClassVar[tuple[type[Event], ...]] = (LineCrossed, TripEnded)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._inner = Crossings([line for line in hall.lines if not line.entrance], rules.flow)
        self._lines = {line.id: line for line in self._inner.index.all}
        self._entrances = frozenset(zone.id for zone in hall.zones if zone.kind is ZoneKind.ENTRANCE)
        self._forget_ms = round(longest_patience_s(hall, rules) * 1000) + DAY_MS
        self._on: dict[type[Event], Callable[[FlowState, Any], tuple[Event, ...]]] = {
            Positions: self._positions, TrackStarted: self._started, EntrancePassed: self._passed,
            ZoneEntered: self._entered, ZoneLeft: self._left, TrackEnded: self._ended, Tick: self._tick,
            Configured: self._configured,
        }  # fmt: skip

    def initial(self) -> FlowState:
        return FlowState(self._inner.corners())

    def on_event(self, state: FlowState, event: Event) -> tuple[Event, ...]:
        return self._on[type(event)](state, event)

    # -- points ----------------------------------------------------------------------------------------------------

    def _started(self, state: FlowState, event: TrackStarted) -> tuple[Event, ...]:
        at = event.track, event.x_m, event.y_m, 0.0, False
        way = state.ways[event.track] = Way(at, event.at_ms, state.tick_ms)
        self._inner.start(way.strips, (event.x_m, event.y_m))
        return ()

    def _positions(self, state: FlowState, event: Positions) -> tuple[Event, ...]:
        if not self._inner.any:
            return ()
        ways, near, cell_m, step_m, rows = state.ways, self._inner.index.near, self._inner.index.cell_m, STEP_M, ROWS
        out: list[Event] = []
        for row in event.rows:
            track, x, y, _, _ = row
            way = ways.get(track)
            if way is None:  # this agent is new, or was off, when the track started
                way = ways[track] = Way(row, event.at_ms, state.tick_ms)
                continue
            _, old_x, old_y, _, _ = way.at
            if -step_m <= x - old_x <= step_m and -step_m <= y - old_y <= step_m:
                lines = near.get(x // cell_m * rows + y // cell_m)
            else:
                lines = self._inner.index.all
            if lines:
                for line in lines:
                    found = self._inner.step(way.strips, line, (old_x, old_y), (x, y), event.at_ms)
                    if found:
                        out.append(self._crossed(track, found, event.at_ms))
            way.at = row
        return tuple(out)

    def _crossed(self, track: str, found: Crossing, decided_ms: int) -> LineCrossed:
        return LineCrossed(
            hall=self._hall, at_ms=found.at_ms, decided_at_ms=max(decided_ms, found.at_ms), line=found.line,
            track=track, direction="forward" if found.forward else "backward",
        )  # fmt: skip

    def _passed(self, state: FlowState, event: EntrancePassed) -> tuple[Event, ...]:
        way = state.ways.get(event.track)
        if way is not None and event.forward:
            way.entered_by = way.entered_by or event.line
            way.left_by = None  # who came back in has not left
        elif way is not None:
            way.left_by = event.line
        return (self._crossed(event.track, Crossing(event.line, event.forward, event.at_ms), event.decided_at_ms),)

    # -- zones and trips -------------------------------------------------------------------------------------------

    def _entered(self, state: FlowState, event: ZoneEntered) -> tuple[Event, ...]:
        way = state.ways.get(event.track)
        if way is not None:
            way.first_zone = way.first_zone or event.zone
            if event.zone not in way.inside:
                way.inside.append(event.zone)
            if way.started_in is None and event.zone in self._entrances and event.at_ms <= way.started_ms:
                way.started_in = event.zone
        return ()

    def _left(self, state: FlowState, event: ZoneLeft) -> tuple[Event, ...]:
        way = state.ways.get(event.track)
        if way is not None and event.zone in way.inside:
            way.inside.remove(event.zone)
            way.last_zone = event.zone
        return ()

    def _ended(self, state: FlowState, event: TrackEnded) -> tuple[Event, ...]:
        """The zones say that the track left them only after this: ``inside`` is where it ended."""
        way = state.ways.pop(event.track, None) or _unknown(event)
        out: list[Event] = []
        if self._inner.any:
            last = self._inner.end(way.strips, way.at[1:3], (event.x_m, event.y_m), event.at_ms)
            out += [self._crossed(event.track, crossing, event.decided_at_ms) for crossing in last]
        ended_in = [zone for zone in way.inside if zone in self._entrances]
        out.append(TripEnded(
            hall=self._hall, at_ms=event.at_ms, decided_at_ms=event.decided_at_ms, track=event.track,
            started_ms=event.first_ms, from_zone=way.first_zone,
            to_zone=way.inside[-1] if way.inside else way.last_zone,
            entered_by=way.entered_by or way.started_in,
            left_by=way.left_by or (ended_in[-1] if ended_in else None),
        ))  # fmt: skip
        return tuple(out)

    # -- upkeep ----------------------------------------------------------------------------------------------------

    def _tick(self, state: FlowState, event: Tick) -> tuple[Event, ...]:
        """Ways whose end was lost with a part of the log are forgotten, a day after any track of theirs can live."""
        if event.at_ms // DAY_MS != state.tick_ms // DAY_MS:
            old_ms = event.at_ms - self._forget_ms
            state.ways = {track: way for track, way in state.ways.items() if not 0 < way.met_ms < old_ms}
        state.tick_ms = max(state.tick_ms, event.at_ms)
        return ()

    def _configured(self, state: FlowState, _: Configured) -> tuple[Event, ...]:
        """What tracks were doing at lines that moved or vanished is no longer true; their ways go on."""
        for way in state.ways.values():
            way.strips = self._inner.still_true(way.strips, state.lines)
        state.lines = self._inner.corners()
        return ()


def _unknown(event: TrackEnded) -> Way:
    """The way of a track that this agent never saw (it is new, or was off): all that is known is its end."""
    return Way((event.track, event.x_m, event.y_m, 0.0, False), event.first_ms)
