"""An engine as its operators have it: a process, the verbs beside it, and hands to break it with."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.system import PATIENCE_S, Halls, until

ROOT = Path(__file__).parents[2]
LISTENS = re.compile(r"running; (http://\S+)/metrics")


class EngineProcess:
    """``halls``: by id, their files; written where ``hall run`` finds them. ``own``: settings that say which log it is."""

    def __init__(self, directory: Path, halls: Halls, own: Mapping[str, str]) -> None:
        self.directory, self.halls, self._own = directory, halls, own
        self.config = directory / "halls"
        self.config.mkdir(parents=True)
        for hall, files in halls.items():
            (self.config / hall).mkdir()
            for name, text in files.items():
                (self.config / hall / name).write_text(text)
        self.process: subprocess.Popen[str] | None = None
        self._printed: list[Path] = []

    def start(
        self, *, topology: str | None = None, env: Mapping[str, str] | None = None,
        limit: Callable[[], None] | None = None, bare: bool = False,
    ) -> None:  # fmt: skip
        """Start the engine; returns at once. ``limit`` is called in the new process before it becomes the engine.

        ``bare``: as a worker, which puts no halls in force.
        """
        assert self.process is None
        run = ["hall", "run"] if topology is None else ["tests.support.engines", topology]
        where = [str(self.config)] if self.halls else []
        run = ["hall", "worker"] if bare else [*run, *where, "--no-simulate", "--plain"]
        command = [sys.executable, "-m", *run]
        # A file for each: under a file size limit what earlier ones printed must not count.
        self._printed.append(self.directory / f"engine-{len(self._printed)}.log")
        output = self._printed[-1].open("w")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment(env or {}), stdout=output, stderr=subprocess.STDOUT,
            text=True, preexec_fn=limit,
        )  # fmt: skip
        output.close()

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        common = {"HALL_VAR": str(self.directory / "var"), "HALL_HTTP": "127.0.0.1:0", "HALL_LOG_LEVEL": "WARNING"}
        return {**os.environ, **common, **self._own, **env}

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
        """SIGTERM, once it runs (before that, Python would end without a word); the exit code."""
        assert self.process is not None
        until("the engine to run", lambda: LISTENS.search(self.heard()) is not None or not self.running)
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
