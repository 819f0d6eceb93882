"""A recording as something to be played again: what the edge sent, at which moment, and under a name of its own.

The engine's own conclusions are left out: it draws them again. So are ticks: the log that a recording is played into
has its own, or gets them from the player.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from streams.codec import BadRecord
from streams.driver import seconds_between
from streams.events import Configured, EdgeEvent, Event, HallRemoved
from streams.lane import Topology
from streams.recording import read_recording


class Play(NamedTuple):
    """An event of a lane's topic, and when it was written down; no event: a whole second has passed."""

    at_ms: int
    topic: str
    event: Event | None


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
        yield Play(play.at_ms + by_ms, play.topic, event)


def in_time(plays: Iterable[Play]) -> Iterator[Play]:
    """With times that never go back: as the log's running time sees them."""
    now = 0
    for play in plays:
        now = max(now, play.at_ms)
        yield play._replace(at_ms=now)


def ticked(plays: Iterable[Play]) -> Iterator[Play]:
    """With every whole second that passes between two of them. Times must not go back."""
    first = next(plays := iter(plays), None)
    if first is None:
        return
    yield first
    for before, play in pairwise(chain((first,), plays)):
        for second in seconds_between(before.at_ms, play.at_ms):
            yield Play(second, "", None)
        yield play
