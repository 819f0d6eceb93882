"""An agent that fails at a record: the record is dead to it, people are told, and everybody else goes on."""

from __future__ import annotations

import pytest

from streams.topics import ALERTS, DEAD
from tests.support.scraping import scrape
from tests.support.strolls import FILES, kinds, send, stroll, told, wait_for
from tests.support.system import Halls, System
from tests.support.topologies import FRAGILE
from tests.torture.halls import HALL


@pytest.fixture
def halls() -> Halls:
    return {"hall-1": FILES, "hall-2": {**FILES, "hall.yaml": HALL.format(hall="hall-2")}}


def test_it_is_told_and_the_others_are_not_affected(system: System) -> None:
    system.start(topology="fragile")
    wait_for(system, "configured", 2)
    system.url  # noqa: B018 - waits until it serves
    send(system, [*stroll("anna"), *stroll("poison", to_m=1.0), *stroll("otto", hall="hall-2")])
    wait_for(system, "trip_ended", 3)
    (letter,) = wait_for(system, "dead", topic=DEAD)
    assert (letter["hall"], letter["reason"], letter["agent"]) == ("hall-1", "agent_failed", "delicate")
    assert "ValueError: poison (topologies.py:" in letter["detail"]
    (alert,) = wait_for(system, "alert_raised", topic=ALERTS)
    assert (alert["alert"], alert["severity"]) == ("agent_failed", "warning")
    assert "zone_left east" in kinds(told(system), "anna")
    assert "zone_left east" in kinds(told(system), "otto")
    assert "zone_entered west" in kinds(told(system), "poison")  # the agents above and below took it
    metrics = scrape(system.url)
    assert metrics["hall_agent_failures_total", "sensing"] == 1
    assert metrics["hall_dead_total", "agent_failed"] == 1
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove(FRAGILE)


def test_killed_in_between_it_fails_the_same_way(system: System) -> None:
    system.start(topology="fragile")
    wait_for(system, "configured", 2)
    send(system, [*stroll("anna", to_m=8.0), *stroll("poison", to_m=1.0)])
    wait_for(system, "dead", topic=DEAD)
    system.kill()
    send(system, [*stroll("poison", to_m=1.4), *stroll("otto", hall="hall-2")])
    system.start(topology="fragile")
    wait_for(system, "dead", 3, topic=DEAD)  # one frame before the kill, two after it
    wait_for(system, "trip_ended", 3)
    system.wait_until_marked()
    assert system.drain() == 0
    assert len(told(system, DEAD)) == 3
    assert len(told(system, ALERTS)) == 3
    assert "zone_left east" in kinds(told(system), "otto")
    system.prove(FRAGILE)


def test_one_that_fails_ten_times_in_a_minute_is_off_and_stays_off_over_a_crash(system: System) -> None:
    system.start(topology="fragile")
    wait_for(system, "configured", 2)
    send(system, stroll("poison", to_m=8.0))
    (stopped,) = wait_for(system, "alert_raised", topic=ALERTS, alert="agent_stopped")
    assert stopped["severity"] == "critical"
    system.kill()
    system.start(topology="fragile")
    send(system, [*stroll("poison", to_m=8.0), *stroll("otto", hall="hall-2")])
    wait_for(system, "trip_ended", 2)
    assert len(told(system, DEAD)) == 10
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove(FRAGILE)
