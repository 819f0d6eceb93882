"""An installation on Kafka as its operators have it: topics, worker processes, and what they type."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.engine_process import ROOT, EngineProcess
from tests.support.kafka_broker import KafkaBroker
from tests.support.kafka_hall import forget


class Site:
    """Topics on a broker, workers, and the verbs. ``time``: of the topics; a recording's own, unless said otherwise."""

    def __init__(self, directory: Path, broker: KafkaBroker, partitions: int, *, time: str = "producer") -> None:
        forget(broker.servers)
        self.env = {"HALL_BROKER": f"kafka://{broker.servers}", "HALL_VAR": str(directory / "var")}
        self.hall("topics", "create", "--time", time, "--partitions", str(partitions))
        self.workers: list[EngineProcess] = []

    def hall(self, *arguments: str, code: int = 0, given: str | None = None) -> str:
        return hall(self.env, *arguments, code=code, given=given)

    def start(self, directory: Path, count: int) -> None:
        for number in range(count):
            worker = EngineProcess(directory / f"worker-{number}", {}, self.env)
            worker.start(bare=True)
            self.workers.append(worker)
        for worker in self.workers:
            assert worker.url

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()


def hall(env: Mapping[str, str], *arguments: str, code: int = 0, given: str | None = None) -> str:
    """``hall ARGUMENTS``, with ``given`` on its standard input; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "hall", *arguments], cwd=ROOT, env={**os.environ, "HALL_HTTP": "127.0.0.1:0", **env},
        input=given, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{arguments}: {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout
