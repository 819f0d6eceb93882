"""What is summed up of one hour of the hall's clock. Used by statistics."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from config.local_hour import local_hour

UNOBSERVED_AFTER_MS = 60_000


class Samples(msgspec.Struct):
    """Of ``seen`` values every ``stride``-th is kept."""

    kept: list[int] = []
    stride: int = 1
    seen: int = 0

    def add(self, value: int, limit: int) -> None:
        """Keep ``value`` if it is its turn; never more than ``limit`` of them."""
        if self.seen % self.stride == 0:
            self.kept.append(value)
        self.seen += 1
        while len(self.kept) > limit:
            del self.kept[1::2]
            self.stride *= 2


class Tally(msgspec.Struct):
    """One zone in the current hour; ``occupancy`` is that of the moment up to which the hour is summed up."""

    occupancy: int = 0
    entries: int = 0
    exits: int = 0
    person_ms: int = 0
    most: int = 0
    dwell_ms: Samples = msgspec.field(default_factory=Samples)

    @property
    def empty(self) -> bool:
        return not (self.entries or self.exits or self.dwell_ms.seen or self.person_ms)

    def next_hour(self) -> Tally:
        """Whoever is in a zone stays in it."""
        return Tally(occupancy=self.occupancy, most=max(0, self.occupancy))


class LineTally(msgspec.Struct):
    forward: int = 0
    backward: int = 0


class Observed(msgspec.Struct):
    """``ms``: by start of the hour, how much of it the log shows the engine at work. ``looked_ms``: the last look."""

    ms: dict[int, int] = {}
    looked_ms: int | None = None

    def look(self, tz: ZoneInfo, now_ms: int) -> None:
        """Count the time since the last look; a longer silence than ``UNOBSERVED_AFTER_MS`` was observed by nobody."""
        before_ms = now_ms if self.looked_ms is None else self.looked_ms
        if now_ms < before_ms:
            return
        self.looked_ms = now_ms
        while before_ms < now_ms <= before_ms + UNOBSERVED_AFTER_MS:
            start, end = local_hour(tz, before_ms)
            until = min(end, now_ms)
            self.ms[start] = self.ms.get(start, 0) + until - before_ms
            before_ms = until

    def take(self, hour_ms: int) -> int:
        """What was observed of an hour that is over; earlier ones are forgotten."""
        taken = self.ms.get(hour_ms, 0)
        self.ms = {start: ms for start, ms in self.ms.items() if start > hour_ms}
        return taken
