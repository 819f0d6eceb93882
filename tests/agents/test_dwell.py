"""Dwell: a stay is timed by the camera that sees it; a threshold is said of who was seen to stay so long."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from agents.dwell import SPARE_MINUTES, Dwell
from config.rules import DwellRules, Rules, TrajectoryRules, ZoneRules
from streams.events import DwellEnded, DwellExceeded, Event
from tests.support.sensing_lane import plan, seen
from tests.support.service_lane import Rig, entered, left, ms, tick

SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
HERE = (1.0, 1.0)


def rules(*thresholds_s: float, inertia_s: float = 0.0, **zones: tuple[float, ...]) -> Rules:
    return Rules(dwell=DwellRules(thresholds_s=thresholds_s, zones=zones), zones=ZoneRules(inertia_s=inertia_s))


def rig(*thresholds_s: float, inertia_s: float = 0.0, **zones: tuple[float, ...]) -> Rig:
    return Rig(Dwell, plan({"a": SQUARE, "b": SQUARE}), rules(*thresholds_s, inertia_s=inertia_s, **zones))


def watched(from_s: int, to_s: int, *tracks: str, ahead_s: float = 0.0) -> Iterable[Event]:
    """A tick each second, and before it a frame that shows ``tracks``; the camera's clock is ``ahead_s`` ahead."""
    for s in range(from_s, to_s + 1):
        yield seen(s + ahead_s, dict.fromkeys(tracks, HERE))
        yield tick(s)


def exceeded(events: Iterable[Event]) -> list[tuple[str, float, int, int]]:
    return [(e.track, e.threshold_s, e.at_ms, e.decided_at_ms) for e in events if isinstance(e, DwellExceeded)]


def ended(events: Iterable[Event]) -> list[tuple[str, int, str]]:
    return [(e.zone, e.dwell_ms, e.reason) for e in events if isinstance(e, DwellEnded)]


# -- thresholds --------------------------------------------------------------------------------------------------------


def test_a_threshold_is_said_at_the_first_tick_that_knows_of_it() -> None:
    r = rig(5.0, 10.0)
    r.put(entered(0.5, "p", 1))
    assert exceeded(r.put(*watched(1, 20, "p"))) == [("p", 5.0, 5_500, 6_000), ("p", 10.0, 10_500, 11_000)]


def test_it_is_said_once_in_a_stay_and_again_in_the_next() -> None:
    r = rig(5.0)
    first = r.put(entered(0, "p", 1), *watched(1, 9, "p"), left(9, "p", 0))
    second = r.put(entered(10, "p", 1), *watched(11, 14, "p"))
    assert exceeded(first) == [("p", 5.0, 5_000, 5_000)]
    assert exceeded(second) == []
    assert exceeded(r.put(*watched(15, 30, "p"))) == [("p", 5.0, 15_000, 15_000)]


def test_a_stay_that_ends_between_two_ticks_says_its_threshold_before_its_end() -> None:
    r = rig(5.0)
    r.put(entered(0, "p", 1), *watched(1, 4, "p"))
    said = r.put(left(5.0, "p", 0, decided_s=5.2))
    assert [type(e) for e in said] == [DwellExceeded, DwellEnded]
    assert exceeded(said) == [("p", 5.0, 5_000, 5_200)]
    assert ended(said) == [("a", 5_000, "walked")]


def test_zones_may_have_their_own_thresholds() -> None:
    r = rig(5.0, b=(8.0, 2.0, 8.0))
    r.put(entered(0, "p", 1, "a"), entered(0, "p", 1, "b"))
    said = [(e.zone, e.threshold_s) for e in r.put(*watched(1, 30, "p")) if isinstance(e, DwellExceeded)]
    assert said == [("b", 2.0), ("a", 5.0), ("b", 8.0)]
    r.put(entered(40, "q", 1, "b"))
    assert [t for _, t, _, _ in exceeded(r.put(left(60, "q", 0, "b", entered_s=40)))] == [2.0, 8.0]


