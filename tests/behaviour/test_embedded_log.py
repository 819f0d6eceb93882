"""What befalls a log that is a file: other processes at it, damage, newer versions, places where nobody may write."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from streams.embedded.log import Log
from streams.topics import OBSERVATIONS
from tests.support.strolls import FILES, kinds, send, stroll, told, wait_for
from tests.torture.system import EmbeddedSystem


def stops(system: EmbeddedSystem, code: int, *says: str) -> None:
    """The engine, started now, ends by itself with this code, says so in words, and shows no insides."""
    system.start()
    assert system.ended() == code, system.heard()
    for text in says:
        assert text in system.heard()
    assert "Traceback" not in system.heard()


def goes_on(system: EmbeddedSystem, walks: int) -> None:
    """The engine runs, has seen every walk that was sent so far from door to door, and its log replays the same."""
    system.start()
    assert system.url, "it has begun"
    wait_for(system, "trip_ended", walks)
    for number in range(walks):
        assert [kind for kind in kinds(told(system), f"guest-{number}") if "zone" in kind] == [
            "zone_entered west", "zone_left west", "zone_entered middle", "zone_left middle", "zone_entered east", "zone_left east",
        ]  # fmt: skip
    system.wait_until_marked()
    assert system.drain() == 0
    system.prove()


def at_work(system: EmbeddedSystem) -> None:
    """It has seen one guest; a second one waits in the log of an engine that was killed."""
    system.start()
    wait_for(system, "configured")
    send(system, stroll("guest-0"))
    wait_for(system, "zone_entered", zone="east")
    system.kill()
    send(system, stroll("guest-1"))


# -- other processes ---------------------------------------------------------------------------------------------------


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A long transaction, as of a database browser that was left open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


def test_a_second_engine_is_refused_at_once_and_told_who_has_the_log(embedded: EmbeddedSystem) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    assert embedded.process is not None
    asked = time.monotonic()
    second = embedded.hall("run", str(embedded.config), "--no-simulate", "--plain")
    assert second.returncode == 75
    assert f"process {embedded.process.pid} consumes this log already" in second.stderr
    assert "Traceback" not in second.stderr
    assert time.monotonic() - asked < 30
    send(embedded, stroll("anna"))  # and the first has not noticed
    wait_for(embedded, "trip_ended")


def test_it_waits_for_a_short_lock_of_somebody_else(embedded: EmbeddedSystem) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    send(embedded, stroll("guest-0"))
    with locked(embedded.path):
        time.sleep(1.5)
    wait_for(embedded, "trip_ended")
    assert embedded.drain() == 0
    goes_on(embedded, 1)


def test_a_long_lock_ends_a_running_engine_with_75_and_nothing_is_missing_afterwards(embedded: EmbeddedSystem) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    send(embedded, [*stroll("guest-0"), *stroll("guest-1")])
    with locked(embedded.path):
        assert embedded.ended() == 75
    assert "another process keeps the log locked" in embedded.heard()
    assert "Traceback" not in embedded.heard()
    goes_on(embedded, 2)


def test_a_log_that_is_locked_at_the_start_ends_it_with_75(embedded: EmbeddedSystem) -> None:
    at_work(embedded)
    with locked(embedded.path):
        stops(embedded, 75, "another process keeps the log locked", "fuser")
    goes_on(embedded, 2)


def test_a_log_that_is_moved_away_under_it_ends_it_with_75(embedded: EmbeddedSystem) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    aside = embedded.path.with_name("aside.db")
    embedded.path.rename(aside)
    assert embedded.ended() == 75
    assert "the log was moved, removed or replaced while it was open" in embedded.heard()
    assert "Traceback" not in embedded.heard()
    aside.rename(embedded.path)
    send(embedded, stroll("guest-0"))
    goes_on(embedded, 1)


# -- damage ------------------------------------------------------------------------------------------------------------


@contextmanager
def spoilt(system: EmbeddedSystem, first: float, last: float) -> Iterator[None]:
    """A share of the file's bytes is overwritten inside, and as it was afterwards: a backup that was restored in time."""
    system.log.close()
    with closing(sqlite3.connect(system.path)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    sound = system.path.read_bytes()
    low, high = int(len(sound) * first), int(len(sound) * last)
    system.path.write_bytes(sound[:low] + b"\xa5" * (high - low) + sound[high:])
    yield
    for suffix in ("-wal", "-shm"):
        system.path.with_name(system.path.name + suffix).unlink(missing_ok=True)
    system.path.write_bytes(sound)
    system.log = Log.open(system.path)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [(0.0, 0.01, "not a log, or its first page is damaged"), (0.3, 0.95, "the file is damaged")],
    ids=["header", "middle"],
)
def test_a_damaged_file_ends_it_with_65_and_the_restored_one_goes_on(
    embedded: EmbeddedSystem, first: float, last: float, says: str
) -> None:
    at_work(embedded)
    embedded.put(OBSERVATIONS, [(b"nobody", bytes(2_000))] * 200)  # more pages than what every start has to read
    with spoilt(embedded, first, last):
        stops(embedded, 65, says, str(embedded.path), "restore the newest backup")
    goes_on(embedded, 2)


