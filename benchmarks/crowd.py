"""A seeded crowd for measurements: the same number of people in every frame, who come in, stand about and leave.

Each camera sees ``people`` visitors on its part of the floor. A visitor comes in through an entrance (where the camera
sees none: anywhere), goes to a few places in zones, stands at each for a while, swaying, and leaves by an entrance; then
the next one comes in. Boxes are those of the camera: the floor point taken back through its homography, the size of a
person there, and noise. Now and then the tracker breaks an id. About a tenth of the people walk at any moment, and a
track lives for about a minute: busier than an ordinary hall, where people wait longer and trackers hold on.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from math import dist
from random import Random

from config.geometry import Point
from config.hall import Camera, Hall, ZoneKind
from config.loading import load_files
from devices.simulator.camera import View
from streams.driver import lay_out
from streams.events import Event, Frame, Person
from streams.record import Record
from streams.topics import OBSERVATIONS

PEOPLE = 12
FPS = 8.0
START_MS = 1_772_416_800_000
"""10 in the morning of 2 March 2026 in the demo hall, a whole second."""
WALK_MPS = 1.2
STAND_S = 15.0, 90.0
STOPS = 1, 3
SWAY_M = 0.005
NOISE = 0.01
"""Of a box's bottom centre, as a share of its height."""
BREAK_EVERY_S = 120.0
SPOTS = 200
"""Places that a camera's visitors go to."""


def frames(
    hall: Hall, seed: int, *, people: int = PEOPLE, fps: float = FPS, floor: bool = False, start_ms: int = START_MS,
    break_every_s: float = BREAK_EVERY_S,
) -> Iterator[Frame]:  # fmt: skip
    """What the hall's cameras report, for ever, in the order of time. ``floor``: with the floor points in metres."""
    crowds = [
        CameraCrowd(hall, camera, Random(f"{seed}/{hall.id}/{camera.id}"), people, fps, break_every_s)
        for camera in hall.cameras
    ]
    number = 0
    while True:
        at_ms = start_ms + round(number * 1000 / fps)
        for crowd in crowds:
            seen = crowd.step(floor=floor)
            source = f"{hall.id}/{crowd.camera}"
            yield Frame(
                hall=hall.id, at_ms=at_ms, camera=crowd.camera, people=seen, source=source, boot="1", seq=number
            )
        number += 1


def log_of(
    halls: Mapping[str, Mapping[str, str]], seed: int, count: int, *, people: int = PEOPLE, fps: float = FPS,
    floor: bool = False, break_every_s: float = BREAK_EVERY_S,
) -> Iterator[Record]:  # fmt: skip
    """``count`` frames of these halls as a log: their files first, a tick each second."""
    streams = [
        frames(load_files(files).hall, seed, people=people, fps=fps, floor=floor, break_every_s=break_every_s)
        for _, files in sorted(halls.items())
    ]
    together: Iterable[Event] = heapq.merge(*streams, key=lambda frame: frame.at_ms)
    some = (event for _, event in zip(range(count), together, strict=False))
    return lay_out(OBSERVATIONS, halls, some, close=False)


class CameraCrowd:
    """The people that one camera sees."""

    def __init__(
        self, hall: Hall, camera: Camera, rnd: Random, people: int, fps: float, break_every_s: float = BREAK_EVERY_S
    ) -> None:
        self.camera, self._rnd, self._step_s, self._ids = camera.id, rnd, 1 / fps, 0
        self._breaks = self._step_s / break_every_s
        self._view = View(camera)
        self._spots = self._places(hall, set(ZoneKind) - {ZoneKind.ENTRANCE})
        self._doors = self._places(hall, {ZoneKind.ENTRANCE}) or self._spots
        self._walkers = [self._new(rnd.choice(self._spots)) for _ in range(people)]

    def step(self, *, floor: bool) -> tuple[Person, ...]:
        rnd = self._rnd
        for place, walker in enumerate(self._walkers):
            if not walker.step(self._step_s, rnd):
                self._walkers[place] = self._new(rnd.choice(self._doors))
            elif rnd.random() < self._breaks:
                walker.track = self._next_id()
        return tuple(self._seen(walker, floor) for walker in self._walkers)

    def _new(self, at: Point) -> Walker:
        stops = [self._rnd.choice(self._spots) for _ in range(self._rnd.randint(*STOPS))]
        return Walker(self._next_id(), at, [*stops, self._rnd.choice(self._doors)])

    def _next_id(self) -> str:
        self._ids += 1
        return str(self._ids)

    def _seen(self, walker: Walker, floor: bool) -> Person:
        x, y = walker.x_m, walker.y_m
        seen = self._view.see(x, y)
        assert seen is not None, "walkers keep to straight ways between places that are seen"
        u, v, width, height = seen
        u, v = self._rnd.gauss(u, NOISE * height), self._rnd.gauss(v, NOISE * height)
        box = round(u - width / 2, 1), round(v - height, 1), round(width, 1), round(height, 1)
        spot = (round(x, 3), round(y, 3)) if floor else ()
        return Person(walker.track, *box, 0.9, *spot)

    def _places(self, hall: Hall, kinds: set[ZoneKind]) -> list[Point]:
        """Spots in zones of these kinds that the camera sees; none if it sees none of them."""
        zones = [zone.polygon_m for zone in hall.zones if zone.kind in kinds]
        tried = (self._rnd.choice(zones) for _ in range(4 * SPOTS)) if zones else ()
        spots = [_somewhere(polygon, self._rnd) for polygon in tried]
        return [spot for spot in spots if self._view.see(*spot) is not None][:SPOTS]


class Walker:
    """Goes to one place after the other and stands there; the last one is where it leaves."""

    __slots__ = ("_ways", "stand_s", "track", "x_m", "y_m")

    def __init__(self, track: str, at: Point, ways: list[Point]) -> None:
        self.track, self.stand_s, self._ways = track, 0.0, ways
        self.x_m, self.y_m = at

    def step(self, step_s: float, rnd: Random) -> bool:
        """False: it has left."""
        if self.stand_s > 0:
            self.stand_s -= step_s
            return True
        goal = self._ways[0]
        left_m, step_m = dist((self.x_m, self.y_m), goal), WALK_MPS * step_s
        if left_m > step_m:
            self.x_m += (goal[0] - self.x_m) * step_m / left_m + rnd.gauss(0, SWAY_M)
            self.y_m += (goal[1] - self.y_m) * step_m / left_m + rnd.gauss(0, SWAY_M)
            return True
        self.x_m, self.y_m = self._ways.pop(0)
        self.stand_s = rnd.uniform(*STAND_S)
        return bool(self._ways)


def _somewhere(polygon: tuple[Point, ...], rnd: Random) -> Point:
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return rnd.uniform(min(xs), max(xs)), rnd.uniform(min(ys), max(ys))