def test_a_clock_that_is_off_changes_nothing() -> None:
    for ahead_s in (-3600.0, -0.3, 0.3, 59.0):
        r = rig(5.0)
        r.put(entered(0.5 + ahead_s, "p", 1))
        assert exceeded(r.put(*watched(1, 9, "p", ahead_s=ahead_s))) == [("p", 5.0, ms(5.5 + ahead_s), 6_000)]


# -- out of sight ------------------------------------------------------------------------------------------------------


def test_who_left_unseen_before_the_threshold_never_exceeded_it() -> None:
    """seen ----------|4.0           |5 threshold         |9 the track is given up: left at 4.0"""
    r = rig(5.0)
    r.put(entered(0, "p", 1), *watched(1, 4, "p"))
    assert r.put(*watched(5, 8)) == []
    assert ended(said := r.put(left(4, "p", 0, decided_s=9, reason="ended"))) == [("a", 4_000, "ended")]
    assert exceeded(said) == []


def test_who_is_seen_again_exceeded_it_all_the_while() -> None:
    """An id break: the same track, joined above, is away from 4 to 7; its stay goes on."""
    r = rig(5.0)
    r.put(entered(0, "p", 1), *watched(1, 4, "p"), *watched(5, 6))
    assert exceeded(r.put(*watched(7, 9, "p"))) == [("p", 5.0, 5_000, 7_000)]
    assert ended(r.put(left(12, "p", 0))) == [("a", 12_000, "walked")]


def test_a_frame_is_evidence_until_the_next_tick_only() -> None:
    r = rig(5.0)
    r.put(entered(0, "p", 1), seen(5.5, {"p": HERE}), seen(5.6, {}))
    assert r.put(tick(6), tick(7)) == []


def test_who_is_just_past_an_edge_may_turn_out_to_have_left() -> None:
    """past the edge at 4.5 |   | 5 threshold   | 5.5 inertia over: left at 4.5"""
    r = rig(5.0, inertia_s=1.0)
    r.put(entered(0, "p", 1), *watched(1, 5, "p"))
    assert exceeded(r.put(left(4.5, "p", 0, decided_s=5.5))) == []

    stayed = rig(5.0, inertia_s=1.0)
    stayed.put(entered(0, "p", 1), *watched(1, 5, "p"))
    assert exceeded(stayed.put(*watched(6, 9, "p"))) == [("p", 5.0, 5_000, 6_000)]


@given(st.integers(0, 2**32), st.floats(0, 3), st.floats(-60, 60))
def test_law_what_is_said_is_what_the_stay_turned_out_to_be(seed: int, inertia_s: float, ahead_s: float) -> None:
    """Whatever is seen when: each threshold up to the length of the stay once, in order, before its end; no other."""
    chance, thresholds = random.Random(seed), (2.0, 3.5, 7.0)
    r = rig(*thresholds, inertia_s=inertia_s)
    start, length = chance.uniform(0, 2), chance.uniform(0, 9)
    walks = chance.random() < 0.5
    # Who walks is still seen, outside, until the inertia is over; who vanishes was last seen at the end of the stay.
    known = start + length + (inertia_s if walks else chance.uniform(0, 5))
    visible_until = known if walks else start + length
    events: list[tuple[float, Event]] = [(float(s), tick(s)) for s in range(20)]
    for i in range(200):
        at = i * 0.1
        shows = start <= at <= visible_until and chance.random() < 0.7
        events.append((at, seen(at + ahead_s, {"p": HERE} if shows else {})))
    events.append((start, entered(start + ahead_s, "p", 1)))
    over = left(start + length + ahead_s, "p", 0, entered_s=start + ahead_s, decided_s=known + ahead_s)
    events.append((known, over))
    said = r.put(*(event for _, event in sorted(events, key=lambda pair: pair[0])))
    end = said[-1]
    assert isinstance(end, DwellEnded)
    assert [e.threshold_s for e in said if isinstance(e, DwellExceeded)] == [
        t for t in thresholds if ms(t) <= end.dwell_ms
    ]  # fmt: skip
    assert all(e.at_ms == e.entered_ms + ms(e.threshold_s) for e in said if isinstance(e, DwellExceeded))
    assert r.state.tracks == {}


