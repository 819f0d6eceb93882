"""A disk that is full: said clearly, nothing half written, and on it goes once there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded.errors import LogFull
from streams.embedded.log import Log
from streams.log import Append, TopicSpec
from tests.support.embedded import TOPIC, everything, start


def make(path: Path) -> Path:
    with Log.open(path) as log:
        log.create_topic(TopicSpec(TOPIC))
    return path


def said_by_filling(path: Path, limit_bytes: int = 0, keep_free: int = 0) -> list[str]:
    output, _ = start("fill", path, limit_bytes, keep_free).communicate(timeout=110)
    return [str(line) for line in output.splitlines()]


def check(path: Path, counts: str, error: str, advice: str = "free some space") -> int:
    """What was promised is there, and nothing else; how much that is."""
    promised, end, readable = map(int, counts.split())
    assert promised == end == readable > 0
    assert str(path) in error
    assert f"What to do: {advice}" in error
    return promised


# 1 MB: the write-ahead log meets the limit before it is ever moved; 6 MB: the file itself does.
@pytest.mark.parametrize("limit_bytes", [1_000_000, 6_000_000])
def test_a_file_size_limit(tmp_path: Path, limit_bytes: int) -> None:
    path = make(tmp_path / "halls.log")
    counts, error, after = said_by_filling(path, limit_bytes)
    promised = check(path, counts, error, "allow this process larger files than")
    assert int(after) == promised  # the same process went on, at the next offset
    with Log.open(path) as log:
        assert [record.offset for record in everything(log, TOPIC)] == list(range(promised + 1))
        assert log.stats()[0].records == promised + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk to fill: mounting one needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    path = make(small_disk / "halls.log")
    ballast = small_disk / "somebody else's"
    ballast.write_bytes(bytes(12_000_000))
    counts, error = said_by_filling(path)
    promised = check(path, counts, error)
    ballast.unlink()
    with Log.open(path, keep_free=0) as log:
        assert log.append([Append(TOPIC, 0, b"key", b"there is room again")])[0][0] == promised
        assert [record.offset for record in everything(log, TOPIC)] == list(range(promised + 1))


def test_retention_still_works_on_a_disk_that_the_log_filled(small_disk: Path) -> None:
    path = make(small_disk / "halls.log")
    counts, error = said_by_filling(path, keep_free=8 * 2**20)
    promised = check(path, counts, error)
    assert "the last 8.0 MiB are kept free" in error
    with Log.open(path, keep_free=8 * 2**20) as log:
        log.append([], positions={("engine", TOPIC, 0): promised})  # positions are small, and let retention be judged
        log.create_topic(TopicSpec(TOPIC, retention_bytes=100_000))
        assert sum(log.retain(0).values()) > promised // 2
        assert log.append([Append(TOPIC, 0, b"key", bytes(1_000))] * 100)[0][0] == promised


def test_appends_stop_before_the_disk_is_full(tmp_path: Path) -> None:
    with Log.open(make(tmp_path / "halls.log"), keep_free=10**18) as log:
        with pytest.raises(LogFull, match="are kept free, so that retention can still work"):
            log.append([Append(TOPIC, 0, b"key", b"v")])
        assert log.end(TOPIC, 0) == 0
