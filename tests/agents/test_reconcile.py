"""Reconcile: what the entrances count against whom the cameras see."""

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.reconcile import Reconcile
from config.rules import ReconcileRules, Rules
from streams.events import CountDrift, Event, PeopleInside
from tests.support.service_lane import HALL, Rig, configured, crossed, ended, hall, ms, started, tick, ticks

EVERY_S = 100
DAY = 86_400


def rules(tolerance: int = 1, every_s: float = EVERY_S) -> Rules:
    return Rules(reconcile=ReconcileRules(every_s=every_s, tolerance=tolerance))


class Drifts(Rig):
    """What is said of drift; ``inside`` holds what was said of people inside."""

    inside: ClassVar[list[PeopleInside]] = []

    def put(self, *events: Event) -> list[Event]:
        said = super().put(*events)
        self.inside.extend(event for event in said if isinstance(event, PeopleInside))
        return [event for event in said if not isinstance(event, PeopleInside)]


def rig(tolerance: int = 1, timezone: str = "UTC") -> Rig:
    return Drifts(
        Reconcile, hall("a", entrances=("door", "gate"), lines=("inner",), timezone=timezone), rules(tolerance)
    )


def drift(at_s: int, since_s: int, entries: int, exits: int, expected: int, people: int) -> CountDrift:
    return CountDrift(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), since_ms=ms(since_s), entries=entries, exits=exits,
        expected=expected, people=people, drift=expected - people,
    )  # fmt: skip


def come(at_s: float, *tracks: str, line: str = "door") -> list[Event]:
    """Seen, and counted on the way in."""
    return [e for t in tracks for e in (started(at_s, t), crossed(at_s, line, "forward", t))]


def go(at_s: float, *tracks: str, line: str = "door") -> list[Event]:
    return [e for t in tracks for e in (crossed(at_s, line, "backward", t), ended(at_s, t))]


def test_as_long_as_the_counts_agree_nothing_is_said() -> None:
    r = rig(tolerance=0)
    assert r.put(tick(0), *come(1, "p", "q"), *ticks(1, 150), *go(150, "p", line="gate"), *ticks(151, 1000)) == []


def test_people_who_leave_uncounted_are_announced_with_the_counts() -> None:
    """
    entries 4, exits 1: 3 expected; but three went, and 1 is there
    """
    r = rig()
    r.put(tick(0), *come(1, "p", "q", "r", "s"), *go(5, "p"), ended(6, "q"), ended(7, "r"), *ticks(1, 99))
    assert r.put(tick(100)) == [drift(100, 0, entries=4, exits=1, expected=3, people=1)]


def test_people_who_come_in_uncounted_are_announced_too() -> None:
    r = rig()
    r.put(tick(0), started(1, "p"), started(1, "q"))
    assert r.put(*ticks(1, 100)) == [drift(100, 0, entries=0, exits=0, expected=0, people=2)]


def test_the_same_drift_is_said_once_and_only_new_drift_again() -> None:
    r = rig()
    r.put(tick(0), started(1, "p"), started(1, "q"))
    assert len(r.put(*ticks(1, 1000))) == 1
    r.put(started(1000, "u"))
    assert r.put(*ticks(1001, 1100)) == [], "one more is within the tolerance"
    r.put(started(1100, "v"))
    assert r.put(*ticks(1101, 1200)) == [drift(1200, 100, entries=0, exits=0, expected=2, people=4)]


def slip_in(at_s: int, track: str) -> list[Event]:
    """Comes in uncounted, and is counted on the way out."""
    return [started(at_s, track), *go(at_s + 1, track)]


def test_a_difference_within_the_tolerance_adds_up_within_a_day_but_not_over_days() -> None:
    """
    missed  one a day    |    1    |    1    |    1    |     never over 1
            two a day    |    1    |    1    |  1   1  |     announced
    """
    r = rig()
    r.put(tick(0))
    for day in range(5):
        assert r.put(*slip_in(day * DAY + 50, "p"), tick(day * DAY + 100), tick((day + 1) * DAY)) == []
    assert r.put(
        *slip_in(5 * DAY + 50, "p"), tick(5 * DAY + 100), *slip_in(5 * DAY + 150, "q"), tick(5 * DAY + 200)
    ) == [drift(5 * DAY + 200, 5 * DAY, entries=0, exits=2, expected=-2, people=0)]


def test_the_day_is_the_hall_s() -> None:
    """At 16:00 UTC it is midnight in Shanghai."""
    r = rig(timezone="Asia/Shanghai")
    r.put(tick(15 * 3600), started(15 * 3600, "p"), tick(16 * 3600), started(16 * 3600 + 50, "q"))
    assert r.put(tick(16 * 3600 + 100)) == []


def test_only_entrances_count() -> None:
    r = rig(tolerance=0)
    r.put(
        tick(0),
        *come(1, "p"),
        crossed(2, "inner", "forward"),
        crossed(3, "inner", "backward"),
        crossed(4, "x", "forward"),
    )
    assert r.put(*ticks(1, 200)) == []


