"""The faults, as a table: what is done to a running engine, and what it has to make of it.

Every fault leaves the engine running. Those that take away a part of the log itself (``destroys``) come after the
verdict on what stood before.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from agents.topology import TOPOLOGY
from streams.codec import TICK
from streams.embedded.log import Log
from streams.log import Append
from streams.rows import configured
from streams.topics import JOURNAL, OBSERVATIONS
from tests.support.system import until
from tests.torture.cameras import Cameras
from tests.torture.halls import variants
from tests.torture.system import EmbeddedSystem

Act = Callable[[EmbeddedSystem, Cameras, Random], None]


class Fault(NamedTuple):
    """``destroys``: a part of the log; ``forgets``: what the halls had in mind, so that nobody can add it up any more."""

    name: str
    weight: int
    act: Act
    destroys: bool = False
    forgets: bool = False
    """Takes records, or what was concluded from them, that somebody would have to count."""


def kill(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """kill -9, at once or after a while of nobody reading."""
    system.kill()
    if chance.random() < 0.3:
        time.sleep(chance.uniform(0, 2))
    system.start()


def kill_at_start(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """kill -9 while it recovers."""
    system.kill()
    for _ in range(chance.randint(1, 3)):
        system.start()
        time.sleep(chance.uniform(0.3, 2.0))
        system.kill()
    system.start()


def pause(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """SIGSTOP: time passes for everybody else."""
    system.pause(chance.uniform(0.5, 3.0))


def drain(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """An orderly end and a new start."""
    assert system.url, "it has begun"
    code = system.drain()
    assert code == 0, f"exit code {code}: {system.heard()[-2000:]}"
    system.start()


def disk_full(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """The log may not grow: the engine says so and ends, and what comes after misses nothing."""
    system.kill()
    room = chance.choice((4_000, 20_000, 60_000))
    system.put(OBSERVATIONS, [(b"large junk", bytes(100_000))])  # its dead letter is certain not to fit
    system.start(env={"HALL_LOG_MAX_BYTES": str(system.packed_bytes() + room)})
    assert system.ended() == 74, system.heard()[-2000:]
    assert "cannot grow" in system.heard()
    system.start()


def file_size_limit(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """As ulimit -f has it: any file of the engine's, the write-ahead log too, ends at a size."""
    system.kill()
    bytes_at_most = chance.choice((50_000, 200_000))
    system.start(limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_at_most, bytes_at_most)))
    assert system.ended() == 74, system.heard()[-2000:]
    system.start()


