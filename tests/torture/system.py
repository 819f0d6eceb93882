"""An engine as its operators have it: a process on a log, cameras that never stop, and hands to break things with.

``System`` is what the faults and the behaviour tests need of any log; ``EmbeddedSystem`` is the embedded one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from agents.topology import TOPOLOGY
from streams.embedded import topics
from streams.embedded.lock import holder
from streams.embedded.log import Append, Log
from streams.embedded.reading import newest_mark, stretch
from streams.record import Record
from streams.topics import JOURNAL

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def until(what: str, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Poll until the condition holds; an AssertionError that says what did not happen otherwise."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience_s:.0f} s in vain: {what}"
        time.sleep(0.02)


class EmbeddedSystem:
    """``halls``: by id, their files. The log is made at once; ``start`` starts the engine."""

    def __init__(self, directory: Path, halls: Mapping[str, Mapping[str, str]]) -> None:
        self.directory, self.halls = directory, halls
        self.path = directory / "var" / "hall.db"
        self.path.parent.mkdir(parents=True)
        self.config = directory / "halls"
        for hall, files in halls.items():
            (self.config / hall).mkdir(parents=True)
            for name, text in files.items():
                (self.config / hall / name).write_text(text)
        self.log = Log.open(self.path)
        topics.ensure_topics(self.log, TOPOLOGY)
        self.process: subprocess.Popen[str] | None = None

    # -- the engine's process --------------------------------------------------------------------------------------

    def start(
        self, *, env: Mapping[str, str] | None = None, limit: Callable[[], None] | None = None, program: str = "hall"
    ) -> None:
        """Start the engine; returns at once."""
        assert self.process is None
        command = [sys.executable, "-m", program, "run", str(self.config), "--no-simulate", "--plain"]
        own = {"HALL_VAR": str(self.path.parent), "HALL_HTTP": "127.0.0.1:0", "HALL_LOG_LEVEL": "WARNING"}
        output = (self.directory / "engine.log").open("a")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **own, **(env or {})}, stdout=output, stderr=subprocess.STDOUT,
            text=True, preexec_fn=limit,
        )  # fmt: skip
        output.close()

    def kill(self) -> None:
        """kill -9: nothing of the process gets to run any more."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after some time."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def drain(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.ended()

    def ended(self, patience_s: float = PATIENCE_S) -> int:
        """Wait for the process to end by itself; its exit code."""
        assert self.process is not None
        code = self.process.wait(patience_s)
        self.process = None
        return code

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        """Everything the engine's processes printed."""
        file = self.directory / "engine.log"
        return file.read_text(errors="replace") if file.exists() else ""

    # -- its log ---------------------------------------------------------------------------------------------------

    def append(self, rows: list[Append]) -> None:
        self.log.append(rows)

    def published(self, topic: str = JOURNAL) -> list[Record]:
        return list(stretch(self.log, topic, 0))

    def marked(self, lane: str) -> int:
        """Up to which offset the lane's last checkpoint goes; 0 without one."""
        mark = newest_mark(self.log, TOPOLOGY.lane(lane), 0)
        return mark.next_offset if mark else 0

    def caught_up(self) -> bool:
        """Whether the last checkpoints cover what is in the log now."""
        return all(self.marked(lane.name) >= self.log.end(lane.topic, 0) - 3 for lane in TOPOLOGY.lanes)

    def wait_until_marked(self) -> None:
        """Until a checkpoint covers everything that is in the log now; the engine must be running."""
        ends = {lane.name: self.log.end(lane.topic, 0) for lane in TOPOLOGY.lanes[:1]}
        until(
            f"a checkpoint up to {ends}; the engine said: {self.said()[-2000:]}",
            lambda: all(self.marked(lane) >= end for lane, end in ends.items()) or not self.running,
        )
        assert self.running, f"the engine ended: {self.said()[-3000:]}"

    def replace_log(self, copy: Path) -> None:
        """Put a backup in the log's place; the engine must not run."""
        assert holder(self.path) is None
        self.log.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        copy.rename(self.path)
        self.log = Log.open(self.path)

    def close(self) -> None:
        self.kill()
        self.log.close()
