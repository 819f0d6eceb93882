"""What a measurement gives: rows of the table, and small sums they need."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import median
from typing import NamedTuple


class NotMeasured(Exception):
    """What a measurement needs is not on this machine: the message says what."""


class Options(NamedTuple):
    """``quick``: shorter, rougher. ``directory``: an empty directory on a real disk, for logs.

    ``only``: of a measurement that has parts, these; none named: all.
    """

    quick: bool
    directory: Path
    only: tuple[str, ...] = ()


class Figure(NamedTuple):
    """One row of the table; ``target`` empty: nothing was promised."""

    what: str
    got: str
    target: str = ""
    note: str = ""


def rate(frames: float, seconds: float) -> str:
    return f"{frames / seconds:,.0f} frames/s"


def us(seconds: float, frames: int) -> str:
    return f"{seconds / frames * 1e6:.1f} µs"


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank, of at least one value."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def spread(seconds: Sequence[float]) -> str:
    """The middle one, and between which they lie."""
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
