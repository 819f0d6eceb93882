"""Hours of the wall clock: half-hour offsets, changes of the clocks, and no gap or overlap anywhere."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.local_hour import HOUR_MS, local_hour

MINUTE_MS = 60_000


def utc_ms(text: str) -> int:
    return round(datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def hours(zone: str, first: str, last: str) -> list[tuple[str, int]]:
    """The hours met minute by minute: local start and length in minutes."""
    tz = ZoneInfo(zone)
    met = dict.fromkeys(local_hour(tz, at) for at in range(utc_ms(first), utc_ms(last), MINUTE_MS))
    assert all(a[1] == b[0] for a, b in pairwise(met))
    return [
        (datetime.fromtimestamp(start / 1000, tz).strftime("%H:%M"), (end - start) // MINUTE_MS) for start, end in met
    ]


def test_whole_hours_east_of_greenwich() -> None:
    assert hours("Asia/Shanghai", "2024-05-01T23:30", "2024-05-02T01:00") == [("07:00", 60), ("08:00", 60)]


def test_half_hour_offsets_start_on_the_local_hour() -> None:
    assert local_hour(ZoneInfo("Asia/Kolkata"), utc_ms("2024-05-01T06:45"))[0] == utc_ms("2024-05-01T06:30")
    assert hours("Asia/Kolkata", "2024-05-01T06:30", "2024-05-01T08:30") == [("12:00", 60), ("13:00", 60)]


def test_clocks_go_forward_the_hour_is_not_there() -> None:
    assert hours("Europe/Berlin", "2024-03-31T00:00", "2024-03-31T02:00") == [("01:00", 60), ("03:00", 60)]


def test_clocks_go_back_the_hour_is_there_twice() -> None:
    assert hours("Europe/Berlin", "2024-10-27T00:00", "2024-10-27T02:00") == [("02:00", 60), ("02:00", 60)]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [   # clocks at 02:00 go to 02:30: the rest of that hour is half an hour
        ("2024-10-05T14:30", "2024-10-05T16:30", [("01:00", 60), ("02:30", 30), ("03:00", 60)]),
        # clocks at 02:00 go back to 01:30: the hour from one is there, and half of it again
        ("2024-04-06T14:00", "2024-04-06T16:30", [("01:00", 60), ("01:30", 30), ("02:00", 60)]),
    ],
)  # fmt: skip
def test_a_change_by_half_an_hour_cuts_an_hour(first: str, last: str, expected: list[tuple[str, int]]) -> None:
    assert hours("Australia/Lord_Howe", first, last) == expected


@given(
    st.sampled_from(
        ["UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/London", "Australia/Lord_Howe", "America/St_Johns"]
    ),
    st.integers(0, 4_000_000_000_000),
)
def test_every_moment_lies_in_one_hour_that_says_the_same_of_all_its_moments(zone: str, at_ms: int) -> None:
    tz = ZoneInfo(zone)
    start, end = local_hour(tz, at_ms)
    assert start <= at_ms < end <= start + HOUR_MS
    assert local_hour(tz, start) == local_hour(tz, end - 1) == (start, end)
    assert local_hour(tz, end)[0] == end


@pytest.mark.parametrize("at_ms", [-(10**17), 10**17, -1, 0])
def test_odd_times_have_an_hour_too(at_ms: int) -> None:
    start, end = local_hour(ZoneInfo("Asia/Shanghai"), at_ms)
    assert start <= at_ms < end
    assert timedelta(milliseconds=end - start) <= timedelta(hours=1)
