"""Flow: who crosses which line in which direction, and each person's whole way through the hall.

**The crossing itself** is between two consecutive points of a track: the side, ``cross(to - from, point - from) > 0``,
changes, and their closed segment meets the closed line. From positive to not positive is forward. With ``inertia_m`` 0
every such crossing is said as it stands.

**With inertia** a line is a strip: all that is nearer to it than ``inertia_m``, round its ends too.

         a      b   b      c     c       positive side
      ---|------|---|------|-----|---.
      ===|======|===|======|==o  |    )  the line (=) up to its end (o), and the strip round it
      ---|------'---'------'-----'---'
         v                               other side

    a: through it: forward, once, when it leaves the strip. b: in and out on the same side, dithering or not: nothing.
    c: through the line and back round its end: nothing.

What happens in the strip is summed up when the track leaves it: one crossing if it leaves on the other side than it
came from and went through the line on balance, else none. Round an end is no crossing. ``at_ms`` is the last time it
went through, ``decided_at_ms`` when it left the strip. Between two crossings a track goes ``inertia_m`` away and back.
A track that starts in the strip came from the side of its first point; one that ends in it left on the side of its
last, as nothing more will come to undo it: somebody who vanishes in the doorway is counted. Of a line that nobody can
walk round, forward minus backward of a whole track is the same with any inertia.

**Entries and exits of an entrance** are the forward and backward ``line_crossed`` of its line (``entrance: true``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from agents.line_index import ROWS, STEP_M, LineIndex, PlanLine
from config.hall import Hall, ZoneKind
from config.rules import Rules
from streams.events import (
    Configured,
    Event,
    LineCrossed,
    Position,
    Positions,
    Tick,
    TrackEnded,
    TripEnded,
    ZoneEntered,
    ZoneLeft,
)

MINUTE_MS = 60_000
SPARE_MINUTES = 10
"""How much longer than an unseen track lives it is remembered, for the case that its ``track_ended`` is lost."""

Ends = tuple[float, float, float, float]


class Strip(msgspec.Struct):
    """What a track did in a line's strip: the side it came from, times forward minus backward, and when last."""

    came_positive: bool
    balance: int = 0
    met_ms: int = 0


class Way(msgspec.Struct, omit_defaults=True):
    """One track's last point, ``at``, and its way so far: ``strips`` by line, those it is in; zones, the oldest first.

    ``idle``: full minutes since the track was last seen.
    """

    at: Position
    started_ms: int
    idle: int = 0
    strips: dict[str, Strip] = {}
    inside: list[str] = []
    first_zone: str | None = None
    last_zone: str | None = None
    started_in: str | None = None
    entered_by: str | None = None
    left_by: str | None = None


class FlowState(msgspec.Struct):
    """``lines``: the ends of the lines that ``strips`` speak of, to know which have moved."""

    lines: dict[str, Ends]
    ways: dict[str, Way] = {}
    minute: int = 0


