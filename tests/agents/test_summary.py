"""Summary: every figure from the events that define it."""

import json
from typing import Any

from agents.summary import Summary
from agents.topology import SENSING
from streams.events import (
    AlarmCleared,
    AlarmRaised,
    CountDrift,
    Dead,
    DensityChanged,
    DwellExceeded,
    Event,
    Extent,
    Frame,
    FramesShed,
    HeatAdded,
    HeatCell,
    Late,
    LogLost,
    OddRows,
    Positions,
    Presence,
    TrackJoined,
)
from tests.support.chain import Chain
from tests.support.halls import START_MS, rules, small_hall, with_ticks
from tests.support.halls import frame as at
from tests.support.service_lane import HALL, crossed, entered, hall, left, started, tick, trip

WHEN: dict[str, Any] = {"hall": HALL, "at_ms": 0, "decided_at_ms": 0}


def summary_of(*events: Event) -> dict[str, Any]:
    summary = Summary(hall("a", "b", entrances=("door",)))
    for event in events:
        summary.observe(event)
    return summary.result()


def frame(camera: str = "cam", at_ms: int = 0) -> Frame:
    return Frame(hall=HALL, at_ms=at_ms, camera=camera, people=())


def presence(*rows: tuple[str, tuple[str, ...]], camera: str = "cam", at_ms: int = 0) -> list[Event]:
    """Where tracks are, and in which zones that counts."""
    return [
        Positions(
            hall=HALL, at_ms=at_ms, camera=camera, rows=tuple((track, 0.0, 0.0, 0.0, False) for track, _ in rows)
        ),
        Presence(hall=HALL, at_ms=at_ms, camera=camera, zones=tuple(zones for _, zones in rows)),
    ]


def test_of_nothing_all_is_there_and_nought() -> None:
    nothing = {
        "entries": 0, "exits": 0, "max_occupancy": 0, "person_frames": 0, "dwell_s": {"p50": None, "p90": None},
    }  # fmt: skip
    result = summary_of()
    more = result.pop("more")
    assert result == {
        "frames": 0, "tracks": 0, "zones": {"a": nothing, "b": nothing},
        "lines": {"door": {"forward": 0, "backward": 0}},
    }  # fmt: skip
    assert more["heat_person_s"] == 0


def test_frames_and_tracks_not_names() -> None:
    """Today's 1 is not yesterday's 1."""
    result = summary_of(frame(), started(0, "cam/1"), frame(), started(1, "cam/2"), frame(), started(9, "cam/1"))
    assert (result["frames"], result["tracks"]) == (3, 3)


def test_what_was_held_back_counts_in_the_frame_it_belongs_to() -> None:
    """
    frame at  0   100  200      q is told at 200, with where it was at 0 and 100
      p       x    x    .
      q       x    x    x       at most two at once
    """
    result = summary_of(
        frame(), *presence(("p", ("a",))), frame(at_ms=100), *presence(("p", ("a",)), at_ms=100), frame(at_ms=200),
        *presence(("q", ("a",))), *presence(("q", ("a",)), at_ms=100), *presence(("q", ("a",)), at_ms=200),
    )  # fmt: skip
    assert (result["zones"]["a"]["person_frames"], result["zones"]["a"]["max_occupancy"]) == (5, 2)


def test_what_was_held_back_for_long_counts_as_well() -> None:
    #   frame at  0 s     5 s     8 s     p is seen to 5 s, q is told at 8 s, with where it was at 0: it was out of view
    result = summary_of(
        frame(), *presence(("p", ("a",))), frame(at_ms=5000), *presence(("p", ("a",)), at_ms=5000),
        frame(at_ms=8000), *presence(("q", ("a",))), *presence(("q", ("a",)), at_ms=8000),
    )  # fmt: skip
    assert result["zones"]["a"]["max_occupancy"] == 2


def test_the_first_steps_of_newcomers_count_whatever_it_takes_to_believe_them() -> None:
    """Seconds of waiting change who is told when, not how many were there at once."""
    frames = [at(START_MS + n * 100, *[(str(k), 6.0 + k / 4, 4.0) for k in range(3)]) for n in range(100)]
    figures = []
    for confirm_s in (0.0, 0.8, 5.0):
        summary = Summary(small_hall())
        chain = Chain(SENSING.agents, small_hall(), rules(trajectory={"confirm_s": confirm_s}))
        for event in with_ticks(frames, closing_s=60):
            for one in (event, *chain.run(event)[0]):
                summary.observe(one)
        result = summary.result()
        figures.append((result["tracks"], result["zones"]["waiting"], result["more"]["person_s"]["waiting"]))
    assert figures[0] == figures[1] == figures[2]
    assert figures[0][0] == figures[0][1]["entries"] == figures[0][1]["max_occupancy"] == 3
    assert figures[0][1]["person_frames"] == 300
    assert figures[0][2] == 29.7


def test_who_a_new_floor_plan_put_out_has_not_left_and_how_long_they_would_have_stayed_is_not_known() -> None:
    """
    p   |----|          walks out after 2 s
    q   |--------*      put out by a new plan after 4 s: was there for 4 s, but that is no length of a stay
    """
    result = summary_of(entered(0, "p", 1), entered(0, "q", 2), left(2, "p", 1), left(4, "q", 0, reason="config"))
    a = result["zones"]["a"]
    assert (a["entries"], a["exits"], a["dwell_s"]) == (2, 1, {"p50": 2.0, "p90": 2.0})
    assert result["more"]["person_s"]["a"] == 6.0


