"""A recording of simulated halls: the log that their camera processes would have written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

import msgspec

from devices.simulator.simulator import Simulator
from streams.events import Configured, Event, Frame
from streams.record import Record

TOPIC = "hall.observations"
TICK = b'{"type":"tick"}'


class RenameError(ValueError):
    """A hall's file in which the place of its id was not found."""


def renamed(hall_yaml: str, hall: str) -> str:
    """The file with the hall's id replaced; all else, comments too, stays. Raises RenameError."""
    text, found = re.subn(r"(?m)^id:[^\n#]*?(?=\s*(#|$))", f'id: "{hall}"', hall_yaml, count=1)
    if not found:
        raise RenameError("hall.yaml: expected a line `id: NAME` at its left border to put another id there, got none")
    return text


def records(
    halls: Sequence[tuple[Simulator, Mapping[str, str]]], *, start_ms: int, end_ms: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Record]:  # fmt: skip
    """Partition 0 of the observations of these halls: their configurations, then frames and ticks.

    Each hall is its simulator and its files by name. Timestamps are the frames' own and never go back; a tick stands
    behind what happened up to its second, the last one at ``end_ms``. ``progress`` is told each second that is done.
    """
    offsets = count()
    encode = msgspec.json.encode

    def record(at_ms: int, event: Event) -> Record:
        return Record(TOPIC, 0, next(offsets), at_ms, event.hall.encode(), encode(event))

    for simulator, files in halls:
        yield record(start_ms, Configured(hall=simulator.hall, at_ms=start_ms, files=dict(files)))
    for second_ms in (*range(start_ms, end_ms, 1000), end_ms):
        frames: list[Frame] = [f for simulator, _ in halls for f in simulator.frames(second_ms)]
        frames.sort(key=lambda f: f.at_ms)  # stable: frames of one moment stay in the order of halls and cameras
        for frame in frames:
            yield record(frame.at_ms, frame)
        yield Record(TOPIC, 0, next(offsets), second_ms, None, TICK)
        progress(second_ms)
