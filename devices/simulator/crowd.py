"""What happens to people in a hall: a discrete-event simulation from door to door.

Parties come by the profile, go through the stages of their plan, queue, wait to be called, give up, and leave. Nothing
here depends on cameras or on how often anyone looks: the same seed gives the same day at any frame rate.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from config.geometry import Point
from config.hall import Hall, Zone
from devices.simulator import floor
from devices.simulator.chance import between, lognormal, stream
from devices.simulator.floor import Door
from devices.simulator.party import Party, Phase, StageChange, Visitor
from devices.simulator.plans import MEAN_GROUP, Discipline, group_size, plan, visitors_per_hour
from devices.simulator.profile import Arrivals
from devices.simulator.stations import Place, Pool, Queue, Stations
from devices.simulator.walking import Body

CALLED_AFTER_S = (5.0, 40.0)
"""From sitting down to being called, at the earliest."""


@dataclass
class Happened:
    """What one advance of the clock brought."""

    changes: list[StageChange] = field(default_factory=list)
    entered: list[Visitor] = field(default_factory=list)
    left: list[Visitor] = field(default_factory=list)


class Crowd:
    """The people of one hall from ``start_ms`` on. ``visitors`` are those inside, in the order in which they came."""

    def __init__(self, hall: Hall, *, seed: int, start_ms: int, level: float = 1.0, always_open: bool = False) -> None:
        self._hall, self._seed = hall, seed
        self._stations = Stations(hall)
        parties_per_hour = level * visitors_per_hour(self._stations.desks) / MEAN_GROUP
        self._arrivals = Arrivals(
            stream(seed, hall.id, "arrivals"), parties_per_hour, hall.tz, start_ms, always_open=always_open
        )
        self._next_arrival: int | None = None
        self._timers: list[tuple[int, int, int, Callable[[int], None]]] = []
        self._timer = self._parties = self._people = 0
        self._happened = Happened()
        self.visitors: dict[str, Visitor] = {}
        self._disciplines: dict[Discipline, Callable[[Party, int], None]] = {
            Discipline.QUEUE: self._queue_up,
            Discipline.PLACE: self._seek_place,
            Discipline.ROAM: self._roam,
        }

    def advance(self, until_ms: int) -> Happened:
        """Let everything happen up to and with ``until_ms``."""
        self._happened = Happened()
        self._admit(until_ms)
        while self._timers and self._timers[0][0] <= until_ms:
            at_ms, _, _, act = heapq.heappop(self._timers)
            act(at_ms)
        return self._happened

    def _admit(self, until_ms: int) -> None:
        while True:
            if self._next_arrival is None:
                self._next_arrival = self._arrivals.next_ms(until_ms)
            if self._next_arrival is None or self._next_arrival > until_ms:
                return
            self._at(self._next_arrival, self._arrive, first=0)
            self._next_arrival = None

    # -- timers

    def _at(self, at_ms: int, act: Callable[[int], None], first: int = 1) -> None:
        # Timers of one moment go off in the order they were set; arrivals before all, as it depends on the caller's
        # steps when they are set.
        self._timer += 1
        heapq.heappush(self._timers, (at_ms, first, self._timer, act))

    def _when(self, party: Party, at_ms: int, act: Callable[[Party, int], None]) -> None:
        """A timer that is void once the party has turned to something else."""
        turn = party.turn

        def go(now_ms: int) -> None:
            if party.turn == turn:
                act(party, now_ms)

        self._at(at_ms, go)

    def _say(self, party: Party, now_ms: int, phase: Phase, zone: Zone | None = None) -> None:
        stage = party.stage.name if 0 <= party.step < len(party.plan) else None
        place = party.place.index if party.place else None
        self._happened.changes.append(
            StageChange(
                now_ms, party.id, tuple(v.id for v in party.members), stage, phase, zone.id if zone else None, place
            )
        )

    # -- coming and going

    def _arrive(self, now_ms: int) -> None:
        self._parties += 1
        number = str(self._parties)
        choose = stream(self._seed, self._hall.id, "plan", number)
        route, stages = plan(choose, self._stations.zones)
        doors = self._stations.doors
        entered_by = choose.choice(doors)
        others = [d for d in doors if d is not entered_by] or [entered_by]
        # Who passes through leaves by another door; who came for something mostly by the one they know.
        back = route.aim != "look" and choose.random() < 0.8
        leaves_by = entered_by if back else choose.choice(others)
        party = Party(
            f"p{number}", route, stages, entered_by, leaves_by, stream(self._seed, self._hall.id, "chance", number)
        )
        party.shares = self._shares(party, entered_by, group_size(choose))
        self._bring_in(party, now_ms, stream(self._seed, self._hall.id, "walk", number))
        self._say(party, now_ms, "arrives")
        self._next(party, now_ms)

    def _bring_in(self, party: Party, now_ms: int, walk: Random) -> None:
        for i, share in enumerate(party.shares):
            self._people += 1
            body = Body(walk, now_ms, party.entered_by.outer(share, behind_m=0.5 * (i // 2)))
            visitor = Visitor(f"v{self._people}", party, body, now_ms)
            party.members.append(visitor)
            self.visitors[visitor.id] = visitor
        self._happened.entered += party.members

    def _shares(self, party: Party, door: Door, size: int) -> list[float]:
        """Where in the gap each one walks: side by side as far as it is wide enough, never at its very edge."""
        middle = between(party.chance, 0.3, 0.7)
        apart = 0.6 / door.width_m if door.width_m else 0.0
        return [min(max(middle + (0, apart, -apart)[i % 3], 0.12), 0.88) for i in range(size)]

    def _next(self, party: Party, now_ms: int) -> None:
        """On to the next stage of the plan, or out."""
        party.step += 1
        party.turn += 1
        if party.step < len(party.plan):
            self._disciplines[party.stage.discipline](party, now_ms)
        else:
            self._leave(party, now_ms)

    def _leave(self, party: Party, now_ms: int) -> None:
        party.step = len(party.plan)
        party.turn += 1
        self._say(party, now_ms, "leaves")
        shares = self._shares(party, party.leaves_by, len(party.members))
        for visitor, gone_ms in zip(party.members, party.leave(now_ms, shares), strict=True):
            self._at(gone_ms, partial(self._gone, visitor))

    def _gone(self, visitor: Visitor, now_ms: int) -> None:
        visitor.body.move(now_ms)
        visitor.left_ms = now_ms
        del self.visitors[visitor.id]
        self._happened.left.append(visitor)

    def _give_up(self, party: Party, now_ms: int) -> None:
        self._say(party, now_ms, "gives_up")
        party.walked_out = True
        if party.queue:
            self._step_out(party, party.queue, now_ms)
        self._stand_up(party)
        pool = self._stations.pools.get(party.stage.kind)
        if pool and party in pool.waiting:
            pool.waiting.remove(party)
        self._leave(party, now_ms)

    def _around(self, party: Party, spot: Point, zone: Zone) -> list[Point]:
        """The first at the spot, companions beside."""
        return [spot, *(floor.beside(party.chance, spot, zone.polygon_m) for _ in party.members[1:])]

    def _duration(self, party: Party) -> int:
        return round(1000 * lognormal(party.chance, party.stage.median_s, party.stage.sigma))

    def _patience(self, party: Party) -> int:
        return round(1000 * lognormal(party.chance, party.stage.patience_s, 0.4))

    # -- queues: guide desk, ticket machine

    def _queue_up(self, party: Party, now_ms: int) -> None:
        queue = min(self._stations.queues[party.stage.kind], key=lambda q: len(q.parties))
        if party.stage.balk_at is not None and len(queue.parties) >= party.stage.balk_at:
            self._next(party, now_ms)
            return
        queue.parties.append(party)
        party.queue = queue
        self._say(party, now_ms, "queues", queue.zone)
        self._when(party, now_ms + self._patience(party), self._give_up)
        self._move_up(party, queue, len(queue.parties) - 1, now_ms)

    def _move_up(self, party: Party, queue: Queue, index: int, now_ms: int) -> None:
        arrived = party.walk(now_ms, self._around(party, queue.spot(index, party.chance), queue.zone))
        self._when(party, arrived, partial(self._in_line, queue))

    def _in_line(self, queue: Queue, party: Party, now_ms: int) -> None:
        # An arrival at a spot that was left again for a better one is none.
        if queue.parties[0] is party and all(v.body.arrived(now_ms) for v in party.members):
            party.turn += 1  # served: patience no longer matters
            self._say(party, now_ms, "served", queue.zone)
            self._when(party, now_ms + self._duration(party), partial(self._queue_done, queue))

    def _queue_done(self, queue: Queue, party: Party, now_ms: int) -> None:
        self._say(party, now_ms, "done", queue.zone)
        self._step_out(party, queue, now_ms)
        self._next(party, now_ms)

    def _step_out(self, party: Party, queue: Queue, now_ms: int) -> None:
        index = queue.parties.index(party)
        queue.parties.remove(party)
        party.queue = None
        for i, behind in enumerate(queue.parties[index:], index):
            self._when(behind, now_ms + 400 * (i - index + 1), partial(self._follow, queue))

    def _follow(self, queue: Queue, party: Party, now_ms: int) -> None:
        self._move_up(party, queue, queue.parties.index(party), now_ms)

    # -- places: desks, kiosks, payment

    def _seek_place(self, party: Party, now_ms: int) -> None:
        pool = self._stations.pools[party.stage.kind]
        if pool.free and not pool.waiting and not party.stage.called:
            self._to_place(party, pool, now_ms)
            return
        kind = party.stage.waits_in
        seats = self._stations.seats[kind if kind in self._stations.seats else party.stage.kind]
        zone, numbers, points = seats.take(party.chance, len(party.members))
        party.seats = seats, numbers
        self._say(party, now_ms, "waits", zone)
        self._when(party, now_ms + self._patience(party), self._give_up)
        arrived = party.walk(now_ms, points)
        delay = between(party.chance, *CALLED_AFTER_S) if party.stage.called else 0.0
        self._when(party, arrived + round(1000 * delay), partial(self._may_be_called, pool))

    def _may_be_called(self, pool: Pool, party: Party, now_ms: int) -> None:
        pool.waiting.append(party)
        self._call(pool, now_ms)

    def _call(self, pool: Pool, now_ms: int) -> None:
        while pool.free and pool.waiting:
            party = pool.waiting.popleft()
            party.turn += 1
            self._stand_up(party)
            self._to_place(party, pool, now_ms)

    def _stand_up(self, party: Party) -> None:
        if party.seats:
            seats, numbers = party.seats
            seats.give_back(numbers)
            party.seats = None

    def _to_place(self, party: Party, pool: Pool, now_ms: int) -> None:
        party.place = pool.take(party.chance)
        self._say(party, now_ms, "called", party.place.zone)
        arrived = party.walk(now_ms, self._around(party, party.place.spot, party.place.zone))
        self._when(party, arrived, partial(self._serve, pool))

    def _serve(self, pool: Pool, party: Party, now_ms: int) -> None:
        assert party.place is not None
        self._say(party, now_ms, "served", party.place.zone)
        self._when(party, now_ms + self._duration(party), partial(self._place_done, pool))

    def _place_done(self, pool: Pool, party: Party, now_ms: int) -> None:
        assert party.place is not None
        self._say(party, now_ms, "done", party.place.zone)
        pause = round(1000 * between(party.chance, *party.stage.turnaround_s))
        self._at(now_ms + pause, partial(self._free, pool, party.place))
        party.place = None
        self._next(party, now_ms)

    def _free(self, pool: Pool, place: Place, now_ms: int) -> None:
        pool.give_back(place)
        self._call(pool, now_ms)

    # -- going about a zone

    def _roam(self, party: Party, now_ms: int) -> None:
        zone = party.chance.choice(self._stations.zones[party.stage.kind])
        self._say(party, now_ms, "served", zone)
        stops = party.chance.randint(1, 3)
        self._stroll(zone, stops, self._duration(party) // stops, party, now_ms)

    def _stroll(self, zone: Zone, stops: int, each_ms: int, party: Party, now_ms: int) -> None:
        if not stops:
            self._say(party, now_ms, "done", zone)
            self._next(party, now_ms)
            return
        spot = floor.anywhere(party.chance, zone.polygon_m)
        arrived = party.walk(now_ms, self._around(party, spot, zone))
        self._when(party, arrived + each_ms, partial(self._stroll, zone, stops - 1, each_ms))
