"""Statistics: one figure per zone and hour of the hall's clock, over the time that was observed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.statistics import Samples, Statistics, Tally
from config.rules import Rules, StatisticsRules
from streams.events import Event, TripCount, TripsHour, ZoneHour
from tests.support.service_lane import HALL, Rig, configured, dwelt, entered, hall, left, ms, tick, ticks, trip

H = 3600


def rig(*zones: str, timezone: str = "UTC") -> Rig:
    return Rig(Statistics, hall(*(zones or ("a",)), timezone=timezone), Rules())


def hour(start_s: int, decided_s: float, zone: str = "a", **figures: object) -> ZoneHour:
    """An hour in which nothing happened, but for ``figures``."""
    empty = ZoneHour(
        hall=HALL, at_ms=ms(start_s), decided_at_ms=ms(decided_s), zone=zone, seconds=3600, entries=0, exits=0,
        occupancy_mean=0.0, occupancy_max=0, dwell_p50_s=None, dwell_p90_s=None,
    )  # fmt: skip
    return replace(empty, **figures)


def every_minute(from_s: int, to_s: int) -> list[Event]:
    """As few ticks as still count as watching."""
    return [tick(s) for s in range(from_s, to_s + 1, 60)]


def test_an_hour_is_published_when_it_is_over_with_all_zones_in_order() -> None:
    r = rig("b", "a")
    assert r.put(*ticks(0, H - 1)) == []
    assert r.put(tick(H)) == [hour(0, H, "b"), hour(0, H, "a")]
    assert r.put(*every_minute(H, 2 * H)) == [hour(H, 2 * H, "b"), hour(H, 2 * H, "a")]


def test_occupancy_is_weighted_by_time() -> None:
    """
    people 2 |         .------------.
           1 |    .----'            '------
           0 |----'
             0   15   30           45     60 min      mean = (15*1 + 15*2 + 15*1) / 60 = 1
    """
    r = rig()
    r.put(*every_minute(0, 900), entered(900, "p", 1))
    r.put(*every_minute(960, 1800), entered(1800, "q", 2))
    r.put(*every_minute(1860, 2700), left(2700, "q", 1))
    assert r.put(*every_minute(2760, H)) == [hour(0, H, entries=2, exits=1, occupancy_mean=1.0, occupancy_max=2)]


def test_who_is_there_at_the_turn_of_the_hour_is_there_in_the_next() -> None:
    r = rig()
    r.put(tick(0), entered(0.5, "p", 1))
    r.put(*every_minute(60, H))
    r.put(*every_minute(H, H + 1800), left(H + 1800, "p", 0))
    assert r.put(*every_minute(H + 1860, 2 * H)) == [
        hour(H, 2 * H, exits=1, occupancy_mean=0.5, occupancy_max=1)
    ]  # fmt: skip


def test_an_event_between_two_ticks_is_weighted_to_the_millisecond() -> None:
    r = rig()
    r.put(tick(0), entered(0.9, "p", 1), tick(1), left(1.4, "p", 0))
    assert r.put(*every_minute(2, H)) == []
    (said,) = r.put(tick(H))
    assert isinstance(said, ZoneHour)
    assert said.occupancy_mean == 500 / 3_600_000


def test_dwell_percentiles_are_of_the_stays_that_ended_in_the_hour() -> None:
    r = rig()
    r.put(tick(0), *(dwelt(1, f"t{i}", i) for i in (50, 20, 40, 15, 35)))
    r.put(*every_minute(60, H - 60))
    assert r.put(tick(H)) == [hour(0, H, dwell_p50_s=35.0, dwell_p90_s=50.0)]
    assert r.put(*every_minute(H, 2 * H)) == [hour(H, 2 * H)]


def test_trips_of_the_hour_are_counted_from_where_to_where() -> None:
    r = rig()
    r.put(tick(0), trip(1, "b", "a"), trip(1, None, None), trip(2, "a", "b"), trip(3, "b", "a"), trip(4, "a", None))
    r.put(*every_minute(60, H - 60))
    trips = (TripCount(None, None, 1), TripCount("a", None, 1), TripCount("a", "b", 1), TripCount("b", "a", 2))
    assert r.put(tick(H)) == [hour(0, H), TripsHour(hall=HALL, at_ms=0, decided_at_ms=ms(H), trips=trips)]
    assert r.put(*every_minute(H, 2 * H)) == [hour(H, 2 * H)], "no trips, no word of trips"


def test_an_engine_started_within_an_hour_says_how_much_of_it_it_saw() -> None:
    r = rig()
    assert r.put(*every_minute(3000, H)) == [hour(0, H, seconds=600)]


def test_a_standstill_of_days_gives_one_hour_not_a_flood() -> None:
    """
    ticks  |::::::::............................:::::::|
           0      10 min                     50 h    51 h
    """
    r = rig()
    r.put(tick(0), entered(0, "p", 1), *every_minute(60, 600))
    assert r.put(tick(50 * H + 600)) == [
        hour(0, 50 * H + 600, seconds=600, entries=1, occupancy_mean=1.0, occupancy_max=1)
    ]
    assert r.put(*every_minute(50 * H + 660, 51 * H)) == [
        hour(50 * H, 51 * H, seconds=3000, occupancy_mean=1.0, occupancy_max=1)
    ]


def test_hours_that_nobody_watched_are_not_made_up_from_single_ticks() -> None:
    """A recording's silence is laid out with one tick an hour."""
    r = rig()
    assert r.put(*every_minute(0, H - 60), *(tick(h * H) for h in range(1, 100))) == [hour(0, H, seconds=H)]
    r.put(entered(99 * H, "p", 1))
    assert r.put(tick(100 * H)) == [hour(99 * H, 100 * H, seconds=0, entries=1, occupancy_mean=1.0, occupancy_max=1)]


