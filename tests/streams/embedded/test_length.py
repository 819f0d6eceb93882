"""A file that is cut off while it is in use is noticed at the next use, by whoever uses it; one that retention shortened is not.

size  |        /| cut                    |      ___
      |   ____/ |                        |  ___/   |  retention gives space back: announced, so nobody minds
      |__/      |______ LogDamaged       |_/       |________
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streams.embedded.errors import LogDamaged
from streams.embedded.log import Log
from streams.embedded.schema import PAGE_BYTES
from streams.log import Append, TopicSpec
from tests.support.embedded import Clock

KEPT_MS = 1_000


def grown(path: Path, clock: Clock) -> Log:
    """A log of some 8 MB, all of it in the file; open."""
    log = Log.open(path, now_ms=clock)
    log.create_topic(TopicSpec("t", retention_ms=KEPT_MS))
    fill(log, 8)
    log.retain(clock.now_ms)
    return log


def fill(log: Log, megabytes: int) -> None:
    for _ in range(megabytes):
        log.append([Append("t", 0, b"k", bytes(10_000))] * 100)
    log._writing().checkpoint()


def cut(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share) // PAGE_BYTES * PAGE_BYTES)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_file_that_is_cut_off_takes_no_append_and_gives_no_record(tmp_path: Path, share: float) -> None:
    with grown(path := tmp_path / "halls.log", clock := Clock()) as log, Log.open(path, now_ms=clock) as camera:
        fill(log, 1)  # since it was looked after
        for ours in (log, camera):  # each compares with what it saw when it used the file last
            ours.append([Append("t", 0, b"k", b"v")])
            ours.read("t", 0, 0)
        cut(path, share)
        for ours in (log, camera):
            with pytest.raises(LogDamaged, match=r"its end was cut off.*restore the newest backup"):
                ours.append([Append("t", 0, b"k", b"v")])
            with pytest.raises(LogDamaged, match="its end was cut off"):
                ours.read("t", 0, 0)


def test_whoever_comes_after_the_cut_is_told_too(tmp_path: Path) -> None:
    grown(path := tmp_path / "halls.log", Clock()).close()
    cut(path, 0.5)
    with pytest.raises(LogDamaged):
        Log.open(path)


def test_space_that_retention_gives_back_is_no_cut(tmp_path: Path) -> None:
    with grown(path := tmp_path / "halls.log", clock := Clock()) as log, Log.open(path, now_ms=clock) as camera:
        camera.append([Append("t", 0, b"k", b"v")])
        for _ in range(3):  # grows and shrinks, again and again
            before = path.stat().st_size
            clock.now_ms += 2 * KEPT_MS
            log.append([Append("t", 0, b"k", b"v")])
            log.retain(clock.now_ms)
            assert path.stat().st_size < before - 2**20, "it has shrunk"
            camera.append([Append("t", 0, b"k", b"v")])
            Log.open(path, now_ms=clock).close()
            fill(camera, 8)
            log.append([Append("t", 0, b"k", b"v")])


def test_a_reader_that_keeps_the_file_from_shrinking_at_once_changes_nothing(tmp_path: Path) -> None:
    # announced, given back in the write-ahead log; the file shrinks when the reader has gone, in somebody else's checkpoint
    with grown(path := tmp_path / "halls.log", clock := Clock()) as log, Log.open(path, now_ms=clock) as camera:
        before = path.stat().st_size
        with camera._reader.use("reading") as db:
            rows = db.execute("SELECT v FROM record")
            rows.fetchone()
            clock.now_ms += 2 * KEPT_MS
            log.retain(clock.now_ms)
            rows.close()
        assert path.stat().st_size == before
        camera._writing().checkpoint()
        assert path.stat().st_size < before - 2**20, "it has shrunk"
        for ours in (log, camera):
            ours.append([Append("t", 0, b"k", b"v")])
        log.retain(clock.now_ms)
        cut(path, 0.5)
        with pytest.raises(LogDamaged):
            log.append([Append("t", 0, b"k", b"v")])
