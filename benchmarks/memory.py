"""One process with a thousand halls: what it takes of memory, and how much of its time goes into checkpoints.

Every hall has two cameras with ten people each, at one frame a second. A first engine sets the halls up and has them run
for a while; a second one starts from its state and is measured. The log stands full, so that it works as fast as it can,
and every checkpoint finds every hall changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

from benchmarks.crowd import log_of
from benchmarks.engine_process import Done
from benchmarks.figures import Figure, Options, rate
from benchmarks.halls import many
from benchmarks.processes import filled, process_all, result, start_engine, wait_ready

HALLS = 1000
PEOPLE_A_CAMERA = 10
FRAMES_A_SECOND = 2 * HALLS
FIRST_S = 10


def measure(options: Options) -> Iterator[Figure]:
    frames = FRAMES_A_SECOND * (20 if options.quick else 90)
    count = frames + FRAMES_A_SECOND * FIRST_S
    records = log_of(many(HALLS), 1, count, people=PEOPLE_A_CAMERA, fps=1.0)
    log = options.directory / "hall.db"
    first = process_all(filled(log, islice(records, HALLS + FRAMES_A_SECOND * FIRST_S)), lanes="all")
    filled(log, records)
    started = time.perf_counter()
    engine = start_engine(log, until="end")
    wait_ready(engine)
    ready_s = time.perf_counter() - started
    yield from _figures(first, result(engine), frames)
    yield Figure("  started, with all its state, in", f"{ready_s:.1f} s")


def _figures(first: Done, done: Done, frames: int) -> Iterator[Figure]:
    most = max(first.peak_mib, done.peak_mib)
    yield Figure("resident memory", f"{done.rss_mib:,.0f} MiB", "< 1,024 MiB", f"at most, ever, {most:,.0f} MiB")
    share = done.checkpoint_s / done.wall_s
    yield Figure("time on checkpoints", f"{share:.1%}", "< 10%", "encoding, both lanes; writing goes on beside")
    yield Figure(
        "  while working at", rate(frames, done.wall_s), "", "frames of 10 people; 2,000 a tick for every hall"
    )
