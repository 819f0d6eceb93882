"""Under what conditions figures were measured: without them no figure means anything."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, percentile

SYNCS = 100


def conditions(directory: Path) -> list[Figure]:
    return [
        Figure("processor", f"{os.cpu_count()} x {_processor()}"),
        Figure("load average (1, 5, 15 min)", ", ".join(f"{load:.1f}" for load in os.getloadavg()), note="other work included"),
        Figure("Python", f"{platform.python_implementation()} {platform.python_version()}, msgspec {msgspec.__version__}"),
        Figure("SQLite", f"{sqlite3.sqlite_version}, synchronous=FULL"),
        Figure("disk", _sync_time(directory / "sync"), note="what a commit cannot be faster than"),
    ]  # fmt: skip


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _sync_time(path: Path) -> str:
    """Appending 4 KiB to a file and having it on the disk."""
    times = []
    with path.open("wb") as file:
        for _ in range(SYNCS):
            started = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    path.unlink()
    return f"fsync of 4 KiB: p50 {percentile(times, 50):.2f} ms, p99 {percentile(times, 99):.2f} ms"