def clock_jumps(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """The box's clock runs ahead for a moment: the log's time never goes back."""
    ahead_ms = chance.choice((2_000, 15_000, 40_000, 90_000))
    with Log.open(system.path, now_ms=lambda: time.time_ns() // 1_000_000 + ahead_ms) as log:
        log.append([Append(topic, 0, None, TICK) for topic in (OBSERVATIONS, JOURNAL)])


def clock_far_ahead(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """The box's clock was hours, or years, ahead, and was set back: now and then it has run for long enough to be believed.

    Else the rest of the minute is what happens next, whatever that is.
    """
    ahead_ms = chance.choice((150_000, 7_200_000, 86_400_000, 2_000_000_000_000))
    ran_s = chance.choice((0, 30, 70))
    system.kill()
    with cameras.paused:
        now = time.time_ns() // 1_000_000
        for at_ms in (now + ahead_ms, *range(now - ran_s * 1000, now, 1000)):
            with Log.open(system.path, now_ms=lambda: at_ms) as log:  # noqa: B023 - it is done with before the next one
                log.append([Append(topic, 0, None, TICK) for topic in (OBSERVATIONS, JOURNAL)])
    system.start()


def reconfigure(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """Other files in mid-log, now and then ones that cannot be used."""
    hall = chance.choice(sorted(system.halls))
    files = dict(chance.choice(variants(system.halls[hall])))
    system.append(configured(system.log, {hall: files}, time.time_ns() // 1_000_000))


def retention(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """Records are removed before the engine has read them."""
    topic = chance.choice((OBSERVATIONS, OBSERVATIONS, JOURNAL))
    system.kill()
    time.sleep(1.5)
    with cameras.paused:
        spec = system.log.topics()[topic]
        system.log.create_topic(replace(spec, retention_ms=0))
        system.log.retain(time.time_ns() // 1_000_000 + 200_000)
        system.log.create_topic(spec)
    system.start()


def lose_what_was_published(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """
    mark         published        kill -9
    |------------|-----------------|
    | removed .......... | left ...        the same offsets give other events now, which must not have the same ids
    """
    topic = chance.choice((OBSERVATIONS, OBSERVATIONS, JOURNAL))
    lane, start = lane_of(topic), system.log.end(topic, 0)
    until(f"the lane {lane} to work", lambda: system.marked(lane) > start)
    time.sleep(chance.uniform(0.3, 0.9))  # somewhere between two checkpoints
    system.kill()
    with cameras.paused:
        marked, end = system.marked(lane), system.log.end(topic, 0)
        if end - marked > 1:
            keep_from(system, topic, chance.randint(marked + 1, end - 1))
    system.start()


def lane_of(topic: str) -> str:
    return next(lane.name for lane in TOPOLOGY.lanes if lane.topic == topic)


def keep_from(system: EmbeddedSystem, topic: str, offset: int) -> None:
    """Remove what stands before this offset, as a limit in bytes would."""
    kept = sum(len(r.key or b"") + len(r.value or b"") for r in system.records(topic) if r.offset >= offset)
    spec = system.log.topics()[topic]
    system.log.create_topic(replace(spec, retention_ms=None, retention_bytes=kept))
    system.log.retain(time.time_ns() // 1_000_000)
    system.log.create_topic(spec)
    assert system.log.start(topic, 0) == offset


def restore_backup(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """Yesterday's copy in the log's place: the engine refuses it until told that it is meant."""
    copy = system.directory / f"backup-{time.time_ns()}.db"
    system.log.backup(copy)
    time.sleep(chance.uniform(0.5, 1.5))
    system.kill()
    with cameras.paused:
        system.replace_log(copy)
    system.start()
    assert system.ended() == 65, system.heard()[-2000:]
    assert "hall reset" in system.heard()
    reset(system)
    system.start()


def put_back_a_copy(system: EmbeddedSystem, cameras: Cameras, chance: Random) -> None:
    """A plain copy of the log in its own place, by `cp`: nobody is asked, and no id stands for two events."""
    with cameras.paused:
        if chance.random() < 0.5:
            system.drain()
        else:
            system.kill()
        kept = system.copy_away()
        system.start()
    time.sleep(chance.uniform(1.0, 4.0))
    system.kill()
    with cameras.paused:
        system.abandon()
        system.put_back(kept)
    time.sleep(chance.choice((0.0, 0.5)))  # cameras do not wait for the engine
    system.start()


def reset(system: EmbeddedSystem) -> None:
    """``hall reset --yes``, as an operator does it."""
    done = system.hall("reset", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr


FAULTS = (
    Fault("kill -9", 10, kill),
    Fault("kill -9 at start", 3, kill_at_start),
    Fault("SIGSTOP", 4, pause),
    Fault("drain", 2, drain),
    Fault("disk full", 2, disk_full),
    Fault("file size limit", 2, file_size_limit),
    Fault("clock jumps", 2, clock_jumps),
    Fault("clock far ahead and back", 2, clock_far_ahead, forgets=True),
    Fault("reconfigured", 3, reconfigure),
    Fault("retention", 2, retention, destroys=True, forgets=True),
    Fault("published records lost", 2, lose_what_was_published, destroys=True, forgets=True),
    Fault("copy put back", 2, put_back_a_copy, destroys=True),
    Fault("backup restored", 1, restore_backup, destroys=True),
)
