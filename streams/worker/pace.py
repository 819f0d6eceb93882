"""When to write a checkpoint: about every second, and so rarely that it stays under a tenth of the work.

Each lane keeps a pace of its own, and a process has two lanes: so each may take half of that tenth.
"""

from __future__ import annotations

SHARE = 0.05
SHORTEST_S, LONGEST_S = 1.0, 10.0
RECORDS_AT_MOST = 20_000
"""Since the last mark: what a hall that fails may have to go through again."""


class Pace:
    """Fed with a clock's readings in seconds; holds none itself."""

    def __init__(self, now: float) -> None:
        self._last, self._interval, self._records = now, SHORTEST_S, 0
        self.spent_s = 0.0
        """Seconds spent on checkpoints so far."""

    def add(self, records: int) -> None:
        self._records += records

    def due(self, now: float) -> bool:
        return self._records >= RECORDS_AT_MOST or (self._records > 0 and now - self._last >= self._interval)

    def done(self, started: float, now: float) -> None:
        """A checkpoint was made between the two readings."""
        cost = now - started
        self.spent_s += cost
        self._interval = min(max(SHORTEST_S, cost / SHARE), LONGEST_S)
        self._last, self._records = now, 0
