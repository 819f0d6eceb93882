"""Says in the worker's log when the log's time and this machine's clock part: people should know before they miss figures."""

from __future__ import annotations

import logging

from faust.types import TP

from streams.clock import BACK_MS, RUN_MS, SAY_MS
from streams.engine import Engine
from streams.worker.lanes import Lanes

log = logging.getLogger(__name__)


def ahead_ms(engine: Engine, now_ms: int) -> int:
    """By how much the log's time is ahead of the clock; 0 where it is not."""
    return max(0, engine.time_ms - now_ms)


class ClockWatch:
    """``look`` is called about once a second; each change is said once."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._ahead: set[TP] = set()
        self._set_back: dict[TP, int] = {}

    def look(self, now_ms: int) -> None:
        # Else nobody could ask this process to stop before the clock has caught up with its start.
        self._lanes.born_ms = min(self._lanes.born_ms, now_ms)
        for tp, part in self._lanes.parts.items():
            # A recording that is played is of any time.
            self._of_the_clock(tp, 0 if self._lanes.own_clock else ahead_ms(part.engine, now_ms))
            self._of_the_log(tp, part.engine)

    def _of_the_clock(self, tp: TP, by_ms: int) -> None:
        if by_ms <= SAY_MS:
            if tp in self._ahead:
                self._ahead.discard(tp)
                log.info("%s/%d: the log's time is no longer ahead of this machine's clock", tp.topic, tp.partition)
        elif tp not in self._ahead:
            self._ahead.add(tp)
            what = "it stands until the clock has caught up" if by_ms <= BACK_MS else "all input is late"
            log.warning(
                "%s/%d: the log's time is %d s ahead of this machine's clock: %s. Keep the clock that stamps the log right "
                "(NTP). Once records have told of another time for %d s that is more than %d s before it, time goes back",
                tp.topic, tp.partition, by_ms // 1000, what, RUN_MS // 1000, BACK_MS // 1000,
            )  # fmt: skip

    def _of_the_log(self, tp: TP, engine: Engine) -> None:
        count = engine.counts["clock_set_back"]
        if count > self._set_back.get(tp, 0):
            log.warning(
                "%s/%d: the log's time went back, to %d ms, in era %d: a clock was ahead. Every hall began anew "
                "(hall.alerts: clock_set_back)", tp.topic, tp.partition, engine.time_ms, engine.era,
            )  # fmt: skip
        self._set_back[tp] = count