def test_a_standstill_within_an_hour_weighs_nothing() -> None:
    r = rig()
    r.put(tick(0), entered(0, "p", 1), *every_minute(60, 600), tick(1800), left(1800, "p", 0))
    assert r.put(*every_minute(1860, H)) == [
        hour(0, H, seconds=2400, entries=1, exits=1, occupancy_mean=0.25, occupancy_max=1)
    ]


def test_hours_are_those_of_the_wall_clock() -> None:
    """Kolkata is at +05:30: its hours turn at half past by UTC."""
    r = rig(timezone="Asia/Kolkata")
    assert r.put(*every_minute(0, 2 * H)) == [hour(-1800, 1800, seconds=1800), hour(1800, 1800 + H)]


def test_a_camera_clock_a_minute_off_moves_nothing_to_another_hour() -> None:
    r = rig()
    r.put(*every_minute(0, H - 60), tick(H - 1))
    assert r.put(entered(H - 50, "p", 1), entered(H - 50, "q", 2), left(H - 49, "p", 1)) == []
    (said,) = r.put(tick(H))
    assert isinstance(said, ZoneHour)
    assert (said.entries, said.exits, said.occupancy_max) == (2, 1, 2)
    assert said.occupancy_mean == pytest.approx(1 / 3600)


def test_events_before_the_first_tick_are_in_the_first_hour() -> None:
    r = rig()
    assert r.put(entered(500, "p", 1), trip(1, "a", "a")) == []
    first, trips = r.put(*every_minute(0, H))
    assert isinstance(first, ZoneHour)
    assert (first.entries, first.occupancy_mean, type(trips)) == (1, 1.0, TripsHour)


def test_what_the_configuration_ended_is_neither_an_exit_nor_a_stay() -> None:
    r = rig()
    r.put(tick(0), entered(0, "p", 1), left(0, "p", 0, reason="config"), dwelt(0, "p", 5, reason="config"))
    said = r.put(*every_minute(60, H))
    assert said == [hour(0, H, entries=1, occupancy_max=1, occupancy_mean=0.0)]


def test_a_zone_that_is_gone_is_published_as_far_as_it_was_seen() -> None:
    r = rig("a", "b")
    r.put(tick(0), entered(0, "p", 1, zone="b"), *every_minute(60, 1800))
    gone = hour(0, 1800, "b", seconds=1800, entries=1, occupancy_mean=1.0, occupancy_max=1)
    assert r.configure(hall("a", "c"), Rules(), 1800) == [gone]
    assert r.put(left(1800, "p", 0, zone="b", reason="config")) == []
    assert r.put(*every_minute(1860, H)) == [hour(0, H, "a"), hour(0, H, "c")]


