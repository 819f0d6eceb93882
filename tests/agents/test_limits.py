"""Limits: a value over its limit for a while raises one alarm; back for as long, it clears."""

import itertools
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.limits import HELD, NEXT, Band, Limits, Phase
from config.rules import Limit, Rules
from streams.events import AlarmCleared, AlarmRaised, Event
from tests.support.service_lane import HALL, Rig, configured, entered, hall, left, ms, tick, ticks


def rig(*limits: dict[str, Any], zones: tuple[str, ...] = ("a", "b")) -> Rig:
    return Rig(Limits, hall(*zones), rules(*limits))


def rules(*limits: dict[str, Any]) -> Rules:
    return Rules(limits=tuple(Limit(**{"id": "busy", "zone": "a", "metric": "occupancy"} | x) for x in limits))


def raised(at_s: float, decided_s: float, value: float, limit: float, **other: object) -> AlarmRaised:
    usual = AlarmRaised(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(decided_s), alarm="busy", zone="a", metric="occupancy",
        value=value, limit=limit, severity="warning",
    )  # fmt: skip
    return replace(usual, **other)


def cleared(at_s: float, decided_s: float, value: float, raised_s: float, **other: object) -> AlarmCleared:
    usual = AlarmCleared(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(decided_s), alarm="busy", zone="a", metric="occupancy",
        value=value, raised_ms=ms(raised_s),
    )  # fmt: skip
    return replace(usual, **other)


def test_the_table_has_an_answer_for_every_phase_and_band() -> None:
    assert set(NEXT) == set(itertools.product(get_args(Phase), get_args(Band)))
    assert set(NEXT.values()) | set(HELD.values()) == set(get_args(Phase))


def test_a_limit_without_delay_raises_and_clears_at_once() -> None:
    """
    people  2   |        .--.
    over 1  1   |    .---'  '--.
            0   |----'         '----
    """
    r = rig({"over": 1})
    assert r.put(tick(1), entered(1.5, "p", 1), tick(2), entered(2.5, "q", 2)) == [raised(2.5, 2.5, 2, 1)]
    assert r.put(tick(3), left(3.5, "q", 1)) == [cleared(3.5, 3.5, 1, 2.5)]


def test_a_condition_must_hold_for_its_time() -> None:
    r = rig({"over": 1, "for_s": 30})
    assert r.put(tick(0), entered(0.1, "p", 1), entered(0.4, "q", 2), *ticks(1, 30)) == []
    assert r.put(tick(31)) == [raised(0.4, 31, 2, 1)], "0.4 s + 30 s has passed at the tick of second 31, not at 30"


def test_a_break_starts_the_time_anew() -> None:
    """
    over    |  .----. .---------
            |--'    '-'
            0  1    20 21       51
    """
    r = rig({"over": 0, "for_s": 30})
    assert r.put(tick(1), entered(1, "p", 1), *ticks(2, 20), left(20, "p", 0), *ticks(21, 21)) == []
    assert r.put(entered(21, "p", 1), *ticks(22, 50)) == []
    assert r.put(tick(51)) == [raised(21, 51, 1, 0)]


def test_what_held_long_enough_is_announced_even_if_it_ends_between_two_ticks() -> None:
    r = rig({"over": 0, "for_s": 2})
    r.put(tick(10), entered(10.5, "p", 1), tick(11), tick(12))
    assert r.put(left(12.7, "p", 0)) == [raised(10.5, 12.7, 1, 0)]
    assert r.put(tick(13), tick(14)) == []
    assert r.put(tick(15)) == [cleared(12.7, 15, 0, 10.5)]


def test_between_the_limit_and_the_clearing_value_nothing_changes() -> None:
    """
    over     3 |    .-.   .---.
             2 |  .-' '---'   '--.       2: between, the alarm stays
    clear_at 1 |--'              '----
    """
    r = rig({"over": 2, "clear_at": 1})
    assert r.put(tick(1), entered(1, "p", 1), entered(1, "q", 2)) == []
    assert r.put(entered(1, "r", 3)) == [raised(1, 1, 3, 2)]
    assert r.put(left(1, "r", 2), entered(1, "r", 3), left(1, "r", 2)) == []
    assert r.put(left(1, "q", 1)) == [cleared(1, 1, 1, 1)]


def test_a_clearing_that_does_not_last_is_none() -> None:
    r = rig({"over": 1, "clear_at": 0, "for_s": 5})
    r.put(tick(0), entered(0, "p", 1), entered(0, "q", 2), *ticks(1, 5))
    assert r.put(left(5, "p", 1), left(5, "q", 0), *ticks(6, 9), entered(9, "q", 1), *ticks(10, 60)) == []
    assert r.put(left(60, "q", 0), *ticks(61, 64)) == []
    assert r.put(tick(65)) == [cleared(60, 65, 0, 0)]


