"""From a frame to the events concluded from it, live: cameras, engine and reader are three processes on one log.

A frame's clock starts when it is due, so that what waits for a commit, or behind a stall, counts; it stops when a reader
that looks every two milliseconds has the event in its hands. In between lie two commits to the disk (the cameras', the
engine's). Frames without an outcome have no latency: these are the one in five that something follows from.
"""

from __future__ import annotations

import subprocess
import time
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agents.topology import TOPOLOGY
from benchmarks.figures import Figure, Options, percentile
from benchmarks.halls import many
from benchmarks.journal import Journal, LogReader, News
from benchmarks.processes import result, start_cameras, start_engine, wait_ready
from streams.embedded.log import Log
from streams.embedded.topics import ensure_topics
from streams.rows import configured

HALLS = 125
"""Of two cameras that send 8 frames a second each."""
RATE = 2000
WARM_S = 5
"""Left out at the start: every hall's tracks begin at once then, and the engine has its halls to set up."""
AFTER_S = 1.0
TARGET = "p99 < 100 ms"


class Times(NamedTuple):
    """When a frame was due and when it stood in the log, on the monotonic clock in nanoseconds."""

    due: int
    stood: int


Frames = dict[tuple[int, int], Times]
"""By partition and offset."""


def measure(options: Options) -> Iterator[Figure]:
    seconds = seconds_of(options) + WARM_S
    path, out = options.directory / "hall.db", options.directory / "frames"
    with Log.open(path) as log:
        ensure_topics(log, TOPOLOGY)
        engine = start_engine(path, clock="wall")
        wait_ready(engine)
        log.append(configured(log, many(HALLS), time.time_ns() // 1_000_000))
        cameras = start_cameras(path, HALLS, RATE, seconds, out)
        seen = watched(Journal(LogReader(log)), cameras)
        engine.terminate()
        done = result(engine)
    yield from figures(seen, frames_of(out), done.cpu_s / seconds)


def seconds_of(options: Options) -> int:
    return 10 if options.quick else 30


def watched(journal: Journal, cameras: subprocess.Popen[str]) -> list[News]:
    """What is published until a second after the cameras have ended."""
    seen: list[News] = []
    until = float("inf")
    while time.monotonic() < until:
        if until == float("inf") and cameras.poll() is not None:
            until = time.monotonic() + AFTER_S
        seen += journal.advance()
    if cameras.returncode:
        raise SystemExit(f"the cameras ended with exit code {cameras.returncode}: their reason stands above")
    return seen


def frames_of(out: Path) -> Frames:
    """What the cameras wrote down."""
    told = array("q", out.read_bytes())
    return {(told[i], told[i + 1]): Times(told[i + 2], told[i + 3]) for i in range(0, len(told), 4)}


def figures(seen: Iterable[News], frames: Frames, share: float) -> Iterator[Figure]:
    """``share``: of a core, that the engine used."""
    begun = min(times.due for times in frames.values())
    waits = [
        (news.at_ns - times.due, news.at_ns - times.stood)
        for news in seen
        if (times := frames.get((news.partition, news.offset))) is not None and times.due >= begun + WARM_S * 10**9
    ]
    yield Figure(
        "frame due to event read", _percentiles([all_ns for all_ns, _ in waits]), TARGET, f"{len(waits):,} events"
    )
    yield Figure("frame in the log to event read", _percentiles([ns for _, ns in waits]))
    took_s = (max(times.stood for times in frames.values()) - begun) / 1e9
    yield Figure(
        "sent", f"{len(frames) / took_s:,.0f} frames/s", f"{RATE:,} frames/s", f"the engine used {share:.0%} of a core"
    )


def _percentiles(nanoseconds: list[int]) -> str:
    p50, p99, most = (percentile(nanoseconds, p) / 1e6 for p in (50, 99, 100))
    return f"p50 {p50:.1f}, p99 {p99:.1f}, most {most:.1f} ms"
