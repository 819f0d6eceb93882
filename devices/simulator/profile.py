"""When people come: a service hall's day, and the inhomogeneous Poisson process that follows it."""

from __future__ import annotations

import math
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

# (hour of the day, arrivals relative to the day's base rate); straight lines between. The doors open at half past
# eight, the morning is the busiest, lunch is quiet, the afternoon has its own, lower peak, and nobody is let in after
# half past five.
SERVICE_DAY: tuple[tuple[float, float], ...] = (
    (8.4, 0.0), (8.5, 0.9), (9.5, 1.6), (10.5, 1.5), (11.5, 0.9), (12.5, 0.5),
    (13.5, 0.9), (14.5, 1.4), (15.5, 1.2), (16.5, 0.7), (17.25, 0.25), (17.5, 0.0),
)  # fmt: skip
OPENS_H, CLOSES_H = 8.5, 17.5
LIVELY = 0.6
"""The least a hall that is always open gets, so that a demonstration shows people at any hour."""


def factor(hour: float, *, always_open: bool = False) -> float:
    """Arrivals at that hour of the local day, relative to the base rate.

    ``always_open`` repeats the opening hours around the clock (half past five in the evening is as half past eight) and
    never falls below ``LIVELY``.
    """
    if always_open:
        return max(LIVELY, _service_day(OPENS_H + (hour - OPENS_H) % (CLOSES_H - OPENS_H)))
    return _service_day(hour)


def _service_day(hour: float) -> float:
    before = SERVICE_DAY[0]
    for after in SERVICE_DAY:
        if hour < after[0]:
            if after is before:
                return 0.0
            share = (hour - before[0]) / (after[0] - before[0])
            return before[1] + share * (after[1] - before[1])
        before = after
    return 0.0


def hour_of_day(at_ms: int, tz: ZoneInfo) -> float:
    local = datetime.fromtimestamp(at_ms / 1000, tz)
    return local.hour + local.minute / 60 + local.second / 3600


class Arrivals:
    """Arrival times, one after the other, at ``per_hour`` times the day's factor (an inhomogeneous Poisson process).

    Thinning after Lewis and Shedler (1979): candidates come at the highest rate; each stays with the chance that the
    rate of its moment bears to the highest.
    """

    _HIGHEST = max(f for _, f in SERVICE_DAY)

    def __init__(self, rng: Random, per_hour: float, tz: ZoneInfo, start_ms: int, *, always_open: bool = False) -> None:
        self._rng, self._tz, self._always_open = rng, tz, always_open
        self._per_ms = per_hour * self._HIGHEST / 3_600_000
        self._at = float(start_ms)

    def next_ms(self, before_ms: int) -> int | None:
        """The next arrival if it comes before ``before_ms``; None: none does, ask again later with a later bound."""
        if self._per_ms <= 0:
            return None
        while self._at < before_ms:
            self._at += self._rng.expovariate(self._per_ms)
            share = factor(hour_of_day(int(self._at), self._tz), always_open=self._always_open) / self._HIGHEST
            if self._rng.random() < share:
                return math.ceil(self._at)
        return None
