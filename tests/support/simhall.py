"""Halls to simulate in, and short ways to run them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from config.hall import Camera, Hall, Line, Zone, ZoneKind
from config.loading import load_dir
from devices.simulator import Noise, Simulator, Truth
from streams.events import Frame

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
PX_PER_M = 40.0
OVERHEAD = ((1 / PX_PER_M, 0.0, 0.0), (0.0, 1 / PX_PER_M, 0.0), (0.0, 0.0, 1.0))


@lru_cache
def example(name: str) -> Hall:
    return load_dir(EXAMPLES / name).hall


def at(hall: Hall, hour: float, day: int = 2) -> int:
    """Unix ms of that hour of a day in March 2026, by the hall's clock."""
    moment = datetime(2026, 3, day, int(hour), round(hour % 1 * 60), tzinfo=hall.tz)
    return round(moment.timestamp() * 1000)


def hall_with(*kinds: ZoneKind, lines: bool = True) -> Hall:
    """Twelve metres by eight, zones of those kinds in a row along the back, one door in the middle of the front.

    +------+------+------+
    |      |      |      |  3      seen straight from above
    +------+------+------+
    |                    |
    |                    |  7
    +-------==door==-----+  8
    0       4      8     12
    """
    width = 12 / max(len(kinds), 1)
    zones = tuple(
        Zone(id=kind.value, name=kind.value, kind=kind, polygon_m=(
            (i * width, 0.5), ((i + 1) * width - 0.2, 0.5), ((i + 1) * width - 0.2, 3.0), (i * width, 3.0)
        ))
        for i, kind in enumerate(kinds)
    )  # fmt: skip
    door = Line(id="door", name="door", from_m=(4, 7), to_m=(8, 7), entrance=True)
    camera = Camera(id="top", size_px=(480, 320), homography=OVERHEAD)
    return Hall(
        id="box", name="Box", size_m=(12, 8), zones=zones, lines=(door,) if lines else (), cameras=(camera,)
    )  # fmt: skip


def simulate(
    hall: Hall, hours: float, *, seed: int = 7, hour: float = 9.0, fps: float = 4.0, level: float = 1.0,
    noise: Noise | None = None,
) -> tuple[list[Frame], Truth]:  # fmt: skip
    start_ms = at(hall, hour)
    simulator = Simulator(hall, seed=seed, start_ms=start_ms, fps=fps, level=level, noise=noise)
    frames = simulator.step(start_ms + round(hours * 3_600_000))
    return frames, simulator.truth()


@lru_cache
def demo_hour() -> tuple[list[Frame], Truth]:
    """A busy hour of the demo hall, with the usual noise; shared by tests that only look."""
    return simulate(example("demo"), 1.0)


@lru_cache
def clean_hour() -> tuple[list[Frame], Truth]:
    """The same hour seen by perfect cameras."""
    return simulate(example("demo"), 1.0, noise=Noise.none())