def test_density_is_people_per_square_metre() -> None:
    r = rig({"metric": "density", "over": 0.05})
    assert r.put(tick(0), entered(0, "p", 1)) == [], "1 / 20 m² is the limit, not over it"
    assert r.put(entered(0, "q", 2)) == [raised(0, 0, 0.1, 0.05, metric="density")]


def test_dwell_is_judged_for_each_person() -> None:
    """
    p  |=========================        enters 0, over 10 s at 10, leaves 25
    q  |     ====================...     enters 5, over 10 s at 15
    """
    r = rig({"metric": "dwell", "over": 10})
    assert r.put(tick(0), entered(0, "p", 1), *ticks(1, 5), entered(5, "q", 2), *ticks(6, 10)) == []
    assert r.put(tick(11)) == [raised(10, 11, 11, 10, metric="dwell", track="p")]
    assert r.put(*ticks(12, 16)) == [raised(15, 16, 11, 10, metric="dwell", track="q")]
    assert r.put(*ticks(17, 25), left(25, "p", 1)) == [cleared(25, 25, 0, 10, metric="dwell", track="p")]


def test_dwell_over_its_limit_for_a_while() -> None:
    r = rig({"metric": "dwell", "over": 10, "for_s": 5})
    assert r.put(tick(0), entered(0, "p", 1), *ticks(1, 14)) == []
    assert r.put(tick(15)) == [raised(10, 15, 15, 10, metric="dwell", track="p")]
    assert r.put(left(15, "p", 0), *ticks(16, 19)) == []
    assert r.put(tick(20)) == [cleared(15, 20, 0, 10, metric="dwell", track="p")]


def test_a_stay_counts_from_the_edge_not_from_when_inertia_let_it_be_known() -> None:
    r = rig({"metric": "dwell", "over": 10})
    assert r.put(tick(3), entered(2, "p", 1, decided_s=3), *ticks(4, 12)) == []
    assert r.put(tick(13)) == [raised(12, 13, 11, 10, metric="dwell", track="p")]