def test_another_timezone_closes_the_hour_that_was_begun() -> None:
    r = rig()
    r.put(*every_minute(0, 2400))
    assert r.configure(hall("a", timezone="Asia/Kolkata"), Rules(), 2400) == []
    assert r.put(tick(2460)) == [hour(0, 2460, seconds=2400)]
    assert r.put(*every_minute(2520, H + 1800)) == [hour(1800, H + 1800, seconds=H + 1800 - 2400)]


# --- thinning ---


def test_up_to_the_limit_every_stay_is_kept_and_then_every_second() -> None:
    samples = Samples()
    for value in range(16):
        samples.add(value, 16)
    assert samples.kept == list(range(16))
    samples.add(16, 16)
    assert (samples.kept, samples.stride) == ([0, 2, 4, 6, 8, 10, 12, 14, 16], 2)
    for value in range(17, 34):
        samples.add(value, 16)
    assert (samples.kept, samples.stride) == ([0, 4, 8, 12, 16, 20, 24, 28, 32], 4)


@given(st.integers(1, 2000), st.integers(16, 64))
def test_the_sample_is_every_strideth_value_and_never_too_large_or_too_small(count: int, limit: int) -> None:
    samples = Samples()
    for value in range(count):
        samples.add(value, limit)
    assert samples.kept == list(range(0, count, samples.stride))
    assert min(count, limit // 2) <= len(samples.kept) <= limit


def test_percentiles_of_many_stays_are_as_close_as_documented() -> None:
    """40,000 stays in an hour, 4,096 kept at most: within four standard errors of rank."""
    source = random.Random(7)
    stays_s = [source.lognormvariate(4, 1) for _ in range(40_000)]
    samples = Samples()
    for stay in stays_s:
        samples.add(round(stay * 1000), 4096)
    reported_ms = sorted(samples.kept)[(len(samples.kept) + 1) // 2 - 1]
    below = sum(round(s * 1000) <= reported_ms for s in stays_s) / len(stays_s)
    assert len(samples.kept) >= 2048
    assert below == pytest.approx(0.5, abs=4 * 0.011)


def test_the_state_stays_small_whatever_an_hour_brings() -> None:
    r = Rig(Statistics, hall("a"), Rules(statistics=StatisticsRules(dwell_samples=16)))
    r.put(tick(0), *(dwelt(1, "t", i % 97) for i in range(1000)))
    assert r.size < 400


# --- laws ---

STEPS = st.lists(
    st.one_of(
        st.builds(tick, st.integers(-10, 3 * H)),
        st.builds(entered, st.integers(-10, 3 * H), st.sampled_from("pqr"), st.integers(-1, 4), st.sampled_from("abx")),
        st.builds(left, st.integers(-10, 3 * H), st.sampled_from("pqr"), st.integers(-1, 4), st.sampled_from("abx")),
        st.builds(dwelt, st.integers(-10, 3 * H), st.sampled_from("pqr"), st.integers(0, 99), st.sampled_from("abx")),
        st.builds(trip, st.integers(-10, 3 * H), st.sampled_from([None, "a", "x"]), st.sampled_from([None, "b"])),
        st.builds(configured, st.integers(-10, 3 * H)),
    ),
    max_size=80,
)


@given(STEPS)
def test_hours_come_in_order_once_each_and_hold_what_can_be(events: list[Event]) -> None:
    said = [e for e in rig("a", "b").put(*events) if isinstance(e, ZoneHour)]
    assert [e.zone for e in said] == ["a", "b"] * (len(said) // 2)
    starts = [e.at_ms for e in said if e.zone == "a"]
    assert starts == sorted(set(starts))
    for e in said:
        assert 0 <= e.seconds <= 3600
        assert 0 <= e.occupancy_mean <= e.occupancy_max


@given(STEPS)
def test_every_entry_is_counted_in_one_hour(events: list[Event]) -> None:
    r = rig("a", "b")
    r.put(tick(0))
    said = r.put(*events, tick(4 * H))
    counted = sum(e.entries for e in said if isinstance(e, ZoneHour))
    known = [e for e in events if type(e).__name__ == "ZoneEntered" and getattr(e, "zone", "") in ("a", "b")]
    assert counted == len(known)


def test_ticks_alone_do_not_grow_the_state() -> None:
    r = rig("a", "b")
    r.put(*every_minute(0, H))
    before = r.size
    r.put(*every_minute(H, 30 * H))
    assert r.size <= before + 8
    assert set(r.state.zones) == {"a", "b"}
    assert type(r.state.zones["a"]) is Tally
