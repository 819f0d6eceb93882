"""How soon a killed engine publishes again: kill -9 in the middle of work, start, first event that was not there before.

The clock starts when the process does (Python, imports, Faust), and stops when a reader sees an event whose place is
above all that were published before the kill: what is only published once more does not count.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.crowd import log_of
from benchmarks.figures import Figure, Options, spread
from benchmarks.halls import many
from benchmarks.journal import Journal, LogReader
from benchmarks.processes import filled, start_engine, wait_ready
from streams.embedded.log import Log

HALLS = 50
KILLS = 8
FRAMES_A_KILL = 25_000
WORK_S = 1.2, 2.5
"""Between its first new event and the kill: at least one checkpoint."""
TARGET = "< 5 s"


class Start(NamedTuple):
    """Seconds from the start of the process until it had recovered, and until its first new event was read."""

    ready_s: float
    event_s: float


def measure(options: Options) -> Iterator[Figure]:
    kills = KILLS // 2 if options.quick else KILLS
    records = log_of(many(HALLS), 1, FRAMES_A_KILL * (kills + 1))
    rnd = random.Random(1)
    with Log.open(filled(options.directory / "log" / "hall.db", records)) as log:
        journal = Journal(LogReader(log))
        _run(log, journal, rnd)  # the first start has no state
        starts = [_run(log, journal, rnd) for _ in range(kills)]
    yield Figure("start to first new event", spread([s.event_s for s in starts]), TARGET, f"{kills} kills")
    yield Figure(
        "  of which until recovered", spread([s.ready_s for s in starts]), "", "Python, imports, Faust, tables"
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
    event_s = time.monotonic() - started
    time.sleep(rnd.uniform(*WORK_S))
    engine.kill()
    engine.wait()
    journal.catch_up()
    return Start(ready_s, event_s)