def test_a_file_of_a_newer_version_ends_it_with_65_and_is_left_alone(embedded: EmbeddedSystem) -> None:
    at_work(embedded)

    def version(number: int) -> None:
        with closing(sqlite3.connect(embedded.path, isolation_level=None)) as db:
            db.execute(f"PRAGMA user_version={number}")

    version(99)
    stops(embedded, 65, "the log is of version 99", "use the newer program again")
    version(1)
    goes_on(embedded, 2)


def test_something_else_in_its_place_ends_it_with_65(embedded: EmbeddedSystem) -> None:
    embedded.log.close()
    embedded.path.write_bytes(b"Dear diary, today I was a database. " * 1000)
    stops(embedded, 65, "not a log", "What to do")
    assert embedded.path.read_bytes().startswith(b"Dear diary")


# -- places ------------------------------------------------------------------------------------------------------------


def as_root(*command: str) -> None:
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"not allowed here: {' '.join(command[:4])}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[EmbeddedSystem]:
    """A system on a disk of its own, of 40 MB; the log keeps the last 16 of them free."""
    disk = tmp_path / "disk"
    disk.mkdir()
    as_root("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk))
    made = EmbeddedSystem(disk, {"hall-1": FILES})
    yield made
    made.close()
    subprocess.run(["umount", str(disk)], check=True)


def test_a_directory_that_may_not_be_written_ends_it_with_74(small_disk: EmbeddedSystem) -> None:
    at_work(small_disk)
    small_disk.log.close()
    disk = str(small_disk.directory)
    as_root("mount", "-o", "remount,ro", disk)
    refused = small_disk.hall("run", str(small_disk.config), "--no-simulate", "--plain")
    as_root("mount", "-o", "remount,rw", disk)
    assert refused.returncode == 74, refused.stderr
    assert "the user needs to read and write this file and to make files in its directory" in refused.stderr
    assert "Traceback" not in refused.stderr
    small_disk.log = Log.open(small_disk.path)
    goes_on(small_disk, 2)


def test_a_full_disk_ends_it_with_74_and_with_room_again_nothing_is_missing(small_disk: EmbeddedSystem) -> None:
    small_disk.start()
    wait_for(small_disk, "configured")
    send(small_disk, [*stroll("guest-0"), *stroll("guest-1")])
    ballast = small_disk.directory / "somebody else's"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk.directory).free - 8_000_000))
    assert small_disk.ended() == 74
    assert "its disk has" in small_disk.heard()
    assert "free some space" in small_disk.heard()
    assert "Traceback" not in small_disk.heard()
    stops(small_disk, 74, "free some space")
    ballast.unlink()
    goes_on(small_disk, 2)


def test_its_own_limit_ends_it_with_74_and_with_a_larger_one_nothing_is_missing(embedded: EmbeddedSystem) -> None:
    at_work(embedded)
    embedded.start(env={"HALL_LOG_MAX_BYTES": str(embedded.packed_bytes() + 4096)})
    assert embedded.ended() == 74
    assert "the log cannot grow" in embedded.heard()
    assert "more than HALL_LOG_MAX_BYTES allows it" in embedded.heard()
    assert "Traceback" not in embedded.heard()
    goes_on(embedded, 2)


def test_a_file_size_limit_of_the_system_ends_it_with_74(embedded: EmbeddedSystem) -> None:
    at_work(embedded)
    embedded.start(limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)))
    assert embedded.ended() == 74
    assert "What to do: allow this process larger files than 0.0 MiB (`ulimit -f unlimited`" in embedded.heard()
    assert "Traceback" not in embedded.heard()
    goes_on(embedded, 2)
