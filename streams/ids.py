"""The name of what the engine publishes: which source record caused it, and the how-many-eth of its agent it is.

Because a replay computes the same outputs from the same records, a repeat after a crash carries the same id, and a
reader drops it by comparing three numbers (``Seen``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ID = re.compile(r"([^:]{1,64}):([^:]{1,64}):([^:]{1,64}):([0-9]{1,18}):([0-9]{1,18}):([0-9]{1,18})")
"""Numbers of at most 18 digits fit into 64 bits, as a checkpoint needs them."""


class EventId(NamedTuple):
    """``hall:lane:agent:era:offset:ordinal``. What belongs to no hall is named by its partition: hall ``~3``."""

    hall: str
    lane: str
    agent: str
    era: int
    offset: int
    ordinal: int

    def __str__(self) -> str:
        return f"{self[0]}:{self[1]}:{self[2]}:{self[3]}:{self[4]}:{self[5]}"

    @property
    def place(self) -> Place:
        return self.era, self.offset, self.ordinal


Place = tuple[int, int, int]


def parse_id(text: str) -> EventId:
    """Read an id. Raises ValueError that says what an id looks like."""
    found = _ID.fullmatch(text)
    if found is None:
        example = "demo:sensing:zones:0:42:0"
        raise ValueError(f"expected hall:lane:agent:era:offset:ordinal, such as {example}; got {text[:300]!r}")
    hall, lane, agent, era, offset, ordinal = found.groups()
    return EventId(hall, lane, agent, int(era), int(offset), int(ordinal))


class Seen:
    """What a reader has seen of one topic: drops repeats, per (hall, lane, agent). Memory: one entry per such triple."""

    def __init__(self) -> None:
        self._highest: dict[tuple[str, str, str], Place] = {}

    def is_new(self, event_id: EventId) -> bool:
        """Whether this id is above all seen before of its kind; remembers it."""
        key = event_id[:3]
        if event_id.place <= self._highest.get(key, (-1, -1, -1)):
            return False
        self._highest[key] = event_id.place
        return True
