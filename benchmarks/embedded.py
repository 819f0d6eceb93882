"""The engine on the embedded log: Faust, SQLite with every commit on the disk, checkpoints; over a log that stands full.

From the moment it has recovered until the last output and the last checkpoint are on the disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.crowd import log_of
from benchmarks.engine_process import Done
from benchmarks.figures import Figure, Options, rate, us
from benchmarks.halls import many
from benchmarks.processes import filled, process_all

HALLS = 8
TARGET = "10,000 frames/s"


def measure(options: Options) -> Iterator[Figure]:
    frames = 40_000 if options.quick else 200_000
    full = filled(options.directory / "full" / "hall.db", log_of(many(HALLS), 1, frames))
    sensing = process_all(_copy(full, "sensing"), lanes="sensing")
    yield Figure("embedded log, sensing lane", rate(frames, sensing.wall_s), TARGET, _rest(sensing, frames))
    yield from _stages(sensing, frames)
    both = process_all(_copy(full, "both"), lanes="all")
    yield Figure("embedded log, both lanes", rate(frames, both.wall_s), "", _rest(both, frames))


def _copy(log: Path, name: str) -> Path:
    """Each run has a log of its own, with the same records."""
    target = log.parents[1] / name
    shutil.copytree(log.parent, target)
    return target / log.name


def _rest(done: Done, frames: int) -> str:
    return f"{rate(frames, done.cpu_s)} by CPU time, {done.outputs:,} outputs"


def _stages(done: Done, frames: int) -> Iterator[Figure]:
    for agent, seconds in done.agents_s.items():
        yield Figure(f"  {agent}", us(seconds, frames))
    yield Figure(
        "  checkpoints", us(done.checkpoint_s, frames), "", f"{done.checkpoint_s / done.wall_s:.1%} of the time"
    )
    rest = done.wall_s - done.checkpoint_s - sum(done.agents_s.values())
    yield Figure("  the rest", us(rest, frames), "", "decoding, admission, fetching, Faust, appending")
