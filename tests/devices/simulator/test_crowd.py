"""What happens to people between the doors."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from random import Random

import pytest

from config.geometry import inside
from config.hall import ZoneKind
from devices.simulator import Simulator
from devices.simulator.chance import geometric, lognormal, stream
from devices.simulator.crowd import Crowd
from devices.simulator.plans import ROUTES, STAFFED_DESKS, STAGES, group_size, plan
from devices.simulator.stations import Queue, Seats
from tests.support.simhall import at, example, hall_with, simulate


class TestPlans:
    def test_every_route_is_made_of_known_stages_and_leads_to_its_aim(self) -> None:
        for route in ROUTES:
            assert {name for name, _ in route.stages} <= STAGES.keys()
            assert (route.aim, 1.0) in route.stages

    def test_missing_zones_leave_their_stages_out(self) -> None:
        rng = Random(1)
        for _ in range(200):
            route, stages = plan(rng, {ZoneKind.DESKS, ZoneKind.OPEN})
            assert route.name == "desk"
            assert [s.name for s in stages] == ["desk"]

    def test_without_any_service_people_pass_through(self) -> None:
        rng = Random(1)
        plans = [plan(rng, {ZoneKind.ENTRANCE, ZoneKind.OPEN}) for _ in range(500)]
        assert {route.name for route, _ in plans} == {"passing"}
        assert 0.25 < sum(bool(stages) for _, stages in plans) / 500 < 0.45

    def test_most_come_alone(self) -> None:
        rng = Random(1)
        sizes = Counter(group_size(rng) for _ in range(5000))
        assert sizes[1] > 0.7 * 5000 > 0.2 * 5000 > sizes[2] > sizes[3] > 100


class TestChance:
    def test_streams_are_apart_and_repeat(self) -> None:
        assert stream(1, "a").random() == stream(1, "a").random() != stream(1, "b").random()
        assert stream(1, "a").random() != stream(2, "a").random()

    @pytest.mark.parametrize("mean", [1.0, 3.0, 250.0])
    def test_geometric_has_the_asked_mean_and_is_at_least_one(self, mean: float) -> None:
        rng = Random(4)
        drawn = [geometric(rng, mean) for _ in range(20_000)]
        assert min(drawn) >= 1
        assert sum(drawn) / len(drawn) == pytest.approx(mean, rel=0.03)

    def test_what_never_happens_lies_beyond_any_count(self) -> None:
        assert geometric(Random(1), math.inf) > 10**15

    def test_durations_have_their_median_and_an_end(self) -> None:
        rng = Random(1)
        drawn = sorted(lognormal(rng, 60, 0.6) for _ in range(5001))
        assert drawn[2500] == pytest.approx(60, rel=0.05)
        assert 0 < drawn[0] < drawn[-1] <= 480


class TestStations:
    def test_a_queue_longer_than_its_zone_bunches_up_at_its_end(self) -> None:
        zone = hall_with(ZoneKind.TICKETS).zones[0]
        queue = Queue(zone, (6.0, 7.0))
        spots = [queue.spot(i, Random(1)) for i in range(40)]
        assert len(set(spots[:10])) == 10
        assert all(inside(*p, zone.polygon_m) for p in spots)

    def test_seats_are_taken_once_side_by_side_and_given_back(self) -> None:
        zone = hall_with(ZoneKind.WAITING, ZoneKind.DESKS).zones[0]
        seats, rng = Seats([zone]), Random(1)
        taken: list[int] = []
        points = []
        while True:
            _, numbers, spots = seats.take(rng, 2)
            if len(numbers) < 2:
                break
            assert math.dist(*spots) < 6
            taken += numbers
            points += spots
        assert len(set(taken)) == len(taken) == len(set(points))
        _, numbers, spots = seats.take(rng, 2)
        assert numbers == []
        assert len(spots) == 2, "who finds no seat stands about"
        seats.give_back(taken[:3])
        assert set(seats.take(rng, 3)[1]) == set(taken[:3])


def test_a_desk_serves_one_party_at_a_time_and_all_in_the_order_they_are_called() -> None:
    hall = example("demo")
    start_ms = at(hall, 9)
    simulator = Simulator(hall, seed=9, start_ms=start_ms, fps=1, level=2)
    at_desk: dict[int, str] = {}
    served = 0
    for minute in range(90):
        simulator.step(start_ms + minute * 60_000)
        for change in simulator.changes:
            if change.stage != "desk" or change.place is None:
                continue
            if change.phase == "called":
                assert change.place not in at_desk
                at_desk[change.place] = change.party
            if change.phase == "done":
                assert at_desk.pop(change.place) == change.party
                served += 1
        assert len(at_desk) <= STAFFED_DESKS
    assert served > 20


def test_the_ticket_machine_serves_in_the_order_of_the_line() -> None:
    _, truth = simulate(example("demo"), 1.0, fps=0.5, level=2)
    order: dict[str, list[tuple[int, str]]] = defaultdict(list)
    impatient = {v.party for v in truth.visitors if v.walked_out}
    for v in truth.visitors:
        for s in v.stages:
            if s.stage == "ticket" and v.party not in impatient:
                order[s.phase].append((s.at_ms, v.party))
    queued = list(dict.fromkeys(p for _, p in sorted(order["queues"])))
    served = list(dict.fromkeys(p for _, p in sorted(order["served"])))
    assert len(served) > 30
    assert [p for p in queued if p in set(served)] == served


def test_who_is_at_a_stage_stands_in_its_zone() -> None:
    hall = example("demo")
    polygons = {z.id: z.polygon_m for z in hall.zones}
    start_ms = at(hall, 9.5)
    simulator = Simulator(hall, seed=9, start_ms=start_ms, fps=1)
    serving: dict[str, str] = {}
    looked = 0
    for second in range(2400):
        simulator.step(start_ms + second * 1000)
        for change in simulator.changes:
            for visitor in change.visitors:
                serving.pop(visitor, None)
                if change.phase == "served" and change.zone and change.stage in ("guide", "ticket", "desk", "kiosk"):
                    serving[visitor] = change.zone
        for visitor, x, y in simulator.positions():
            if visitor in serving:
                looked += 1
                assert inside(x, y, polygons[serving[visitor]])
    assert looked > 1000


def test_timers_of_who_left_do_not_pile_up() -> None:
    hall = example("demo")
    start_ms = at(hall, 8.5)
    crowd = Crowd(hall, seed=1, start_ms=start_ms, always_open=True)
    most = 0
    for hour in range(1, 49):
        crowd.advance(start_ms + hour * 3_600_000)
        most = max(most, len(crowd._timers))
    assert most < 400
