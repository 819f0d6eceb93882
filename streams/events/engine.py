"""What the engine itself reads and says: time, configuration, what it could not use and what it lost."""

from __future__ import annotations

from typing import ClassVar, Literal

from streams.events.base import Conclusion, Event, Integer


class Tick(Event, frozen=True, kw_only=True, gc=False):
    """The hall's time passed a whole second. Made by the engine; on the wire a tick is a record without a key."""


class Configured(Event, frozen=True, kw_only=True, gc=False):
    """The hall's files, by name, that are in force from here on; the engine says them again at every whole hour."""

    topic: ClassVar[str | None] = "hall.journal"
    files: dict[str, str]


class HallRemoved(Event, frozen=True, kw_only=True, gc=False):
    """The hall is no more: its agents have closed what they had. The engine says it again at every whole hour."""

    topic: ClassVar[str | None] = "hall.journal"


class LogLost(Conclusion, frozen=True, kw_only=True, gc=False):
    """Records that the engine had not read were removed from the log: ``first_offset`` up to, not with, ``next_offset``."""

    lane: str
    first_offset: Integer
    next_offset: Integer


class ClockSetBack(Conclusion, frozen=True, kw_only=True, gc=False):
    """The log's time went back from ``from_ms`` to ``at_ms``: what the hall had in mind is forgotten, its files stay.

    Records from ``first_offset`` up to, not with, ``next_offset`` were stamped too far before the time to be in it: what of
    them came from the edge was late.
    """

    lane: str
    from_ms: Integer
    first_offset: Integer
    next_offset: Integer


class Late(Conclusion, frozen=True, kw_only=True, gc=False):
    """Input from the edge whose ``at_ms`` is too far from the hall's time to be used; ``behind_ms`` < 0: ahead of it."""

    topic: ClassVar[str | None] = "hall.late"
    source_topic: str
    partition: Integer
    offset: Integer
    behind_ms: Integer
    raw: bytes


DeadReason = Literal[
    "undecodable", "no_key", "wrong_partition", "no_such_hall", "wrong_hall", "unknown_camera", "bad_config",
    "agent_failed", "oversized_output",
]  # fmt: skip


class Dead(Conclusion, frozen=True, kw_only=True, gc=False):
    """A record, or an output, that could not be used: why, where it stands, and its bytes (cut when ``raw_size`` is larger)."""

    topic: ClassVar[str | None] = "hall.dead"
    source_topic: str
    partition: Integer
    offset: Integer
    reason: DeadReason
    detail: str
    agent: str | None
    raw_size: Integer
    raw: bytes
