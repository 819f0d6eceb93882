"""The clock of a log: time as the stamps of its records tell it. It stands rather than goes back, but not for ever.

A clock that is put right by a little makes time stand until it has caught up. One that was hours ahead, or a single row of
the year 2099, must not make everything late that comes after it: behind by more than ``BACK_MS``, stamps are believed once
they have gone on by ``RUN_MS`` among themselves, with none in between that is of the old time (decision 27). Pure.
"""

from __future__ import annotations

import msgspec

BACK_MS = 120_000
"""What is behind by no more than this is a clock that was put right: time stands still until it has caught up."""
RUN_MS = 60_000
"""For how long a clock that is further behind has to run before it is believed."""
STEP_MS = 10_000
"""What one record can tell of that at most: one stray row more, a day before or after, proves nothing."""

SAY_MS = 10_000
"""People are told when the log's time and a clock part by more: clocks differ by less."""


class Behind(msgspec.Struct, array_like=True, frozen=True):
    """A row of records, from ``first_offset`` on, that are all stamped too far before the time.

    ``last_ms``: what time it is by their own clock; ``ran_ms``: for how long that has been running.
    """

    first_offset: int
    last_ms: int
    ran_ms: int = 0

    @property
    def believed(self) -> bool:
        return self.ran_ms >= RUN_MS


def behind(before: Behind | None, offset: int, stamp_ms: int) -> Behind:
    """One record more that is stamped too far before the time."""
    if before is None:
        return Behind(offset, stamp_ms)
    now_ms = stamp_after(before.last_ms, stamp_ms)
    step_ms = min(max(0, now_ms - before.last_ms), STEP_MS)
    return Behind(before.first_offset, now_ms, before.ran_ms + step_ms)


def stamp_after(last_ms: int, now_ms: int) -> int:
    """What a record is stamped with that comes at ``now_ms``, behind one that is stamped ``last_ms``."""
    return last_ms if last_ms - BACK_MS <= now_ms < last_ms else now_ms


class Clock:
    """``time_ms`` by the stamps that were taken so far."""

    def __init__(self, time_ms: int) -> None:
        self.time_ms = time_ms
        self._behind: Behind | None = None

    def take(self, number: int, stamp_ms: int) -> bool:
        """One record more; whether time goes back with it."""
        if stamp_ms >= self.time_ms - BACK_MS:
            self.time_ms, self._behind = max(self.time_ms, stamp_ms), None
            return False
        self._behind = behind(self._behind, number, stamp_ms)
        if not self._behind.believed:
            return False
        self.time_ms, self._behind = self._behind.last_ms, None
        return True
