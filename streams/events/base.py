"""What every event is: an immutable, typed JSON object with a hall and a time.

Field rules: ``at_ms`` is when it happened, integer Unix milliseconds UTC; lengths in metres end in ``_m``, pixels in
``_px``, durations in ``_s`` or ``_ms``; ids are strings; collections are tuples. A field is only ever added with a
default, so that yesterday's recording can be read by today's code.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

Integer = Annotated[int, Meta(ge=-(2**53), le=2**53)]
"""What every JSON reader carries exactly (RFC 7493), and small enough that sums of it stay within 64 bits."""

SenderId = Annotated[str, Meta(max_length=128)]
"""Kept in the state of a hall, hence bounded."""


def snake_case(name: str) -> str:
    """``ZoneEntered`` -> ``zone_entered``: the wire name of an event type."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag=snake_case):
    """Something that happened in one hall."""

    topic: ClassVar[str | None] = None
    """Where the engine publishes this type; None: it stays inside the pass that made it."""

    hall: str
    at_ms: Integer


class EdgeEvent(Event, frozen=True, kw_only=True, gc=False):
    """What a camera, a device or a desk sent.

    (source, boot, seq) names it: ``boot`` changes when the sender restarts, ``seq`` counts from there. The engine drops
    repeats by it. A sender that leaves ``source`` empty gives up that protection.
    """

    source: SenderId = ""
    boot: SenderId = ""
    seq: Integer = 0


class Conclusion(Event, frozen=True, kw_only=True, gc=False):
    """What an agent decided: ``at_ms`` is when it was true, ``decided_at_ms`` when it was known."""

    topic: ClassVar[str | None] = "hall.journal"

    decided_at_ms: Integer


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of a table inside an event; on the wire an array, to keep frames small."""
