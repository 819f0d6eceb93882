"""Cameras that append frames to a live log at a steady rate, as a process of its own.

    python -m benchmarks.camera_process LOG HALLS RATE SECONDS BREAKS OUT

LOG: an embedded log's file, kafka://host:port, or transactions://host:port for a gateway that writes each append as a
transaction. The frames of all cameras are spread evenly over time. Each append takes
what has come due while the one before was written; on Kafka it is librdkafka that writes, to each hall's own partition.
BREAKS: the seconds after which a tracker loses an id. It says ``ready`` when it begins. OUT gets four 64-bit integers for
every frame: its partition and offset, and on this machine's monotonic clock, in nanoseconds, when it was due and when it
stood in the log.
"""

from __future__ import annotations

import sys
import time
from array import array
from pathlib import Path
from typing import NamedTuple

from agents.topology import SENSING
from benchmarks.crowd import log_of
from benchmarks.engine_process import READY
from benchmarks.halls import many
from benchmarks.kafka.gateway import Gateway
from streams.codec import encode
from streams.embedded.log import Log
from streams.events import Frame
from streams.kafka.log import KafkaLog
from streams.log import Append, EventLog
from streams.partitioner import partition_of
from streams.topics import OBSERVATIONS

CAMERAS_A_HALL = 2
SECOND_NS = 1_000_000_000
KAFKA, TRANSACTIONS = "kafka://", "transactions://"


class Prepared(NamedTuple):
    """A frame, encoded but for the moment at which it is sent."""

    hall: bytes
    before: bytes
    after: bytes

    @classmethod
    def of(cls, frame: Frame) -> Prepared:
        before, time_, after = encode(frame).partition(b'"at_ms":%d' % frame.at_ms)
        assert time_, "a frame says when it was seen"
        return cls(frame.hall.encode(), before + b'"at_ms":', after)

    def sent(self, at_ms: int) -> bytes:
        return b"%b%d%b" % (self.before, at_ms, self.after)


def prepared(halls: int, rate: float, seconds: float, break_every_s: float) -> list[Prepared]:
    """The frames to send, in the order of sending."""
    fps = rate / halls / CAMERAS_A_HALL
    records = log_of(many(halls), 1, round(rate * seconds), fps=fps, break_every_s=break_every_s)
    events = (SENSING.decoder.decode(record.value) for record in records if record.key is not None)
    return [Prepared.of(event) for event in events if isinstance(event, Frame)]


def send(log: EventLog | Gateway, frames: list[Prepared], rate: float) -> array[int]:
    """Append them all; what OUT gets."""
    count = log.partitions(OBSERVATIONS)
    home = {hall: partition_of(hall, count) for hall in {frame.hall for frame in frames}}
    told = array("q")
    sent, started = 0, time.monotonic_ns()
    while sent < len(frames):
        due = int((time.monotonic_ns() - started) * rate / SECOND_NS) + 1
        batch = frames[sent:due]
        if not batch:
            time.sleep(0.5 / rate)
            continue
        now_ms = time.time_ns() // 1_000_000
        rows = [Append(OBSERVATIONS, home[frame.hall], frame.hall, frame.sent(now_ms)) for frame in batch]
        placed = log.append(rows)
        done = time.monotonic_ns()
        for number, (row, (offset, _)) in enumerate(zip(rows, placed, strict=True), sent):
            told.extend((row.partition, offset, started + int(number * SECOND_NS / rate), done))
        sent += len(batch)
    return told


def opened(place: str) -> EventLog | Gateway:
    if place.startswith(TRANSACTIONS):
        return Gateway(place.removeprefix(TRANSACTIONS))
    return KafkaLog(place.removeprefix(KAFKA)) if place.startswith(KAFKA) else Log.open(Path(place), create=False)


def main(place: str, halls: str, rate: str, seconds: str, breaks: str, out: str) -> None:
    frames = prepared(int(halls), float(rate), float(seconds), float(breaks))
    with opened(place) as log, Path(out).open("wb") as file:
        print(READY, flush=True)
        send(log, frames, float(rate)).tofile(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
