"""The picture of each hall, event by event, and the table that shows it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from commands.live.board import STAYS_KEPT, Board
from commands.live.table import HALLS_SHOWN, render
from streams.events import (
    AlarmCleared,
    AlarmRaised,
    ClockSetBack,
    DensityChanged,
    DwellEnded,
    Event,
    LineCrossed,
    TrackEnded,
    TrackStarted,
    ZoneEntered,
    ZoneLeft,
)
from tests.support.halls import CAMERA, HALL, START_MS, small_hall, zone

AT: dict[str, Any] = {"hall": HALL, "at_ms": START_MS, "decided_at_ms": START_MS}
TRACK: dict[str, Any] = {**AT, "camera": CAMERA, "track": "c1/7", "x_m": 1.0, "y_m": 1.0}


def started(**fields: Any) -> TrackStarted:
    return TrackStarted(**TRACK | fields)


def entered(zone: str = "waiting", people: int = 1, **fields: Any) -> ZoneEntered:
    return ZoneEntered(**AT | {"zone": zone, "track": "c1/7", "occupancy": people} | fields)


def left(zone: str = "waiting", people: int = 0) -> ZoneLeft:
    return ZoneLeft(**AT, zone=zone, track="c1/7", entered_ms=START_MS, occupancy=people)


def stayed(seconds: float) -> DwellEnded:
    return DwellEnded(**AT, zone="waiting", track="c1/7", entered_ms=START_MS, dwell_ms=round(seconds * 1000))


def raised(value: float = 9.0, track: str | None = None, alarm: str = "full") -> AlarmRaised:
    return AlarmRaised(
        **AT, alarm=alarm, zone="waiting", metric="occupancy", value=value, limit=8.0, severity="critical", track=track
    )  # fmt: skip


@pytest.fixture
def board() -> Board:
    made = Board()
    made.configure(small_hall())
    return made


def after(board: Board, *events: Event) -> Board:
    for event in events:
        board.observe(event)
    return board


def shown(board: Board) -> str:
    console = Console(file=StringIO(), width=110)
    console.print(render(board, "up 5 s"))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_people_come_and_go(board: Board) -> None:
    view = after(board, started(), started(track="c1/8")).halls[HALL]
    assert (len(view.people), view.visits) == (2, 2)
    after(board, TrackEnded(**TRACK, first_ms=START_MS, path_m=1.0, standing_ms=0))
    assert (len(view.people), view.visits) == (1, 2)


def test_a_zone_has_the_people_that_the_last_event_tells(board: Board) -> None:
    seen = after(board, entered(people=1), entered(people=2), left(people=1)).halls[HALL].zones["waiting"]
    assert (seen.people, seen.entries, seen.exits) == (1, 2, 1)


def test_the_median_stay_is_of_the_newest(board: Board) -> None:
    assert board.halls[HALL].zones["waiting"].median_stay_s is None
    assert after(board, stayed(10), stayed(30), stayed(20)).halls[HALL].zones["waiting"].median_stay_s == 20
    seen = after(board, *[stayed(5)] * STAYS_KEPT).halls[HALL].zones["waiting"]
    assert (len(seen.stays_s), seen.median_stay_s) == (STAYS_KEPT, 5)


def test_lines_densities_and_the_logs_time(board: Board) -> None:
    crossed = [LineCrossed(**AT, line="door", track="c1/7", direction=d) for d in ("forward", "forward", "backward")]
    dense = DensityChanged(**AT, zone="waiting", people=30, density_per_m2=0.6, level="C", before="A")
    view = after(board, *crossed, dense).halls[HALL]
    assert (view.lines["door"].forward, view.lines["door"].backward) == (2, 1)
    assert view.zones["waiting"].level == "C"
    board.tell_time(START_MS + 5_000)
    board.tell_time(START_MS)  # never back
    assert view.at_ms == START_MS + 5_000


def test_an_alarm_of_one_person_is_not_that_of_another(board: Board) -> None:
    view = after(board, raised(), raised(track="c1/7"), raised(track="c1/8")).halls[HALL]
    assert len(view.alarms) == 3
    cleared = AlarmCleared(
        **AT, alarm="full", zone="waiting", metric="occupancy", value=1.0, track="c1/7", raised_ms=START_MS
    )  # fmt: skip
    assert set(after(board, cleared).halls[HALL].alarms) == {("full", ""), ("full", "c1/8")}


def test_what_it_does_not_know_is_passed_over(board: Board) -> None:
    after(board, entered(hall="elsewhere"), entered(zone="cellar"), left(zone="cellar"))
    assert [seen.entries for seen in board.halls[HALL].zones.values()] == [0, 0, 0, 0]
    assert set(board.halls) == {HALL}


def test_a_new_floor_plan_keeps_what_stands_for_what_remains(board: Board) -> None:
    after(board, started(), entered(people=3), entered(zone="desks", people=2), raised())
    board.configure(small_hall(zones=(zone("waiting", (3, 0), (9, 0), (9, 8)), zone("cafe", (9, 0), (12, 0), (12, 8)))))
    view = board.halls[HALL]
    assert {name: seen.people for name, seen in view.zones.items()} == {"waiting": 3, "cafe": 0}
    assert (len(view.people), len(view.alarms)) == (1, 1)


# -- the table ---------------------------------------------------------------------------------------------------------


def test_the_picture_begins_anew_where_a_clock_was_set_back(board: Board) -> None:
    """The engine forgot who was there; what was counted since the process began stays counted."""
    back = ClockSetBack(
        **AT | {"at_ms": START_MS - 7_200_000}, lane="sensing", from_ms=START_MS, first_offset=1, next_offset=2
    )
    board.tell_time(START_MS)
    view = after(board, started(), entered(people=3), raised(), back).halls[HALL]
    assert (view.people, view.alarms, view.at_ms) == (set(), {}, START_MS - 7_200_000)
    assert (view.zones["waiting"].people, view.zones["waiting"].since_ms) == (0, {})
    assert board.counted["entries", HALL, "waiting"] == 1
    board.tell_time(START_MS - 7_199_000)
    assert view.at_ms == START_MS - 7_199_000


def test_the_table_shows_a_hall_with_its_zones_lines_and_alarms(board: Board) -> None:
    after(board, started(), entered(people=4), stayed(90), raised())
    board.tell_time(START_MS)
    text = shown(board)
    assert "Small hall (hall-1)  " in text
    assert "people 1" in text
    row = next(line for line in text.splitlines() if "waiting waiting" in line)
    assert [word for word in row.strip("│ ").split() if not word.startswith("█")] == [
        "waiting",
        "waiting",
        "4",
        "1",
        "0",
        "0",
        "s",
        "90",
        "s",
        "A",
    ]
    assert "flow  Door → 0  ← 0" in text
    assert "full: waiting 9 over 8" in text
    assert text.rstrip().endswith("up 5 s")


def test_before_anything_is_known_it_says_so(board: Board) -> None:
    assert "no alarms" in shown(board)
    assert "--:--:--" in shown(board)
    assert "waiting for the first configuration" in shown(Board())


def test_many_halls_and_many_alarms_are_counted_not_listed(board: Board) -> None:
    for number in range(HALLS_SHOWN + 2):
        board.configure(small_hall(id=f"hall-{number}"))
    assert "... and 2 more halls (see /metrics)" in shown(board)
    after(board, *(raised(alarm=f"limit-{n}") for n in range(7)))
    assert "and 2 more" in shown(board)


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (3_600, "60 min")])
def test_a_stay_is_told_in_seconds_or_minutes(board: Board, seconds: float, told: str) -> None:
    assert f" {told} " in shown(after(board, stayed(seconds)))