@pytest.mark.parametrize("skew_s", [-55, 0, 55])
def test_a_camera_clock_that_differs_moves_no_decision(skew_s: float) -> None:
    """What the camera says is reported as it stands; for how long is measured by the log."""
    r = rig({"over": 0, "for_s": 20}, {"id": "long", "metric": "dwell", "over": 10})
    said = r.put(tick(100), entered(100 + skew_s, "p", 1), *ticks(101, 130))
    decided = [(e.alarm, e.decided_at_ms // 1000) for e in said if isinstance(e, AlarmRaised)]
    assert decided == [("long", 111 if skew_s <= 0 else 112), ("busy", 120 if skew_s <= 0 else 121)]
    assert said[1].at_ms == ms(100 + skew_s)


def test_a_jump_of_the_log_is_time_that_passed() -> None:
    r = rig({"over": 0, "for_s": 600})
    assert r.put(tick(0), entered(0, "p", 1), tick(3600)) == [raised(0, 3600, 1, 0)]


def test_each_limit_is_announced_on_its_own_in_the_order_of_the_rules() -> None:
    r = rig({"id": "one", "over": 0}, {"id": "two", "over": 1}, {"id": "other", "zone": "b", "over": 0})
    assert [e.alarm for e in r.put(tick(0), entered(0, "p", 1), entered(0, "q", 2)) if isinstance(e, AlarmRaised)] == [
        "one", "two",
    ]  # fmt: skip


def test_stays_that_ended_unheard_are_forgotten_by_the_occupancy() -> None:
    r = rig({"metric": "dwell", "over": 10})
    r.put(tick(0), entered(0, "lost", 1), entered(0, "p", 1), *ticks(1, 5))
    assert r.put(*ticks(6, 11)) == [raised(10, 11, 11, 10, metric="dwell", track="p")]


# --- configuration ---


def open_alarm() -> Rig:
    r = rig({"over": 1}, {"id": "long", "metric": "dwell", "over": 10})
    r.put(tick(0), entered(0, "p", 1), entered(0, "q", 2), *ticks(1, 20), left(20, "q", 1), entered(20, "r", 2))
    return r


def test_an_alarm_closes_with_its_limit() -> None:
    r = open_alarm()
    assert r.configure(hall("a", "b"), rules(), 21) == [
        cleared(21, 20, 20, 10, reason="config", alarm="long", metric="dwell", track="p"),
        cleared(21, 20, 2, 20, reason="config"),
    ]
    assert r.put(*ticks(21, 60)) == []


def test_an_alarm_closes_with_its_zone_and_what_is_said_of_the_zone_later_is_nothing() -> None:
    r = open_alarm()
    closed = r.configure(hall("b"), rules({"over": 1}), 21)
    assert [(type(e), e.alarm, e.reason) for e in closed if isinstance(e, AlarmCleared)] == [
        (AlarmCleared, "long", "config"), (AlarmCleared, "busy", "config"),
    ]  # fmt: skip
    assert r.put(left(21, "p", 1, reason="config"), left(21, "r", 0, reason="config"), *ticks(22, 30)) == []
    assert r.configure(hall("a", "b"), rules({"over": 0}), 31) == []


def test_a_limit_that_means_something_else_now_is_another_one() -> None:
    r = rig({"over": 0})
    r.put(tick(0), entered(0, "p", 1))
    new = rules({"over": 0, "metric": "density"})
    assert r.configure(hall("a"), new, 5) == [
        cleared(5, 0, 1, 0, reason="config"), raised(5, 0, 0.05, 0, metric="density"),
    ]  # fmt: skip


def test_a_raised_limit_value_clears_and_a_lower_one_is_not_raised_twice() -> None:
    r = rig({"over": 1})
    assert len(r.put(tick(0), entered(0, "p", 1), entered(0, "q", 2))) == 1
    assert r.configure(hall("a"), rules({"over": 0}), 1) == []
    assert r.configure(hall("a"), rules({"over": 5}), 2) == [cleared(2, 0, 2, 0)]
    assert r.configure(hall("a"), rules({"over": 1}), 3) == [raised(3, 0, 2, 1)]


def test_waiting_starts_anew_under_another_value_and_goes_on_under_the_same() -> None:
    r = rig({"over": 1, "for_s": 10}, {"id": "same", "over": 0, "for_s": 10})
    r.put(tick(0), entered(0, "p", 1), entered(0, "q", 2), *ticks(1, 5))
    changed = rules({"over": 0, "for_s": 10}, {"id": "same", "over": 0, "for_s": 10})
    assert r.configure(hall("a"), changed, 5) == []
    assert r.put(*ticks(6, 10)) == [raised(0, 10, 2, 0, alarm="same")]
    assert r.put(*ticks(11, 15)) == [raised(5, 15, 2, 0)]


def test_a_new_limit_judges_what_is_there_already() -> None:
    r = rig()
    r.put(tick(0), entered(0, "p", 1), *ticks(1, 30))
    new = rules({"over": 0}, {"id": "long", "metric": "dwell", "over": 10})
    assert r.configure(hall("a"), new, 30) == [
        raised(30, 30, 1, 0), raised(10, 30, 30, 10, alarm="long", metric="dwell", track="p"),
    ]  # fmt: skip


# --- laws ---

STEPS = st.lists(
    st.one_of(
        st.builds(tick, st.integers(-5, 200)),
        st.builds(entered, st.integers(-5, 200), st.sampled_from("pqr"), st.integers(-1, 4), st.sampled_from("abx")),
        st.builds(left, st.integers(-5, 200), st.sampled_from("pqr"), st.integers(-1, 4), st.sampled_from("abx")),
        st.builds(configured, st.integers(-5, 200)),
    ),
    max_size=60,
)
ALL = ({"over": 1, "for_s": 3}, {"id": "tight", "zone": "b", "metric": "density", "over": 0.05, "clear_at": 0.0},
       {"id": "long", "metric": "dwell", "over": 7, "clear_at": 2, "for_s": 2})  # fmt: skip


@given(STEPS)
def test_raised_and_cleared_take_turns_for_every_alarm_and_person(events: list[Event]) -> None:
    """Whatever comes in, in whatever order: one alarm at a time, and none is cleared that was not raised."""
    open_since: dict[tuple[str, str | None], int] = {}
    for said in rig(*ALL).put(*events):
        assert isinstance(said, AlarmRaised | AlarmCleared)
        key = said.alarm, said.track
        if isinstance(said, AlarmRaised):
            assert key not in open_since
            assert said.value > said.limit
            open_since[key] = said.at_ms
        else:
            assert open_since.pop(key) == said.raised_ms


@given(STEPS)
def test_a_quiet_hall_forgets_everybody(events: list[Event]) -> None:
    r = rig(*ALL)
    empty = [left(200, "z", 0, zone) for zone in "ab"]
    r.put(*events, tick(201), *empty, *ticks(202, 230))
    assert r.state.watches == {}
    assert not any(z.stays for z in r.state.zones.values())
