"""Flow: crossings of lines, raw and with inertia, what is published of entrances, and each person's way."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString
from shapely import Point as Spot

from agents.flow import DAY_MS, Flow
from config.geometry import cross, segments_meet
from config.hall import Hall, PointM
from config.rules import FlowRules, Rules
from streams.events import Event, LineCrossed, TripEnded
from tests.support.sensing_lane import passed, plan, seen, track_ended, track_started
from tests.support.service_lane import Rig, configured, entered, left, tick

Segment = tuple[PointM, PointM]
# From (0, 0) to (2, 0), y up: positive is above, so forward is downwards.
DOOR: dict[str, Segment] = {"door": ((0.0, 0.0), (2.0, 0.0))}
ROOM = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))


def rig(hall: Hall | None = None, inertia_m: float = 0.25) -> Rig:
    return Rig(Flow, hall or plan(lines=DOOR), Rules(flow=FlowRules(inertia_m=inertia_m)))


def walk(r: Rig, path: Sequence[PointM], track: str = "p", from_s: float = 0.0) -> list[Event]:
    """One point a second."""
    said = [] if track in r.state.ways or not path else r.put(track_started(from_s, track, path[0]))
    return said + r.put(*(seen(from_s + i, {track: point}) for i, point in enumerate(path)))


def end(r: Rig, at_s: float, track: str = "p", decided_s: float | None = None, first_s: float = 0.0) -> list[Event]:
    """The track ends where it is."""
    at = r.state.ways[track].at if track in r.state.ways else None
    where = at[1:3] if at else (0.0, 0.0)
    return r.put(track_ended(at_s, track, first_s, decided_s, where))


def up_and_down(*heights: float) -> list[PointM]:
    return [(1.0, y) for y in heights]


def crossings(events: Iterable[Event]) -> list[tuple[str, int, int]]:
    return [(e.direction, e.at_ms, e.decided_at_ms) for e in events if isinstance(e, LineCrossed)]


def trip(events: Iterable[Event]) -> TripEnded:
    (one,) = (e for e in events if isinstance(e, TripEnded))
    return one


# -- raw: every change of side -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "wanted"), [
    #  + ...|...       the line from (0, 0) to (2, 0); one point a second
    #  =====v===
    (up_and_down(1, -1), ["forward 1"]),
    (up_and_down(-1, 1), ["backward 1"]),
    (up_and_down(0.1, -0.1, 0.1), ["forward 1", "backward 2"]),
    (up_and_down(1, 0, -1), ["forward 1"]),                        # on the line is not positive
    (up_and_down(-1, 0, 1), ["backward 2"]),
    (up_and_down(1, 0, 1), ["forward 1", "backward 2"]),
    (up_and_down(-1, 0, -1), []),
    ([(2.0, 1.0), (2.0, -1.0)], ["forward 1"]),                    # its end belongs to it
    ([(2.5, 1.0), (2.5, -1.0)], []),                               # beyond its end there is nothing to cross
    ([(3.0, 1.0), (1.0, -1.0)], ["forward 1"]),                    # through the end, slantwise
    ([(-9.0, 5.0), (11.0, -5.0)], ["forward 1"]),                  # in one leap
    ([(0.5, 0.0), (1.5, 0.0)], []),                                # along it
])  # fmt: skip
def test_raw_crossings(path: list[PointM], wanted: list[str]) -> None:
    said = crossings(walk(rig(inertia_m=0), path))
    assert [f"{direction} {at_ms // 1000}" for direction, at_ms, _ in said] == wanted
    assert all(at_ms == decided_ms for _, at_ms, decided_ms in said)


def test_a_row_given_twice_in_a_frame_is_two_points() -> None:
    r = rig(inertia_m=0)
    frame = seen(1, {"p": (1, -1)})
    twice = type(frame)(hall="hall", at_ms=1000, camera="cam", rows=(*frame.rows, *seen(1, {"p": (1, 1)}).rows))
    walk(r, [(1, 1)])
    assert crossings(r.put(twice)) == [("forward", 1000, 1000), ("backward", 1000, 1000)]


def test_noise_far_along_the_line_is_no_crossing() -> None:
    """All on one straight line, metres apart: the sides are rounding errors, and differ."""
    at: Segment = ((5.6, 7.0), (6.3, 7.9))
    line: Segment = ((1.4, 1.6), (3.5, 4.300000000000001))
    assert (cross(*line[0], *line[1], *at[0]) > 0) is not (cross(*line[0], *line[1], *at[1]) > 0)
    assert not segments_meet(*at, *line)
    assert walk(rig(plan(lines={"door": line}), inertia_m=0), at) == []


def exact_crossing(line: Segment, p: PointM, q: PointM) -> str | None:
    """The raw oracle in rational numbers, by parameters instead of signs: no rounding, none of our geometry."""
    (fx, fy), (tx, ty), (px, py), (qx, qy) = ([Fraction(v) for v in point] for point in (*line, p, q))

    def side(x: Fraction, y: Fraction) -> Fraction:
        return (tx - fx) * (y - fy) - (ty - fy) * (x - fx)

    sp, sq = side(px, py), side(qx, qy)
    if (sp > 0) == (sq > 0):
        return None
    # The sides differ, so they are not equal: the step reaches the line's straight at this share of the way.
    share = sp / (sp - sq)
    x, y = px + share * (qx - px), py + share * (qy - py)
    on_line = min(fx, tx) <= x <= max(fx, tx) and min(fy, ty) <= y <= max(fy, ty)
    return ("forward" if sp > 0 else "backward") if on_line else None


def wander(chance: random.Random, steps: int, leap: float, grid: float = 0.0) -> list[PointM]:
    """A random walk that leaps now and then; ``grid`` > 0: on a grid, so that points fall on lines and their ends."""
    x, y, path = chance.uniform(-4, 4), chance.uniform(-4, 4), []
    for _ in range(steps):
        if chance.random() < leap:
            x, y = chance.uniform(-6, 6), chance.uniform(-6, 6)
        x, y = x + chance.gauss(0, 0.3), y + chance.gauss(0, 0.3)
        path.append((round(x / grid) * grid, round(y / grid) * grid) if grid else (x, y))
    return path


def some_lines(chance: random.Random, grid: float = 0.0) -> dict[str, Segment]:
    ends = iter(wander(chance, 12, 1.0, grid))
    return {f"l{i}": (a, b) for i, (a, b) in enumerate(zip(ends, ends, strict=True))}


@pytest.mark.slow
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.05, 0.5]), st.sampled_from([0.0, 0.25, 1.0]))
def test_law_raw_crossings_are_those_of_brute_force(seed: int, leap: float, grid: float) -> None:
    """All lines, every step, in exact arithmetic: the same crossings in the same order."""
    chance = random.Random(seed)
    lines, path = some_lines(chance, grid), wander(chance, 100, leap, grid)
    wanted = [
        (i * 1000, name, direction)
        for i, (p, q) in enumerate(pairwise(path), start=1)
        for name, line in lines.items()
        if (direction := exact_crossing(line, p, q))
    ]
    said = walk(rig(plan(lines=lines), inertia_m=0), path)
    assert [(e.at_ms, e.line, e.direction) for e in said if isinstance(e, LineCrossed)] == wanted


# -- with inertia ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "wanted"), [
    #   1.0 o        o          o     o
    #       |        |          |     |
    #   .25 |- - - - | - - - -  |  o  | -  the strip
    #     0 =|=======|=========/=\/=\=|=   the line
    #       | - - - -'--o - - o - - - o
    #  -1.0 o
    (up_and_down(1, -1), ["forward 1/1"]),
    (up_and_down(1, -0.1, -1), ["forward 1/2"]),                           # was on the other side at 1, sure at 2
    (up_and_down(1, -0.2, 0.2, -0.2, 0.2, -1), ["forward 5/5"]),           # dithering counts once
    (up_and_down(1, -0.2, 0.2, -0.2, 1), []),                              # out where it came in
    (up_and_down(1, 0.2, 0.1, 0.2), []),
    (up_and_down(-1, -0.1, 0.1, 1, 0.1, -0.1, -1), ["backward 2/3", "forward 5/6"]),
    (up_and_down(0.1, -1), ["forward 1/1"]),                               # began in the strip, on the upper side
    (up_and_down(-0.1, 0.1, -0.1, -1), []),                                # began in the strip, on the lower side
    ([(3.0, 1.0), (3.0, -1.0)], []),                                       # round its end
    ([(2.1, 1.0), (2.1, 0.1), (2.1, -0.1), (2.1, -1.0)], []),              # round its end, through the strip
    ([(1.9, 1.0), (1.9, -0.1), (2.1, -0.1), (2.1, 1.0)], []),              # through it and back round its end
    ([(2.1, 1.0), (2.1, -0.1), (1.9, 0.1), (1.9, -1.0)], []),              # on balance, round its end
    ([(1.9, 1.0), (1.9, -0.1), (2.1, -0.1), (2.1, 0.1), (1.9, 0.1), (1.9, -1.0)], ["forward 5/5"]),  # full circle
    ([(1.9, 1.0), (1.9, -0.1), (2.4, -0.1)], ["forward 1/2"]),             # through it, out past its end
])  # fmt: skip
def test_with_inertia(path: list[PointM], wanted: list[str]) -> None:
    said = crossings(walk(rig(), path))
    assert [f"{direction} {at_ms // 1000}/{known // 1000}" for direction, at_ms, known in said] == wanted


def test_who_vanishes_in_the_doorway_is_counted_on_the_side_last_seen() -> None:
    r = rig()
    assert walk(r, up_and_down(1, 0.1, -0.1)) == []
    out = end(r, 2, decided_s=4)
    assert crossings(out) == [("forward", 2000, 4000)]
    assert [type(e) for e in out] == [LineCrossed, TripEnded]


def test_who_was_seen_behind_the_line_before_smoothing_got_there_has_crossed_it() -> None:
    #   smoothed  1.0 -> 0.3      last seen at -0.1, on the other side
    r = rig()
    walk(r, up_and_down(1, 0.3))
    assert crossings(r.put(track_ended(1, "p", decided_s=3, at=(1.0, -0.1)))) == [("forward", 1000, 3000)]
    r = rig(inertia_m=0)
    walk(r, up_and_down(1, 0.3))
    assert crossings(r.put(track_ended(1, "p", decided_s=3, at=(1.0, -0.1)))) == [("forward", 1000, 3000)]


def test_past_a_line_for_long_enough_counts_too() -> None:
    #   one frame a second; 0.1 m past the line for two seconds
    rules = Rules(flow=FlowRules(inertia_s=2.0))
    r = Rig(Flow, plan(lines=DOOR), rules)
    assert crossings(walk(r, up_and_down(1, -0.1, -0.1, -0.1))) == [("forward", 1000, 3000)]
    assert crossings(walk(r, up_and_down(-0.1, 0.1, 0.1, 0.1), from_s=4)) == [("backward", 5000, 7000)]


def test_a_single_line_can_have_an_inertia_of_its_own() -> None:
    rules = Rules.model_validate({"flow": {"lines": {"door": {"inertia_m": 0}}}})
    assert crossings(walk(Rig(Flow, plan(lines=DOOR), rules), up_and_down(1, -0.1, 0.1))) == [
        ("forward", 1000, 1000), ("backward", 2000, 2000),
    ]  # fmt: skip


def test_nothing_is_known_before_it_happened_even_if_the_clock_is_set_back() -> None:
    r = rig()
    walk(r, up_and_down(1, -0.1), "q", from_s=10)
    assert crossings(r.put(seen(5, {"q": (1, -1)}))) == [("forward", 11_000, 11_000)]


def test_who_vanishes_on_the_side_they_came_from_is_not() -> None:
    r = rig()
    walk(r, up_and_down(1, -0.1, 0.1))
    assert crossings(end(r, 2)) == []


def strip_crossings(line: Segment, path: Sequence[PointM], inertia_m: float) -> list[tuple[str, int, int]]:
    """The rule in hindsight: cut the path into stretches in the strip, and judge each by its two ends."""
    shape = LineString(line)
    raw = [None, *(exact_crossing(line, p, q) for p, q in pairwise(path))]
    upper = [cross(*line[0], *line[1], *point) > 0 for point in path]
    outside = [i for i, point in enumerate(path) if shape.distance(Spot(point)) > inertia_m]
    said = []
    for start, end in zip([0, *outside], [*outside, len(path) - 1], strict=True):
        went = [i for i in range(start + 1, end + 1) if raw[i]]
        balance = sum(1 if raw[i] == "forward" else -1 for i in went)
        if upper[start] and not upper[end] and balance > 0:
            said.append(("forward", went[-1], end))
        if upper[end] and not upper[start] and balance < 0:
            said.append(("backward", went[-1], end))
    return said


@pytest.mark.slow
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1]), st.sampled_from([0.05, 0.25, 0.7]))
def test_law_inertia_is_the_rule_in_hindsight(seed: int, leap: float, inertia_m: float) -> None:
    chance = random.Random(seed)
    lines, path = some_lines(chance), wander(chance, 100, leap)
    r = rig(plan(lines=lines), inertia_m)
    said = [*walk(r, path), *end(r, 99)]
    for name, line in lines.items():
        got = [(e.direction, e.at_ms // 1000, e.decided_at_ms // 1000) for e in said
               if isinstance(e, LineCrossed) and e.line == name]  # fmt: skip
        assert got == strip_crossings(line, path, inertia_m)


@pytest.mark.slow
@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.25, 1.0]))
def test_law_across_a_whole_hall_inertia_changes_no_balance(seed: int, inertia_m: float) -> None:
    """A line that nobody can walk round: forward minus backward is that of the raw count, and directions alternate."""
    chance = random.Random(seed)
    path = wander(chance, 100, 0.05)
    hall = plan(lines={"wall": ((-99.0, -1.0), (99.0, 1.0))})
    smooth, raw = rig(hall, inertia_m), rig(hall, 0)
    directions = [d for d, _, _ in crossings([*walk(smooth, path), *end(smooth, 99)])]
    plain = [d for d, _, _ in crossings(walk(raw, path))]
    balances = [d.count("forward") - d.count("backward") for d in (directions, plain)]
    assert balances[0] == balances[1]
    assert all(a != b for a, b in pairwise(directions))
    assert len(directions) <= len(plain)


# -- trips -------------------------------------------------------------------------------------------------------------


def hall() -> Hall:
    return plan({"gate": ROOM, "desk": ROOM, "queue": ROOM}, DOOR, ("gate", "door"))


def test_a_trip_is_from_the_first_zone_to_the_last_and_names_the_doors() -> None:
    r = rig(hall())
    walk(r, up_and_down(1, -1))
    said = r.put(passed(1, "p", "door", forward=True))  # in by the door: trajectory has judged that, flow publishes it
    assert crossings(said) == [("forward", 1000, 1000)]
    r.put(entered(2, "p", 1, "queue"), left(5, "p", 0, "queue"), entered(6, "p", 1, "desk"), left(90, "p", 0, "desk"))
    r.put(passed(96, "p", "door", forward=False))  # and out
    assert trip(end(r, 96, decided_s=98)) == TripEnded(
        hall="hall", at_ms=96_000, decided_at_ms=98_000, track="p", started_ms=0, from_zone="queue", to_zone="desk",
        entered_by="door", left_by="door",
    )  # fmt: skip
    assert r.state.ways == {}


def test_the_last_zone_is_the_one_it_ended_in_even_if_another_was_left_since() -> None:
    r = rig(hall())
    walk(r, up_and_down(1))
    r.put(entered(1, "p", 1, "desk"), entered(2, "p", 1, "queue"), left(3, "p", 0, "queue"))
    out = r.put(track_ended(9, "p"), left(9, "p", 0, "desk", reason="ended"))  # the zones' own end comes after
    assert (trip(out).from_zone, trip(out).to_zone) == ("desk", "desk")
    assert r.state.ways == {}


def test_who_begins_and_ends_in_an_entrance_zone_came_and_went_by_it() -> None:
    r = rig(hall())
    walk(r, up_and_down(1))
    r.put(entered(0, "p", 1, "gate"), left(3, "p", 0, "gate"), entered(4, "p", 1, "desk"))
    assert trip(r.put(track_ended(9, "p"))).entered_by == "gate"

    walk(r, up_and_down(1), "q")
    r.put(entered(0, "q", 1, "desk"), left(3, "q", 0, "desk"), entered(4, "q", 1, "gate"))
    ended = trip(r.put(track_ended(9, "q")))
    assert (ended.entered_by, ended.left_by) == (None, "gate")


def test_who_came_back_in_has_not_left() -> None:
    r = rig(hall())
    walk(r, up_and_down(-1, 1, -1))
    r.put(passed(1, "p", "door", forward=False), passed(2, "p", "door", forward=True))
    assert trip(r.put(track_ended(9, "p"))).left_by is None


def test_only_entrance_lines_are_doors() -> None:
    r = rig(plan(lines=DOOR))
    walk(r, up_and_down(1, -1, 1))
    ended = trip(r.put(track_ended(9, "p")))
    assert (ended.from_zone, ended.to_zone, ended.entered_by, ended.left_by) == (None, None, None, None)


def test_every_track_makes_a_trip_even_one_never_seen() -> None:
    assert trip(rig().put(track_ended(9, "p", first_s=3))).started_ms == 3000


# -- configuration and bounds ------------------------------------------------------------------------------------------


def test_a_line_that_stays_where_it_is_keeps_what_is_going_on_at_it() -> None:
    r = rig()
    walk(r, up_and_down(1, -0.1))
    r.configure(plan(lines=DOOR | {"more": ((9.0, 9.0), (9.0, 8.0))}), Rules(), at_s=1.5)
    assert crossings(walk(r, up_and_down(-1), from_s=2)) == [("forward", 1000, 2000)]


def test_a_line_that_moved_or_vanished_forgets_it() -> None:
    for lines in ({"door": ((0.0, 0.1), (2.0, 0.1))}, {}):
        r = rig()
        walk(r, up_and_down(1, -0.1))
        r.configure(plan(lines=lines), Rules(), at_s=1.5)
        assert walk(r, up_and_down(-1), from_s=2) == []
        assert [type(e) for e in end(r, 3)] == [TripEnded]


def test_points_that_are_nowhere_cross_nothing() -> None:
    for inertia_m in (0.0, 0.25):
        nowhere = [(1.0, 1.0), (float("nan"), 0.0), (float("inf"), 1.0), (1e308, -1e308), (-1e308, 1e308), (1.0, 1.0)]
        said = crossings(walk(rig(inertia_m=inertia_m), nowhere))
        assert len(said) <= 2  # 1e308 m apart, either side may be right


def test_a_track_whose_end_is_lost_is_forgotten_a_day_later() -> None:
    r = rig()
    r.put(tick(1))
    empty = r.size
    walk(r, up_and_down(1, -0.1))
    r.put(tick(DAY_MS / 1000), configured(0))
    assert "p" in r.state.ways
    r.put(tick(3 * DAY_MS / 1000))
    assert r.size <= empty + 8


def test_an_agent_that_is_new_takes_a_track_as_it_finds_it() -> None:
    r = rig()
    assert r.put(seen(0, {"p": (1, 1)}), seen(1, {"p": (1, 1)})) == []
    assert crossings(walk(r, up_and_down(-1), from_s=2)) == [("forward", 2000, 2000)]
