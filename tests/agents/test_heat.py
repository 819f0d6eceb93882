"""Heat: the time between two points of a track goes to the later one's cell; each minute leaves as an event."""

from __future__ import annotations

import random
from collections.abc import Iterable
from math import floor, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.heat import CELLS_AT_MOST, Heat
from config.rules import HeatRules, Rules
from streams.events import Event, HeatAdded, HeatCell
from tests.support.sensing_lane import plan, seen, track_ended
from tests.support.service_lane import Rig, tick


def rig(cell_m: float = 0.25, max_gap_s: float = 2.0) -> Rig:
    return Rig(Heat, plan(), Rules(heat=HeatRules(cell_m=cell_m, max_gap_s=max_gap_s)))


def added(events: Iterable[Event]) -> list[HeatAdded]:
    return [e for e in events if isinstance(e, HeatAdded)]


def cells(events: Iterable[Event]) -> list[tuple[int, int, float]]:
    return [(c.column, c.row, c.person_s) for e in added(events) for c in e.cells]


def test_time_goes_to_the_cell_of_the_later_point() -> None:
    """
    y 0.5 +---+---+
          |   | 2 |     at 0 s in 1, at 0.4 s in 2, at 1.0 s back in 1:
     0.25 +---+---+     0.4 s for 2, 0.6 s for 1
          | 1 |   |
        0 +---+---+
          0  0.25 0.5 x
    """
    r = rig()
    r.put(tick(0), seen(0, {"p": (0.1, 0.1)}), seen(0.4, {"p": (0.3, 0.3)}), seen(1, {"p": (0.2, 0.2)}))
    assert r.put(tick(60)) == [
        HeatAdded(
            hall="hall", at_ms=0, decided_at_ms=60_000, cell_m=0.25, cells=(HeatCell(0, 0, 0.6), HeatCell(1, 1, 0.4))
        )
    ]


def test_cells_left_of_and_below_the_origin_are_cells_like_others_and_they_are_sorted() -> None:
    r = rig(cell_m=1.0)
    r.put(tick(0))
    places = [(0.5, 0.5), (0.5, -0.5), (-0.5, 3.5), (-0.5, -0.1), (-1.0, 0.0), (2e4, -2e4)]
    for i, place in enumerate(places):
        r.put(seen(i, {"p": (0, 0), f"q{i}": place}), seen(i + 0.5, {f"q{i}": place}))
    assert [c[:2] for c in cells(r.put(tick(60))) if c[2] == 0.5] == [
        (-1, -1), (-1, 0), (-1, 3), (0, -1), (20_000, -20_000),
    ]  # fmt: skip


@pytest.mark.parametrize(("later_s", "person_s"), [(2.0, 2.0), (2.001, 0.0), (0.0, 0.0), (-1.0, 0.0)])
def test_gaps_that_tell_nothing_add_nothing(later_s: float, person_s: float) -> None:
    r = rig()
    r.put(tick(0), seen(10, {"p": (1, 1)}), seen(10 + later_s, {"p": (1, 1)}))
    assert sum(c[2] for c in cells(r.put(tick(60)))) == person_s


def test_a_clock_that_was_set_back_goes_on_from_there() -> None:
    r = rig()
    r.put(tick(0), seen(4000, {"p": (1, 1)}), seen(400, {"p": (1, 1)}), seen(401, {"p": (1, 1)}))
    assert cells(r.put(tick(60))) == [(4, 4, 1.0)]


def test_a_minute_is_the_logs_and_an_empty_one_says_nothing() -> None:
    r = rig()
    assert r.put(tick(59), seen(59, {"p": (1, 1)}), seen(59.5, {"p": (1, 1)})) == []
    (first,) = added(r.put(tick(60)))
    assert r.put(seen(60.5, {"p": (1, 1)}), tick(61), tick(119)) == []
    (second,) = added(r.put(tick(600)))  # the log's time jumped: what was gathered is of the minute it was gathered in
    assert r.put(tick(660)) == []
    assert [(e.at_ms, e.decided_at_ms) for e in (first, second)] == [(0, 60_000), (60_000, 600_000)]
    assert cells([first, second]) == [(4, 4, 0.5), (4, 4, 1.0)]


