"""A hall is removed in the middle of its day: whatever was begun has its end, and the last hour its figures."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import chain
from typing import Any

from agents.topology import TOPOLOGY
from config.loading import load_files, read_dir
from devices.simulator import Simulator
from devices.simulator.recorder import records
from streams.codec import encode
from streams.driver import Driver
from streams.events import (
    AlarmCleared,
    AlarmRaised,
    DwellEnded,
    Event,
    HallRemoved,
    HeatAdded,
    TrackEnded,
    TrackStarted,
    TripEnded,
    ZoneEntered,
    ZoneHour,
    ZoneLeft,
)
from streams.record import Record
from streams.topics import OBSERVATIONS
from tests.support.simhall import EXAMPLES

START_MS = 1_772_413_155_000
"""08:59:15 in Shanghai: an hour ends on the way."""
LENGTH_MS = 90_000
RULES = "limits: [{id: busy, zone: waiting, metric: occupancy, over: 0}]\n"


@cache
def said() -> tuple[Event, ...]:
    """frames ... frames, hall_removed: all that both lanes publish."""
    files = read_dir(EXAMPLES / "demo") | {"rules.yaml": RULES}
    crowd = Simulator(
        load_files(files).hall, seed=1, start_ms=START_MS, fps=2.0, level=2.0, warm=True, always_open=True
    )
    day = list(records([(crowd, files)], start_ms=START_MS, end_ms=START_MS + LENGTH_MS))
    at_ms = day[-1].timestamp_ms
    last = Record(OBSERVATIONS, 0, len(day), at_ms, b"demo", encode(HallRemoved(hall="demo", at_ms=at_ms)))
    driver = Driver(TOPOLOGY)
    outputs = [output.event for output in driver.run(chain(day, [last])) if output.event is not None]
    assert [engine.halls for engine in driver.engines] == [{}, {}]
    return tuple(outputs)


def of(kind: type[Event]) -> list[Any]:
    return [event for event in said() if type(event) is kind]


def test_every_track_has_ended_and_those_of_the_last_moment_by_configuration() -> None:
    assert {event.track for event in of(TrackStarted)} == {event.track for event in of(TrackEnded)}
    assert Counter(event.reason for event in of(TrackEnded))["config"] > 5
    assert {event.track for event in of(TripEnded)} == {event.track for event in of(TrackEnded)}


def test_everybody_has_left_every_zone_and_every_stay_has_ended() -> None:
    entered = Counter((event.zone, event.track) for event in of(ZoneEntered))
    assert entered == Counter((event.zone, event.track) for event in of(ZoneLeft))
    assert entered == Counter((event.zone, event.track) for event in of(DwellEnded))
    assert {event.zone: event.occupancy for event in of(ZoneLeft)} == dict.fromkeys({zone for zone, _ in entered}, 0)


def test_alarms_that_stand_are_cleared() -> None:
    # everybody is made to leave, so nobody is over the limit
    raised, cleared = of(AlarmRaised), of(AlarmCleared)
    assert raised
    assert len(raised) == len(cleared)
    assert cleared[-1].at_ms == START_MS + LENGTH_MS


def test_the_hour_that_it_was_in_is_published_as_far_as_it_had_come() -> None:
    # 08:59:15 .. 09:00:00 | 09:00:00 .. 09:00:45 removed
    hours = sorted({event.at_ms for event in of(ZoneHour)})
    assert [at_ms - START_MS for at_ms in hours] == [45_000 - 3_600_000, 45_000]
    waiting = [event for event in of(ZoneHour) if event.zone == "waiting"]
    assert [event.seconds for event in waiting] == [45, 45]
    stays_s = sum((e.at_ms - e.entered_ms) / 1000 for e in of(ZoneLeft) if e.zone == "waiting")
    assert abs(sum(event.person_s for event in waiting) - stays_s) < 1e-6


def test_heat_of_the_last_minute_is_not_lost() -> None:
    assert [event.at_ms // 60_000 for event in of(HeatAdded)] == [START_MS // 60_000 + n for n in range(2)]


def test_nothing_that_is_concluded_stands_behind_the_removal_in_the_first_lane() -> None:
    assert len(of(HallRemoved)) == 1
    behind = said()[said().index(of(HallRemoved)[0]) + 1 :]
    service = {kind for agent in TOPOLOGY.lane("service").agents for kind in agent.writes}
    assert {type(event) for event in behind} <= service