def test_a_hall_without_entrances_has_nothing_to_compare() -> None:
    r = Rig(Reconcile, hall("a", lines=("inner",)), rules(tolerance=0))
    r.put(tick(0), started(1, "p"), crossed(1, "inner", "forward"))
    assert r.put(*ticks(1, 500)) == []


def test_who_is_there_at_the_start_is_the_base() -> None:
    r = rig(tolerance=0)
    r.put(started(0, "p"), started(0, "q"), crossed(0, "door", "forward"), tick(50_000))
    assert r.put(tick(50_200), *go(50_201, "p"), tick(50_400)) == []


def test_looks_stand_on_whole_multiples_and_a_jump_is_one_look() -> None:
    r = rig()
    r.put(tick(37), started(40, "p"), started(40, "q"))
    assert r.put(*ticks(41, 99)) == []
    assert r.put(tick(5021)) == [drift(5021, 37, entries=0, exits=0, expected=0, people=2)]


def test_a_change_of_configuration_starts_from_the_people_there_are() -> None:
    r = rig(tolerance=0)
    r.put(tick(0), started(1, "p"), *ticks(1, 50))
    assert r.configure(hall("a", entrances=("gate",)), rules(tolerance=0), 50) == []
    assert r.put(*ticks(51, 300)) == []
    r.put(crossed(300, "door", "forward"), crossed(300, "gate", "forward"))
    assert r.put(*ticks(301, 400)) == [drift(400, 50, entries=1, exits=0, expected=2, people=1)]


def test_a_track_whose_end_was_lost_is_forgotten_after_a_day() -> None:
    r = rig(tolerance=0)
    r.put(tick(0), *come(0, "lost"), tick(DAY))
    assert list(r.state.tracks) == ["lost"]
    assert r.put(tick(DAY + 100)) == [], "and that it is forgotten is not drift"
    assert r.state.tracks == {}


STEPS = st.lists(
    st.one_of(
        st.builds(tick, st.integers(-10, 3 * DAY)),
        st.builds(started, st.integers(-10, 10**6), st.sampled_from("pqrst")),
        st.builds(ended, st.integers(-10, 10**6), st.sampled_from("pqrst")),
        st.builds(crossed, st.integers(-10, 10**6), st.sampled_from(["door", "gate", "inner", "x"]),
                  st.sampled_from(["forward", "backward"])),
        st.builds(configured, st.integers(-10, 10**6)),
    ),
    max_size=80,
)  # fmt: skip


@given(STEPS, st.integers(0, 3))
def test_whatever_is_announced_is_over_the_tolerance_and_then_settled(events: list[Event], tolerance: int) -> None:
    r = rig(tolerance)
    for event in events:
        for said in r.put(event):
            assert isinstance(said, CountDrift)
            assert abs(said.drift) > tolerance
            assert said.drift == said.expected - said.people
            assert (r.state.base, r.state.entries, r.state.exits) == (said.people, 0, 0)
    now_s = r.state.now_ms // 1000
    r.put(tick(now_s + EVERY_S))
    assert r.put(tick(now_s + 2 * EVERY_S)) == []


@pytest.mark.parametrize("every_s", [10, 900, 86_400])
def test_ticks_alone_do_not_grow_the_state(every_s: float) -> None:
    r = Rig(Reconcile, hall("a", entrances=("door",)), rules(every_s=every_s))
    r.put(tick(10**9))
    before = r.size
    r.put(*(tick(10**9 + 3600 * h) for h in range(100)))
    assert r.size == before


# -- people inside ---------------------------------------------------------------------------------------------------------


def inside(events: list[Event]) -> list[tuple[int, int, int]]:
    return [(e.inside, e.seen, e.drift) for e in events if isinstance(e, PeopleInside)]


def plain() -> Rig:
    return Rig(Reconcile, hall("a", entrances=("door",), lines=("inner",)), rules())


def test_people_inside_is_told_after_every_crossing_of_an_entrance() -> None:
    r = plain()
    assert inside(r.put(tick(0))) == [(0, 0, 0)]
    assert inside(r.put(*come(1, "p"), *come(2, "q"))) == [(1, 1, 0), (2, 2, 0)]
    assert inside(r.put(crossed(3, "inner", "forward", "p"))) == []
    assert inside(r.put(*go(4, "p"))) == [(1, 2, -1)]


def test_an_empty_hall_cannot_be_left() -> None:
    #   two who were missed on the way in go out; then one comes in, and is one
    r = plain()
    r.put(tick(0))
    assert [n for n, _, _ in inside(r.put(*go(1, "p", "q"), *come(2, "r")))] == [0, 0, 1]


def test_a_hall_without_entrances_has_no_such_figure() -> None:
    assert inside(Rig(Reconcile, hall("a"), rules()).put(tick(0), started(1, "p"), *ticks(1, 300))) == []
