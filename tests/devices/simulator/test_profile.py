"""Arrivals follow the day."""

from __future__ import annotations

import itertools
from random import Random
from zoneinfo import ZoneInfo

import pytest

from devices.simulator.profile import LIVELY, Arrivals, factor, hour_of_day

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT_MS = 1_772_380_800_000
"""2026-03-02T00:00+08:00."""
HOUR_MS = 3_600_000


def day(seed: int, per_hour: float, *, always_open: bool = False) -> list[int]:
    arrivals = Arrivals(Random(seed), per_hour, SHANGHAI, MIDNIGHT_MS, always_open=always_open)
    found, end = [], MIDNIGHT_MS + 24 * HOUR_MS
    while (at_ms := arrivals.next_ms(end)) is not None and at_ms < end:
        found.append(at_ms)
    return found


def test_the_day_has_two_peaks_and_closed_nights() -> None:
    #          *                  1.6
    #         / \        *
    #        /   \      / \
    #   ____|     \_*_ /   \____
    #      8:30 9:30 12:30 14:30 17:30
    assert factor(3) == factor(8.3) == factor(17.6) == factor(23.9) == 0
    assert factor(9.5) > factor(8.6) > 0
    assert factor(9.5) > factor(14.5) > factor(12.5)


def test_always_open_is_lively_at_every_hour() -> None:
    assert all(factor(h / 4, always_open=True) >= LIVELY for h in range(96))
    assert factor(9.5, always_open=True) == factor(9.5)
    assert factor(18.5, always_open=True) == factor(9.5), "an hour after closing is as an hour after opening"


def test_the_hour_is_that_of_the_hall() -> None:
    assert hour_of_day(MIDNIGHT_MS + HOUR_MS // 2, SHANGHAI) == 0.5
    assert hour_of_day(MIDNIGHT_MS, ZoneInfo("Europe/London")) == 16.0


@pytest.mark.parametrize("always_open", [False, True])
def test_counts_per_hour_are_what_the_profile_asks_for(always_open: bool) -> None:
    """Poisson: of a mean m, counts lie within m ± 4.5 sqrt(m) but for seven in a million."""
    per_hour = 2000.0
    arrivals = day(1, per_hour, always_open=always_open)
    assert arrivals == sorted(arrivals)
    for hour in range(24):
        got = sum(hour * HOUR_MS <= a - MIDNIGHT_MS < (hour + 1) * HOUR_MS for a in arrivals)
        # The profile is made of straight lines: the mean of many points is its integral.
        mean = per_hour * sum(factor(hour + (i + 0.5) / 360, always_open=always_open) for i in range(360)) / 360
        assert abs(got - mean) <= 4.5 * mean**0.5 + 1, hour


def test_gaps_are_those_of_a_poisson_process() -> None:
    """In a Poisson process the standard deviation of the gaps equals their mean."""
    noon = [a for a in day(2, 2000) if 10 <= (a - MIDNIGHT_MS) / HOUR_MS < 11]
    gaps = [b - a for a, b in itertools.pairwise(noon)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((g - mean) ** 2 for g in gaps) / len(gaps)) ** 0.5
    assert deviation == pytest.approx(mean, rel=0.1)


def test_asking_often_gives_the_same_times() -> None:
    arrivals = Arrivals(Random(1), 500, SHANGHAI, MIDNIGHT_MS)
    found = []
    for minute in range(24 * 60):
        until = MIDNIGHT_MS + (minute + 1) * 60_000
        while (at_ms := arrivals.next_ms(until)) is not None:
            found.append(at_ms)
    assert found[: len(day(1, 500))] == day(1, 500)


def test_nobody_comes_at_rate_zero() -> None:
    assert day(1, 0) == []
