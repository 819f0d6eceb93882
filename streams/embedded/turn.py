"""Whose turn it is to ask for the log's write lock, among the processes that append to it.

SQLite grants its lock to whoever asks at the right moment, and makes the others ask more and more seldom (after 1, 2, 5
... 100 ms). A process that commits again and again, as cameras do, starves the rest: the engine's outputs waited for
seconds. So whoever wants to write asks alone, often, and holds this turn until it has the lock:

    cameras   [--- write ---]                  waits for the turn ...  [--- write ---]
    engine        turn ........[--- write ---]                 `- free: the engine has begun to write

Who has just written stands behind who already waits. The turn is given up by the system when a process ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

ASK_AGAIN_S = 0.000_3


class Turn:
    """A lock on the log's directory, so that no further file is needed. It only makes waiting fair."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)

    @contextmanager
    def taken(self, deadline: float) -> Iterator[None]:
        """In turn; past the deadline (of the monotonic clock) out of turn, which is unfair to somebody, and no harm."""
        while not self._take() and monotonic() < deadline:
            sleep(ASK_AGAIN_S)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._file)

    def _take(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
