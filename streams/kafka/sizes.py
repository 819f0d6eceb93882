"""What a partition holds, which Kafka tells no client: estimated from its oldest and newest records."""

from __future__ import annotations

from collections.abc import Sequence

from streams.log import PartitionStats
from streams.record import Record

SAMPLE = 100
"""Records at either end that stand for all."""


def estimated(
    part: tuple[str, int], ends: tuple[int, int], oldest: Sequence[Record], newest: Sequence[Record]
) -> PartitionStats:
    """``part``: topic and partition; ``ends``: its first offset, and that of the next record to come."""
    start, end = ends
    if start == end:  # what has come since then does not count
        return PartitionStats(*part, start, end, 0, 0, None, None)
    sample = [*oldest, *newest]
    size = sum(len(r.key or b"") + len(r.value or b"") for r in sample)
    total = round(size / len(sample) * (end - start)) if sample else 0
    first_ms, last_ms = (r[0].timestamp_ms if r else None for r in (oldest[:1], newest[-1:]))
    return PartitionStats(*part, start, end, end - start, total, first_ms, last_ms)
