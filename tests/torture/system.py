"""An engine on the embedded log as its operators have it: a process, its log, and hands to break things with.

It is a ``tests.support.system.System``; what stands here beyond that only the embedded log has.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from agents.topology import TOPOLOGY
from commands.replaying import Replayed
from streams.checkpoint import Restored
from streams.embedded import topics
from streams.embedded.lock import holder
from streams.embedded.log import Log
from streams.lane import Topology
from streams.log import Append, Time
from streams.operating import reading
from streams.record import Record
from streams.topics import JOURNAL
from tests.support.system import PATIENCE_S, Halls, Pair, until
from tests.torture import verdict

ROOT = Path(__file__).parents[2]
LISTENS = re.compile(r"running; (http://\S+)/metrics")


class EmbeddedSystem:
    """``halls``: by id, their files. ``limits``: what ``start`` does in the new process before it becomes the engine."""

    def __init__(self, directory: Path, halls: Halls, *, time: Time = "log") -> None:
        self.directory, self.halls = directory, halls
        self.path = directory / "var" / "hall.db"
        self.path.parent.mkdir(parents=True)
        self.config = directory / "halls"
        for hall, files in halls.items():
            (self.config / hall).mkdir(parents=True)
            for name, text in files.items():
                (self.config / hall / name).write_text(text)
        self.log = Log.open(self.path)
        topics.ensure_topics(self.log, TOPOLOGY, time)
        self.process: subprocess.Popen[str] | None = None
        self._printed: list[Path] = []

    # -- the engine's process --------------------------------------------------------------------------------------

    def start(
        self, *, topology: str | None = None, env: Mapping[str, str] | None = None, limit: Callable[[], None] | None = None
    ) -> None:  # fmt: skip
        """Start the engine; returns at once. ``limit`` is called in the new process before it becomes the engine."""
        assert self.process is None
        run = ["hall", "run"] if topology is None else ["tests.support.engines", topology]
        command = [sys.executable, "-m", *run, str(self.config), "--no-simulate", "--plain"]
        # A file for each: under a file size limit what earlier ones printed must not count.
        self._printed.append(self.directory / f"engine-{len(self._printed)}.log")
        output = self._printed[-1].open("w")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment(env or {}), stdout=output, stderr=subprocess.STDOUT,
            text=True, preexec_fn=limit,
        )  # fmt: skip
        output.close()

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        own = {"HALL_VAR": str(self.path.parent), "HALL_HTTP": "127.0.0.1:0", "HALL_LOG_LEVEL": "WARNING"}
        return {**os.environ, **own, **env}

    def hall(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """``hall ARGUMENTS`` on this log, as an operator types it."""
        return subprocess.run(
            [sys.executable, "-m", "hall", *arguments], cwd=ROOT, env=self._environment(env or {}), capture_output=True,
            text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip

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
        try:
            code = self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"the engine has not ended within {patience_s:.0f} s: {self.heard()[-3000:]}"
            ) from None
        self.process = None
        return code

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        """Everything the engines printed, those before this one too."""
        return "".join(file.read_text(errors="replace") for file in self._printed)

    def heard(self) -> str:
        """What the engine that was started last printed."""
        return self._printed[-1].read_text(errors="replace") if self._printed else ""

    @property
    def url(self) -> str:
        """Where the engine that was started last serves HTTP; waits until it says so."""
        until("the engine to serve HTTP", lambda: LISTENS.search(self.heard()) is not None or not self.running)
        found = LISTENS.search(self.heard())
        assert found, f"the engine ended: {self.heard()[-3000:]}"
        return found[1]

    # -- its log ---------------------------------------------------------------------------------------------------

    def packed_bytes(self) -> int:
        """Gives the file's free pages back; what it then holds, with what still stands in the write-ahead log."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("PRAGMA incremental_vacuum").fetchall()
            pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            return int(pages * size)

    def append(self, rows: list[Append]) -> None:
        self.log.append(rows)

    def put(self, topic: str, pairs: Sequence[Pair]) -> None:
        """Append to the topic, as anybody may."""
        self.append([Append(topic, 0, key, value) for key, value in pairs])

    def records(self, topic: str = JOURNAL) -> list[Record]:
        return list(reading.stretch(self.log, topic, 0))

    def checkpoint(self, lane: str) -> Restored:
        """What a worker that starts now would go on from."""
        return reading.checkpoint(self.log, TOPOLOGY.lane(lane), 0)

    def marked(self, lane: str) -> int:
        """Up to which offset the lane's last checkpoint goes; 0 without one."""
        mark = self.checkpoint(lane).mark
        return mark.next_offset if mark else 0

    def wait_until_marked(self) -> None:
        """Until a checkpoint covers everything that is in the log now; the engine must be running."""
        ends = {lane.name: self.log.end(lane.topic, 0) for lane in TOPOLOGY.lanes[:1]}
        until(
            f"a checkpoint up to {ends}; the engine said: {self.heard()[-2000:]}",
            lambda: all(self.marked(lane) >= end for lane, end in ends.items()) or not self.running,
        )
        assert self.running, f"the engine ended: {self.heard()[-3000:]}"

    def prove(self, topology: Topology | None = None) -> Replayed:
        """Hold what was published against the replay of the log, byte for byte."""
        return verdict.replayed(self.log, self.directory / "proof.jsonl", topology or TOPOLOGY)

    def replace_log(self, copy: Path) -> None:
        """Put another file in the log's place, such as a backup; the engine must not run."""
        assert holder(self.path) is None
        self.log.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        copy.rename(self.path)
        self.log = Log.open(self.path)

    def close(self) -> None:
        self.kill()
        self.log.close()
