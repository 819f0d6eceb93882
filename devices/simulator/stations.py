"""Where parties wait for each other: queues, places and seats of a hall, built once from its zones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING

from config.geometry import Point
from config.hall import Hall, Zone, ZoneKind
from devices.simulator import floor
from devices.simulator.plans import STAFFED_DESKS

if TYPE_CHECKING:
    from devices.simulator.party import Party

QUEUE_APART_M = 0.75
SEATS_APART_M = 0.8
CLEAR_OF_PLACES_M = 0.7
# How far apart places are, and how many are open at most, by kind.
PLACES: dict[ZoneKind, tuple[float, int]] = {
    ZoneKind.DESKS: (1.6, STAFFED_DESKS),
    ZoneKind.KIOSKS: (1.2, 6),
    ZoneKind.PAYMENT: (1.2, 3),
}


class Queue:
    """One line of parties in a zone, the first at ``spots[0]``."""

    def __init__(self, zone: Zone, door: Point) -> None:
        self.zone = zone
        self.parties: list[Party] = []
        self._spots = floor.row(zone.polygon_m, QUEUE_APART_M, towards=door)

    def spot(self, index: int, rng: Random) -> Point:
        """Where the party at ``index`` stands; a line longer than its zone bunches up around its end."""
        if index < len(self._spots):
            return self._spots[index]
        return floor.beside(rng, self._spots[-1], self.zone.polygon_m, 0.5)


class Place:
    """A desk, a kiosk: for one party at a time."""

    __slots__ = ("index", "spot", "zone")

    def __init__(self, index: int, spot: Point, zone: Zone) -> None:
        self.index, self.spot, self.zone = index, spot, zone


class Pool:
    """All open places of one kind, and the parties waiting for one in the order they may be called."""

    def __init__(self, kind: ZoneKind, zones: Iterable[Zone]) -> None:
        apart_m, at_most = PLACES[kind]
        spots = [(spot, zone) for zone in zones for spot in floor.row(zone.polygon_m, apart_m)]
        self.free = [Place(i, spot, zone) for i, (spot, zone) in enumerate(_spread(spots, at_most))]
        self.size = len(self.free)
        self.waiting: deque[Party] = deque()

    def take(self, rng: Random) -> Place:
        return self.free.pop(rng.randrange(len(self.free)))

    def give_back(self, place: Place) -> None:
        self.free.append(place)
        self.free.sort(key=lambda p: p.index)


def _spread(spots: list[tuple[Point, Zone]], at_most: int) -> list[tuple[Point, Zone]]:
    """At most that many, evenly over all of them."""
    if len(spots) <= at_most:
        return spots
    return [spots[int((i + 0.5) * len(spots) / at_most)] for i in range(at_most)]


class Seats:
    """Spots to wait on in the zones of one kind, clear of the places there."""

    def __init__(self, zones: Iterable[Zone], places: Iterable[Place] = ()) -> None:
        self.zones = tuple(zones)
        taken = [place.spot for place in places]
        self._spots = [
            (spot, zone)
            for zone in self.zones
            for spot in floor.spots(zone.polygon_m, SEATS_APART_M)
            if all(_squared(spot, *t) > CLEAR_OF_PLACES_M**2 for t in taken)
        ]
        self._free = list(range(len(self._spots)))

    def take(self, rng: Random, count: int) -> tuple[Zone, list[int], list[Point]]:
        """``count`` spots side by side; who finds none free stands about. Returns zone, seats and points."""
        if not self._free:
            zone = rng.choice(self.zones)
            return zone, [], [floor.anywhere(rng, zone.polygon_m) for _ in range(count)]
        first = rng.choice(self._free)
        (x, y), zone = self._spots[first]
        near = sorted(self._free, key=lambda i: (_squared(self._spots[i][0], x, y), i))[:count]
        self._free = [i for i in self._free if i not in near]
        points = [self._spots[i][0] for i in near]
        points += [floor.beside(rng, points[0], zone.polygon_m) for _ in range(count - len(points))]
        return zone, near, points

    def give_back(self, seats: list[int]) -> None:
        self._free = sorted((*self._free, *seats))


def _squared(p: Point, x: float, y: float) -> float:
    return (p[0] - x) ** 2 + (p[1] - y) ** 2


class Stations:
    """Everything people can queue, wait or be served at in a hall, by kind of zone."""

    def __init__(self, hall: Hall) -> None:
        self.doors = floor.doors(hall)
        self.zones: dict[ZoneKind, tuple[Zone, ...]] = {}
        for zone in hall.zones:
            self.zones[zone.kind] = (*self.zones.get(zone.kind, ()), zone)
        entry = self.doors[0].inner(0.5)
        self.queues: dict[ZoneKind, tuple[Queue, ...]] = {
            kind: tuple(Queue(z, entry) for z in self.zones[kind])
            for kind in (ZoneKind.GUIDE, ZoneKind.TICKETS)
            if kind in self.zones
        }
        self.pools = {kind: Pool(kind, self.zones[kind]) for kind in PLACES if kind in self.zones}
        self.seats = {
            kind: Seats(zones, self.pools[kind].free if kind in self.pools else ())
            for kind, zones in self.zones.items()
        }

    @property
    def desks(self) -> int:
        pool = self.pools.get(ZoneKind.DESKS)
        return pool.size if pool else 0
