"""What one run of one engine gave."""

from __future__ import annotations

from typing import NamedTuple


class Run(NamedTuple):
    """``state``: how much of its state the engine has put outside of the process."""

    frames: int
    wall_s: float
    cpu_s: float
    state: str
