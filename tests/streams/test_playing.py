"""Recordings as something to be played: what of them, when, and under which name."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agents.topology import TOPOLOGY
from streams.codec import TICK, encode
from streams.events import Configured, Frame
from streams.playing import Play, Stray, in_time, moved, recorded, strays, ticked
from streams.record import Record
from streams.recording import write_recording
from streams.topics import JOURNAL, OBSERVATIONS


def frame(at_ms: int, seq: int = 0) -> Frame:
    return Frame(hall="h", at_ms=at_ms, source="cam", boot="b", seq=seq, camera="cam", people=())


def play(at_ms: int) -> Play:
    return Play(at_ms, OBSERVATIONS, frame(at_ms))


def test_only_what_the_edge_sent_and_configurations_are_played(tmp_path: Path) -> None:
    configured = Configured(hall="h", at_ms=5, files={"hall.yaml": "x"})
    values = [
        (OBSERVATIONS, b"h", encode(configured)),
        (OBSERVATIONS, b"h", encode(frame(7))),
        (OBSERVATIONS, None, TICK),
        (OBSERVATIONS, b"h", b"\x00 not an event"),
        (JOURNAL, b"h", b'{"id":"h:sensing:engine:0:0:0",' + encode(configured)[1:]),
        ("hall.dead", b"h", b"{}"),
    ]
    write_recording(
        tmp_path / "r.jsonl", [Record(topic, 0, n, 100 + n, key, value) for n, (topic, key, value) in enumerate(values)]
    )
    played = [Play(100, OBSERVATIONS, configured), Play(101, OBSERVATIONS, frame(7))]
    assert list(recorded(tmp_path / "r.jsonl", TOPOLOGY)) == played


def test_moved_events_have_other_times_and_another_boot_but_the_same_number() -> None:
    (later,) = moved([Play(10, OBSERVATIONS, frame(7, seq=3))], 1_000, "again")
    assert later.at_ms == 1_010
    assert later.event == Frame(hall="h", at_ms=1_007, source="cam", boot="b.again", seq=3, camera="cam", people=())


def test_every_second_between_two_events_is_told() -> None:
    """
    900       1000       2000       2500      the recording has events at 900 and 2500
     |         tick       tick       |
    """
    assert [(p.at_ms, p.event is None) for p in ticked([play(900), play(2_500)])] == [
        (900, False), (1_000, True), (2_000, True), (2_500, False),
    ]  # fmt: skip
    assert list(ticked([])) == []


@given(st.lists(st.integers(0, 20_000)))
def test_in_time_nothing_goes_back_and_nothing_is_lost(times: list[int]) -> None:
    played = list(ticked(in_time([play(at) for at in times])))
    assert [p.at_ms for p in played] == sorted(p.at_ms for p in played)
    assert [p.event.at_ms for p in played if p.event] == times


# -- a time that is wrong ----------------------------------------------------------------------------------------------

HOUR_MS = 3_600_000


def seconds_of(*at_s: float) -> list[Play]:
    return [play(round(at * 1000)) for at in at_s]


def test_a_row_far_ahead_of_what_follows_is_a_stray() -> None:
    """
    seconds    10   11   1 h   12   13 ... 72      a minute of time behind it shows that it was wrong
    number      0    1     2    3    4 ... 63
    """
    rows = seconds_of(10, 11, 3600, *range(12, 73))
    assert strays(rows) == [Stray(2, HOUR_MS - 72_000)]
    assert strays(rows[:-1]) == [], "as long as it is believed it is the time"


def test_a_silence_is_none_and_no_row_of_the_past_makes_it_one() -> None:
    assert strays(seconds_of(10, 3600, 5, *range(3601, 3700))) == []


def test_a_clock_that_was_ahead_for_a_while_leaps_once() -> None:
    rows = seconds_of(10, *range(3600, 3700), *range(110, 200))
    assert [stray.number for stray in strays(rows)] == [1]


def test_nobody_lives_through_a_leap_that_is_taken_back() -> None:
    """
    seconds    10   1 h   11.5 ... 71.5   72.5
    ticks         -     -      -        72         none while time stands at an hour, none on the way there and back
    """
    rows = seconds_of(10, 3600, *(n + 0.5 for n in range(11, 73)))
    played = list(ticked(in_time(rows, {1})))
    assert [p.at_ms for p in played if p.event is None] == [72_000]
    assert [p.at_ms for p in played if p.event is not None] == [row.at_ms for row in rows]
    assert [n for n, p in enumerate(played) if p.leaps] == [1, 2]


def test_a_row_of_1970_brings_no_ticks() -> None:
    rows = seconds_of(10**9, 0, 10**9 + 1)
    assert [p.at_ms for p in ticked(in_time(rows)) if p.event is None] == [(10**9 + 1) * 1000]
