"""Repeats from the edge: a window of 64 sequence numbers for each (source, boot).

A retry that arrives out of order is still new as long as it is at most 63 behind the newest; further behind it counts
as a repeat. The last few boots of a source are remembered, so that a retry from before a restart is judged as well.
(The same bitmap that IPsec uses against replays: RFC 4303, section 3.4.3.)
"""

from __future__ import annotations

import msgspec

WIDTH = 64
BOOTS = 4
SOURCES = 1024
_FULL = (1 << WIDTH) - 1


class Window(msgspec.Struct, array_like=True):
    """``mask`` bit n: number ``highest - n`` has been seen."""

    boot: str
    highest: int
    mask: int = 1

    def take(self, seq: int) -> bool:
        ahead = seq - self.highest
        if ahead > 0:
            self.mask = (self.mask << ahead | 1) & _FULL if ahead < WIDTH else 1
            self.highest = seq
            return True
        bit = 1 << -ahead if ahead > -WIDTH else _FULL
        if self.mask & bit:
            return False
        self.mask |= bit
        return True


Windows = dict[str, list[Window]]
"""By source, the newest boot last; bounded to SOURCES sources of BOOTS boots."""


def is_new(windows: Windows, source: str, boot: str, seq: int) -> bool:
    """Whether (source, boot, seq) has not been seen; remembers it. An empty source is never a repeat."""
    if not source:
        return True
    boots = windows.get(source)
    if boots is None:
        if len(windows) >= SOURCES:
            del windows[next(iter(windows))]
        boots = windows[source] = []
    elif len(windows) > SOURCES // 2:
        windows[source] = windows.pop(source)  # the first in the dict is then the one that has been silent longest
    for window in reversed(boots):
        if window.boot == boot:
            return window.take(seq)
    boots.append(Window(boot, seq))
    del boots[:-BOOTS]
    return True
