"""One person-second is one person-second: hours, stays and a count by hand agree, over any recording.

Crowds of support/halls (jitter, misses, broken ids) go through both lanes; then, zone by zone, to the millisecond:

    zone_hour.person_s  =  dwell_ended.dwell_ms  =  the stays from zone_entered to zone_left

and with raw rules also what the rows themselves say: from the first row inside to the first row outside, or last seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.topology import TOPOLOGY
from config.geometry import inside
from config.hall import Hall
from config.local_hour import local_hour
from config.patience import longest_patience_s
from config.rules import Rules
from streams.events import DwellEnded, Event, Frame, Tick, ZoneEntered, ZoneHour, ZoneLeft
from tests.support.chain import Chain
from tests.support.halls import HALL, PX_PER_M, RAW, START_MS, crowd, rules, small_hall

WEEK: dict[str, Any] = {**RAW, "trajectory": {**RAW["trajectory"], "join_within_s": 604_800}}
"""Raw points, and ids that live until the recording ends."""


def closing(end_ms: int, hall: Hall, plain: Rules) -> Iterator[Tick]:
    """Until every track has ended, everything is settled and the hour is over."""
    second = end_ms // 1000 * 1000 + 1000
    gone = second + round(longest_patience_s(hall, plain) * 1000) + 120_000
    hour = max(gone + 240_000, local_hour(hall.tz, end_ms)[1])
    for at_ms in (second, gone, gone + 120_000, hour + 120_000, hour + 240_000):
        yield Tick(hall=HALL, at_ms=at_ms)


def concluded(frames: Iterable[Frame], hall: Hall, plain: Rules) -> list[Event]:
    """Everything that both lanes say."""
    sensing, service = (Chain(lane.agents, hall, plain) for lane in TOPOLOGY.lanes)
    said: list[Event] = []
    second, at_ms = None, START_MS

    def offer(event: Event) -> None:
        made = sensing.run(event)[0]
        below = [event] if isinstance(event, Tick) else []
        for one in [*below, *(m for m in made if m.topic is not None)]:
            said.extend(service.run(one)[0])
        said.extend(made)

    for frame in frames:
        at_ms = frame.at_ms
        while second is None or second < at_ms // 1000:
            second = at_ms // 1000 if second is None else second + 1
            offer(Tick(hall=HALL, at_ms=second * 1000))
        offer(frame)
    for tick in closing(at_ms, hall, plain):
        offer(tick)
    return said


def by_hour(said: list[Event]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for event in said:
        if isinstance(event, ZoneHour):
            found[event.zone] += round(event.person_s * 1000)
    return {zone: ms for zone, ms in found.items() if ms}


def by_dwell(said: list[Event]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for event in said:
        if isinstance(event, DwellEnded):
            found[event.zone] += event.dwell_ms
    return {zone: ms for zone, ms in found.items() if ms}


def stays(said: list[Event]) -> list[tuple[str, int, int]]:
    """(zone, from, to) of every stay."""
    open_: dict[tuple[str, str], int] = {}
    found = []
    for event in said:
        if isinstance(event, ZoneEntered):
            assert (event.zone, event.track) not in open_
            open_[event.zone, event.track] = event.at_ms
        if isinstance(event, ZoneLeft):
            found.append((event.zone, open_.pop((event.zone, event.track)), event.at_ms))
    assert open_ == {}
    return found


def by_stays(said: list[Event]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for zone, start, end in stays(said):
        found[zone] += end - start
    return {zone: ms for zone, ms in found.items() if ms}


def by_rows(frames: Iterable[Frame], hall: Hall) -> dict[str, int]:
    """Raw rules, by hand."""
    rows: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for frame in frames:
        for p in frame.people:
            spot = ((p.left_px + p.width_px / 2) / PX_PER_M, (p.top_px + p.height_px) / PX_PER_M)
            rows[f"{frame.camera}/{p.track}"].append((frame.at_ms, *spot))
    found: dict[str, int] = defaultdict(int)
    for zone in hall.zones:
        for seen in rows.values():
            since = None
            for at_ms, x, y in seen:
                here = inside(x, y, zone.polygon_m)
                since = at_ms if here and since is None else since
                if not here and since is not None:
                    found[zone.id] += at_ms - since
                    since = None
            found[zone.id] += seen[-1][0] - since if since is not None else 0
    return {zone: ms for zone, ms in found.items() if ms}


def most_at_once(said: list[Event], zone: str) -> int:
    changes = sorted(
        (at_ms, 0 if change < 0 and end > start else 1, change)
        for name, start, end in stays(said)
        if name == zone
        for at_ms, change in ((start, 1), (end, -1))
    )
    people = most = 0
    for _, _, change in sorted(changes, key=lambda c: (c[0], c[1], -c[2])):
        people += change
        most = max(most, people)
    return most


CROWDS = st.tuples(st.integers(0, 2**32), st.integers(1, 8), st.sampled_from([1.0, 5.0, 10.0]), st.integers(0, 3000))


@pytest.mark.parametrize("plain", [rules(), rules(**RAW), rules(**WEEK)], ids=["default", "raw", "raw for a week"])
@settings(max_examples=15, deadline=None)
@given(CROWDS)
def test_hours_stays_and_dwell_agree_to_the_millisecond(plain: Rules, given_crowd: tuple[int, int, float, int]) -> None:
    seed, people, fps, shift_s = given_crowd
    hall = small_hall(timezone="Asia/Kathmandu")
    frames = list(crowd(seed, people=people, seconds=90, fps=fps, stay_s=20.0, start_ms=START_MS + shift_s * 1000))
    said = concluded(frames, hall, plain)
    assert by_hour(said) == by_dwell(said) == by_stays(said)
    if plain.trajectory.join_within_s == 604_800:
        assert by_hour(said) == by_rows(frames, hall)
    for zone in hall.zones:
        figures = [event for event in said if isinstance(event, ZoneHour) and event.zone == zone.id]
        assert max((f.occupancy_max for f in figures), default=0) == most_at_once(said, zone.id)
        assert sum(f.occupancy_mean * f.seconds for f in figures) == pytest.approx(sum(f.person_s for f in figures))


def test_the_turn_of_an_hour_takes_nothing_and_doubles_nothing() -> None:
    #   a minute of people, half of it before the turn of the hour in Kathmandu
    hall = small_hall(timezone="Asia/Kathmandu")
    turn_ms = local_hour(hall.tz, START_MS)[1]
    said = concluded(crowd(1, people=5, seconds=60, fps=5.0, start_ms=turn_ms - 30_000), hall, rules())
    hours = {event.at_ms for event in said if isinstance(event, ZoneHour)}
    assert hours == {turn_ms - 3_600_000, turn_ms}
    assert by_hour(said) == by_dwell(said) == by_stays(said)
