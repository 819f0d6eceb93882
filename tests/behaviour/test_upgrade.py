"""The code changes in mid-log: exact at a drained boundary, one way only, and never over a state it cannot read."""

from __future__ import annotations

import pytest

from agents.topology import TOPOLOGY, VERSION
from streams.checkpoint import Restored
from streams.driver import LogDriver
from streams.lane import Topology
from streams.record import Record
from streams.topics import JOURNAL, state_topic
from tests.support.strolls import named, send, stroll, wait_for
from tests.support.system import System, until
from tests.support.topologies import NEXT

Boundary = dict[str, Restored]
"""Each lane's checkpoint at a drained boundary."""


def drained(system: System) -> Boundary:
    system.wait_until_marked()
    assert system.drain() == 0
    return {lane.name: system.checkpoint(lane.name) for lane in TOPOLOGY.lanes}


def replay(topology: Topology, system: System, start: Boundary, end: Boundary) -> dict[str, bytes]:
    """What this code publishes into the journal on the records between two boundaries, by id."""
    driver = LogDriver(topology, restore=lambda lane, partition: start[lane.name])
    records = [
        record
        for lane in topology.lanes
        for record in system.records(lane.topic)
        if offset(start, lane.name) <= record.offset < offset(end, lane.name)
    ]
    return {str(o.id): o.value for o in driver.run(records) if o.id is not None and o.topic == JOURNAL}


def offset(boundary: Boundary, lane: str) -> int:
    mark = boundary[lane].mark
    assert mark is not None
    return mark.next_offset


def by_id(records: list[Record]) -> dict[str, bytes]:
    found = {event["id"]: record.value for record in records for event in named([record]) if record.value is not None}
    assert len(found) == sum(1 for _ in named(records)), "nothing was published twice"
    return found


def test_after_a_drain_the_boundary_is_exact(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("anna"))
    wait_for(system, "trip_ended")
    send(system, stroll("bert", to_m=8.0))
    wait_for(system, "zone_entered", 2, zone="middle")
    old = drained(system)
    before = system.records(JOURNAL)
    assert system.prove().compared > 10  # what stands before it is the old code's

    system.start(topology="next")
    send(system, stroll("carl"))
    wait_for(system, "visits_counted", by="service_visits", visits=1)
    wait_for(system, "dwell_ended", 2, zone="east")
    new = drained(system)
    after = system.records(JOURNAL)[len(before) :]
    assert by_id(after) == replay(NEXT, system, old, new)  # and what stands after it the new code's
    assert {lane: r.mark.topology for lane, r in new.items() if r.mark} == {
        "sensing": VERSION + 1,
        "service": VERSION + 1,
    }


def test_agents_come_go_and_change(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("anna"))
    wait_for(system, "trip_ended")
    old = drained(system)
    before = list(named(system.records(JOURNAL)))
    system.start(topology="next")
    send(system, stroll("bert"))
    wait_for(system, "dwell_ended", 2, zone="east")
    wait_for(system, "visits_counted", by="service_visits")
    new = drained(system)
    after = list(named(system.records(JOURNAL)))[len(before) :]

    # A new agent knows nothing of what was before it; one that is gone says nothing; one that changed goes on.
    assert [e["visits"] for e in after if e["type"] == "visits_counted" and e["by"] == "visits"] == [1]
    assert {e["type"] for e in before} >= {"line_crossed", "trip_ended"}
    assert not {e["type"] for e in after} & {"line_crossed", "trip_ended"}
    assert any(e["dwell_ms"] % 1000 for e in before if e["type"] == "dwell_ended")
    assert {e["dwell_ms"] % 1000 for e in after if e["type"] == "dwell_ended"} == {0}
    # The era stays, so that what was published before is known by its id.
    for lane in ("sensing", "service"):
        assert {e["id"].split(":")[3] for e in [*before, *after] if f":{lane}:" in e["id"]} == {era(old, lane)}
        assert era(new, lane) == era(old, lane)


def era(boundary: Boundary, lane: str) -> str:
    mark = boundary[lane].mark
    assert mark is not None
    return str(mark.era)


def test_going_back_is_refused_until_it_is_meant(system: System) -> None:
    system.start(topology="next")
    wait_for(system, "configured")
    boundary = drained(system)
    system.start()
    assert system.ended() == 65
    assert f"topology version {VERSION + 1}, this program has {VERSION}" in system.heard()
    assert "Run the newer version, or `hall reset`" in system.heard()
    assert "Traceback" not in system.heard()
    assert {lane: system.checkpoint(lane) for lane in boundary} == boundary


@pytest.mark.parametrize(("lane", "what"), [("sensing", "mark"), ("service", "hall")])
def test_state_that_cannot_be_read_stops_it_and_is_never_reset(system: System, lane: str, what: str) -> None:
    system.start()
    wait_for(system, "configured")
    wait_until_known(system, lane)
    boundary = drained(system)
    (writer,) = boundary[lane].writers
    key = writer.encode() if what == "mark" else f"{writer}/hall-1".encode()
    system.put(state_topic(lane), [(key, b"\xc1 written by nobody")])
    left = system.records(state_topic(lane))
    system.start()
    assert system.ended() == 65
    assert "cannot be read" in system.heard()
    assert "`hall reset` to start a new era without it" in system.heard()
    assert "Traceback" not in system.heard()
    assert [r for r in system.records(state_topic(lane)) if r.key == key] == [r for r in left if r.key == key]


def wait_until_known(system: System, lane: str) -> None:
    """Until the lane's checkpoint has the hall."""
    until(f"a checkpoint of {lane} with the hall", lambda: "hall-1" in system.checkpoint(lane).halls)
