"""What open transactions of producers hold back of the lanes' input, and for how long: a lane waits, and says so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from faust.types import TP

from streams.log import Held
from streams.worker.lanes import Lanes

log = logging.getLogger(__name__)

TOLD_AFTER_S = 10.0
"""An ordinary transaction is over by then."""


class Ends(NamedTuple):
    """Of a partition: up to where it can be read, and the offset of the next record to come."""

    readable: int
    written: int


UNKNOWN = Ends(0, 0)


class Holding(NamedTuple):
    """How many records are held back, and for how many seconds, as far as this process has seen."""

    records: int
    seconds: float


class HeldInput:
    """``check`` is called about once a second with a clock's reading in seconds; ``of`` says what it found last.

    ``called``: a topic's name on the cluster, for the operator.
    """

    def __init__(
        self, lanes: Lanes, ends: Callable[[str, int], Ends], called: Callable[[str], str] = lambda topic: topic
    ) -> None:
        self._lanes, self._ends, self._called = lanes, ends, called
        self._since: dict[TP, tuple[int, float]] = {}
        self._found: dict[TP, Holding] = {}
        self._told: set[TP] = set()

    def of(self, tp: TP) -> Holding:
        """Nothing, for 0 s, where all can be read."""
        return self._found.get(tp, Holding(0, 0.0))

    def check(self, now: float) -> None:
        """Look, and warn once of each transaction that is open for long."""
        self._found = {tp: found for tp in self._lanes.parts if (found := self._look(tp, now)).records}
        for tp in self._told - self._found.keys():
            log.warning("%s/%d: no transaction holds records back any more", self._called(tp.topic), tp.partition)
        self._since = {tp: since for tp, since in self._since.items() if tp in self._found}
        self._told &= self._found.keys()

    def _look(self, tp: TP, now: float) -> Holding:
        readable, written = self._ends(tp.topic, tp.partition)
        if written <= readable:
            return Holding(0, 0.0)
        at, since = self._since.get(tp, (-1, now))
        if at != readable:  # another one, by now
            since = now
            self._told.discard(tp)
        self._since[tp] = readable, since
        found = Holding(written - readable, now - since)
        if found.seconds >= TOLD_AFTER_S and tp not in self._told:
            self._told.add(tp)
            log.warning(Held(self._called(tp.topic), tp.partition, readable, found.records).said(found.seconds))
        return found
