"""How soon a killed engine publishes again: kill -9 in the middle of work, start, first event that was not there before.

The clock starts when the process does (Python, imports, Faust), and stops when a reader sees an event whose place is
above all that were published before the kill: what is only published once more does not count.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from benchmarks.crowd import log_of
from benchmarks.figures import Figure, Options
from benchmarks.halls import many
from benchmarks.processes import filled, start_engine, wait_ready
from streams.codec import id_of
from streams.embedded.log import Log
from streams.ids import Place, parse_id
from streams.topics import JOURNAL

HALLS = 50
KILLS = 8
FRAMES_A_KILL = 25_000
WORK_S = 1.2, 2.5
"""Between its first new event and the kill: at least one checkpoint."""
TARGET = "< 5 s"
LOOK_EVERY_S = 0.005


class Start(NamedTuple):
    """Seconds from the start of the process until it had recovered, and until its first new event was read."""

    ready_s: float
    event_s: float


class Journal:
    """Follows the journal of the sensing lane."""

    def __init__(self, log: Log) -> None:
        self._log, self._at, self.highest = log, 0, (0, -1, -1)

    def advance(self) -> bool:
        """Read what is new; whether an event came that had not been published before."""
        before = self.highest
        while records := self._log.read(JOURNAL, 0, self._at):
            self._at = records[-1].offset + 1
            self.highest = max([self.highest, *(_place(record.value) for record in records)])
        return self.highest[:2] > before[:2]


def _place(value: bytes | None) -> Place:
    name = id_of(value) if value is not None else None
    event_id = parse_id(name) if name is not None else None
    return event_id.place if event_id is not None and event_id.lane == "sensing" else (0, -1, -1)


def measure(options: Options) -> Iterator[Figure]:
    kills = KILLS // 2 if options.quick else KILLS
    records = log_of(many(HALLS), 1, FRAMES_A_KILL * (kills + 1))
    rnd = random.Random(1)
    with Log.open(filled(options.directory / "log" / "hall.db", records)) as log:
        journal = Journal(log)
        _run(log, journal, rnd)  # the first start has no state
        starts = [_run(log, journal, rnd) for _ in range(kills)]
    yield Figure("start to first new event", _spread([s.event_s for s in starts]), TARGET, f"{kills} kills")
    yield Figure(
        "  of which until recovered", _spread([s.ready_s for s in starts]), "", "Python, imports, Faust, tables"
    )


def _run(log: Log, journal: Journal, rnd: random.Random) -> Start:
    """One life of an engine."""
    started = time.monotonic()
    engine = start_engine(log.path)
    wait_ready(engine)
    ready_s = time.monotonic() - started
    while not journal.advance():
        if engine.poll() is not None:
            raise SystemExit(f"the engine ended with exit code {engine.returncode}: its reason stands above")
        time.sleep(LOOK_EVERY_S)
    event_s = time.monotonic() - started
    time.sleep(rnd.uniform(*WORK_S))
    engine.kill()
    engine.wait()
    journal.advance()
    return Start(ready_s, event_s)


def _spread(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
