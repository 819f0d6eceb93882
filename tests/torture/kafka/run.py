"""A whole ordeal: cameras on, faults one after another, and the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.torture.kafka.faults import FAULTS, Fault
from tests.torture.kafka.scene import Scene


class Ordeal(NamedTuple):
    """What was done, and what was held against the replay. ``entries``: 0 where the journal was cut, nobody can count then."""

    faults: Counter[str]
    frames: int
    lost_answers: int
    compared: int
    repeats: int
    states: int
    entries: int
    seconds: float


def drawn(kills: int, seed: int, only: tuple[Fault, ...] = FAULTS) -> list[Fault]:
    """So many faults, at random by their weights."""
    return Random(f"faults {seed}").choices(only, [fault.weight for fault in only], k=kills)


def ordeal(
    directory: Path, faults: Iterable[Fault], seed: int, *, workers: int = 2, named: bool = False, brokers: int = 1,
    rest_s: float = 6.0, say: Callable[[str], None] = lambda _: None,
) -> Ordeal:  # fmt: skip
    """Raises AssertionError where anything differs from the replay of the log that was left.

    ``rest_s``: between two faults, at the most.
    """
    started, done = time.monotonic(), Counter[str]()
    scene = Scene(directory, workers, seed, named=named, brokers=brokers)
    try:
        scene.begin()
        for number, fault in enumerate(faults, 1):
            say(f"{number} {fault.name} ({len(scene.workers)} workers)")
            fault.act(scene)
            done[fault.name] += 1
            time.sleep(scene.chance.uniform(0.5, rest_s))
            if codes := scene.restart_ended():
                say(f"{number} ended and started again: exit codes {codes}")
        verdict, states, entries = scene.settle()
        return Ordeal(
            done, scene.cameras.frames, scene.proxy.lost, scene.compared, verdict.repeats, states, entries,
            time.monotonic() - started,
        )  # fmt: skip
    finally:
        scene.close()
