"""Configuration comes through the log, in mid-stream; what cannot be used is told, and changes nothing."""

from __future__ import annotations

import itertools

from streams.events import Configured
from streams.topics import DEAD
from tests.support.strolls import FILES, kinds, now_ms, send, stroll, told, wait_for
from tests.support.system import System
from tests.torture.halls import variants

WITHOUT_EAST = variants(FILES)[3]
UNUSABLE = variants(FILES)[6]


def configure(system: System, files: dict[str, str]) -> None:
    send(system, [Configured(hall="hall-1", at_ms=now_ms(), files=files)])


def in_force(system: System) -> list[dict[str, str]]:
    """One after the other; what is said again at a whole hour has been in force."""
    bodies = [event["files"] for event in told(system) if event["type"] == "configured"]
    return [files for files, _ in itertools.groupby(bodies)]


def test_a_zone_that_vanishes_is_left_by_everybody_in_it(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("anna", at_ms=now_ms() + 500))  # she is in the east when it goes
    wait_for(system, "zone_entered", zone="east")
    configure(system, WITHOUT_EAST)
    (left,) = wait_for(system, "zone_left", zone="east")
    assert (left["reason"], left["occupancy"]) == ("config", 0)
    send(system, stroll("bert"))
    wait_for(system, "trip_ended", 2)
    assert "zone_entered east" not in kinds(told(system), "bert")
    assert "line_crossed west-line" in kinds(told(system), "bert")
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove()


def test_one_that_cannot_be_used_is_dead_and_the_old_one_stays(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    configure(system, UNUSABLE)
    configure(system, {"hall.yaml": "id: [", "rules.yaml": ""})
    letters = wait_for(system, "dead", 2, topic=DEAD, reason="bad_config")
    assert "did you mean zones?" in letters[0]["detail"]
    send(system, stroll("carl"))
    wait_for(system, "trip_ended")
    assert "zone_left east" in kinds(told(system), "carl")
    assert in_force(system) == [FILES]
    system.wait_until_marked()
    system.prove()


def test_what_is_in_force_stays_in_force_over_a_crash_and_a_body_known_already_changes_nothing(system: System) -> None:
    """``hall run`` puts the files of its directory in force at every start; only other files are news."""
    system.start()
    wait_for(system, "configured")
    system.kill()
    system.start()
    send(system, stroll("dora"))
    wait_for(system, "trip_ended")
    assert in_force(system) == [FILES]
    assert "zone_entered east" in kinds(told(system), "dora")


def test_it_changes_while_the_engine_is_killed(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("emil", to_m=8.0))
    configure(system, WITHOUT_EAST)
    system.kill()
    configure(system, FILES)
    send(system, stroll("fred"))
    system.start()
    wait_for(system, "trip_ended", 2)
    assert in_force(system) == [FILES, WITHOUT_EAST, FILES]
    assert "zone_entered east" in kinds(told(system), "fred")
    system.wait_until_marked()
    system.prove()
