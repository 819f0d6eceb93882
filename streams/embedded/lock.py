"""One process consumes a log: it holds a POSIX record lock on the file ``LOG.lock`` beside it.

A record lock, rather than flock, because child processes do not inherit it: a worker that dies frees the log even if
something it started lives on. Its price is a trap: closing *any* descriptor of the lock file drops the lock of the
whole process. So nobody but this module opens the file, and this module never opens it twice in one process: what is
held is looked up in ``_held`` first. The file stays when the lock is released; removing it would let two processes lock
two files.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from streams.embedded.errors import LogInUse, translated

_FLOCK = "hhqqi4x"  # Linux's struct flock: type, whence, start, length, pid


class Holder(NamedTuple):
    """Who consumes a log. ``pid`` is 0 for a process in another container; ``since_ms`` None if it has not said yet."""

    pid: int
    since_ms: int | None


class _Held(NamedTuple):
    descriptor: int
    since_ms: int


_held: dict[Path, _Held] = {}
_guard = threading.Lock()


def _forget() -> None:
    """A forked child holds nothing, whatever its parent does; closing the copied descriptors cannot hurt the parent."""
    global _guard
    _guard = threading.Lock()
    for held in _held.values():
        os.close(held.descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget)


def lock_path(log: Path) -> Path:
    """The lock file of a log; one and the same by whatever link the log is reached."""
    real = log.resolve()
    return real.with_name(real.name + ".lock")


class ConsumerLock:
    """The right to consume one log, for this process, until ``release`` or its end, however it ends."""

    def __init__(self, log: Path, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._log = log
        self._path = lock_path(log)
        self._now_ms = now_ms
        self._mine = False

    def acquire(self) -> None:
        """Takes the lock, at once or not at all. Raises LogInUse, which names the process that has it."""
        with _guard, translated(self._path, "locking"):
            if self._path in _held:
                raise self._in_use(os.getpid())
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)  # close-on-exec, as all that Python opens
            try:
                self._take(descriptor)
            except BaseException:
                os.close(descriptor)
                raise

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            raise self._in_use(_pid(descriptor)) from None
        since_ms = self._now_ms()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {since_ms}\n".encode(), 0)
        _held[self._path] = _Held(descriptor, since_ms)
        self._mine = True

    def release(self) -> None:
        """Gives the lock up; nothing happens if this object does not hold it."""
        with _guard:
            held = _held.pop(self._path, None) if self._mine else None
            self._mine = False
            if held is not None:
                os.close(held.descriptor)

    def _in_use(self, pid: int | None) -> LogInUse:
        who = "another process" if not pid else "this process" if pid == os.getpid() else f"process {pid}"
        return LogInUse(
            f"{self._log}: {who} consumes this log already, and a log has one consumer. "
            "What to do: stop it first, or give this one a log of its own."
        )

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder(log: Path) -> int | None:
    """The process that consumes this log, if one does; 0 if it cannot be named from here (another container)."""
    who = holding(log)
    return None if who is None else who.pid


def holding(log: Path) -> Holder | None:
    """Who consumes this log and since when. Only looks: takes no lock, not for an instant."""
    path = lock_path(log)
    with _guard, translated(path, "looking at the lock"):
        if path in _held:
            return Holder(os.getpid(), _held[path].since_ms)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            pid = _pid(descriptor)
            return None if pid is None else Holder(pid, _since(os.pread(descriptor, 64, 0)))
        finally:
            os.close(descriptor)


def _pid(descriptor: int) -> int | None:
    """Who would be in the way of an exclusive lock, asked of the kernel."""
    question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else max(0, int(pid))


def _since(text: bytes) -> int | None:
    """The second word of ``pid start``; the file is not yet written in the instant after the lock was taken."""
    words = text.split()
    return int(words[1]) if len(words) == 2 and words[1].isdigit() else None