def test_a_track_that_ended_is_forgotten_at_once_and_one_that_vanished_within_two_minutes() -> None:
    r = rig(max_gap_s=60.0)
    r.put(tick(0))
    empty = r.size
    r.put(seen(0, {"p": (1, 1), "q": (1, 1)}), tick(60))
    assert r.state.older.keys() == {"p", "q"}
    r.put(track_ended(0, "p"))
    assert r.state.older.keys() == {"q"}
    r.put(tick(120))
    assert r.size == empty


def test_a_gap_across_the_turn_of_the_minute_counts() -> None:
    r = rig(max_gap_s=60.0)
    r.put(tick(0), seen(5, {"p": (1, 1)}), tick(60), seen(65, {"p": (1, 1)}))
    assert cells(r.put(tick(120))) == [(4, 4, 60.0)]


def test_another_cell_size_begins_another_map() -> None:
    r = rig()
    r.put(tick(0), seen(0, {"p": (1, 1)}), seen(1, {"p": (1, 1)}))
    (old,) = added(r.configure(plan(), Rules(heat=HeatRules(cell_m=0.5)), at_s=1.5))
    r.put(seen(2, {"p": (1, 1)}))
    (new,) = added(r.put(tick(60)))
    assert [(e.cell_m, e.at_ms, e.cells) for e in (old, new)] == [
        (0.25, 0, (HeatCell(4, 4, 1.0),)), (0.5, 0, (HeatCell(2, 2, 1.0),)),
    ]  # fmt: skip
    assert r.configure(plan(), Rules(heat=HeatRules(cell_m=0.5)), at_s=61) == []


def test_more_cells_than_a_floor_has_leave_early() -> None:
    r = Rig(Heat, plan(), Rules())
    people = {f"p{i}": (i * 1.0, 0.0) for i in range(CELLS_AT_MOST + 1)}
    (early,) = added(r.put(seen(0, people), seen(1, people)))
    assert len(early.cells) == CELLS_AT_MOST + 1
    assert r.state.cells == {}


def test_points_that_are_nowhere_are_left_out() -> None:
    r = rig()
    r.put(tick(0))
    for at_s in (0, 1, 2):
        r.put(seen(at_s, {"a": (nan, 0), "b": (0, inf), "c": (-inf, nan), "d": (1e300, 1e300), "e": (3, 3)}))
    assert cells(r.put(tick(60))) == [(12, 12, 2.0)]


@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.25, 1.0]), st.sampled_from([0.5, 2.0, 60.0]))
def test_law_heat_is_conserved(seed: int, cell_m: float, max_gap_s: float) -> None:
    """The sum over all events is, cell by cell, the sum of the gaps that count."""
    chance, r = random.Random(seed), rig(cell_m, max_gap_s)
    wanted: dict[tuple[int, int], int] = {}
    last: dict[str, int] = {}
    got: dict[tuple[int, int], int] = {}
    at_ms = 0
    for _ in range(150):
        at_ms += chance.choice((100, 100, 200, 999, 3000))
        people = {f"p{i}": (chance.uniform(-3, 3), chance.uniform(-3, 3)) for i in range(5) if chance.random() < 0.8}
        for track, (x, y) in people.items():
            if 0 < (gap := at_ms - last.get(track, at_ms)) <= max_gap_s * 1000:
                key = (floor(x // cell_m), floor(y // cell_m))
                wanted[key] = wanted.get(key, 0) + gap
            last[track] = at_ms
        out = r.put(tick(at_ms // 1000), seen(at_ms / 1000, people))
        if chance.random() < 0.02:
            r.put(track_ended(at_ms / 1000, "p0"))
            last.pop("p0", None)
        for column, row, person_s in cells(out):
            got[column, row] = got.get((column, row), 0) + round(person_s * 1000)
    for column, row, person_s in cells(r.put(tick(at_ms // 1000 + 60))):
        got[column, row] = got.get((column, row), 0) + round(person_s * 1000)
    assert got == wanted
