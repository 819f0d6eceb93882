"""From a frame to the events concluded from it, live: cameras, engine and reader are three processes on one log.

A frame's clock starts when it is due, so that what waits for a commit, or behind a stall, counts; it stops when a reader
that looks every two milliseconds has the event in its hands. In between lie two commits to the disk (the cameras', the
engine's). Frames without an outcome have no latency: these are the one in five that something follows from.
"""

from __future__ import annotations

import subprocess
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

from agents.topology import SENSING, TOPOLOGY
from benchmarks.figures import Figure, Options, percentile
from benchmarks.halls import many
from benchmarks.processes import result, start, start_engine, wait_ready
from streams.codec import id_of
from streams.embedded.log import Log
from streams.embedded.topics import ensure_topics
from streams.ids import parse_id
from streams.rows import configured
from streams.topics import JOURNAL

HALLS = 125
"""Of two cameras that send 8 frames a second each."""
RATE = 2000
WARM_S = 5
"""Left out at the start: every hall's tracks begin at once then, and the engine has its halls to set up."""
LOOK_EVERY_S = 0.002
TARGET = "p99 < 100 ms"

Seen = list[tuple[bytes, int]]
"""What a reader found, and when, on the monotonic clock in nanoseconds."""


def measure(options: Options) -> Iterator[Figure]:
    seconds = 10 if options.quick else 30
    path, out = options.directory / "hall.db", options.directory / "frames"
    with Log.open(path) as log:
        ensure_topics(log, TOPOLOGY)
        engine = start_engine(path, clock="wall")
        wait_ready(engine)
        log.append(configured(log, many(HALLS), time.time_ns() // 1_000_000))
        cameras = start("camera_process", path, HALLS, RATE, seconds + WARM_S, out)
        seen = _watch(log, cameras)
        engine.terminate()
        done = result(engine)
    frames = _frames(out)
    first = min(due for due, _ in frames.values()) + WARM_S * 10**9
    waits = [(at - due, at - stood) for at, due, stood in _matched(seen, frames) if due >= first]
    yield Figure(
        "frame due to event read", _percentiles([all_ns for all_ns, _ in waits]), TARGET, f"{len(waits):,} events"
    )
    yield Figure("frame in the log to event read", _percentiles([ns for _, ns in waits]))
    took_s = (max(stood for _, stood in frames.values()) - min(due for due, _ in frames.values())) / 1e9
    share = done.cpu_s / (seconds + WARM_S)
    yield Figure(
        "sent", f"{len(frames) / took_s:,.0f} frames/s", f"{RATE:,} frames/s", f"the engine used {share:.0%} of a core"
    )


def _watch(log: Log, cameras: subprocess.Popen[str]) -> Seen:
    """The journal as it grows, until a second after the cameras have ended."""
    seen: Seen = []
    at, until = log.end(JOURNAL, 0), float("inf")
    while time.monotonic() < until:
        if until == float("inf") and cameras.poll() is not None:
            until = time.monotonic() + 1.0
        records = log.read(JOURNAL, 0, at) if log.changed() or seen else []
        now = time.monotonic_ns()
        if records:
            seen += [(record.value, now) for record in records if record.value is not None]
            at = records[-1].offset + 1
        else:
            time.sleep(LOOK_EVERY_S)
    if cameras.returncode:
        raise SystemExit(f"the cameras ended with exit code {cameras.returncode}: their reason stands above")
    return seen


def _frames(out: Path) -> dict[int, tuple[int, int]]:
    """Offset -> when the frame was due and when it stood in the log."""
    told = array("q", out.read_bytes())
    return {told[i]: (told[i + 1], told[i + 2]) for i in range(0, len(told), 3)}


def _matched(seen: Seen, frames: dict[int, tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """When an event of the sensing lane was read, when its frame was due and when that stood in the log."""
    for value, at in seen:
        name = id_of(value)
        if name is None:
            continue  # a tick
        event_id = parse_id(name)
        if event_id.lane == SENSING.name and event_id.offset in frames:
            yield at, *frames[event_id.offset]


def _percentiles(nanoseconds: list[int]) -> str:
    p50, p99, most = (percentile(nanoseconds, p) / 1e6 for p in (50, 99, 100))
    return f"p50 {p50:.1f}, p99 {p99:.1f}, most {most:.1f} ms"
