"""Embedded logs for tests: a clock to set, whole partitions at a glance, programs that use a log as other processes.

Run as ``python -m tests.support.embedded PROGRAM PATH ...`` each program says on its output what it got done, a line at
a time, so that a test that kills it knows what it was promised.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from streams.embedded.errors import LogFull
from streams.embedded.lock import ConsumerLock
from streams.embedded.log import Log
from streams.log import Append
from streams.record import Record

ROOT = Path(__file__).parents[2]
TOPIC = "hall.observations"


class Clock:
    """Milliseconds that move only when told to."""

    def __init__(self, now_ms: int = 1_000) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def everything(log: Log, topic: str, partition: int = 0, *, limit: int = 1_000) -> list[Record]:
    """All that is retained of a partition, read as a consumer does."""
    records: list[Record] = []
    offset = 0
    while batch := log.read(topic, partition, offset, limit=limit):
        records += batch
        offset = batch[-1].offset + 1
    return records


def values(log: Log, topic: str, partition: int = 0) -> list[bytes | None]:
    return [record.value for record in everything(log, topic, partition)]


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """One of the programs below as a process of its own."""
    command = [sys.executable, "-m", "tests.support.embedded", program, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _say(*words: object) -> None:
    print(*words, flush=True)


def append(path: str, name: str, count: str, batch: str) -> None:
    """Appends ``count`` values "name 0", "name 1", ... and says the offset of each once it is durable."""
    with Log.open(Path(path)) as log:
        for first in range(0, int(count), int(batch)):
            rows = [Append(TOPIC, 0, name.encode(), f"{name} {i}".encode()) for i in range(first, first + int(batch))]
            taken = log.append(rows, positions={(name, TOPIC, 0): first + int(batch)})
            for number, (offset, _) in enumerate(taken, first):
                _say(number, offset)


def fill(path: str, limit_bytes: str, keep_free: str) -> None:
    """Appends 10 kB at a time until nothing more fits (under a file size limit); says how many did, then the error."""
    if int(limit_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit_bytes), resource.RLIM_INFINITY))
    with Log.open(Path(path), keep_free=int(keep_free)) as log:
        done = 0
        try:
            while True:
                log.append([Append(TOPIC, 0, b"key", bytes(1_000))] * 10)
                done += 10
        except LogFull as error:
            _say(done, log.end(TOPIC, 0), len(everything(log, TOPIC)))
            _say(error)
        if int(limit_bytes):
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            _say(log.append([Append(TOPIC, 0, b"key", b"there is room again")])[0][0])


def consume(path: str) -> None:
    """Holds the consumer's lock until its input ends."""
    with ConsumerLock(Path(path), now_ms=lambda: 1_234):
        _say("holding")
        sys.stdin.read()


def make(path: str) -> None:
    """Opens a log that may not be there yet; says its id."""
    with Log.open(Path(path)) as log:
        _say(log.id)


PROGRAMS: dict[str, Callable[..., None]] = {"append": append, "fill": fill, "consume": consume, "make": make}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
