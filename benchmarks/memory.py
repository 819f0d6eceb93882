"""One process with a thousand halls: what it takes of memory, and how much of its time goes into checkpoints.

Every hall has two cameras with ten people each, at one frame a second; the log stands full, so the engine works as fast
as it can and every checkpoint finds most halls changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.crowd import log_of
from benchmarks.figures import Figure, Options, rate
from benchmarks.halls import many
from benchmarks.processes import filled, process_all

HALLS = 1000
PEOPLE_A_CAMERA = 10
CAMERAS = 2


def measure(options: Options) -> Iterator[Figure]:
    frames = HALLS * CAMERAS * (20 if options.quick else 90)
    records = log_of(many(HALLS), 1, frames, people=PEOPLE_A_CAMERA, fps=1.0)
    done = process_all(filled(options.directory / "log" / "hall.db", records), lanes="all")
    yield Figure("resident memory", f"{done.rss_mib:,.0f} MiB", "< 1,024 MiB", f"at most {done.peak_mib:,.0f} MiB")
    yield Figure("time on checkpoints", f"{done.checkpoint_s / done.wall_s:.1%}", "< 10%", "of both lanes; writing goes on beside")
    yield Figure("worked at", rate(frames, done.wall_s), "", "1,000 halls set up in this time, too")
