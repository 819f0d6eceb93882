"""What a behaviour test needs of an engine and its log, whichever log it is.

A test that is written against ``System`` runs on every log there is (tests/behaviour/conftest.py has the list): an
engine in a process of its own, input that goes to its topics, and what it published.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from commands.replaying import Replayed
from streams.checkpoint import Restored
from streams.lane import Topology
from streams.record import Record

PATIENCE_S = 60.0
Halls = Mapping[str, Mapping[str, str]]
"""The files of each hall, by its id."""

Pair = tuple[bytes | None, bytes | None]
"""Key and value of a record."""


def until(what: str, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Poll until the condition holds; an AssertionError that says what did not happen otherwise."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience_s:.0f} s in vain: {what}"
        time.sleep(0.02)


class System(Protocol):
    """An engine and its log. The topics are made at once; ``start`` starts the engine."""

    directory: Path
    """For whatever the test has to put somewhere."""
    halls: Halls

    def start(self, *, topology: str | None = None, env: Mapping[str, str] | None = None) -> None:
        """Start the engine, or one with another topology (a name of ``tests.support.topologies``); returns at once."""

    def kill(self) -> None:
        """kill -9: nothing of the process gets to run any more."""

    def pause(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after some time."""

    def drain(self) -> int:
        """SIGTERM; the exit code."""

    def ended(self, patience_s: float = PATIENCE_S) -> int:
        """Wait for the process to end by itself; its exit code."""

    @property
    def running(self) -> bool: ...

    @property
    def url(self) -> str:
        """Where the engine that was started last serves HTTP; waits until it says so."""

    def heard(self) -> str:
        """What the engine that was started last printed."""

    def put(self, topic: str, pairs: Sequence[Pair]) -> None:
        """Append to the topic, as anybody may; a key goes to the partition it belongs to."""

    def records(self, topic: str) -> list[Record]:
        """All that is retained of a topic."""

    def checkpoint(self, lane: str) -> Restored:
        """What a worker that starts now would go on from."""

    def marked(self, lane: str) -> int:
        """Up to which offset the lane's last checkpoint goes; 0 without one."""

    def wait_until_marked(self) -> None:
        """Until a checkpoint covers everything that is in the log now; the engine must be running."""

    def prove(self, topology: Topology | None = None) -> Replayed:
        """Hold what was published against the replay of the log, byte for byte. Raises AssertionError."""

    def close(self) -> None:
        """End the engine, and let go of the log."""
