"""The ledger: chains of ids and sums, from what the engine publishes."""

from __future__ import annotations

import pytest

from benchmarks.accuracy.crowds import run, scene_of
from benchmarks.accuracy.floors import Ends
from benchmarks.accuracy.ledger import Entry, Ledger, Link
from benchmarks.accuracy.recordings import Moment, Moments, standing
from benchmarks.accuracy.scoring import healing
from streams.events import (
    DwellEnded,
    Event,
    LineCrossed,
    TrackJoined,
    TrackStarted,
    ZoneEntered,
    ZoneHour,
    ZoneLeft,
)

HALL = "h"


def started(track: str, at_ms: int = 0) -> Event:
    return TrackStarted(hall=HALL, at_ms=at_ms, decided_at_ms=at_ms, camera="c", track=track, x_m=0, y_m=0)


def joined(track: str, source: str, at_ms: int) -> Event:
    return TrackJoined(
        hall=HALL, at_ms=at_ms, decided_at_ms=at_ms, camera="c", track=track, source_track=source, gap_ms=0,
        distance_m=0,
    )  # fmt: skip


def entered(zone: str, track: str, at_ms: int) -> Event:
    return ZoneEntered(hall=HALL, at_ms=at_ms, decided_at_ms=at_ms, zone=zone, track=track, occupancy=1)


def left(zone: str, track: str, entered_ms: int, at_ms: int) -> Event:
    return ZoneLeft(
        hall=HALL, at_ms=at_ms, decided_at_ms=at_ms, zone=zone, track=track, entered_ms=entered_ms, occupancy=0
    )


def ledger_of_events(*events: Event) -> Ledger:
    ledger = Ledger()
    for event in events:
        ledger.observe(event)
    return ledger


def test_a_track_is_a_chain_of_the_camera_s_ids() -> None:
    ledger = ledger_of_events(started("c/1"), started("c/2", 5), joined("c/1", "3", 9))
    assert ledger.links == [Link(0, "c/1", 0, False), Link(5, "c/2", 1, False), Link(9, "c/3", 0, True)]
    assert (ledger.started, ledger.joins) == (2, 1)


def test_a_name_that_is_used_again_is_another_track() -> None:
    ledger = ledger_of_events(started("c/1"), joined("c/1", "2", 3), started("c/1", 9), joined("c/1", "4", 12))
    assert [link.track for link in ledger.links] == [0, 0, 1, 1]


def test_a_name_that_was_taken_still_tells_its_id() -> None:
    assert ledger_of_events(started("c/1@1234")).links[0].source == "c/1"


def test_entries_are_of_the_id_that_the_track_has_then() -> None:
    ledger = ledger_of_events(
        started("c/1"), entered("a", "c/1", 0), joined("c/1", "2", 5), entered("b", "c/1", 6)
    )  # fmt: skip
    assert ledger.entries == [Entry("a", "c/1"), Entry("b", "c/2")]


def test_person_seconds_are_summed_in_three_ways() -> None:
    ledger = ledger_of_events(
        started("c/1"),
        entered("a", "c/1", 1000),
        left("a", "c/1", 1000, 4000),
        DwellEnded(hall=HALL, at_ms=4000, decided_at_ms=4000, zone="a", track="c/1", entered_ms=1000, dwell_ms=3100),
        ZoneHour(
            hall=HALL, at_ms=0, decided_at_ms=0, zone="a", seconds=3600, entries=1, exits=1, occupancy_mean=0.5,
            occupancy_max=1, dwell_p50_s=3, dwell_p90_s=3,
        ),
    )  # fmt: skip
    assert (ledger.stays_ms["a"], ledger.dwells_ms["a"], ledger.hours_ms["a"]) == (3000, 3100, 1_800_000)


def test_crossings_are_counted_by_line_and_direction() -> None:
    crossing = LineCrossed(hall=HALL, at_ms=0, decided_at_ms=0, line="door", track="c/1", direction="forward")
    assert ledger_of_events(crossing, crossing).crossed == {("door", "forward"): 2}


def walk(id_: str, from_s: float, to_s: float) -> Moments:
    """Along y = 1 m at 1 m/s, ten times a second: at x = the time."""
    return tuple(
        Moment(at_ms, (standing(id_, at_ms / 1000, 1.0),))
        for at_ms in range(round(1000 * from_s), round(1000 * to_s), 100)
    )


def test_the_engine_over_a_walk_with_a_broken_id() -> None:
    """
    x, m      0         4    4.6      9           a: 0..2.7, b: to 5.4, c: to 8.2, d; the door, forward: to larger x
              1111111111 .... 2222222222
                 |door                |middle
    """
    walked = (*walk("1", 0, 4), *walk("2", 4.6, 9))
    ledger = run(scene_of(walked, Ends(west=1.0, middle=8.0)))
    person_of = {"cam/1": "ann", "cam/2": "ann"}
    assert ledger.started == 1
    assert healing(ledger.links, person_of, ["cam/2"]).healed == 1
    assert ledger.crossed == {("west", "forward"): 1, ("middle", "forward"): 1}
    assert [entry.zone for entry in ledger.entries] == ["a", "b", "c", "d"]
    assert sum(ledger.stays_ms.values()) == pytest.approx(8900, abs=300)
