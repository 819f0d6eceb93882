"""What is observed of an hour, and what goes over from one hour to the next."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.hours import UNOBSERVED_AFTER_MS, Observed, Samples, Tally
from config.local_hour import HOUR_MS, local_hour

UTC, KATHMANDU = ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")
MINUTE_MS = 60_000


def looked(tz: ZoneInfo, *at_ms: int) -> Observed:
    observed = Observed()
    for one in at_ms:
        observed.look(tz, one)
    return observed


def test_time_between_looks_is_observed_and_the_first_look_observes_nothing() -> None:
    assert looked(UTC, 5000).ms == {}
    assert looked(UTC, 5000, 6000, 7500).ms == {0: 2500}


def test_a_step_is_shared_between_the_hours_it_lies_in() -> None:
    #   in Kathmandu (+05:45) the hour turns at a quarter past by UTC: looks 10 s before that and 20 s after it
    turn_ms = 1_772_323_200_000 + 15 * MINUTE_MS  # 1 March 2026
    assert looked(KATHMANDU, turn_ms - 10_000, turn_ms + 20_000).ms == {turn_ms - HOUR_MS: 10_000, turn_ms: 20_000}


@pytest.mark.parametrize(("step_ms", "observed_ms"), [(UNOBSERVED_AFTER_MS, 60_000), (UNOBSERVED_AFTER_MS + 1, 0)])
def test_after_more_than_a_minute_nobody_looked(step_ms: int, observed_ms: int) -> None:
    assert sum(looked(UTC, 0, step_ms).ms.values()) == observed_ms


def test_time_that_goes_back_is_not_observed_twice() -> None:
    assert looked(UTC, 0, 30_000, 10_000, 30_000, 31_000).ms == {0: 31_000}


def test_what_was_taken_is_forgotten_and_what_is_before_it_too() -> None:
    observed = looked(UTC, *range(0, 3 * HOUR_MS, MINUTE_MS))
    assert observed.take(HOUR_MS) == HOUR_MS
    assert observed.ms == {2 * HOUR_MS: HOUR_MS - MINUTE_MS}
    assert observed.take(HOUR_MS) == 0


@given(
    st.sampled_from(["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin"]),
    st.integers(1_600_000_000_000, 1_900_000_000_000),
    st.lists(st.integers(0, 90_000), max_size=60),
)
def test_all_that_was_observed_is_in_the_hour_it_lies_in(zone: str, start_ms: int, steps: list[int]) -> None:
    tz, at_ms = ZoneInfo(zone), [start_ms]
    for step in steps:
        at_ms.append(at_ms[-1] + step)
    observed = looked(tz, *at_ms)
    assert sum(observed.ms.values()) == sum(b - a for a, b in pairwise(at_ms) if b - a <= UNOBSERVED_AFTER_MS)
    for hour_ms, ms in observed.ms.items():
        begin, end = local_hour(tz, hour_ms)
        assert begin == hour_ms
        assert 0 < ms <= end - begin


def test_whoever_is_there_is_there_in_the_next_hour_and_all_else_begins_anew() -> None:
    tally = Tally(occupancy=2, entries=5, exits=3, person_ms=9, most=4)
    tally.dwell_ms.add(7, 16)
    assert tally.next_hour() == Tally(occupancy=2, most=2)
    assert Tally(occupancy=-1).next_hour().most == 0, "events may have been lost"


def test_an_hour_with_nothing_in_it_is_empty() -> None:
    assert Tally().empty
    assert not any(tally.empty for tally in (Tally(entries=1), Tally(exits=1), Tally(person_ms=1)))


def test_samples_go_on_where_they_were_over_a_checkpoint() -> None:
    samples, again = Samples(), Samples()
    for value in range(100):
        samples.add(value, 16)
        again.add(value, 16)
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(again), type=Samples)
    assert again == samples
