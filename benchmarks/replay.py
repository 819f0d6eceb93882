"""A real day of a real hall, from a MOTChallenge file to everything that follows from it; the file is read within."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from agents.topology import SENSING, TOPOLOGY
from benchmarks.figures import Figure, Options
from commands.positions import Given
from commands.sources import positions_source
from streams.driver import Driver
from streams.recordings import Options as Reading

ROOT = Path(__file__).parents[1]
DAY = ROOT.parent / "shared" / "data" / "hall-day" / "tracks.mot.txt"
FORUM = ROOT / "config" / "examples" / "forum"
REPEATS = 5
FPS = 9.0


def measure(options: Options) -> Iterator[Figure]:
    if not DAY.is_file():
        yield Figure("the real day", "not measured", "", "its data is not in ../shared/data beside the project")
        return
    runs = [_replay() for _ in range(1 if options.quick else REPEATS)]
    seconds, frames, records, outputs = min(runs)
    yield Figure("replayed in", f"{seconds:.2f} s", "", f"{frames:,} frames, {outputs:,} events; best of {len(runs)}")
    yield Figure("  which is", f"{records / seconds:,.0f} records/s", "", "frames and ticks")


def _replay() -> tuple[float, int, int, int]:
    """Seconds; frames; records of the first lane, ticks included; events published."""
    started = perf_counter()
    driver = Driver(TOPOLOGY)
    source = positions_source(DAY, SENSING, FORUM, None, Given(options=Reading(fps=FPS)))
    outputs = sum(1 for _ in driver.run(source.records))
    return perf_counter() - started, source.total, driver.engines[0].counts["records"], outputs
