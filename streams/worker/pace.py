"""When to write a checkpoint: about every second, and so rarely that it stays under a tenth of the work.

Each lane keeps a pace of its own, and a process has two lanes: so each may take half of that tenth.
"""

from __future__ import annotations

from math import ceil

SHARE = 0.05
SHORTEST_S, LONGEST_S = 1.0, 10.0
AS_GOOD_AS = 0.9
"""Of an interval: who comes a moment late to its turn, as everybody does, need not leave out the next one."""

RECORDS_AT_MOST = 20_000
"""Since the last mark: what a hall that fails may have to go through again."""


class Pace:
    """Fed with a clock's readings in seconds; holds none itself.

    ``turn``: from 0 to 1, the part of each interval at which it is due. The partitions of a process begin together, and
    would otherwise all stop for their checkpoints in the same moment, every second.
    """

    def __init__(self, now: float, turn: float = 0.0) -> None:
        self._turn, self._records = turn, 0
        self._due = self._next(now, SHORTEST_S)
        self.spent_s = 0.0
        """Seconds spent on checkpoints so far."""

    def _next(self, now: float, interval: float) -> float:
        """The first turn after an interval from now, as good as."""
        return (ceil(now / interval + AS_GOOD_AS - self._turn) + self._turn) * interval

    def add(self, records: int) -> None:
        self._records += records

    def due(self, now: float) -> bool:
        return self._records >= RECORDS_AT_MOST or (self._records > 0 and now >= self._due)

    def done(self, started: float, now: float) -> None:
        """A checkpoint was made between the two readings."""
        cost = now - started
        self.spent_s += cost
        self._due, self._records = self._next(now, min(max(SHORTEST_S, cost / SHARE), LONGEST_S)), 0