class Flow:
    name: ClassVar[str] = "flow"
    reads: ClassVar[tuple[type[Event], ...]] = (Positions, ZoneEntered, ZoneLeft, TrackEnded, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (LineCrossed, TripEnded)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._inertia = rules.flow.inertia_m > 0
        self._index = LineIndex(hall.lines, rules.flow.inertia_m)
        self._lines = {line.id: line for line in self._index.all}
        self._entrances = frozenset(zone.id for zone in hall.zones if zone.kind is ZoneKind.ENTRANCE)
        self._idle_at_most = int(rules.trajectory.join_within_s / 60) + SPARE_MINUTES
        self._on: dict[type[Event], Callable[[FlowState, Any], tuple[Event, ...]]] = {
            Positions: self._positions, ZoneEntered: self._entered, ZoneLeft: self._left,
            TrackEnded: self._ended, Tick: self._tick, Configured: self._configured,
        }  # fmt: skip

    def initial(self) -> FlowState:
        return FlowState(self._ends())

    def on_event(self, state: FlowState, event: Event) -> tuple[Event, ...]:
        return self._on[type(event)](state, event)

    # -- points ----------------------------------------------------------------------------------------------------

    def _positions(self, state: FlowState, event: Positions) -> tuple[Event, ...]:
        ways, near, cell_m, step_m, rows = state.ways, self._index.near, self._index.cell_m, STEP_M, ROWS
        out: list[Event] = []
        for row in event.rows:
            way = ways.get(row.track)
            if way is None:
                ways[row.track] = self._start(row, event.at_ms)
                continue
            at, x, y = way.at, row.x_m, row.y_m
            if -step_m <= x - at.x_m <= step_m and -step_m <= y - at.y_m <= step_m:
                lines = near.get(x // cell_m * rows + y // cell_m)
            else:
                lines = self._index.all
            if lines:
                for line in lines:
                    out += self._step(way, line, row, event.at_ms)
            way.at = row
            if way.idle:
                way.idle = 0
        return tuple(out)

    def _start(self, row: Position, at_ms: int) -> Way:
        """A track's first point may lie in strips: a step from itself to itself notes them."""
        way = Way(row, at_ms)
        if self._inertia:
            cell_m = self._index.cell_m
            for line in self._index.near.get(row.x_m // cell_m * ROWS + row.y_m // cell_m, ()):
                self._step(way, line, row, at_ms)
        return way

    def _step(self, way: Way, line: PlanLine, row: Position, at_ms: int) -> tuple[LineCrossed, ...]:
        """The step of ``way`` from its last point to ``row``, seen from one line."""
        at = way.at
        before, after = line.side(at.x_m, at.y_m) > 0, line.side(row.x_m, row.y_m) > 0
        crossed = before is not after and line.meets(at, row)
        if not self._inertia:
            return self._say(way, line, row.track, before, at_ms, at_ms) if crossed else ()
        strip, stays = way.strips.get(line.id), line.in_strip(row.x_m, row.y_m)
        if strip is None:
            if not crossed and not stays:
                return ()
            strip = Strip(before)
        if crossed:
            strip.balance += 1 if before else -1
            strip.met_ms = at_ms
        if stays:
            way.strips[line.id] = strip
            return ()
        way.strips.pop(line.id, None)
        return self._leave(way, line, row.track, strip, after, at_ms)

    def _leave(
        self, way: Way, line: PlanLine, track: str, strip: Strip, after: bool, decided_ms: int
    ) -> tuple[LineCrossed, ...]:
        """Out of the strip, or ended in it, on side ``after``."""
        through = strip.balance if strip.came_positive else -strip.balance
        if strip.came_positive is after or through <= 0:
            return ()
        return self._say(way, line, track, strip.came_positive, strip.met_ms, max(decided_ms, strip.met_ms))

    def _say(
        self, way: Way, line: PlanLine, track: str, forward: bool, at_ms: int, decided_ms: int
    ) -> tuple[LineCrossed, ...]:
        if line.entrance and forward:
            way.entered_by = way.entered_by or line.id
            way.left_by = None  # who came back in has not left
        elif line.entrance:
            way.left_by = line.id
        return (LineCrossed(
            hall=self._hall, at_ms=at_ms, decided_at_ms=decided_ms, line=line.id, track=track,
            direction="forward" if forward else "backward",
        ),)  # fmt: skip

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
        for name, strip in way.strips.items():
            if line := self._lines.get(name):
                after = line.side(way.at.x_m, way.at.y_m) > 0
                out += self._leave(way, line, event.track, strip, after, event.decided_at_ms)
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
        """Once a minute. Ticks are counted, not time: after a jump of the log's time tracks end by their own event."""
        minute = event.at_ms // MINUTE_MS
        if minute != state.minute:
            state.minute = minute
            for track, way in list(state.ways.items()):
                way.idle += 1
                if way.idle > self._idle_at_most:
                    del state.ways[track]
        return ()

    def _configured(self, state: FlowState, _: Configured) -> tuple[Event, ...]:
        """What tracks were doing at lines that moved or vanished is no longer true; their ways go on."""
        ends = self._ends()
        kept = {name for name in ends if self._inertia and state.lines.get(name) == ends[name]}
        for way in state.ways.values():
            way.strips = {name: strip for name, strip in way.strips.items() if name in kept}
        state.lines = ends
        return ()

    def _ends(self) -> dict[str, Ends]:
        return {line.id: (*line.from_m, *line.to_m) for line in self._index.all}


def _unknown(event: TrackEnded) -> Way:
    """The way of a track that this agent never saw (it is new, or was off): all that is known is its end."""
    return Way(Position(event.track, event.x_m, event.y_m, 0.0, False), event.first_ms)
