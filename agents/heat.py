"""Heat: where people spend time, as person-seconds per cell of a square grid, in sparse deltas of a minute.

The time between two consecutive points of a track goes to the cell of the later point: at the rate of a camera the two
are a step apart, and halving it between them would cost twice for a picture nobody could tell apart. A gap longer than
``max_gap_s`` adds nothing (nobody knows where the person was), nor does one that is not positive: a repeated row, or a
clock that was set back, from whose new time it goes on.

Summed in whole milliseconds, so the order of adding does not matter; the sum leaves as an event when the log's time
enters another minute, and state holds no more than that minute. The map of a day is the sum of its ``heat_added``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from config.hall import Hall
from config.rules import Rules
from streams.events import Configured, Event, HallRemoved, HeatAdded, HeatCell, Positions, Tick, TrackEnded

MINUTE_MS = 60_000
CELLS_AT_MOST = 20_000
"""More in one minute than twenty people can touch: a broken homography. They leave early, in several events."""
ROWS = 2.0**23
"""A cell's key is ``column * ROWS + row``: one float, exact for 200 km of the finest cells, hashed faster than two."""
FAR = 2.0**52
"""No key of a floor is that large; infinite and NaN coordinates are not smaller."""


class HeatState(msgspec.Struct):
    """``cells``: milliseconds by key. A track's last time is in ``recent``, or in ``older`` if not seen this minute."""

    cell_m: float
    minute: int | None = None
    cells: dict[float, int] = {}
    recent: dict[str, int] = {}
    older: dict[str, int] = {}


class Heat:
    name: ClassVar[str] = "heat"
    reads: ClassVar[tuple[type[Event], ...]] = (Positions, TrackEnded, Tick, Configured, HallRemoved)
    writes: ClassVar[tuple[type[Event], ...]] = (HeatAdded,)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._cell_m = rules.heat.cell_m
        self._max_gap_ms = round(rules.heat.max_gap_s * 1000)
        self._on: dict[type[Event], Callable[[HeatState, Any], tuple[Event, ...]]] = {
            Positions: self._positions, TrackEnded: self._ended, Tick: self._tick, Configured: self._configured,
            HallRemoved: self._removed,
        }  # fmt: skip

    def initial(self) -> HeatState:
        return HeatState(self._cell_m)

    def on_event(self, state: HeatState, event: Event) -> tuple[Event, ...]:
        return self._on[type(event)](state, event)

    def _positions(self, state: HeatState, event: Positions) -> tuple[Event, ...]:
        cells, recent, cell_m, rows = state.cells, state.recent, self._cell_m, ROWS
        at_ms, max_gap_ms, last_of, sum_of = event.at_ms, self._max_gap_ms, recent.get, cells.get
        before_ms, gap_ms, counts = at_ms, 0, False
        for track, x, y, _, _ in event.rows:
            last_ms = last_of(track)
            recent[track] = at_ms
            if last_ms is not before_ms:  # nearly all were last seen in one frame: comparing identities is enough
                before_ms = state.older.pop(track, at_ms) if last_ms is None else last_ms
                gap_ms = at_ms - before_ms
                counts = 0 < gap_ms <= max_gap_ms
            if counts:
                key = x // cell_m * rows + y // cell_m
                cells[key] = sum_of(key, 0) + gap_ms
        return self._flush(state, at_ms) if len(cells) > CELLS_AT_MOST else ()

    def _ended(self, state: HeatState, event: TrackEnded) -> tuple[Event, ...]:
        state.recent.pop(event.track, None)
        state.older.pop(event.track, None)
        return ()

    def _tick(self, state: HeatState, event: Tick) -> tuple[Event, ...]:
        minute = event.at_ms // MINUTE_MS
        if minute == state.minute:
            return ()
        out = self._flush(state, event.at_ms)
        state.minute = minute
        # max_gap_s is a minute at most: who was not seen for a whole one starts afresh.
        state.older, state.recent = state.recent, {}
        return out

    def _configured(self, state: HeatState, event: Configured) -> tuple[Event, ...]:
        if state.cell_m == self._cell_m:
            return ()
        out = self._flush(state, event.at_ms)
        state.cell_m = self._cell_m
        return out

    def _removed(self, state: HeatState, event: HallRemoved) -> tuple[Event, ...]:
        return self._flush(state, event.at_ms)

    def _flush(self, state: HeatState, decided_ms: int) -> tuple[Event, ...]:
        floor = {key: ms for key, ms in state.cells.items() if -FAR < key < FAR}
        cells = tuple(_cell(key, floor[key]) for key in sorted(floor))
        state.cells = {}
        minute = decided_ms // MINUTE_MS if state.minute is None else state.minute
        if not cells:
            return ()
        return (HeatAdded(
            hall=self._hall, at_ms=minute * MINUTE_MS, decided_at_ms=decided_ms, cell_m=state.cell_m, cells=cells,
        ),)  # fmt: skip


def _cell(key: float, ms: int) -> HeatCell:
    column, row = divmod(int(key + ROWS / 2), int(ROWS))
    return HeatCell(column, row - int(ROWS) // 2, ms / 1000)
