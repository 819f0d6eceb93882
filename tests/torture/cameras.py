"""Cameras that never stop: simulated crowds, and what else arrives at a log that anybody may write to."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from random import Random

import msgspec

from config.loading import load_files
from devices.simulator import Simulator
from streams.codec import encode
from streams.embedded.errors import LogError
from streams.events import Frame
from streams.log import Append
from streams.rows import keyed
from streams.topics import JOURNAL, OBSERVATIONS
from tests.torture.system import EmbeddedSystem

STEP_S = 0.05
JUNK_SHARE = 0.02
SKEWS_MS = (-86_400_000, -90_000, -5_000, 5_000, 90_000, 86_400_000)


class Cameras(threading.Thread):
    """Appends frames as time passes; repeats some, sends some with a clock that is off, and mixes in junk."""

    def __init__(self, system: EmbeddedSystem, halls: Mapping[str, Mapping[str, str]], seed: int) -> None:
        super().__init__(name="cameras", daemon=True)
        self._system, self._random = system, Random(seed)
        now = time.time_ns() // 1_000_000
        self._crowds = [_crowd(files, seed, now) for files in halls.values()]
        self._over = threading.Event()
        self.paused = threading.Lock()
        """Held by whoever must have the log for himself."""
        self.frames = self.junk = self.refused = 0

    def run(self) -> None:
        while not self._over.wait(STEP_S):
            now = time.time_ns() // 1_000_000
            frames = [frame for crowd in self._crowds for frame in crowd.step(now)]
            with self.paused:
                rows = [row for frame in frames for row in self._sent(frame)]
                try:
                    if rows:
                        self._system.append(rows)
                    self.frames += len(frames)
                except LogError:
                    self.refused += len(rows)  # a full disk: cameras drop what they cannot deliver

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _sent(self, frame: Frame) -> list[Append]:
        chance = self._random
        if chance.random() < 0.02:
            frame = msgspec.structs.replace(frame, at_ms=frame.at_ms + chance.choice(SKEWS_MS))
        row = keyed(self._system.log, OBSERVATIONS, frame.hall, encode(frame))
        rows = [row, row] if chance.random() < 0.02 else [row]
        if chance.random() < JUNK_SHARE:
            self.junk += 1
            rows.append(junk(chance, frame))
        return rows


def _crowd(files: Mapping[str, str], seed: int, now_ms: int) -> Simulator:
    return Simulator(
        load_files(files).hall, seed=seed, start_ms=now_ms, level=4.0, fps=10, warm=True, always_open=True,
        keep_truth=False,
    )  # fmt: skip


def junk(chance: Random, frame: Frame) -> Append:
    """Something that no camera of ours sends."""
    topic, key = chance.choice((OBSERVATIONS, OBSERVATIONS, JOURNAL)), frame.hall.encode()
    raw = encode(frame)
    kinds = (
        lambda: (key, chance.randbytes(chance.randrange(200))),
        lambda: (key, raw[: chance.randrange(len(raw))]),
        lambda: (chance.randbytes(8), raw),
        lambda: (None, raw),
        lambda: (key, None),
        lambda: (b"nobody", encode(msgspec.structs.replace(frame, hall="nobody"))),
        lambda: (b"nobody", raw),
        lambda: (key, encode(msgspec.structs.replace(frame, camera="unknown"))),
        lambda: (key, raw.replace(b'"at_ms":', b'"at_ms":-', 1)),
        lambda: (key, b'{"type":"frame","hall":' + b"[" * 5000),
        lambda: (key, b'{"type":"new_in_2030","hall":"x","at_ms":1}'),
        lambda: (key, b'{"type":"frame","pad":"' + b"x" * 1_000_000 + b'"}'),
    )
    return Append(topic, 0, *chance.choice(kinds)())