# -- the end of a stay -------------------------------------------------------------------------------------------------


def test_nobody_stays_for_less_than_no_time() -> None:
    r = rig(5.0)
    r.put(entered(100, "p", 1))
    assert ended(r.put(left(40, "p", 0, entered_s=100))) == [("a", 0, "walked")]


def test_a_stay_begun_before_the_agent_existed_ends_like_any_other() -> None:
    said = rig(5.0).put(left(20, "p", 0, entered_s=8))
    assert exceeded(said) == [("p", 5.0, 13_000, 20_000)]
    assert ended(said) == [("a", 12_000, "walked")]


# -- configuration -----------------------------------------------------------------------------------------------------


def test_changed_thresholds_hold_for_running_stays_without_repeating() -> None:
    hall = plan({"a": SQUARE})
    r = Rig(Dwell, hall, rules(5.0, 20.0))
    r.put(entered(0, "p", 1), *watched(1, 8, "p"))
    r.configure(hall, rules(3.0, 5.0, 10.0), at_s=8.5)
    # 3 s is shorter than what was said already, 5 s was said: neither is news.
    assert exceeded(r.put(*watched(9, 30, "p"))) == [("p", 10.0, 10_000, 10_000)]


def test_stays_in_a_vanished_zone_end_as_the_zones_say() -> None:
    r = rig(50.0)
    r.put(entered(0, "p", 1, "a"), entered(0, "p", 1, "b"), *watched(1, 3, "p"))
    assert r.configure(plan({"b": SQUARE}), rules(50.0), at_s=3.5) == []
    assert ended(r.put(left(3, "p", 0, "a", decided_s=3.5, reason="config"), tick(4))) == [("a", 3_000, "config")]
    assert r.state.tracks["p"].zones.keys() == {"b"}


def test_stays_in_a_vanished_zone_end_even_if_the_zones_say_nothing() -> None:
    r = rig(2.0)
    r.put(entered(0, "p", 1, "a"))
    r.configure(plan({"b": SQUARE}), rules(2.0), at_s=3.5)
    said = r.put(tick(4))
    assert exceeded(said) == [("p", 2.0, 2_000, 4_000)]
    assert ended(said) == [("a", 3_500, "config")]
    assert r.state.tracks == {}


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_a_stay_whose_end_is_lost_is_forgotten() -> None:
    r = rig(5.0)
    r.put(tick(0))
    empty = r.size
    r.put(entered(0, "p", 1))
    minutes = SPARE_MINUTES + int(TrajectoryRules().join_within_s / 60)
    assert r.put(*(tick(60 * m) for m in range(1, minutes + 1))) == []
    assert "p" in r.state.tracks
    assert r.put(tick(60 * (minutes + 1))) == []
    assert r.size <= empty + 8


def test_who_is_in_view_is_never_forgotten_and_who_a_dead_camera_saw_last_is() -> None:
    r = rig(50_000.0)
    r.put(entered(0, "p", 1))
    for minute in range(5 * SPARE_MINUTES):
        r.put(seen(60 * minute, {"p": HERE}), tick(60 * minute))
    assert "p" in r.state.tracks
    r.put(*(tick(60 * minute) for minute in range(5 * SPARE_MINUTES, 7 * SPARE_MINUTES)))
    assert r.state.tracks == r.state.frames == {}


def test_a_jump_of_the_log_forgets_nobody_before_the_zones_have_their_word() -> None:
    r = rig(5.0)
    r.put(tick(0), entered(0, "p", 1), tick(86_400))
    assert ended(r.put(left(1, "p", 0, decided_s=86_400, reason="ended"))) == [("a", 1_000, "ended")]
