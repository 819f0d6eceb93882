"""One person-second is one person-second: hours, stays and a count by hand agree, over any recording.

Crowds of support/halls (jitter, misses, broken ids) go through both lanes; then, zone by zone, to the millisecond:

    zone_hour.person_s  =  dwell_ended.dwell_ms  =  the stays from zone_entered to zone_left

and with raw rules also what the rows themselves say: from the first row inside to the first row outside, or last seen.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.topology import TOPOLOGY
from config.geometry import inside
from config.hall import Hall, Matrix3
from config.homography import camera_homography
from config.local_hour import local_hour
from config.patience import longest_patience_s
from config.rules import Rules
from streams.codec import TICK
from streams.driver import Driver, lay_out
from streams.events import Configured, Dead, DwellEnded, Event, Frame, Late, Tick, ZoneEntered, ZoneHour, ZoneLeft
from streams.record import Record
from streams.topics import OBSERVATIONS
from tests.support.chain import Chain
from tests.support.halls import (
    HALL,
    PX_PER_M,
    RAW,
    START_MS,
    camera,
    configured,
    crowd,
    frame,
    rules,
    small_hall,
    with_ticks,
)

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

    for one in frames:
        at_ms = one.at_ms
        while second is None or second < at_ms // 1000:
            second = at_ms // 1000 if second is None else second + 1
            offer(Tick(hall=HALL, at_ms=second * 1000))
        offer(one)
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


def by_rows(frames: Iterable[Frame], hall: Hall, lost_after_ms: int = 10**15) -> dict[str, int]:
    """Raw rules, by hand; an id that was not seen for ``lost_after_ms`` is somebody else."""
    rows: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for one in frames:
        for p in one.people:
            px, py = p.left_px + p.width_px / 2, p.top_px + p.height_px
            (a, b, c), (d, e, f), _ = camera_homography(next(cam for cam in hall.cameras if cam.id == one.camera))
            spot = (a * px + b * py + c, d * px + e * py + f)
            rows[f"{one.camera}/{p.track}"].append((one.at_ms, *spot))
    found: dict[str, int] = defaultdict(int)
    for zone in hall.zones:
        for seen in rows.values():
            since, last_ms = None, seen[0][0]
            for at_ms, x, y in seen:
                if since is not None and at_ms - last_ms > lost_after_ms:
                    found[zone.id] += last_ms - since
                    since = None
                last_ms = at_ms
                here = inside(x, y, zone.polygon_m)
                since = at_ms if here and since is None else since
                if not here and since is not None:
                    found[zone.id] += at_ms - since
                    since = None
            found[zone.id] += last_ms - since if since is not None else 0
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


# -- several cameras, through the engine itself ------------------------------------------------------------------------------

HALVES: dict[str, tuple[Matrix3, tuple[tuple[float, float], ...]]] = {
    "c1": (
        ((0.44 / PX_PER_M, 0.0, 0.35), (0.0, 0.8 / PX_PER_M, 0.6), (0.0, 0.0, 1.0)),
        ((0.0, 0.0), (6.0, 0.0), (6.0, 8.0), (0.0, 8.0)),
    ),
    "c2": (
        ((0.44 / PX_PER_M, 0.0, 6.35), (0.0, 0.8 / PX_PER_M, 0.6), (0.0, 0.0, 1.0)),
        ((6.0, 0.0), (12.0, 0.0), (12.0, 8.0), (6.0, 8.0)),
    ),
}
"""Each camera sees half of the hall, with the border through the waiting area, and a whole crowd fits into its half."""


def two_cameras(timezone: str = "Asia/Kathmandu") -> Hall:
    cameras = (camera(id_, homography=matrix, floor_m=floor) for id_, (matrix, floor) in HALVES.items())
    return small_hall(timezone=timezone, cameras=tuple(cameras))


def two_crowds(seed: int, people: int, start_ms: int, *, apart_ms: int = 37, seconds: int = 60) -> list[Frame]:
    """One before each camera; the second camera's frames are a moment behind the first one's."""
    crowds = (crowd(seed + n, people=people, seconds=seconds, fps=5.0, stay_s=20.0, start_ms=start_ms) for n in (0, 1))
    frames = [
        replace(one, camera=f"c{n}", at_ms=one.at_ms + (n - 1) * apart_ms)
        for n, frames in enumerate(crowds, 1)
        for one in frames
    ]
    return sorted(frames, key=lambda one: one.at_ms)


def by_the_engine(frames: list[Frame], hall: Hall, plain: Rules) -> list[Event]:
    """Everything that both lanes publish."""
    texts = {"hall.yaml": hall, "rules.yaml": plain}  # JSON is YAML
    files = {name: json.dumps(one.model_dump(mode="json", exclude_unset=True)) for name, one in texts.items()}
    records = list(lay_out(OBSERVATIONS, {hall.id: files}, frames, close=False))
    for one in closing(frames[-1].at_ms, hall, plain):
        records.append(Record(OBSERVATIONS, 0, len(records), one.at_ms, None, TICK))
    said = [output.event for output in Driver(TOPOLOGY).run(records)]
    assert not [event for event in said if isinstance(event, Dead | Late)]
    return [event for event in said if event is not None]


def agrees(said: list[Event], hall: Hall) -> None:
    """All ways to count come to the same, in each zone; means times seconds as far as seconds are rounded."""
    assert by_hour(said) == by_dwell(said) == by_stays(said)
    for figures in (event for event in said if isinstance(event, ZoneHour)):
        assert figures.person_s >= 0
        assert figures.seconds >= 1
        rounding = figures.occupancy_mean * 0.5 + 1e-9
        assert abs(figures.occupancy_mean * figures.seconds - figures.person_s) <= rounding
    for one in hall.zones:
        most = [event.occupancy_max for event in said if isinstance(event, ZoneHour) and event.zone == one.id]
        assert max(most, default=0) == most_at_once(said, one.id)


@pytest.mark.parametrize("plain", [rules(), rules(**RAW)], ids=["default", "raw"])
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(0, 70), st.integers(0, 900))
def test_the_engine_agrees_for_several_cameras_about_the_turn_of_an_hour(
    plain: Rules, seed: int, people: int, before_s: int, apart_ms: int
) -> None:
    hall = two_cameras()
    turn_ms = local_hour(hall.tz, START_MS)[1]
    frames = two_crowds(seed, people, turn_ms - before_s * 1000, apart_ms=apart_ms)
    said = by_the_engine(frames, hall, plain)
    agrees(said, hall)
    if not plain.trajectory.judges_identity:
        assert by_hour(said) == by_rows(frames, hall)


@pytest.mark.parametrize(
    ("timezone", "turn_s"),
    [
        ("Europe/Berlin", 1_774_746_000),  # 29 March 2026: two o'clock is three
        ("Europe/Berlin", 1_792_890_000),  # 25 October 2026: three o'clock is two
        ("Australia/Lord_Howe", 1_775_314_800),  # 5 April 2026: two o'clock is half past one
        ("Australia/Lord_Howe", 1_791_041_400),  # 4 October 2026: two o'clock is half past two
        ("Asia/Kolkata", 1_772_424_000 + 1800),
    ],
)
def test_no_change_of_the_clock_takes_or_doubles_a_second(timezone: str, turn_s: int) -> None:
    hall = two_cameras(timezone)
    assert local_hour(hall.tz, turn_s * 1000)[0] == turn_s * 1000
    said = by_the_engine(two_crowds(3, 4, turn_s * 1000 - 30_000), hall, rules())
    agrees(said, hall)
    assert len({event.at_ms for event in said if isinstance(event, ZoneHour)}) == 2


def test_an_id_that_comes_back_after_minutes_is_somebody_else() -> None:
    #   rows of c1/7 in waiting   0:00 ------ 0:20                       5:00 --- 5:10
    #   person-seconds                  20                                     10
    hall = two_cameras()
    frames = [frame(START_MS + ms, ("7", 11.0, 4.0)) for ms in (*range(0, 20_001, 500), *range(300_000, 310_001, 500))]
    said = by_the_engine(frames, hall, rules(**RAW))
    agrees(said, hall)
    assert by_hour(said) == by_rows(frames, hall, lost_after_ms=120_000) == {"waiting": 30_000}


def test_a_zone_that_moves_under_people_takes_and_doubles_nothing() -> None:
    #   waiting is cut in half while a crowd is in it, some seconds after the turn of an hour
    hall, plain = two_cameras(), rules()
    moved = hall.model_copy(
        update={
            "zones": tuple(
                one.model_copy(update={"polygon_m": ((3, 0), (6, 0), (6, 8), (3, 8))}) if one.id == "waiting" else one
                for one in hall.zones
                if one.id != "guide"
            )
        }
    )
    turn_ms = local_hour(hall.tz, START_MS)[1]
    sensing, service = (Chain(lane.agents, hall, plain) for lane in TOPOLOGY.lanes)
    said: list[Event] = []

    def offer(event: Event) -> None:
        made = sensing.run(event)[0]
        below = [event] if isinstance(event, Tick | Configured) else []
        for one in [*below, *(m for m in made if m.topic is not None)]:
            said.extend(service.run(one)[0])
        said.extend(made)

    frames = two_crowds(5, 5, turn_ms - 30_000)
    for event in with_ticks(frames):
        if event.at_ms == turn_ms + 20_000 and isinstance(event, Tick):
            for link in (*sensing.links, *service.links):
                link.agent = type(link.agent)(moved, plain)
            offer(configured(event.at_ms))
        offer(event)
    for one in closing(frames[-1].at_ms, moved, plain):
        offer(one)
    agrees(said, hall)
    config = {event.zone for event in said if isinstance(event, ZoneLeft) and event.reason == "config"}
    assert config == {"waiting", "guide"}
