"""Log time between two ticks: the event's own time where it can be true, cut to the second where it cannot."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.log_time import LogTime
from streams.events import Tick, ZoneEntered


def tick(at_ms: int) -> Tick:
    return Tick(hall="h", at_ms=at_ms)


def entered(decided_at_ms: int) -> ZoneEntered:
    return ZoneEntered(hall="h", at_ms=0, decided_at_ms=decided_at_ms, zone="z", track="t", occupancy=1)


@pytest.mark.parametrize(
    ("decided_at_ms", "expected"),
    [
        (10_400, 10_400),  # the clocks agree: exact
        (10_000, 10_000),
        (70_000, 11_000),  # the camera is a minute ahead: within a second of the truth
        (-50_000, 10_000),  # a minute behind: likewise
    ],
)
def test_an_event_is_placed_within_the_second_after_the_last_tick(decided_at_ms: int, expected: int) -> None:
    time = LogTime()
    time.tick(tick(10_000))
    assert time.see(entered(decided_at_ms)) == expected


def test_time_does_not_run_back_between_ticks() -> None:
    time = LogTime()
    time.tick(tick(10_000))
    assert [time.see(entered(at)) for at in (10_700, 10_200, 10_900)] == [10_700, 10_700, 10_900]


def test_the_tick_takes_back_what_a_fast_camera_made_of_it() -> None:
    time = LogTime()
    time.tick(tick(10_000))
    time.see(entered(99_000))
    assert time.tick(tick(11_000)) == 11_000
    assert time.tick(tick(5_000)) == 11_000, "a tick that runs back is odd input, not time travel"


def test_before_the_first_tick_the_event_is_believed() -> None:
    time = LogTime()
    assert time.see(entered(99_000)) == 99_000
    assert time.tick(tick(10_000)) == 10_000


@given(st.lists(st.tuples(st.booleans(), st.integers(-(10**6), 10**6)), max_size=30))
def test_after_a_tick_the_estimate_stays_within_a_second_of_it(steps: list[tuple[bool, int]]) -> None:
    time = LogTime()
    for is_tick, at_ms in steps:
        now = time.tick(tick(at_ms)) if is_tick else time.see(entered(at_ms))
        time = msgspec.msgpack.decode(msgspec.msgpack.encode(time), type=LogTime)
        if time.tick_ms is not None:
            assert time.tick_ms <= now <= time.tick_ms + 1000
