"""A whole ordeal: cameras on, faults one after another, and the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from agents.topology import TOPOLOGY
from streams.operating.reading import stretch
from streams.topics import DEAD, JOURNAL, OBSERVATIONS
from tests.support.system import until
from tests.torture import verdict
from tests.torture.cameras import Cameras
from tests.torture.faults import FAULTS, Fault
from tests.torture.halls import halls
from tests.torture.system import EmbeddedSystem


class Ordeal(NamedTuple):
    """What was done, and what was held against the replay."""

    faults: Counter[str]
    frames: int
    junk: int
    compared: int
    states: int
    entries: int
    seconds: float


def ordeal(
    directory: Path,
    kills: int,
    seed: int,
    *,
    hall_count: int = 2,
    only: tuple[Fault, ...] = FAULTS,
    say: Callable[[str], None] = lambda _: None,
) -> Ordeal:
    """Raises AssertionError where anything differs from the replay of the log that was left."""
    started, chance = time.monotonic(), Random(seed)
    system = EmbeddedSystem(directory, files := halls(hall_count))
    cameras = Cameras(system, files, seed)
    done: Counter[str] = Counter()
    compared, whole = 0, True
    try:
        system.start()
        cameras.start()
        until("the first checkpoint", lambda: system.marked("service") > 0)
        for number in range(1, kills + 1):
            fault = chance.choices(only, [f.weight for f in only])[0]
            say(f"{number}/{kills} {fault.name}")
            if fault.destroys:
                system.kill()
                with cameras.paused:
                    compared += verdict.replayed(system.log, directory / f"before-{number}.jsonl").compared
                (directory / f"before-{number}.jsonl").unlink()
                system.start()
            whole = whole and not fault.forgets
            fault.act(system, cameras, chance)
            done[fault.name] += 1
            time.sleep(chance.uniform(0.1, 2.0))
            assert cameras.is_alive()
            if not system.running:
                raise AssertionError(f"after {fault.name} the engine ended: {system.heard()[-3000:]}")
        return _settle(system, cameras, directory, done, compared, whole, started)
    finally:
        if cameras.is_alive():
            cameras.stop()
        system.close()


def _settle(
    system: EmbeddedSystem,
    cameras: Cameras,
    directory: Path,
    done: Counter[str],
    compared: int,
    whole: bool,
    started: float,
) -> Ordeal:
    """Cameras off, everything processed, an orderly end; then the verdict."""
    cameras.stop()
    time.sleep(4.0)  # the last tracks end
    system.wait_until_marked()
    assert system.drain() == 0, system.heard()[-3000:]
    _accounted_for(system)
    result = verdict.replayed(system.log, directory / "end.jsonl")
    verdict.readers_miss_nothing(system.log, system.abandoned)
    states = verdict.states_equal(system.log, result)
    entries = verdict.counted_once(system.log, result.driver.engine(TOPOLOGY.lane("service"), 0)) if whole else 0
    return Ordeal(
        done, cameras.frames, cameras.junk, compared + result.compared, states, entries, time.monotonic() - started
    )


def _accounted_for(system: EmbeddedSystem) -> None:
    """Every lane has read its log to the end (its own last outputs, and a tick of the last moment, apart)."""
    behind = [r for r in system.records(OBSERVATIONS) if r.offset >= system.marked("sensing")]
    assert all(record.key is None for record in behind), f"{len(behind)} records were not read"
    assert system.marked("service") <= system.log.end(JOURNAL, 0)
    assert all(record.value for record in stretch(system.log, DEAD, 0))
