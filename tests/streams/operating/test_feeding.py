"""A feeder never gets far ahead of the engine, and tells the lower lanes the time when they can use it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from agents.topology import TOPOLOGY
from streams.embedded.lock import ConsumerLock
from streams.events import Frame
from streams.operating import feeding
from streams.operating.feeding import Clock, Feeder, Pace
from streams.playing import Play, in_time, strays, ticked
from streams.topics import JOURNAL, OBSERVATIONS
from streams.worker.failure import Fatal
from tests.support.operating import IN_2099_MS, START_MS, Box, walk

FRAMES = walk(46)


class Hands:
    """A clock that moves when somebody rests, and somebody who then does something."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.rested: list[float] = []

    def clock(self) -> Clock:
        return Clock(lambda: self.now_s, self.rest)

    def rest(self, seconds: float) -> None:
        self.now_s += seconds
        self.rested.append(seconds)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).made("producer").put([]).settle()


def plays(frames: list[Frame] = FRAMES) -> Iterator[Play]:
    return ticked(Play(f.at_ms, OBSERVATIONS, f) for f in frames)


def test_the_pace_is_that_of_the_recording_times_the_speed() -> None:
    hands = Hands()
    pace = Pace(10, hands.clock())
    assert pace.wait_s(START_MS) == 0
    assert pace.wait_s(START_MS + 5_000) == 0.5
    hands.now_s = 0.4
    assert pace.wait_s(START_MS + 5_000) == pytest.approx(0.1)
    assert Pace(0, hands.clock()).wait_s(START_MS + 10**9) == 0


def test_events_are_in_the_log_when_their_time_comes(box: Box) -> None:
    hands = Hands()
    ends = []
    with box.log() as log:
        Feeder(log, TOPOLOGY, own_clock=True, clock=hands.clock()).feed(
            plays(FRAMES[:6]), Pace(1, hands.clock()), lambda: ends.append((round(hands.now_s, 3), log.end(OBSERVATIONS, 0)))
        )  # fmt: skip
    assert ends == [(0.0, 2), (0.2, 3), (0.4, 4), (0.6, 5), (0.8, 6), (1.0, 8)], "the last with its second's tick"


def test_nobody_waits_for_a_time_that_is_wrong_and_what_follows_keeps_its_pace(box: Box) -> None:
    """
    seconds    0   2099   0.1   10.1 ... 70.1
    waits          none   none  10   ... 10
    """
    (frame,) = walk(1)
    times = [START_MS, IN_2099_MS, *(START_MS + 100 + n * 10_000 for n in range(8))]
    rows = [Play(at_ms, OBSERVATIONS, replace(frame, at_ms=at_ms, seq=n)) for n, at_ms in enumerate(times)]
    hands = Hands()
    with box.log() as log:
        feeder = Feeder(log, TOPOLOGY, own_clock=False, clock=hands.clock())
        feeder.feed(in_time(rows, {stray.number for stray in strays(rows)}), Pace(1, hands.clock()))
    assert hands.now_s == pytest.approx(70)
    assert feeder.fed == len(rows)


def test_it_waits_for_the_engine(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "BATCH", 5)
    monkeypatch.setattr(feeding, "AHEAD_AT_MOST", 8)
    hands, ahead = Hands(), []

    def work(seconds: float) -> None:
        hands.rest(seconds)
        with box.log() as log:
            ahead.append(log.end(OBSERVATIONS, 0) - (log.position("hallstream", OBSERVATIONS, 0) or 0))
        box.settle()

    with ConsumerLock(box.path), box.log() as log:
        feeder = Feeder(log, TOPOLOGY, own_clock=True, clock=Clock(lambda: hands.now_s, work))
        feeder.feed(plays(), Pace(0, hands.clock()))
        feeder.finish()
    assert ahead
    assert max(ahead) <= 8 + 5 + 1
    assert feeder.fed == 46


def test_a_lower_lane_hears_of_every_second_between_what_was_concluded_before_and_after_it(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "BATCH", 5)
    monkeypatch.setattr(feeding, "AHEAD_AT_MOST", 8)

    def work(seconds: float) -> None:
        box.settle()

    with ConsumerLock(box.path), box.log() as log:
        feeder = Feeder(log, TOPOLOGY, own_clock=True, clock=Clock(lambda: 0.0, work))
        feeder.feed(plays(), Pace(0, Clock(lambda: 0.0, work)))
        feeder.finish()
    journal = box.records(JOURNAL)
    assert [r.timestamp_ms - START_MS for r in journal if r.key is None] == [1_000 * n for n in range(10)]
    assert all(before.timestamp_ms <= after.timestamp_ms for before, after in pairwise(journal))


def test_without_an_engine_nothing_is_waited_for(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "BATCH", 5)
    monkeypatch.setattr(feeding, "AHEAD_AT_MOST", 8)
    hands, before = Hands(), len(box.records(JOURNAL))
    with box.log() as log:
        feeder = Feeder(log, TOPOLOGY, own_clock=True, clock=hands.clock())
        feeder.feed(plays(), Pace(0, hands.clock()))
        feeder.finish()
        assert log.end(JOURNAL, 0) == before, "the time is told by the first lane, once it has come so far"
    assert hands.rested == []


@pytest.mark.parametrize(("stays", "state"), [(True, "runs, but makes no progress"), (False, "has stopped")])
def test_an_engine_that_stands_still_ends_it(
    box: Box, monkeypatch: pytest.MonkeyPatch, stays: bool, state: str
) -> None:
    monkeypatch.setattr(feeding, "BATCH", 5)
    monkeypatch.setattr(feeding, "AHEAD_AT_MOST", 8)
    hands, lock = Hands(), ConsumerLock(box.path)

    def leave(seconds: float) -> None:
        hands.rest(1.0)
        if not stays:
            lock.release()

    with lock, box.log() as log:
        feeder = Feeder(log, TOPOLOGY, own_clock=True, clock=Clock(lambda: hands.now_s, leave))
        with pytest.raises(Fatal, match=f"the engine {state}: nothing was processed for 60 s") as caught:
            feeder.feed(plays(), Pace(0, hands.clock()))
    assert caught.value.code == 75
    assert 60 < hands.now_s < 63
