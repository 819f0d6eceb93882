"""Reads what the engine publishes as its users do, and notices what they could not."""

from __future__ import annotations

import zlib
from collections.abc import Container

from streams.codec import event_id_of
from streams.ids import Seen
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
        name = event_id_of(record)
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

    def compare(self, record: Record) -> None:
        """Something that was published in another log: under an id of this one, it must be the same."""
        name, content = event_id_of(record), zlib.crc32(record.value or b"")
        if name is not None and self._had.get((record.topic, str(name)), content) != content:
            self.torn.append(str(name))

    def check(self, where: str) -> None:
        """Raises AssertionError where a user would have missed something, or taken one event for another."""
        assert not self.lost, f"{where}: published after a later one: {self.lost[:3]}"
        assert not self.torn, f"{where}: ids that stand for two events each: {self.torn[:3]}"
