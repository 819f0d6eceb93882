"""What all engines are fed: seeded frames of 8 to 20 people, and the same frames through the job alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from benchmarks.peers.job import Tracks, process
from streams.codec import encode
from streams.events import Configured, Frame, Person

HALLS = tuple(f"hall-{number}" for number in range(8))
CAMERA = "c1"
START_MS = 1_772_416_800_000
FRAME_MS = 100
FEWEST, MOST = 8, 20
SIZE_M = 20.0, 10.0
LEAVES = 0.05
"""Probability that somebody leaves between two frames of a hall."""
STEP_M = 0.1

HALL_YAML = """\
id: {hall}
name: {hall}
size_m: [20, 10]
zones: []
cameras:
- {{id: c1, size_px: [1000, 500], homography: [[0.02, 0, 0], [0, 0.02, 0], [0, 0, 1]]}}
"""

Outputs = Counter[tuple[bytes, bytes]]
"""How often each (key, value) was published."""


class Source(NamedTuple):
    """A record of the input topic."""

    key: bytes
    value: bytes
    at_ms: int


def configurations() -> list[Source]:
    """What puts the halls in force: Hallstream needs it in the log, the others pass it over."""
    return [
        Source(hall.encode(), encode(Configured(hall=hall, at_ms=START_MS, files=files(hall))), START_MS)
        for hall in HALLS
    ]


def files(hall: str) -> dict[str, str]:
    return {"hall.yaml": HALL_YAML.format(hall=hall), "rules.yaml": ""}


def frames(count: int, seed: int = 1) -> Iterator[Source]:
    """The halls in turn, each ten times a second."""
    rnd = Random(seed)
    crowds = [Crowd(rnd) for _ in HALLS]
    for number in range(count):
        seq, turn = divmod(number, len(HALLS))
        hall, at_ms = HALLS[turn], START_MS + seq * FRAME_MS
        frame = Frame(
            hall=hall, at_ms=at_ms, camera=CAMERA, people=crowds[turn].step(), source=f"{hall}/{CAMERA}", boot="1", seq=seq
        )  # fmt: skip
        yield Source(hall.encode(), encode(frame), at_ms)


class Crowd:
    """People who wander about at random, come and go; each under a track of its own."""

    def __init__(self, rnd: Random) -> None:
        self._rnd, self._tracks = rnd, 0
        self._at: dict[str, tuple[float, float]] = {}

    def step(self) -> tuple[Person, ...]:
        rnd = self._rnd
        if len(self._at) > FEWEST and rnd.random() < LEAVES:
            del self._at[next(iter(self._at))]
        while len(self._at) < min(MOST, rnd.randint(FEWEST, MOST)):
            self._tracks += 1
            self._at[f"{CAMERA}-{self._tracks}"] = rnd.uniform(0, SIZE_M[0]), rnd.uniform(0, SIZE_M[1])
        self._at = {track: (self._near(x, SIZE_M[0]), self._near(y, SIZE_M[1])) for track, (x, y) in self._at.items()}
        return tuple(_seen(track, x, y) for track, (x, y) in self._at.items())

    def _near(self, at_m: float, size_m: float) -> float:
        return min(size_m - 0.1, max(0.0, at_m + self._rnd.gauss(0, STEP_M)))


def _seen(track: str, x_m: float, y_m: float) -> Person:
    return Person(
        track, round(x_m * 50, 1), round(y_m * 50, 1), 40.0, 90.0, 0.87, round(x_m, 2), round(y_m, 2)
    )  # fmt: skip


def alone(records: Sequence[Source]) -> tuple[Outputs, float]:
    """What every engine has to publish, and the seconds that the job takes in a loop with no engine at all."""
    states: dict[bytes, Tracks] = {hall.encode(): {} for hall in HALLS}
    made: list[tuple[bytes, bytes]] = []
    started = time.perf_counter()
    for key, value, _ in records:
        made += [(key, output) for output in process(states[key], value)]
    return Counter(made), time.perf_counter() - started
