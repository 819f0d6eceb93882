"""Log time inside the service lane, as finely as an agent can know it.

An agent is told the log's time once a second, by ``Tick``. The events between two ticks carry times of cameras, whose
clocks may differ from the log's by a minute. What is certain is that such an event stands in the log less than about a
second after the last tick: its own time is believed within that second, and cut to it otherwise. So durations are exact
where the clocks agree and wrong by less than a second where they do not.
"""

from __future__ import annotations

import msgspec

from streams.events import Conclusion, Tick

SECOND_MS = 1000


class LogTime(msgspec.Struct):
    """``tick_ms`` None: no tick yet. ``now_ms`` never runs more than a second ahead of the last tick."""

    tick_ms: int | None = None
    now_ms: int = 0

    def tick(self, event: Tick) -> int:
        """The log's own word: takes back what ``now_ms`` may have run ahead. Never runs backwards itself."""
        if self.tick_ms is None or event.at_ms > self.tick_ms:
            self.tick_ms = event.at_ms
        self.now_ms = self.tick_ms
        return self.now_ms

    def see(self, event: Conclusion) -> int:
        """Log time of an event between two ticks. Before the first tick its own time is all there is."""
        if self.tick_ms is None:
            self.now_ms = event.decided_at_ms
        else:
            self.now_ms = max(self.now_ms, min(event.decided_at_ms, self.tick_ms + SECOND_MS))
        return self.now_ms