def test_entries_exits_and_stays_of_a_zone() -> None:
    events = [e for i, s in enumerate((4, 1, 3, 2)) for e in (entered(0, f"t{i}", 1), left(s, f"t{i}", 0))]
    a = summary_of(*events, entered(9, "x", 1))["zones"]["a"]
    assert (a["entries"], a["exits"], a["dwell_s"]) == (5, 4, {"p50": 2.0, "p90": 4.0})


def test_person_frames_are_rows_and_occupancy_is_distinct_tracks_in_a_frame() -> None:
    """
    frame 1   p p q    three rows, two people
    frame 2   p        one row
    """
    result = summary_of(
        frame(), *presence(("p", ("a",)), ("p", ("a", "b")), ("q", ("a",)), ("r", ())), frame(),
        *presence(("p", ("a",))),
    )  # fmt: skip
    a, b = result["zones"]["a"], result["zones"]["b"]
    assert (a["person_frames"], a["max_occupancy"]) == (4, 2)
    assert (b["person_frames"], b["max_occupancy"]) == (1, 1)


def test_cameras_add_up_each_by_its_last_frame() -> None:
    """
    north  2 . . . 0 . .
    south  . 1 . 3 . . 1       together at most 2 + 3
    """

    def sees(camera: str, people: int) -> list[Event]:
        return [frame(camera), *presence(*((f"{camera}/{i}", ("a",)) for i in range(people)), camera=camera)]

    steps = [("north", 2), ("south", 1), ("south", 3), ("north", 0), ("south", 1)]
    events = [e for step in steps for e in sees(*step)]
    assert summary_of(*events)["zones"]["a"]["max_occupancy"] == 5
    assert summary_of(*sees("north", 2), frame("north"), *sees("south", 1))["zones"]["a"]["max_occupancy"] == 2


def test_lines_by_direction() -> None:
    result = summary_of(
        *(crossed(0, "door", d) for d in ("forward", "forward", "backward")), crossed(0, "other", "forward")
    )
    assert result["lines"] == {"door": {"forward": 2, "backward": 1}}


def test_what_was_of_a_zone_that_is_not_the_hall_s_is_passed_over() -> None:
    assert summary_of(entered(0, "p", 1, "x"), left(1, "p", 0, "x"), *presence(("p", ("x",)))) == summary_of()


def test_more() -> None:
    alarm: dict[str, Any] = WHEN | {"alarm": "busy", "zone": "a", "metric": "occupancy", "value": 3}
    lost: dict[str, Any] = WHEN | {"source_topic": "t", "partition": 0, "offset": 0}
    more = summary_of(
        TrackJoined(**WHEN, camera="cam", track="p", source_track="9", gap_ms=5, distance_m=0.1),
        *(DwellExceeded(**WHEN, zone="a", track="p", entered_ms=0, threshold_s=s) for s in (300, 60, 60)),
        DensityChanged(**WHEN, zone="b", people=2, density_per_m2=0.4, level="C", before="A"),
        trip(0, "a", "b"), trip(0, "a", "b"), trip(0, None, "a"), trip(0, None, None),
        HeatAdded(**WHEN, cell_m=0.25, cells=(HeatCell(0, 0, 0.1), HeatCell(1, 0, 0.2))),
        AlarmRaised(**alarm, limit=2, severity="warning"), AlarmCleared(**alarm, raised_ms=0),
        CountDrift(**WHEN, since_ms=-5, entries=3, exits=0, expected=3, people=1, drift=2),
        FramesShed(hall=HALL, at_ms=0, camera="cam", count=7),
        Late(**WHEN, source_topic="t", partition=0, offset=0, behind_ms=9, raw=b""),
        Dead(**lost, reason="no_key", detail="", agent=None, raw_size=0, raw=b""),
        Dead(**lost, reason="no_such_hall", detail="", agent=None, raw_size=0, raw=b""),
        LogLost(**WHEN, lane="sensing", first_offset=10, next_offset=15),
        OddRows(hall=HALL, at_ms=0, camera="cam", rows=5, kinds=(("no_size", 3),), extent=Extent()),
        AlarmRaised(**WHEN, alarm="odd", metric="odd_input", value=1, limit=0.5, severity="warning", subject="cam", detail="why"),
        tick(0),
    )["more"]  # fmt: skip
    assert json.loads(json.dumps(more)) == {
        "tracks_joined": 1,
        "dwell_exceeded": {"a": {"60": 2, "300": 1}, "b": {}},
        "density_levels": {"a": {}, "b": {"C": 1}},
        "trips": {"- -> -": 1, "- -> a": 1, "a -> b": 2},
        "heat_person_s": 0.3,
        "alarms_raised": {"busy": 1, "odd": 1},
        "alarms_cleared": {"busy": 1},
        "count_drift": [{"at_ms": 0, "since_ms": -5, "drift": 2}],
        "person_s": {"a": 0.0, "b": 0.0},
        "rows": 0,
        "rows_odd": {"cam": {"no_size": 3}},
        "alarms_said": [{"alarm": "odd", "subject": "cam", "detail": "why"}],
        "frames_shed": 7,
        "late": 1,
        "dead": 2,
        "records_lost": 5,
    }
    assert list(more["dwell_exceeded"]["a"]) == ["60", "300"]
