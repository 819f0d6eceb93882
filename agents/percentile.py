"""Percentiles by nearest rank: always a value that occurred, no interpolation, exact in integers."""

from __future__ import annotations

from collections.abc import Sequence


def nearest_rank(ordered: Sequence[int], percent: int) -> int | None:
    """The smallest of the ascending values that at least ``percent`` (1..100) of them do not exceed; None of none."""
    if not ordered:
        return None
    return ordered[-(-percent * len(ordered) // 100) - 1]
