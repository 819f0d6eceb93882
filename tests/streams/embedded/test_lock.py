"""One consumer at a time: who it is can be seen, and the lock ends with the process that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from streams.embedded.errors import LogInUse, LogRefused
from streams.embedded.lock import ConsumerLock, Holder, holder, holding, lock_path
from tests.support.embedded import start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "halls.log"


@pytest.fixture
def other(path: Path) -> Iterator[Popen[str]]:
    """Another process that holds the lock."""
    with start("consume", path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_nobody_holds_a_log_that_was_never_consumed(path: Path) -> None:
    assert holder(path) is None
    assert not lock_path(path).exists()  # looking leaves no trace


def test_held_and_released(path: Path) -> None:
    lock = ConsumerLock(path, now_ms=lambda: 77)
    for _ in range(2):
        with lock:
            assert holding(path) == Holder(os.getpid(), 77)
        assert holder(path) is None


def test_not_even_twice_in_one_process(path: Path) -> None:
    with ConsumerLock(path):
        second = ConsumerLock(path)
        with pytest.raises(LogInUse, match="this process consumes this log already"):
            second.acquire()
        second.release()  # gives up nothing: it holds nothing
        assert holder(path) == os.getpid()


def test_by_whatever_name(path: Path, tmp_path: Path) -> None:
    path.touch()
    (tmp_path / "link.log").symlink_to(path)
    with ConsumerLock(tmp_path / "link.log"):
        assert holder(path) == os.getpid()


def test_another_process_is_named(path: Path, other: Popen[str]) -> None:
    assert holding(path) == Holder(other.pid, 1_234)
    with pytest.raises(LogInUse, match=rf"{path.name}: process {other.pid} consumes this log already.*What to do"):
        ConsumerLock(path).acquire()
    assert holder(path) == other.pid  # neither looking nor trying has disturbed it


def test_the_lock_ends_with_a_process_that_is_killed(path: Path, other: Popen[str]) -> None:
    other.kill()
    other.wait()
    assert holder(path) is None
    with ConsumerLock(path):
        assert holder(path) == os.getpid()


def test_looking_from_the_holder_does_not_drop_it(path: Path) -> None:
    """Closing any descriptor of the file would: another process must still find it locked."""
    with ConsumerLock(path):
        holder(path)
        with pytest.raises(LogInUse):
            ConsumerLock(path).acquire()
        with start("consume", path) as process:
            assert process.wait(timeout=60) != 0


def test_a_forked_child_holds_nothing_and_frees_nothing(path: Path) -> None:
    with ConsumerLock(path):
        parent = os.getpid()
        child = os.fork()
        if not child:  # _exit says what the child saw; it must not run on into the test's own end
            refused = False
            try:
                ConsumerLock(path).acquire()
            except LogInUse:
                refused = True
            os._exit(0 if refused and holder(path) == parent else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with start("consume", path) as process:
            assert process.wait(timeout=60) != 0
    assert holder(path) is None


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogRefused, match="No such file or directory"):
        ConsumerLock(tmp_path / "missing" / "halls.log").acquire()
