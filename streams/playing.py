"""A recording as something to be played again: what the edge sent, at which moment, and under a name of its own.

The engine's own conclusions are left out: it draws them again. So are ticks: the log that a recording is played into
has its own, or gets them from the player.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec

from streams.clock import BACK_MS, Clock, stamp_after
from streams.codec import BadRecord
from streams.driver import seconds_between
from streams.events import Configured, EdgeEvent, Event, HallRemoved
from streams.lane import Topology
from streams.recording import read_recording


class Play(NamedTuple):
    """An event of a lane's topic, and when it was written down; no event: a whole second has passed.

    ``leaps``: nobody has lived through the time between the one before and this: a clock was ahead, and was set back.
    """

    at_ms: int
    topic: str
    event: Event | None
    leaps: bool = False


def recorded(path: Path, topology: Topology) -> Iterator[Play]:
    """What the edge sent, and the configurations and removals of halls, in the order of the recording. Raises RecordingError."""
    lanes = {lane.topic: lane for lane in topology.lanes}
    for record in read_recording(path):
        lane = lanes.get(record.topic)
        if lane is None or record.key is None:
            continue
        try:
            event = lane.decoder.decode(record.value)
        except BadRecord:
            continue
        if isinstance(event, EdgeEvent) or (lane.origin and isinstance(event, Configured | HallRemoved)):
            yield Play(record.timestamp_ms, record.topic, event)


def moved(plays: Iterable[Play], by_ms: int, boot: str) -> Iterator[Play]:
    """At other times, and from senders that have been started anew: else the engine would drop them as repeats."""
    for play in plays:
        event = play.event
        if isinstance(event, EdgeEvent):
            event = msgspec.structs.replace(event, at_ms=event.at_ms + by_ms, boot=f"{event.boot}.{boot}")
        elif event is not None:
            event = msgspec.structs.replace(event, at_ms=event.at_ms + by_ms)
        yield play._replace(at_ms=play.at_ms + by_ms, event=event)


class Stray(NamedTuple):
    """Which of the plays, counted from 0, was far ahead of what follows, and by how much."""

    number: int
    by_ms: int


def strays(plays: Iterable[Play]) -> list[Stray]:
    """Where time leaps ahead, and is set back later: rows of a wrong time, or a clock that was ahead."""
    found, leaps, clock = list[Stray](), list[tuple[int, int]](), Clock(0)
    for number, play in enumerate(plays):
        before_ms = clock.time_ms
        if clock.take(number, play.at_ms):
            found += (Stray(leap, to_ms - clock.time_ms) for leap, to_ms in leaps if to_ms > clock.time_ms + BACK_MS)
            leaps = [(leap, to_ms) for leap, to_ms in leaps if to_ms <= clock.time_ms + BACK_MS]
        elif number and clock.time_ms > before_ms + BACK_MS:
            leaps.append((number, clock.time_ms))
    return found


def in_time(plays: Iterable[Play], leaps: Container[int] = ()) -> Iterator[Play]:
    """With times as a log stamps them: they go back only where a clock was set back, or a row's time is wrong by far."""
    now = 0
    for number, play in enumerate(plays):
        last, now = now, stamp_after(now, play.at_ms)
        yield play._replace(at_ms=now, leaps=now < last or number in leaps)


def ticked(plays: Iterable[Play]) -> Iterator[Play]:
    """With every whole second that passes between two of them."""
    first = next(plays := iter(plays), None)
    if first is None:
        return
    clock = Clock(first.at_ms)
    for number, play in enumerate(chain((first,), plays)):
        before_ms = clock.time_ms
        clock.take(number, play.at_ms)
        for second in () if play.leaps else seconds_between(before_ms, clock.time_ms):
            yield Play(second, "", None)
        yield play
