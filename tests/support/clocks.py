"""Processes whose clock is off: nothing in the product knows of it."""

from __future__ import annotations

import os
from pathlib import Path

SHIFTED = """\
import time

_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + {ms} / 1000
time.time_ns = lambda: _time_ns() + {ms} * 1_000_000
"""
"""Python imports a module of this name, wherever it finds it first, before anything else."""


def shifted_clock(directory: Path, ms: int) -> dict[str, str]:
    """The environment of a Python process whose wall clock is so far ahead (below 0: behind). Monotonic clocks are not."""
    home = directory / f"clock-{ms}"
    home.mkdir(parents=True, exist_ok=True)
    (home / "sitecustomize.py").write_text(SHIFTED.format(ms=ms))
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(home), os.environ.get("PYTHONPATH"))))}
