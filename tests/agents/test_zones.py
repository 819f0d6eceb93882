"""Zones: who is in which zone, inertia at an edge, occupancy. The hall is the small one of support/halls."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.zones import SPARE_MS, Zones
from config.geometry import inside
from config.hall import Hall
from config.rules import Rules
from streams.events import Event, Positions, Presence, ZoneEntered, ZoneLeft, ZonesSettled
from tests.support.chain import Link
from tests.support.halls import HALL, RAW, START_MS, configured, ended, positions, rules, small_hall, tick, zone

T = START_MS
Rows = tuple[tuple[str, float, float], ...]


class Run:
    """One zones agent; ``at`` and ``offer`` return what it says of people. ``settled``: up to when it says that is known."""

    def __init__(self, plain: Rules, hall: Hall | None = None) -> None:
        self.link = Link(Zones(hall or small_hall(), plain))
        self.presence: dict[str, tuple[str, ...]] = {}
        self.settled: list[int] = []

    def offer(self, event: Event) -> list[ZoneEntered | ZoneLeft]:
        said = []
        for made in self.link.agent.on_event(self.link.state, event):
            if isinstance(made, Presence):
                assert isinstance(event, Positions)
                self.presence = dict(zip([track for track, *_ in event.rows], made.zones, strict=True))
            elif isinstance(made, ZonesSettled):
                self.settled.append(made.at_ms - T)
            else:
                assert isinstance(made, ZoneEntered | ZoneLeft)
                said.append(made)
        return said

    def at(self, ms: int, *rows: tuple[str, float, float]) -> list[ZoneEntered | ZoneLeft]:
        return self.offer(positions(T + ms, *rows))


def raw_run(hall: Hall | None = None) -> Run:
    return Run(rules(**RAW), hall)


def inert_run(inertia_m: float = 0.25, inertia_s: float = 1.0) -> Run:
    return Run(rules(zones={"inertia_m": inertia_m, "inertia_s": inertia_s}))


def entered(zone: str, track: str, occupancy: int, ms: int, decided_ms: int | None = None) -> ZoneEntered:
    known = ms if decided_ms is None else decided_ms
    return ZoneEntered(hall=HALL, at_ms=T + ms, decided_at_ms=T + known, zone=zone, track=track, occupancy=occupancy)


def short(said: Iterable[ZoneEntered | ZoneLeft]) -> list[str]:
    return [f"{'+' if isinstance(one, ZoneEntered) else '-'}{one.zone} {one.track} {one.occupancy}" for one in said]


# -- raw: every point counts as it is ----------------------------------------------------------------------------------


def test_a_track_first_seen_inside_enters_at_once_and_others_are_counted_on() -> None:
    #   |  waiting    7   8 |
    run = raw_run()
    assert run.at(0, ("7", 6.0, 4.0)) == [entered("waiting", "7", 1, 0)]
    assert run.at(100, ("7", 6.0, 4.0), ("8", 7.0, 4.0)) == [entered("waiting", "8", 2, 100)]
    assert run.link.state.occupancy == {"waiting": 2}


def test_walking_from_zone_to_zone_leaves_before_it_enters() -> None:
    #   | waiting  7 --|--> desks |
    run = raw_run()
    run.at(0, ("7", 8.5, 4.0))
    assert run.at(100, ("7", 9.5, 4.0)) == [
        ZoneLeft(
            hall=HALL, at_ms=T + 100, decided_at_ms=T + 100, zone="waiting", track="7", entered_ms=T, occupancy=0,
            reason="walked",
        ),
        entered("desks", "7", 1, 100),
    ]  # fmt: skip


def test_a_point_on_a_shared_edge_is_in_one_zone() -> None:
    run = raw_run()
    assert short(run.at(0, ("7", 3.0, 0.0))) == ["+waiting 7 1"]
    assert run.presence == {"7": ("waiting",)}


def test_a_track_may_be_in_several_zones_named_in_the_halls_order() -> None:
    #   | entrance | waiting
    #   |     +----|--+
    #   |     | 7  |  | guide
    #   |     +----|--+
    run = raw_run()
    assert short(run.at(0, ("7", 2.5, 4.0))) == ["+entrance 7 1", "+guide 7 1"]
    assert run.presence == {"7": ("entrance", "guide")}
    assert short(run.at(100, ("7", 4.0, 4.0))) == ["-entrance 7 0", "+waiting 7 1"]
    assert run.presence == {"7": ("guide", "waiting")}
    assert short(run.at(200, ("7", 4.0, 7.0))) == ["-guide 7 0"]


def test_presence_has_a_row_for_every_row_of_positions() -> None:
    run = raw_run()
    made = run.link.agent.on_event(run.link.state, positions(T, ("8", 20.0, 4.0), ("7", 6.0, 4.0), ("8", 10.0, 4.0)))
    assert made[-1] == Presence(
        hall=HALL, at_ms=T, camera="c1", zones=((), ("waiting",), ("desks",))
    )  # fmt: skip
    assert run.at(100) == []
    assert run.presence == {}


def test_a_track_that_ends_leaves_when_it_was_last_seen() -> None:
    run = raw_run()
    run.at(0, ("7", 2.5, 4.0), ("8", 2.5, 4.0))
    assert run.offer(ended(T + 400, "7", decided_at_ms=T + 3000)) == [
        ZoneLeft(
            hall=HALL, at_ms=T + 400, decided_at_ms=T + 3000, zone=name, track="7", entered_ms=T, occupancy=1,
            reason="ended",
        )
        for name in ("entrance", "guide")
    ]  # fmt: skip
    assert list(run.link.state.stays) == ["8"]
    assert run.offer(ended(T + 400, "7")) == []


def test_a_track_that_ended_and_starts_again_is_first_seen_again() -> None:
    run = inert_run()
    run.at(0, ("7", 6.0, 4.0))
    run.offer(ended(T, "7"))
    assert run.at(5000, ("7", 6.0, 4.0)) == [entered("waiting", "7", 1, 5000)]


# -- inertia -----------------------------------------------------------------------------------------------------------


def test_a_step_over_the_edge_and_back_is_no_change() -> None:
    #   waiting  7 ---.   .---
    #   ==============.===.======= 9 m
    #   desks          `-'  0.2 m deep, 0.9 s long
    run = inert_run()
    run.at(0, ("7", 8.5, 4.0))
    for ms in range(100, 1000, 100):
        assert run.at(ms, ("7", 9.2, 4.0)) == []
    assert run.at(1000, ("7", 8.9, 4.0)) == []
    assert run.link.state.stays["7"].since_ms == {}
    assert run.presence == {"7": ("waiting",)}


def test_deep_enough_counts_at_once_and_happened_at_the_first_point_over_the_edge() -> None:
    #   t   0    100   200   300
    #   x   8.8  9.05  9.15  9.25     a quarter metre past the edge: counts
    run = inert_run()
    run.at(0, ("7", 8.8, 4.0))
    assert run.at(100, ("7", 9.05, 4.0)) == run.at(200, ("7", 9.15, 4.0)) == []
    assert run.at(300, ("7", 9.25, 4.0)) == [
        ZoneLeft(
            hall=HALL, at_ms=T + 100, decided_at_ms=T + 300, zone="waiting", track="7", entered_ms=T, occupancy=0,
            reason="walked",
        ),
        entered("desks", "7", 1, 100, 300),
    ]  # fmt: skip


def test_long_enough_counts_however_near_the_edge() -> None:
    run = inert_run()
    run.at(0, ("7", 8.9, 4.0))
    for ms in range(100, 1100, 100):
        assert run.at(ms, ("7", 9.1, 4.0)) == []
    assert short(run.at(1100, ("7", 9.1, 4.0))) == ["-waiting 7 0", "+desks 7 1"]


def test_every_attempt_starts_its_own_clock() -> None:
    run = inert_run()
    run.at(0, ("7", 8.9, 4.0))
    for ms in range(100, 5000, 200):
        assert run.at(ms, ("7", 9.1, 4.0)) == run.at(ms + 100, ("7", 8.9, 4.0)) == []


def test_depth_is_measured_from_the_nearest_edge_round_corners_too() -> None:
    #              |   waiting          9.0
    #     guide ---+ (5, 5)             x at (5.2, 5.2): 0.28 m from the corner, 0.2 m from either edge's line
    run = inert_run()
    run.at(0, ("7", 4.5, 4.5))
    assert short(run.at(100, ("7", 5.2, 5.2))) == ["-guide 7 0"]
    run.at(200, ("8", 4.5, 4.5))
    assert run.at(300, ("8", 5.15, 5.15)) == []


@pytest.mark.parametrize(("inertia_m", "inertia_s"), [(0.0, 1.0), (0.25, 0.0), (0.0, 0.0)])
def test_either_inertia_at_zero_lets_every_point_count(inertia_m: float, inertia_s: float) -> None:
    run = inert_run(inertia_m, inertia_s)
    run.at(0, ("7", 8.9, 4.0))
    assert short(run.at(100, ("7", 9.001, 4.0))) == ["-waiting 7 0", "+desks 7 1"]


def test_an_end_in_the_middle_of_an_attempt_is_where_it_counted() -> None:
    run = inert_run()
    run.at(0, ("7", 8.9, 4.0))
    run.at(100, ("7", 9.1, 4.0))
    assert short(run.offer(ended(T + 100, "7"))) == ["-waiting 7 0"]


def test_nobody_leaves_before_he_came_whatever_the_cameras_clock_does() -> None:
    run = raw_run()
    run.at(0, ("7", 6.0, 4.0))
    (left, came) = run.at(-60_000, ("7", 10.0, 4.0))
    assert (left.at_ms, came.at_ms) == (T, T - 60_000)
    (left,) = run.offer(ended(T - 90_000, "7"))
    assert left.at_ms == T - 60_000


def test_a_clock_that_goes_back_does_not_hold_up_an_attempt() -> None:
    run = inert_run()
    run.at(0, ("7", 8.9, 4.0))
    run.at(100, ("7", 9.1, 4.0))
    assert run.at(-30_000, ("7", 9.1, 4.0)) == []
    assert short(run.at(-29_000, ("7", 9.1, 4.0))) == ["-waiting 7 0", "+desks 7 1"]


near_edges = st.tuples(st.sampled_from([0.0, 50.0, 100.0, 400.0, 1500.0]), st.floats(8.4, 9.6))


@given(st.lists(near_edges, min_size=1, max_size=40))
def test_inertia_by_its_definition(steps: list[tuple[float, float]]) -> None:
    """Between waiting and desks along x: the rule told forward, with nothing but the edge at 9 m."""
    run = inert_run()
    now_ms, here, since_ms = 0, "", 0
    for pause_ms, x in steps:
        now_ms += round(pause_ms)
        there = "waiting" if x < 9 else "desks"
        expected: list[tuple[str, str, int]] = []
        if not here:
            here, expected = there, [("+", there, now_ms)]
        elif there == here:
            since_ms = 0
        else:
            since_ms = since_ms or now_ms + 1  # plus 1: a first point at 0 ms is one too
            if abs(x - 9) >= 0.25 or now_ms + 1 - since_ms >= 1000:
                expected = [("-", here, since_ms - 1), ("+", there, since_ms - 1)]
                here, since_ms = there, 0
        said = run.at(now_ms, ("7", x, 4.0))
        assert [("+" if isinstance(s, ZoneEntered) else "-", s.zone, s.at_ms - T) for s in said] == expected
        assert all(one.decided_at_ms == T + now_ms for one in said)


# -- the raw oracle ----------------------------------------------------------------------------------------------------

corner = st.tuples(st.integers(-12, 12).map(lambda n: n / 2), st.integers(-12, 12).map(lambda n: n / 2))
polygons = st.lists(corner, min_size=3, max_size=7, unique=True)
step = st.tuples(st.sampled_from("abc"), st.integers(-6, 6).map(lambda n: n / 4) | st.floats(-2, 2), st.floats(-2, 2))


@settings(max_examples=150, deadline=None)
@given(shapes=st.lists(polygons, min_size=1, max_size=4), frames=st.lists(st.lists(step, max_size=5), max_size=25))
def test_raw_entries_exits_and_occupancy_are_those_of_brute_force(
    shapes: list[list[tuple[float, float]]], frames: list[list[tuple[str, float, float]]]
) -> None:
    """Random walks over random zones: overlapping, concave, crossing themselves; ids repeated in a frame."""
    hall = small_hall(zones=tuple(zone(f"z{n}", *shape) for n, shape in enumerate(shapes)))
    run = raw_run(hall)
    at: dict[str, tuple[float, float]] = {}
    members: dict[str, list[str]] = {one.id: [] for one in hall.zones}
    for number, steps in enumerate(frames):
        expected, rows = [], []
        for track, dx, dy in steps:
            x, y = at.get(track, (0.0, 0.0))
            at[track] = x, y = x + dx, y + dy
            rows.append((track, x, y))
            expected += changes(hall, members, track, x, y)
        assert short(run.at(number * 100, *rows)) == expected
        assert run.link.state.occupancy == {id_: len(tracks) for id_, tracks in members.items() if tracks}
    for track in at:
        expected = [change(members, one.id, track, "-") for one in hall.zones if track in members[one.id]]
        assert short(run.offer(ended(T, track))) == expected
    assert run.link.state.occupancy == {}


def changes(hall: Hall, members: dict[str, list[str]], track: str, x: float, y: float) -> list[str]:
    """Every polygon tested, leaves first."""
    now = {one.id: inside(x, y, one.polygon_m) for one in hall.zones}
    left = [change(members, id_, track, "-") for id_ in now if track in members[id_] and not now[id_]]
    came = [change(members, id_, track, "+") for id_ in now if track not in members[id_] and now[id_]]
    return left + came


def change(members: dict[str, list[str]], zone: str, track: str, sign: str) -> str:
    (members[zone].append if sign == "+" else members[zone].remove)(track)
    return f"{sign}{zone} {track} {len(members[zone])}"


# -- configuration, and what is never told -----------------------------------------------------------------------------


def test_everybody_leaves_a_zone_that_is_no_more() -> None:
    run = inert_run()
    run.at(0, ("7", 2.5, 4.0), ("8", 4.0, 4.0), ("9", 8.9, 4.0))
    run.at(100, ("9", 9.1, 4.0))
    kept = tuple(one for one in reversed(small_hall().zones) if one.id not in ("guide", "desks"))
    run.link.agent = Zones(small_hall(zones=kept), rules())
    said = run.offer(configured(T + 700))
    assert short(said) == ["-guide 7 1", "-guide 8 0"]
    assert {(one.at_ms, one.decided_at_ms) for one in said} == {(T + 700, T + 700)}
    assert {one.reason for one in said if isinstance(one, ZoneLeft)} == {"config"}
    assert run.link.state.occupancy == {"entrance": 1, "waiting": 2}
    assert "desks" not in run.link.state.stays["9"].since_ms


def test_tracks_of_a_camera_that_is_no_more_leave_by_configuration() -> None:
    run = raw_run()
    run.at(0, ("7", 6.0, 4.0))
    (left,) = run.offer(ended(T, "7", reason="config"))
    assert isinstance(left, ZoneLeft)
    assert left.reason == "config"


def test_a_track_whose_end_is_never_told_is_let_go_at_last() -> None:
    run = raw_run()
    run.offer(tick(T))
    run.at(0, ("7", 6.0, 4.0))
    last_s = (2000 + SPARE_MS) // 1000 + 180
    said = {second: run.offer(tick(T + second * 1000)) for second in range(1, last_s)}
    assert [short(events) for events in said.values() if events] == [["-waiting 7 0"]]
    assert all(second > (2000 + SPARE_MS) // 1000 for second, events in said.items() if events)
    assert run.link.state.stays == {}


def test_a_jump_of_time_lets_nobody_go_whose_end_may_be_in_the_same_moment() -> None:
    # The tick is read before the track_ended that it causes: that one knows when the track was last seen.
    run = raw_run()
    run.offer(tick(T))
    run.at(500, ("7", 6.0, 4.0))
    assert run.offer(tick(T + 7_200_000)) == []
    (left,) = run.offer(ended(T + 500, "7", decided_at_ms=T + 7_200_000))
    assert left.at_ms == T + 500


def test_positions_of_a_hall_without_zones_still_give_presence() -> None:
    run = raw_run(small_hall(zones=()))
    assert run.at(0, ("7", 1.0, 1.0)) == []
    assert run.presence == {"7": ()}
    assert isinstance(positions(T), Positions)
