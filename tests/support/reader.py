"""Reads what the engine publishes as its users do, and notices what they could not."""

from __future__ import annotations

import zlib
from collections.abc import Container

from streams.codec import BadRecord, id_of
from streams.ids import EventId, Seen, parse_id
from streams.record import Record


class Reader:
    """Keeps the highest place of each stream of a topic, and drops what is not above it.

    What it drops must be a repeat, to the byte, of something that it had. ``lost``: ids that it dropped although it had
    never had them. ``torn``: ids that stood for two different events. ``cut``: topics that have lost their beginning: what
    is repeated there may have been removed before.
    """

    def __init__(self, cut: Container[str] = ()) -> None:
        self._cut = cut
        self._seen: dict[str, Seen] = {}
        self._had: dict[tuple[str, str], int] = {}
        self.lost: list[str] = []
        self.torn: list[str] = []
        self.repeats = 0

    def take(self, record: Record) -> None:
        name = _name(record)
        if name is None:
            return
        key, content = (record.topic, str(name)), zlib.crc32(record.value or b"")
        if self._seen.setdefault(record.topic, Seen()).is_new(name):
            self._had[key] = content
        elif key not in self._had:
            if record.topic not in self._cut:
                self.lost.append(str(name))
        elif self._had[key] != content:
            self.torn.append(str(name))
        else:
            self.repeats += 1

    def check(self, where: str) -> None:
        """Raises AssertionError where a user would have missed something, or taken one event for another."""
        assert not self.lost, f"{where}: published after a later one: {self.lost[:3]}"
        assert not self.torn, f"{where}: ids that stand for two events each: {self.torn[:3]}"


def _name(record: Record) -> EventId | None:
    """None for what others wrote, or nobody can read."""
    try:
        text = id_of(record.value) if record.value is not None and record.key is not None else None
        return None if text is None else parse_id(text)
    except (BadRecord, ValueError):
        return None
