"""What a replay's cameras sent that the engine could not use, over all halls: to be said at the end."""

from __future__ import annotations

from collections import Counter

from streams.events import AlarmRaised, Event, Frame, OddRows
from streams.recordings.usable import too_many

REFUSED = {
    "off_floor": "rows off the camera's floor",
    "no_size": "boxes without size",
    "unconfirmed": "rows of ids that vanished before they were believed",
}
"""Kinds of odd rows that the engine made nothing of. A few ids always vanish: they count where most do."""


class Inputs:
    """``observe`` takes the events of the passes."""

    def __init__(self) -> None:
        self.rows = 0
        self.odd: Counter[str] = Counter()
        self.alarms: dict[str, None] = {}

    def observe(self, event: Event) -> None:
        if type(event) is Frame:
            self.rows += len(event.people)
        elif type(event) is OddRows:
            self.odd.update(dict(event.kinds))
        elif type(event) is AlarmRaised and event.metric == "odd_input":
            self.alarms[event.detail] = None

    @property
    def refused(self) -> dict[str, int]:
        """By kind, in words."""
        return {
            words: self.odd[kind]
            for kind, words in REFUSED.items()
            if self.odd[kind] and (kind != "unconfirmed" or self.odd[kind] * 2 > self.rows)
        }

    @property
    def told(self) -> list[str]:
        """Everything odd, a line each: nothing is passed over in silence."""
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.odd.items()))
        return [*self.alarms, *([f"of {self.rows:,} rows were odd: {kinds} (docs/accuracy.md)"] if kinds else [])]

    def too_bad(self) -> str:
        """What to say when more than a tenth of the rows could not be used; nothing otherwise."""
        refused = self.refused
        return too_many(self.rows - sum(refused.values()), refused)
