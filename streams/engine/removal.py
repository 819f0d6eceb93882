"""Halls that were removed: what is remembered of them, so that what is repeated from before does not bring them back.

A lane that is told of a removal by the lane above it may be told again, after a crash up there, of what came before: those
are repeats, and no hall is there any more whose state would know it. A camera may send a frame again when its hall has
been removed and configured anew in the meantime: the numbers seen of its senders go on.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from streams.checkpoint import Removed
from streams.engine.windows import Windows
from streams.ids import EventId

HALLS_AT_MOST = 1000
WINDOWS_BYTES = 100_000
"""All of it stands in every mark, which has to fit into a record: of the halls removed first, the most is forgotten."""

_windows = msgspec.msgpack.Decoder(Windows)


class RemovedHalls:
    """By hall, in the order in which they were removed."""

    def __init__(self, known: dict[str, Removed]) -> None:
        self._halls = dict(known)

    def __iter__(self) -> Iterator[str]:
        return iter(self._halls)

    def add(self, hall: str, windows: Windows, told_by: EventId | None) -> None:
        """``told_by``: the event that told of it, in a lane that does not learn it from outside."""
        self._halls.pop(hall, None)
        where = (told_by.lane, told_by.era, told_by.offset) if told_by else ("", 0, 0)
        self._halls[hall] = Removed(*where, msgspec.msgpack.encode(windows) if windows else b"")
        for oldest in list(self._halls)[:-HALLS_AT_MOST]:
            del self._halls[oldest]
        room = WINDOWS_BYTES
        for name, known in reversed(list(self._halls.items())):
            room -= len(known.windows)
            if room < 0 and known.windows:
                self._halls[name] = msgspec.structs.replace(known, windows=b"")

    def take(self, hall: str) -> Windows:
        """The hall is there again: the numbers seen of its senders, which is no longer kept here."""
        known = self._halls.pop(hall, None)
        return _windows.decode(known.windows) if known and known.windows else {}

    def precedes(self, event_id: EventId) -> bool:
        """Whether this was published before the removal of its hall, or with it."""
        known = self._halls.get(event_id.hall)
        if known is None or known.lane != event_id.lane:
            return False
        return event_id.place[:2] <= (known.era, known.offset)

    def known(self) -> dict[str, Removed]:
        return dict(self._halls)
