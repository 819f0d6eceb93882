"""A hall in which nothing happens any more: time goes on by itself, and what is due is said."""

from __future__ import annotations

import pytest

from tests.support.strolls import FILES, send, stroll, told, wait_for
from tests.support.system import Halls, System

RULES = """\
trajectory: {join_within_s: 5.0, join_within_m: 0.0}
dwell: {thresholds_s: [3]}
limits:
  - {id: occupied, zone: middle, metric: occupancy, over: 0, for_s: 2, clear_at: 0}
"""


@pytest.fixture
def halls() -> Halls:
    return {"hall-1": {**FILES, "rules.yaml": RULES}}


def test_ticks_alone_raise_what_is_due_and_end_what_is_over(system: System) -> None:
    """One last sight of a person in the middle, and then nothing: alarms rise while she may still be there, and clear."""
    system.start()
    wait_for(system, "configured")
    send(system, stroll("anna", to_m=8.0))
    (entered,) = wait_for(system, "zone_entered", zone="middle")
    (occupied,) = wait_for(system, "alarm_raised", alarm="occupied")
    (ended,) = wait_for(system, "track_ended")
    wait_for(system, "zone_left", zone="middle", reason="ended")
    wait_for(system, "alarm_cleared", alarm="occupied")
    assert entered["at_ms"] < occupied["decided_at_ms"] < ended["decided_at_ms"]
    assert not [e for e in told(system) if e["type"] == "dwell_exceeded"], "nobody was seen to stay so long"
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove()


def test_also_after_a_crash_at_the_quietest_moment(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("bert", to_m=8.0))
    wait_for(system, "zone_entered", zone="middle")
    system.kill()
    system.start()
    wait_for(system, "alarm_raised", alarm="occupied")
    wait_for(system, "track_ended")
    wait_for(system, "alarm_cleared", alarm="occupied")
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove()
