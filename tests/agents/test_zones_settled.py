"""Zones: up to when everything is known; and another floor plan under the people. In the hall of support/halls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.topology import SENSING
from agents.zones import Zones
from config.hall import Hall
from config.rules import Rules
from streams.events import Event, ZoneEntered, ZoneLeft, ZonesSettled
from tests.support.chain import Chain, Link
from tests.support.halls import (
    RAW,
    START_MS,
    camera,
    configured,
    crowd,
    ended,
    positions,
    rules,
    small_hall,
    tick,
    zone,
)

FULL = START_MS // 60_000 * 60_000
"""A whole minute."""


class Run:
    """One zones agent; ``offer`` returns what it says of people, ``settled`` holds up to when that is known, in seconds."""

    def __init__(self, plain: Rules | None = None) -> None:
        self.link = Link(Zones(small_hall(), plain or rules(**RAW)))
        self.settled: list[float] = []

    def offer(self, event: Event) -> list[str]:
        said = self.link.agent.on_event(self.link.state, event)
        self.settled += [(made.at_ms - FULL) / 1000 for made in said if isinstance(made, ZonesSettled)]
        changes = [made for made in said if isinstance(made, ZoneEntered | ZoneLeft)]
        return [
            f"{'+' if isinstance(c, ZoneEntered) else '-'}{c.zone} {getattr(c, 'reason', '')}".strip() for c in changes
        ]

    def tick(self, second: float) -> list[str]:
        return self.offer(tick(FULL + round(second * 1000)))

    def see(self, second: float, *rows: tuple[str, float, float]) -> list[str]:
        return self.offer(positions(FULL + round(second * 1000), *rows))

    def plan(self, hall: Hall, second: float) -> list[str]:
        self.link.agent = Zones(hall, rules(**RAW))
        return self.offer(configured(FULL + round(second * 1000)))


def test_with_nobody_there_everything_is_known_ten_seconds_later() -> None:
    run = Run()
    for minute in range(4):
        run.tick(60 * minute)
    assert run.settled[1:] == [50, 110, 170]


def test_who_is_out_of_view_may_have_left_when_last_seen() -> None:
    #   seen at 0:30.5 in waiting, and not since: until the track ends, nothing after that is certain; the camera's clock
    #   may be a second behind the log's, which told the second last at 0:30
    run = Run()
    run.tick(0)
    run.tick(30)
    run.see(30.5, ("7", 6.0, 4.0))
    run.tick(60)
    run.tick(120)
    assert run.settled[1:] == [29]
    assert run.offer(ended(FULL + 30_500, "7")) == ["-waiting ended"]
    run.tick(180)
    assert run.settled[1:] == [29, 170]


def test_who_is_about_to_cross_an_edge_may_have_crossed_it() -> None:
    #   in the last 10 cm before waiting since 0:55, for it to count only after 30 s: then it will have been at 0:55
    run = Run(rules(zones={"inertia_m": 0.25, "inertia_s": 30}))
    run.tick(0)
    run.see(0, ("7", 2.5, 1.0))
    for second in range(55, 60):
        run.tick(second)
        run.see(second, ("7", 3.1, 1.0))
    run.tick(60)
    run.see(60, ("7", 3.1, 1.0))
    for second in range(61, 80):
        run.tick(second)
        run.see(second, ("7", 3.1, 1.0))
    assert run.settled[1:] == [50]
    assert run.see(85, ("7", 3.1, 1.0)) == ["+waiting"]


# -- the law ---------------------------------------------------------------------------------------------------------------

SQUARE_ON = ((1 / 64, 0, 0), (0, 1 / 64, 0), (0, 0, 1))
TWO_CAMERAS = small_hall(cameras=(camera("c1", homography=SQUARE_ON), camera("c2", homography=SQUARE_ON)))


def through_the_lane(seed: int, clocks_ms: tuple[int, int], plain: Rules) -> Iterator[Event]:
    """What the sensing lane says of two crowds, each before a camera whose clock is off by so much, and of the end."""
    frames = [
        (one.at_ms, replace(one, camera=f"c{number}", at_ms=one.at_ms + off_ms))
        for number, off_ms in enumerate(clocks_ms, 1)
        for one in crowd(seed + number, people=3, seconds=130, fps=4.0, stay_s=20.0)
    ]
    chain, second = Chain(SENSING.agents, TWO_CAMERAS, plain), START_MS // 1000
    yield from chain.run(tick(second * 1000))[0]
    for log_ms, one in sorted(frames, key=lambda pair: pair[0]):
        while second < log_ms // 1000:
            second += 1
            yield from chain.run(tick(second * 1000))[0]
        yield from chain.run(one)[0]
    for later in range(1, 121):
        yield from chain.run(tick((second + later) * 1000))[0]


@pytest.mark.parametrize(
    "plain",
    [rules(), rules(**RAW), rules(trajectory={"confirm_s": 5.0}), rules(zones={"inertia_m": 5, "inertia_s": 20})],
    ids=["default", "raw", "slow to believe", "slow to cross"],
)
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)))
def test_what_is_settled_stays_so_while_clocks_agree_within_a_second(
    plain: Rules, seed: int, clocks_ms: tuple[int, int]
) -> None:
    settled_ms: list[int] = []
    changes = 0
    for said in through_the_lane(seed, clocks_ms, plain):
        if isinstance(said, ZonesSettled):
            assert said.at_ms > max(settled_ms, default=-1), "it never goes back, nor says the same again"
            assert said.at_ms < said.decided_at_ms
            settled_ms.append(said.at_ms)
        elif isinstance(said, ZoneEntered | ZoneLeft):
            assert said.at_ms >= max(settled_ms, default=-1)
            changes += 1
    assert len(settled_ms) >= 3
    assert changes


# -- another floor plan ----------------------------------------------------------------------------------------------------


def with_waiting(*polygon_m: tuple[float, float], name: str = "waiting") -> Hall:
    zones = [one for one in small_hall().zones if one.id != "waiting"]
    return small_hall(zones=(*zones, zone("waiting", *polygon_m).model_copy(update={"name": name})))


def test_a_zone_that_is_moved_under_somebody_ends_the_stay() -> None:
    #   waiting is elsewhere now: 7 did not walk
    run = Run()
    run.see(0, ("7", 6.0, 4.0))
    assert run.plan(with_waiting((3, 0), (5, 0), (5, 8), (3, 8)), 1) == ["-waiting config"]
    assert run.see(2, ("7", 6.0, 4.0)) == []


def test_who_stands_in_the_new_outline_as_well_enters_it_anew() -> None:
    run = Run()
    run.see(0, ("7", 6.0, 4.0))
    assert run.plan(with_waiting((3, 0), (8, 0), (8, 8), (3, 8)), 1) == ["-waiting config"]
    assert run.see(2, ("7", 6.0, 4.0)) == ["+waiting"]


def test_a_zone_that_is_only_renamed_ends_nothing() -> None:
    run = Run()
    run.see(0, ("7", 6.0, 4.0))
    assert run.plan(with_waiting((3, 0), (9, 0), (9, 8), (3, 8), name="Queue"), 1) == []
    assert run.see(2, ("7", 6.0, 4.0)) == []
