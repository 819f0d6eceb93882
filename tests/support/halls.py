"""A small hall to draw cases in, and builders for the events of the sensing lane.

y 0   +-----------+-----------------------+-----------+
      |           |        waiting        |   desks   |      x: 0 to 12 m
  2   +--entrance-+                       |           |      y: 0 to 8 m
      | |      +--+--------+              |           |      64 px a metre, seen from above
  3   | |door  |  guide    |              |           |      guide overlaps entrance and waiting
  5   | |      +--+--------+              |           |
  6   +-----------+                       |           |
  8   +-----------+-----------------------+-----------+
      0 .5     2  3        5              9          12
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from config.hall import Camera, Hall, Line, Zone, ZoneKind
from config.rules import Rules
from streams.events import Configured, Event, Frame, Person, Positions, Tick, TrackEnded

HALL = "hall-1"
CAMERA = "c1"
PX_PER_M = 64.0
START_MS = 1_700_000_000_000
"""A whole second."""

RAW: dict[str, dict[str, float]] = {
    "trajectory": {"smoothing_s": 0.0, "join_within_m": 0.0},
    "zones": {"inertia_m": 0.0, "inertia_s": 0.0},
    "flow": {"inertia_m": 0.0},
}
"""Rules under which every conclusion follows from the points as they are."""


def small_hall(**overrides: object) -> Hall:
    """The hall drawn above; ``overrides`` are fields of ``Hall``."""
    scale = 1 / PX_PER_M
    return Hall.model_validate(
        {
            "id": HALL,
            "name": "Small hall",
            "size_m": (12, 8),
            "zones": (
                zone("entrance", (0, 2), (3, 2), (3, 6), (0, 6), kind=ZoneKind.ENTRANCE),
                zone("guide", (2, 3), (5, 3), (5, 5), (2, 5), kind=ZoneKind.GUIDE),
                zone("waiting", (3, 0), (9, 0), (9, 8), (3, 8), kind=ZoneKind.WAITING),
                zone("desks", (9, 0), (12, 0), (12, 8), (9, 8), kind=ZoneKind.DESKS),
            ),
            "lines": (Line(id="door", name="Door", from_m=(0.5, 2), to_m=(0.5, 6), entrance=True),),
            "cameras": (camera(homography=((scale, 0, 0), (0, scale, 0), (0, 0, 1))),),
        }
        | overrides
    )


def zone(id_: str, *polygon_m: tuple[float, float], kind: ZoneKind = ZoneKind.OPEN) -> Zone:
    return Zone(id=id_, name=id_, kind=kind, polygon_m=polygon_m)


def camera(id_: str = CAMERA, **fields: object) -> Camera:
    return Camera.model_validate({"id": id_, "size_px": (768, 512)} | fields)


def rules(**overrides: Mapping[str, Any] | tuple[Any, ...]) -> Rules:
    """Default rules with the given parts: ``rules(zones={"inertia_s": 0})``; ``rules(**RAW)`` for raw ones."""
    return Rules.model_validate(overrides)


def tick(at_ms: int) -> Tick:
    return Tick(hall=HALL, at_ms=at_ms)


def configured(at_ms: int) -> Configured:
    return Configured(hall=HALL, at_ms=at_ms, files={})


def person(track: str, x_m: float, y_m: float) -> Person:
    """A box of half a metre by 1.75 m whose bottom centre is at the floor point; exact for multiples of 1/64 m."""
    px, py = x_m * PX_PER_M, y_m * PX_PER_M
    return Person(track, px - 16.0, py - 112.0, 32.0, 112.0)


def frame(at_ms: int, *people: tuple[str, float, float], camera: str = CAMERA) -> Frame:
    """``people``: (track, x_m, y_m) each."""
    return Frame(hall=HALL, at_ms=at_ms, camera=camera, people=tuple(person(*p) for p in people))


def positions(at_ms: int, *rows: tuple[str, float, float], camera: str = CAMERA) -> Positions:
    """What trajectory makes of a frame; ``rows``: (track, x_m, y_m) each, standing."""
    at = tuple((track, x_m, y_m, 0.0, False) for track, x_m, y_m in rows)
    return Positions(hall=HALL, at_ms=at_ms, camera=camera, rows=at)


def ended(
    at_ms: int, track: str, decided_at_ms: int | None = None, *, reason: Literal["lost", "config"] = "lost"
) -> TrackEnded:
    """``decided_at_ms``: two seconds after ``at_ms`` if not given."""
    return TrackEnded(
        hall=HALL, at_ms=at_ms, decided_at_ms=at_ms + 2000 if decided_at_ms is None else decided_at_ms, camera=CAMERA,
        track=track, first_ms=at_ms, path_m=0.0, standing_ms=0, x_m=0.0, y_m=0.0, reason=reason,
    )  # fmt: skip


def with_ticks(frames: Iterable[Frame], closing_s: int = 0) -> Iterator[Event]:
    """The frames as the engine offers them, a tick before the first of each second; ``closing_s`` more at the end."""
    second = None
    for one in frames:
        while second is None or second < one.at_ms // 1000:
            second = one.at_ms // 1000 if second is None else second + 1
            yield tick(second * 1000)
        yield one
    for later in range(1, closing_s + 1):
        yield tick(((second or 0) + later) * 1000)


def crowd(
    seed: int, *, people: int, seconds: int, fps: float = 10.0, stay_s: float = 60.0, start_ms: int = START_MS
) -> Iterator[Frame]:
    """``people`` at any time, each strolling from spot to spot for about ``stay_s``, with jitter, misses and id breaks.

    The same seed gives the same frames; ids are never used twice.
    """
    rnd = random.Random(seed)
    walkers = [_Walker(rnd, stay_s) for _ in range(people)]
    for number in range(round(seconds * fps)):
        at_ms = start_ms + round(number * 1000 / fps)
        walkers = [w if w.step(1 / fps) else _Walker(rnd, stay_s) for w in walkers]
        yield frame(at_ms, *(w.seen() for w in walkers if rnd.random() > 0.03))


class _Walker:
    """Walks to a spot of the plan, stands for a while, walks on; now and then gets another id from the tracker."""

    def __init__(self, rnd: random.Random, stay_s: float) -> None:
        self.rnd, self.left_s, self.pause_s = rnd, rnd.uniform(0.5, 1.5) * stay_s, 0.0
        self.x, self.y = 0.0, rnd.uniform(2, 6)
        self.goal = self.spot()
        self.track = self.new_id()

    def new_id(self) -> str:
        return f"{self.rnd.getrandbits(40):010x}"

    def spot(self) -> tuple[float, float]:
        return self.rnd.uniform(-0.5, 12.5), self.rnd.uniform(-0.5, 8.5)

    def step(self, dt_s: float) -> bool:
        """False: it has left."""
        self.left_s -= dt_s
        self.pause_s -= dt_s
        away = math.dist((self.x, self.y), self.goal)
        if self.pause_s <= 0 and away < 0.2:
            self.goal, self.pause_s = self.spot(), self.rnd.uniform(0, 20)
        elif self.pause_s <= 0:
            part = min(1.0, 1.2 * dt_s / away)
            self.x += part * (self.goal[0] - self.x)
            self.y += part * (self.goal[1] - self.y)
        if self.rnd.random() < dt_s / 30:
            self.track = self.new_id()
        return self.left_s > 0

    def seen(self) -> tuple[str, float, float]:
        return self.track, self.x + self.rnd.gauss(0, 0.03), self.y + self.rnd.gauss(0, 0.03)
