"""Logs filled with a crowd, and engines and cameras on them as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import msgspec

from agents.topology import TOPOLOGY
from benchmarks.crowd import BREAK_EVERY_S
from benchmarks.engine_process import READY, Done
from streams.embedded.log import Log
from streams.embedded.topics import ensure_topics
from streams.log import Append
from streams.record import Record

ROOT = Path(__file__).parents[1]
BATCH = 5000


def filled(path: Path, records: Iterable[Record]) -> Path:
    """The log at ``path``, made if need be, with these records at its end, with the times they have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Log.open(path, sync="NORMAL") as log:
        ensure_topics(log, TOPOLOGY, "producer")
        rest = iter(records)
        while some := [Append(r.topic, r.partition, r.key, r.value, r.timestamp_ms) for r in islice(rest, BATCH)]:
            log.append(some)
    return path


def start(module: str, *arguments: object) -> subprocess.Popen[str]:
    """A program of this folder."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def start_engine(path: Path, *, lanes: str = "all", clock: str = "own", until: str = "stop") -> subprocess.Popen[str]:
    return start("engine_process", path, lanes, clock, until)


def start_cameras(
    place: object, halls: int, rate: int, seconds: float, out: Path, *, break_every_s: float = BREAK_EVERY_S
) -> subprocess.Popen[str]:
    """On an embedded log's file, or on kafka://host:port. They send once they are ready, which takes a while."""
    return start("camera_process", place, halls, rate, seconds, break_every_s, out)


def wait_ready(process: subprocess.Popen[str]) -> None:
    """Until it has recovered, or begins."""
    assert process.stdout is not None
    if process.stdout.readline().strip() != READY:
        raise SystemExit(f"a process ended with exit code {process.wait()}: its reason stands above")


def result(engine: subprocess.Popen[str]) -> Done:
    """What a process that was ready has done, once it ends by itself or by a signal sent before."""
    assert engine.stdout is not None
    return msgspec.json.decode(engine.stdout.read(), type=Done)


def process_all(path: Path, *, lanes: str) -> Done:
    """An engine over all of a log."""
    engine = start_engine(path, lanes=lanes, until="end")
    wait_ready(engine)
    return result(engine)


def cpu_s(process: subprocess.Popen[str]) -> float:
    """User and system time of a process with all its threads, in seconds (proc(5))."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
