"""Sees what nothing else sees: a worker that is up and does nothing. It ends the process; the supervisor restarts it."""

from __future__ import annotations

from collections.abc import Callable

from faust.types import TP

from streams.worker.failure import Fatal
from streams.worker.lanes import Lanes

START_AT_MOST_S = 120.0
STALL_AT_MOST_S = 60.0
ASLEEP_S = 5.0
"""Between two checks: the process itself did not run (a suspended machine, SIGSTOP), so nobody else is to blame."""


class Watchdog:
    """``check`` is called about once a second with a clock's reading in seconds."""

    def __init__(self, lanes: Lanes, ends: Callable[[str, int], int], now: float) -> None:
        self._lanes, self._ends, self._assigned, self._checked = lanes, ends, now, now
        self._progress: dict[TP, tuple[int, float]] = {}

    def check(self, now: float) -> Fatal | None:
        """What is wrong, if anything."""
        slept, self._checked = now - self._checked, now
        if slept > ASLEEP_S:
            self._assigned += slept
            self._progress = {tp: (at, since + slept) for tp, (at, since) in self._progress.items()}
        if not self._lanes.ready.is_set():
            self._progress.clear()
            if now - self._assigned > START_AT_MOST_S:
                return Fatal(75, f"no partition was assigned and recovered within {START_AT_MOST_S:.0f} s")
            return None
        self._assigned = now
        for tp, part in self._lanes.parts.items():
            at, since = self._progress.get(tp, (-1, now))
            behind = self._ends(tp.topic, tp.partition) > part.marked
            if part.marked != at or not behind:
                self._progress[tp] = part.marked, now
            elif now - since > STALL_AT_MOST_S:
                return Fatal(
                    75, f"{tp.topic}/{tp.partition}: no checkpoint for {now - since:.0f} s at offset {part.marked}, "
                    f"although there is input to process",
                )  # fmt: skip
        return None
