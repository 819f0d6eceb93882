"""Cameras that append frames to a live log at a steady rate, as a process of its own.

    python -m benchmarks.camera_process LOG HALLS RATE SECONDS OUT

The frames of all cameras are spread evenly over time. Each transaction takes what has come due while the one before was
written. OUT gets three 64-bit integers for every frame: its offset, and on this machine's monotonic clock, in
nanoseconds, when it was due and when it stood in the log.
"""

from __future__ import annotations

import sys
import time
from array import array
from pathlib import Path

from msgspec.structs import replace

from agents.topology import SENSING
from benchmarks.crowd import log_of
from benchmarks.halls import many
from streams.codec import encode
from streams.embedded.log import Log
from streams.events import Frame
from streams.log import Append
from streams.topics import OBSERVATIONS

CAMERAS_A_HALL = 2
SECOND_NS = 1_000_000_000


def prepared(halls: int, rate: float, seconds: float) -> list[Frame]:
    """The frames to send, in the order of sending; their times are set when they are sent."""
    fps = rate / halls / CAMERAS_A_HALL
    records = log_of(many(halls), 1, round(rate * seconds), fps=fps)
    events = (SENSING.decoder.decode(record.value) for record in records if record.key is not None)
    return [event for event in events if isinstance(event, Frame)]


def send(log: Log, frames: list[Frame], rate: float) -> array[int]:
    """Append them all; what OUT gets."""
    told = array("q")
    sent, started = 0, time.monotonic_ns()
    while sent < len(frames):
        due = int((time.monotonic_ns() - started) * rate / SECOND_NS) + 1
        batch = frames[sent:due]
        if not batch:
            time.sleep(0.5 / rate)
            continue
        now_ms = time.time_ns() // 1_000_000
        rows = [
            Append(OBSERVATIONS, 0, frame.hall.encode(), encode(replace(frame, at_ms=now_ms)), None) for frame in batch
        ]
        placed = log.append(rows)
        done = time.monotonic_ns()
        for number, (offset, _) in enumerate(placed, sent):
            told.extend((offset, started + int(number * SECOND_NS / rate), done))
        sent += len(batch)
    return told


def main(path: str, halls: str, rate: str, seconds: str, out: str) -> None:
    frames = prepared(int(halls), float(rate), float(seconds))
    with Log.open(Path(path), create=False) as log, Path(out).open("wb") as file:
        send(log, frames, float(rate)).tofile(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
