"""Backups: one moment of a log in use, whole, and another log from then on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded.errors import LogRefused
from streams.embedded.log import Log
from streams.log import Append, TopicSpec
from tests.support.embedded import everything, values

T = "hall.journal"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log.open(tmp_path / "halls.log") as log:
        log.create_topic(TopicSpec(T))
        log.append([Append(T, 0, b"k", b"v")], positions={("engine", T, 0): 1})
        yield log


def test_the_copy_is_the_same_under_another_id(log: Log, tmp_path: Path) -> None:
    log_id = log.backup(tmp_path / "copy.log")
    with Log.open(tmp_path / "copy.log", create=False) as copy:
        assert copy.id == log_id != log.id
        assert (everything(copy, T), copy.topics(), copy.positions()) == (
            everything(log, T),
            log.topics(),
            log.positions(),
        )
        copy.append([Append(T, 0, b"k", b"only here")])
    assert values(log, T) == [b"v"]
    assert sorted(file.name for file in tmp_path.iterdir() if "draft" in file.name) == []


def test_a_reader_can_make_one(log: Log, tmp_path: Path) -> None:
    with Log.open(tmp_path / "halls.log", read_only=True) as viewer:
        viewer.backup(tmp_path / "copy.log")
    with Log.open(tmp_path / "copy.log") as copy:
        assert values(copy, T) == [b"v"]


@pytest.mark.parametrize("name", ["halls.log", "other"])
def test_nothing_is_overwritten(log: Log, tmp_path: Path, name: str) -> None:
    (tmp_path / "other").write_text("somebody's")
    with pytest.raises(LogRefused, match="something here already"):
        log.backup(tmp_path / name)
    assert (tmp_path / "other").read_text() == "somebody's"
    assert values(log, T) == [b"v"]


def test_a_directory_that_is_not_there_is_told(log: Log, tmp_path: Path) -> None:
    with pytest.raises(LogRefused, match=r"missing.copy\.log: No such file or directory"):
        log.backup(tmp_path / "missing" / "copy.log")


def test_a_copy_made_while_records_arrive_has_whole_transactions(log: Log, tmp_path: Path) -> None:
    """Each append writes ten records and their end as a position: in every copy the two agree."""
    done = threading.Event()

    def write() -> None:
        end = 1
        while not done.is_set():
            end += 10
            log.append([Append(T, 0, b"k", bytes(2_000))] * 10, positions={("engine", T, 0): end})

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        log.backup(tmp_path / f"copy{number}.log")
    done.set()
    writer.join()
    for number in range(5):
        with Log.open(tmp_path / f"copy{number}.log") as copy:
            offsets = [record.offset for record in everything(copy, T)]
            assert offsets == list(range(copy.end(T, 0)))
            assert copy.position("engine", T, 0) == copy.end(T, 0)
