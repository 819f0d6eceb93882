"""Density: a Fruin level is announced when it has held."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.density import LEVELS, WALKWAY_M2, Density, level_of
from config.hall import Hall
from config.rules import DensityRules, Rules
from streams.events import DensityChanged, Event, FruinLevel
from tests.support.sensing_lane import plan
from tests.support.service_lane import Rig, entered, left, tick, ticks

TEN_M2 = ((0.0, 0.0), (5.0, 0.0), (5.0, 2.0), (0.0, 2.0))
HALF = ((0.0, 0.0), (5.0, 0.0), (5.0, 1.0), (0.0, 1.0))
#  people on 10 m²     3 A   4 B   5 C  7 C   8 D  10 D   11 E  21 E   22 F


def rig(hold_s: float = 3.0, hall: Hall | None = None) -> Rig:
    return Rig(Density, hall or plan({"a": TEN_M2}), Rules(density=DensityRules(hold_s=hold_s)))


def said(events: list[Event]) -> list[tuple[str, str, int, int, int]]:
    return [
        (e.before, e.level, e.people, e.at_ms, e.decided_at_ms) for e in events if isinstance(e, DensityChanged)
    ]  # fmt: skip


@pytest.mark.parametrize(("level", "square_feet"), [("A", 35), ("B", 25), ("C", 15), ("D", 10), ("E", 5)])
def test_the_levels_are_fruins(level: FruinLevel, square_feet: float) -> None:
    assert dict(WALKWAY_M2)[level] == pytest.approx(square_feet * 0.3048**2, abs=0.012)


def test_levels_by_people_on_ten_square_metres() -> None:
    assert "".join(level_of(n, 10.0) for n in (-1, 0, 3, 4, 5, 7, 8, 10, 11, 21, 22, 500)) == "AAABCCDDEEFF"
    assert level_of(1, 3.24) == "A"  # exactly at a limit: the better one


def test_a_level_is_announced_when_it_has_held() -> None:
    r = rig()
    r.put(tick(10), entered(10.5, "p", 8))
    assert r.put(*ticks(11, 13)) == []
    changed = r.put(tick(14))
    assert said(changed) == [("A", "D", 8, 10_500, 14_000)]
    assert isinstance(changed[0], DensityChanged)
    assert changed[0].density_per_m2 == 0.8
    assert r.put(*ticks(15, 60)) == []


def test_a_short_crowding_says_nothing() -> None:
    r = rig()
    r.put(tick(10), entered(10, "p", 8), *ticks(11, 12), left(12.9, "p", 3))
    assert r.put(*ticks(13, 30)) == []


def test_a_level_that_held_until_just_now_is_announced_at_the_event_that_ends_it() -> None:
    r = rig()
    r.put(tick(10), entered(10.2, "p", 8), *ticks(11, 13))
    assert said(r.put(left(13.5, "p", 7))) == [("A", "D", 8, 10_200, 13_500)]


def test_without_a_hold_every_change_is_announced_at_once() -> None:
    r = rig(hold_s=0.0)
    r.put(tick(10))
    assert said(r.put(entered(10.5, "p", 4), entered(10.6, "q", 5), left(10.7, "p", 3))) == [
        ("A", "B", 4, 10_500, 10_500), ("B", "C", 5, 10_600, 10_600), ("C", "A", 3, 10_700, 10_700),
    ]  # fmt: skip


def test_a_zone_that_flickers_between_two_levels_is_not_passed_over() -> None:
    """C and D in turn, each for a second: at C or beyond for long, never three seconds at either."""
    r = rig()
    r.put(tick(10))
    out: list[Event] = []
    for s in range(10, 20):
        out += r.put(entered(s + 0.1, "p", 8 if s % 2 else 7), tick(s + 1))
    assert said(out) == [("A", "C", 7, 10_100, 13_100)]


def test_passing_through_a_level_does_not_announce_it() -> None:
    r = rig()
    r.put(tick(10), entered(10, "p", 5), tick(11), entered(11, "q", 22), *ticks(12, 13))
    assert said(r.put(tick(14))) == [("A", "F", 22, 11_000, 14_000)]


def test_it_falls_as_it_rises() -> None:
    r = rig()
    r.put(tick(10), entered(10, "p", 22), *ticks(11, 20), left(20, "p", 8), tick(21), left(21, "q", 3))
    assert said(r.put(*ticks(22, 30))) == [("F", "A", 3, 21_000, 24_000)]


def test_a_camera_clock_that_is_off_by_a_minute_does_not_shorten_the_hold() -> None:
    for off_s in (-60, 60):
        r = rig()
        r.put(tick(100), entered(100 + off_s, "p", 8))
        assert r.put(tick(101), tick(102)) == []
        assert [e[:2] for e in said(r.put(*ticks(103, 105)))] == [("A", "D")]


def test_the_count_is_the_zones_own_so_a_lost_event_does_no_lasting_harm() -> None:
    r = rig(hold_s=0.0)
    r.put(tick(10), entered(10, "p", 8))
    # the event that left seven people is lost
    assert said(r.put(left(11, "q", 3))) == [("D", "A", 3, 11_000, 11_000)]


def test_other_zones_and_zones_without_a_floor_have_no_density() -> None:
    flat = ((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))
    r = rig(hold_s=0.0, hall=plan({"flat": flat}))
    assert r.put(tick(1), entered(1, "p", 99, "flat"), entered(1, "p", 99, "elsewhere")) == []
    assert r.state.zones == {}


def test_on_another_area_the_same_people_are_another_density() -> None:
    r = rig()
    r.put(tick(10), entered(10, "p", 5), *ticks(11, 20))
    assert r.configure(plan({"a": HALF}), Rules(), at_s=20.5) == []
    assert said(r.put(*ticks(21, 30))) == [("C", "D", 5, 20_500, 23_000)]


def test_a_vanished_zone_is_forgotten_and_its_last_events_ignored() -> None:
    r = rig(hall=plan({"a": TEN_M2, "b": TEN_M2}))
    r.put(tick(10), entered(10, "p", 22, "a"), entered(10, "q", 22, "b"), tick(11))
    r.configure(plan({"b": TEN_M2}), Rules(), at_s=11.5)
    out = r.put(left(11, "p", 21, "a", reason="config"), *ticks(12, 20))
    assert [e.zone for e in out if isinstance(e, DensityChanged)] == ["b"]
    assert r.state.zones.keys() == {"b"}


@given(st.integers(0, 2**32), st.sampled_from([0.0, 1.0, 2.5, 3.0]))
def test_law_what_is_announced_has_held_and_what_has_held_is_announced(seed: int, hold_s: float) -> None:
    """Against the history as a whole: levels at tenths of a second, on one clock."""
    chance, r = random.Random(seed), rig(hold_s)
    hold_ms = round(hold_s * 1000)
    history: list[tuple[int, FruinLevel]] = [(0, "A")]  # since when which level
    announced: FruinLevel = "A"

    def due(now_ms: int) -> list[tuple[str, str, int]]:
        """What must be announced now: the present level, if the zone was at or beyond it for the hold."""
        nonlocal announced
        level = history[-1][1]
        if level == announced:
            return []
        rising, since = level > announced, now_ms
        for at_ms, was in reversed(history):
            if (was < level) if rising else (was > level):
                break
            since = at_ms
        # What was announced meanwhile began the count anew: levels before that do not lie beyond this one.
        if now_ms - since < hold_ms:
            return []
        before, announced = announced, level
        return [(before, level, since)]

    for step in range(1, 300):
        now_ms, wanted, got = step * 100, [], []
        if now_ms % 1000 == 0:
            wanted += due(now_ms)
            got += r.put(tick(now_ms / 1000))
        if chance.random() < 0.1:
            people = chance.choice((0, 3, 4, 5, 8, 11, 22))
            wanted += due(now_ms)
            if level_of(people, 10.0) != history[-1][1]:
                history.append((now_ms, level_of(people, 10.0)))
            wanted += due(now_ms)
            got += r.put(entered(now_ms / 1000, "p", people))
        assert [(e.before, e.level, e.at_ms) for e in got if isinstance(e, DensityChanged)] == wanted


def test_ticks_alone_do_not_grow_the_state() -> None:
    r = rig()
    r.put(tick(1_000_000), entered(1_000_000, "p", 8), *ticks(1_000_001, 1_000_010))
    before = r.size
    r.put(*ticks(1_000_011, 1_000_500))
    assert r.size == before
    assert list(LEVELS) == sorted(LEVELS)  # they are compared as letters
