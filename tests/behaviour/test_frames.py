"""Frames in, events out; and whatever happens to the process, the same events as if nothing had."""

from __future__ import annotations

import time

from streams.codec import encode
from streams.topics import DEAD, JOURNAL, LATE, OBSERVATIONS
from tests.support.strolls import kinds, now_ms, send, stroll, told, wait_for
from tests.support.system import System

# What there is to say of one who walks from the west door to the east door, and is gone.
WHOLE_WALK = [
    "track_started",
    "zone_entered west",
    "zone_left west", "zone_entered middle", "dwell_ended west", "line_crossed west-line",
    "zone_left middle", "zone_entered east", "dwell_ended middle", "line_crossed east-line",
    "track_ended", "zone_left east", "dwell_ended east", "trip_ended",
]  # fmt: skip


def repeats(system: System) -> int:
    ids = [
        record.value.split(b",", 1)[0] for record in system.records(JOURNAL) if record.value and b'"id"' in record.value
    ]
    return len(ids) - len(set(ids))


def test_frames_become_events_and_a_replay_gives_the_same(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("anna"))
    wait_for(system, "trip_ended")
    assert kinds(told(system), "anna") == WHOLE_WALK
    system.wait_until_marked()
    assert system.prove().compared >= len(WHOLE_WALK)


def test_what_comes_before_the_engine_starts_is_not_missed(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    assert system.drain() == 0
    send(system, stroll("bert"))
    system.start()
    wait_for(system, "trip_ended")
    assert kinds(told(system), "bert") == WHOLE_WALK


def test_what_cannot_be_used_is_accounted_for_and_the_rest_goes_on(system: System) -> None:
    frame = stroll("carl")[0]
    late = stroll("late", at_ms=now_ms() - 120_000)[0]
    system.start()
    wait_for(system, "configured")
    system.put(OBSERVATIONS, [(b"hall-1", b"\xff\xfe"), (b"hall-2", encode(frame)), (None, encode(frame))])
    send(system, [late])
    system.put(JOURNAL, [(b"hall-1", encode(frame))])
    send(system, stroll("dora"))
    wait_for(system, "trip_ended")
    reasons = [event["reason"] for event in wait_for(system, "dead", 4, topic=DEAD)]
    assert sorted(reasons) == ["no_key", "undecodable", "undecodable", "wrong_hall"]
    assert len(wait_for(system, "late", topic=LATE)) == 1
    assert kinds(told(system), "dora") == WHOLE_WALK
    system.wait_until_marked()
    system.prove()


def test_kill_9_and_on_it_goes(system: System) -> None:
    """Killed with everything in hand: before, while and after people walk."""
    system.start()
    wait_for(system, "configured")
    send(system, stroll("emil", to_m=8.0))
    wait_for(system, "zone_entered", zone="middle")
    system.kill()
    send(system, stroll("fred"))
    system.start()
    wait_for(system, "zone_entered", zone="east")
    system.kill()
    system.start()
    wait_for(system, "trip_ended", 2)
    assert kinds(told(system), "fred") == WHOLE_WALK
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove()


def test_killed_again_and_again_it_counts_nothing_twice(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    for number in range(1, 4):
        send(system, stroll(f"guest-{number}"))
        wait_for(system, "zone_entered", number, zone="east")
        system.kill()
        system.start()
    wait_for(system, "trip_ended", 3)
    entered = [event for event in told(system) if event["type"] == "zone_entered"]
    assert len({(event["track"], event["zone"]) for event in entered}) == len(entered) == 9
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove()


def test_stopped_and_back_it_catches_up(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("hans", to_m=8.0))
    system.pause(2.5)
    send(system, stroll("ida"))
    wait_for(system, "trip_ended", 2)
    assert kinds(told(system), "ida") == WHOLE_WALK
    assert system.drain() == 0
    system.prove()


def test_an_orderly_end_leaves_nothing_to_repeat(system: System) -> None:
    """Everything published is covered by a mark, so the next engine publishes nothing a second time."""
    system.start()
    wait_for(system, "configured")
    send(system, stroll("jana"))
    wait_for(system, "zone_entered", zone="east")
    assert system.drain() == 0
    for event in told(system):
        lane, offset = event["id"].split(":")[1], int(event["id"].split(":")[4])
        assert offset < system.marked(lane)
    system.start()
    wait_for(system, "trip_ended")
    assert repeats(system) == 0


def test_sigterm_without_any_input_ends_it_within_10_s(system: System) -> None:
    system.start()
    assert system.url
    asked = time.monotonic()
    assert system.drain() == 0
    assert time.monotonic() - asked < 10
    assert system.checkpoint("sensing").mark is not None


def test_sigterm_under_load_ends_it_within_10_s_and_nothing_is_missing(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    crowd = [stroll(f"visitor-{n}") for n in range(200)]
    send(system, [frame for frames in zip(*crowd, strict=True) for frame in frames])
    wait_for(system, "zone_entered")
    asked = time.monotonic()
    assert system.drain() == 0
    assert time.monotonic() - asked < 10
    system.prove()
    system.start()
    wait_for(system, "trip_ended", 200)
    assert all(kinds(told(system), f"visitor-{n}").count("zone_entered west") == 1 for n in range(0, 200, 20))
    assert system.drain() == 0
    system.prove()


def test_killed_it_is_back_soon(system: System) -> None:
    """Five seconds are promised; a shared machine gets twenty."""
    system.start()
    wait_for(system, "configured")
    system.wait_until_marked()
    system.kill()
    before = len(told(system))
    send(system, stroll("karl"))
    started = time.monotonic()
    system.start()
    wait_for(system, "track_started")
    assert time.monotonic() - started < 20
    assert len(told(system)) > before
