"""A record of a log: what every log hands to the engine, and what a recording keeps."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One record of one partition. ``timestamp_ms`` is the log's (or, in topics made so, the producer's)."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
