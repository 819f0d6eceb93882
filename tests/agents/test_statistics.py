"""Statistics: figures per zone, line and hour of the hall's clock, placed by when things happened."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.hours import Samples
from agents.statistics import KEPT_AT_MOST, Statistics
from config.rules import Rules, StatisticsRules
from streams.events import Event, LineHour, TripCount, TripsHour, ZoneHour, ZonesSettled
from tests.support.service_lane import HALL, Rig, crossed, entered, hall, left, ms, tick, trip

H = 3600


def rig(*zones: str, timezone: str = "UTC", lines: tuple[str, ...] = ()) -> Rig:
    return Rig(Statistics, hall(*(zones or ("a",)), timezone=timezone, lines=lines), Rules())


def settled(at_s: float, decided_s: float | None = None) -> ZonesSettled:
    """Known ten seconds later, if not said otherwise."""
    decided = ms(at_s + 10 if decided_s is None else decided_s)
    return ZonesSettled(hall=HALL, at_ms=ms(at_s), decided_at_ms=decided)


def hour(start_s: int, decided_s: float, zone: str = "a", **figures: object) -> ZoneHour:
    """An hour in which nothing happened, but for ``figures``."""
    empty = ZoneHour(
        hall=HALL, at_ms=ms(start_s), decided_at_ms=ms(decided_s), zone=zone, seconds=3600, entries=0, exits=0,
        occupancy_mean=0.0, occupancy_max=0, dwell_p50_s=None, dwell_p90_s=None,
    )  # fmt: skip
    return replace(empty, **figures)


def watched(from_s: int, to_s: int) -> list[Event]:
    """As few ticks as still count as watching."""
    return [tick(s) for s in [*range(from_s, to_s, 60), to_s]]


def hours(events: list[Event], zone: str = "a") -> list[ZoneHour]:
    return [event for event in events if isinstance(event, ZoneHour) and event.zone == zone]


# -- when ----------------------------------------------------------------------------------------------------------------


def test_an_hour_is_published_when_it_is_over_and_settled_with_all_zones_and_lines_in_order() -> None:
    r = rig("b", "a", lines=("door",))
    assert r.put(*watched(0, H + 10), settled(H - 1)) == []
    line = LineHour(hall=HALL, at_ms=0, decided_at_ms=ms(H + 10), line="door", forward=0, backward=0)
    assert r.put(settled(H)) == [hour(0, H + 10, "b"), hour(0, H + 10, "a"), line]


def test_several_hours_may_be_settled_at_once() -> None:
    r = rig()
    said = r.put(*watched(0, 3 * H), settled(3 * H))
    assert [(e.at_ms // 1000, e.seconds) for e in hours(said)] == [(0, H), (H, H), (2 * H, H)]


@pytest.mark.parametrize(
    ("zone", "start", "starts"),
    [
        ("Asia/Kolkata", 0, [-1800, 1800]),  # +05:30: hours turn at half past by UTC
        ("Asia/Kathmandu", 1_767_225_600, [1_767_222_900, 1_767_226_500]),  # +05:45
        ("Europe/Berlin", 1_774_746_000 - H, [1_774_746_000 - H, 1_774_746_000]),  # 29 March 2026, two o'clock is three
        (
            "Europe/Berlin",
            1_792_890_000 - H,
            [1_792_890_000 - H, 1_792_890_000],
        ),  # 25 October 2026: two hours called two
        ("Australia/Lord_Howe", 1_775_314_800, [1_775_314_800, 1_775_316_600]),  # 5 April 2026: back by half an hour
    ],
)
def test_hours_are_those_of_the_halls_clock(zone: str, start: int, starts: list[int]) -> None:
    r = rig(timezone=zone)
    said = hours(r.put(*watched(start, start + 2 * H), settled(start + 2 * H)))
    assert [e.at_ms // 1000 for e in said][:2] == starts
    assert all(later.at_ms - before.at_ms <= ms(H) for before, later in pairwise(said))


# -- what ----------------------------------------------------------------------------------------------------------------


def test_occupancy_is_weighted_by_time() -> None:
    """
    people 2 |         .------------.
           1 |    .----'            '------
           0 |----'
             0   15   30           45     60 min      mean = (15*1 + 15*2 + 15*1) / 60 = 1
    """
    r = rig()
    r.put(*watched(0, H), entered(900, "p", 1), entered(1800, "q", 2), left(2700, "q", 1, entered_s=1800))
    assert r.put(settled(H)) == [
        hour(0, H + 10, entries=2, exits=1, occupancy_mean=1.0, occupancy_max=2, person_s=3600.0, dwell_p50_s=900.0,
             dwell_p90_s=900.0),
    ]  # fmt: skip


def test_who_turns_out_to_have_left_before_the_hour_was_not_there_in_it() -> None:
    #   last seen at 3590; known at 3620, when the hour is over: nobody was there at its end, nor in the next
    r = rig()
    r.put(*watched(0, 2 * H), entered(3500, "p", 1), left(3590, "p", 0, entered_s=3500, decided_s=3620))
    first, second = hours(r.put(settled(2 * H)))
    assert (first.person_s, first.exits, second.person_s, second.exits, second.occupancy_max) == (90.0, 1, 0.0, 0, 0)


def test_what_is_told_late_is_put_in_the_order_of_time() -> None:
    #   p leaves by the door at 100, known at 130; q enters at 101: never two at once
    r = rig()
    r.put(*watched(0, H), entered(50, "p", 1), entered(101, "q", 2), left(100, "p", 1, entered_s=50, decided_s=130))
    (said,) = hours(r.put(left(200, "q", 0, entered_s=101), settled(H)))
    assert (said.occupancy_max, said.person_s) == (1, 149.0)


def test_leaving_makes_room_before_entering_at_the_same_moment_but_nobody_leaves_before_entering() -> None:
    r = rig()
    r.put(*watched(0, H), entered(50, "p", 1), entered(100, "q", 2), left(100, "p", 1, entered_s=50))
    (said,) = hours(r.put(left(100, "q", 0, entered_s=100), settled(H)))
    assert (said.occupancy_max, said.person_s, said.exits) == (1, 50.0, 2)


def test_what_happens_at_the_moment_that_is_settled_waits_for_who_leaves_at_it() -> None:
    #   q enters at 100, and it is settled up to 100; only then p, who was last seen at 100, turns out to have left
    r = rig()
    r.put(*watched(0, H), entered(50, "p", 1), entered(100, "q", 2), settled(100))
    (said,) = hours(r.put(left(100, "p", 1, entered_s=50), left(200, "q", 0, entered_s=100), settled(H)))
    assert (said.occupancy_max, said.person_s) == (1, 150.0)


def test_what_happens_at_the_turn_of_the_hour_is_of_the_next_hour() -> None:
    r = rig(lines=("door",))
    r.put(*watched(0, 2 * H), entered(H, "p", 1), crossed(H, "door", "forward"), settled(H))
    r.put(left(H + 1, "p", 0, entered_s=H))
    said = r.put(settled(2 * H))
    assert [(e.at_ms, e.entries, e.exits) for e in hours(said)] == [(ms(H), 1, 1)]
    assert [(e.at_ms, e.forward) for e in said if isinstance(e, LineHour)] == [(ms(H), 1)]


def test_who_is_there_at_the_turn_of_the_hour_is_there_in_the_next() -> None:
    r = rig()
    r.put(*watched(0, 2 * H), entered(1800, "p", 1), left(H + 900, "p", 0, entered_s=1800))
    first, second = hours(r.put(settled(2 * H)))
    assert (first.person_s, first.occupancy_mean, first.dwell_p50_s) == (1800.0, 0.5, None)
    assert (second.person_s, second.occupancy_max, second.dwell_p50_s) == (900.0, 1, 2700.0)


def test_crossings_of_the_hour_by_line_and_direction() -> None:
    r = rig(lines=("door", "gate"))
    r.put(*watched(0, H), crossed(5, "door", "forward"), crossed(6, "door", "forward"), crossed(7, "door", "backward"))
    said = [e for e in r.put(settled(H)) if isinstance(e, LineHour)]
    assert [(e.line, e.forward, e.backward) for e in said] == [("door", 2, 1), ("gate", 0, 0)]


def test_trips_of_the_hour_are_counted_from_where_to_where() -> None:
    r = rig()
    r.put(*watched(0, 2 * H), trip(1, "b", "a"), trip(1, None, None), trip(2, "a", "b"), trip(3, "b", "a"))
    trips = (TripCount(None, None, 1), TripCount("a", "b", 1), TripCount("b", "a", 2))
    assert r.put(settled(H))[1:] == [TripsHour(hall=HALL, at_ms=0, decided_at_ms=ms(H + 10), trips=trips)]
    assert r.put(settled(2 * H)) == [hour(H, 2 * H + 10)], "no trips, no word of trips"


# -- what was observed -----------------------------------------------------------------------------------------------------


def test_an_engine_started_within_an_hour_says_how_much_of_it_it_saw() -> None:
    r = rig()
    assert r.put(*watched(3000, H), settled(H)) == [hour(0, H + 10, seconds=600)]


def test_a_silence_of_days_gives_no_flood_of_hours() -> None:
    """
    ticks  |::::::::............................:::::::|
           0      10 min                     50 h    51 h
    """
    r = rig()
    r.put(*watched(0, 600), entered(0, "p", 1), left(600, "p", 0))
    assert [(e.at_ms, e.seconds) for e in hours(r.put(tick(50 * H + 600), settled(50 * H + 590)))] == [(0, 600)]
    said = hours(r.put(*watched(50 * H + 660, 51 * H), settled(51 * H)))
    assert [(e.at_ms // 1000 // H, e.seconds) for e in said] == [(50, 3000)]


def test_a_quiet_hour_that_was_watched_is_an_hour_with_zeros() -> None:
    r = rig()
    r.put(*watched(0, 3 * H), entered(10, "p", 1), left(20, "p", 0, entered_s=10))
    assert [(e.seconds, e.entries) for e in hours(r.put(settled(3 * H)))] == [(H, 1), (H, 0), (H, 0)]


def test_a_year_of_silence_is_passed_over_at_once() -> None:
    r = rig()
    r.put(*watched(0, 600), entered(0, "p", 1))
    assert len(hours(r.put(tick(10 * 366 * 24 * H), settled(10 * 366 * 24 * H)))) == 1


# -- configuration -----------------------------------------------------------------------------------------------------------


def test_what_the_configuration_ended_is_time_but_neither_an_exit_nor_a_stay() -> None:
    r = rig()
    r.put(*watched(0, H), entered(0, "p", 1), left(60, "p", 0, reason="config"))
    (said,) = hours(r.put(settled(H)))
    assert (said.entries, said.exits, said.person_s, said.dwell_p50_s) == (1, 0, 60.0, None)


def test_a_zone_that_is_gone_is_published_with_its_last_hour() -> None:
    r = rig("a", "b")
    r.put(*watched(0, 2 * H), entered(0, "p", 1, zone="b"), left(1800, "p", 0, zone="b", reason="config"))
    r.configure(hall("a", "c"), Rules(), 1800)
    said = [e for e in r.put(settled(2 * H)) if isinstance(e, ZoneHour)]
    assert [(e.zone, e.person_s) for e in said] == [("a", 0.0), ("c", 0.0), ("b", 1800.0), ("a", 0.0), ("c", 0.0)]


def test_a_zone_that_is_gone_just_after_the_turn_has_one_more_hour() -> None:
    """
    clock      0:58:20       1:00:00      1:00:30         settled long after
    p in b        |-------------|------------|            taken away by the new plan
    """
    r = rig("a", "b")
    r.put(*watched(0, H + 30), entered(H - 100, "p", 1, zone="b"))
    r.configure(hall("a"), Rules(), H + 30)
    r.put(left(H + 30, "p", 0, zone="b", entered_s=H - 100, reason="config"), *watched(H + 30, 3 * H))
    said = [*r.put(settled(H + 20)), *r.put(settled(H + 40)), *r.put(settled(3 * H))]
    assert [(e.at_ms // 1000, e.person_s, e.occupancy_max) for e in hours(said, "b")] == [(0, 100.0, 1), (H, 30.0, 1)]
    assert set(r.state.zones) <= {"a"}
    assert "b" not in r.state.live


def test_whoever_was_never_said_to_have_left_a_zone_that_is_gone_is_not_in_it() -> None:
    r = rig("a", "b")
    r.put(*watched(0, H), entered(10, "p", 1, zone="b"))
    r.configure(hall("a"), Rules(), 60)
    said = [e for h in (1, 2, 3) for e in r.put(*watched(h * H, (h + 1) * H), settled(h * H))]
    assert len(hours(said, "b")) <= 1
    assert "b" not in r.state.zones


# -- bounds and faults ---------------------------------------------------------------------------------------------------------


def test_what_comes_too_late_counts_from_where_the_sum_is() -> None:
    r = rig()
    r.put(*watched(0, 2 * H), settled(H + 60), entered(10, "p", 1), left(H + 120, "p", 0, entered_s=10))
    (said,) = hours(r.put(settled(2 * H)))
    assert (said.at_ms, said.entries, said.person_s) == (ms(H), 1, 60.0)


def test_after_events_were_lost_the_occupancy_that_is_told_counts() -> None:
    r = rig()
    r.put(*watched(0, 2 * H), entered(0, "p", 1), entered(10, "q", 2), left(20, "r", 0), settled(60))
    (said,) = hours(r.put(settled(H)))
    assert said.occupancy_max == 2
    (said,) = hours(r.put(settled(2 * H)))
    assert (said.occupancy_max, said.person_s) == (0, 0.0)


def test_if_nothing_is_ever_settled_the_oldest_half_is_summed_up_as_it_stands() -> None:
    r = Rig(Statistics, hall("a"), Rules())
    agent, state = r.agent, r.state
    for n in range(KEPT_AT_MOST + 1):
        agent.on_event(state, entered(n / 100, f"t{n}", 1))
    assert len(state.kept) <= KEPT_AT_MOST // 2 + 1


def test_changes_that_are_all_of_one_moment_are_summed_up_too() -> None:
    r = Rig(Statistics, hall("a"), Rules())
    for n in range(KEPT_AT_MOST + 1):
        r.agent.on_event(r.state, entered(5, f"t{n}", n + 1))
    assert r.state.kept == []
    assert r.state.zones["a"].entries == KEPT_AT_MOST + 1


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
    r.put(tick(0))
    for n in range(1000):
        r.put(entered(n, "t", 1), left(n + 0.5, "t", 0, entered_s=n), settled(n + 1))
    assert r.size < 500


# --- laws ---

STEPS = st.lists(
    st.one_of(
        st.builds(tick, st.integers(-10, 3 * H)),
        st.builds(settled, st.integers(-10, 3 * H)),
        st.builds(entered, st.integers(-10, 3 * H), st.sampled_from("pqr"), st.integers(-1, 4), st.sampled_from("abx")),
        st.builds(left, st.integers(-10, 3 * H), st.sampled_from("pqr"), st.integers(-1, 4), st.sampled_from("abx")),
        st.builds(crossed, st.integers(-10, 3 * H), st.sampled_from(["door", "x"]), st.sampled_from(["forward"])),
        st.builds(trip, st.integers(-10, 3 * H), st.sampled_from([None, "a", "x"]), st.sampled_from([None, "b"])),
    ),
    max_size=80,
)


@given(STEPS)
def test_hours_come_in_order_once_each(events: list[Event]) -> None:
    said = hours(rig("a", "b").put(*events))
    starts = [e.at_ms for e in said]
    assert starts == sorted(set(starts))
    for e in said:
        assert 0 <= e.seconds <= 3600
        assert e.occupancy_max >= 0
        assert e.person_s >= 0
        assert e.occupancy_mean >= 0


@given(STEPS)
def test_every_entry_and_every_crossing_is_counted_in_one_hour(events: list[Event]) -> None:
    r = rig("a", "b", lines=("door",))
    r.put(tick(0))
    said = r.put(*events, tick(4 * H), settled(4 * H))
    entries = sum(e.entries for e in said if isinstance(e, ZoneHour))
    crossings = sum(e.forward for e in said if isinstance(e, LineHour))
    assert entries == sum(type(e).__name__ == "ZoneEntered" for e in events)
    assert crossings == sum(type(e).__name__ == "LineCrossed" for e in events)


def test_ticks_alone_do_not_grow_the_state() -> None:
    r = rig("a", "b")
    r.put(*watched(0, 2 * H), settled(2 * H))
    before = r.size
    for h in range(2, 30):
        r.put(*watched(h * H, (h + 1) * H), settled((h + 1) * H))
    assert r.size <= before + 16
