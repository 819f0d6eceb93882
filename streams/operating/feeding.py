"""Plays a recording into a log: in its own time, and never far ahead of the engine.

On topics of log time the log stamps what arrives, and the engine ticks; all a feeder does is wait for the right moment.
On topics of producer time the recording is the clock: the feeder stamps, and ticks. A second that passes is told to the
first lane, which passes it on to the lanes behind it, each second in its place between what was concluded before it and
after it. So they live through the same seconds as in a replay, at any speed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from streams.clock import Clock as Time
from streams.codec import TICK
from streams.lane import Lane, Topology
from streams.log import Append, EventLog
from streams.operating import admin
from streams.partitioner import partition_of
from streams.playing import Play
from streams.worker.failure import Fatal

BATCH = 500
AHEAD_AT_MOST = 40_000
"""Records behind the last checkpoint: two checkpoints' worth, so that the engine works while one is written."""
SILENCE_MS = 60_000
"""Between two closing ticks: long enough for a lower lane to conclude something of its own."""
STALL_S = 60.0
ROUNDS = 3
"""What was fed, what is concluded from that, and what a lane concludes from its own entries. Others may go on feeding."""
POLL_S, LOOK_S = 0.02, 0.25
"""Between two looks at the engine: when it is waited for, and when the recording is."""

# Not the codec's: what was read from a recording was checked there, and its search for NaN is most of the work.
_encode = msgspec.json.Encoder().encode

Needs = dict[tuple[str, int], int]
"""(topic, partition) -> the offset that its checkpoint must have reached."""


class Clock(NamedTuple):
    """Seconds that pass, and a way to let them."""

    now: Callable[[], float] = time.monotonic
    rest: Callable[[float], None] = time.sleep


class Pace:
    """``speed`` times as fast as the recording; 0: as fast as it goes."""

    def __init__(self, speed: float, clock: Clock) -> None:
        self._speed, self._clock = speed, clock
        self._first_ms: int | None = None
        self._began_s = 0.0

    def leap(self, at_ms: int) -> None:
        """This moment is now: the recording's clock was set ahead or back, and nobody waited for that."""
        self._first_ms, self._began_s = at_ms, self._clock.now()

    def wait_s(self, at_ms: int) -> float:
        """How long it is until this moment of the recording; 0 or less: it has come."""
        if self._speed == 0:
            return 0.0
        if self._first_ms is None:
            self._first_ms, self._began_s = at_ms, self._clock.now()
        return self._began_s + (at_ms - self._first_ms) / 1000 / self._speed - self._clock.now()


class Feeder:
    """Feeds one recording into an open log. ``fed``: its events that are in the log by now."""

    def __init__(
        self, log: EventLog, topology: Topology, *, own_clock: bool, clock: Clock = Clock()  # noqa: B008 - a value
    ) -> None:  # fmt: skip
        self._log, self._own_clock, self._clock = log, own_clock, clock
        self._origin: Lane = next(lane for lane in topology.lanes if lane.origin)
        self._lanes = {lane.topic: lane for lane in topology.lanes}
        # Asked once: the log would look them up in its file for every row.
        self._counts = {lane.topic: log.partitions(lane.topic) for lane in topology.lanes}
        self._parts = [(topic, number) for topic, count in self._counts.items() for number in range(count)]
        self._places: dict[tuple[str, str], int] = {}
        self._rows: list[Append] = []
        self._later: list[Append] = []
        self._held: deque[tuple[Needs, list[Append]]] = deque()
        self._had_engine = bool(log.runners())
        self._time = Time(0)
        self.fed = self._taken = 0

    @property
    def at_ms(self) -> int:
        """How far the recording has come, by its own clock."""
        return self._time.time_ms

    def feed(self, plays: Iterable[Play], pace: Pace, progress: Callable[[], None] = lambda: None) -> None:
        """All of ``plays``. Raises Fatal when the engine stands still."""
        for play in plays:
            if play.leaps:
                pace.leap(play.at_ms)
            while (wait_s := pace.wait_s(play.at_ms)) > 0:
                self._hand_over(progress)
                self._clock.rest(min(wait_s, LOOK_S))
            self._take(play)
            if len(self._rows) >= BATCH:
                self._hand_over(progress)
        self._hand_over(progress)

    def _hand_over(self, progress: Callable[[], None]) -> None:
        self._flush()
        progress()
        self._not_too_far()

    def finish(self, closing: Iterable[int] = ()) -> None:
        """Wait until the first lane has processed everything.

        Then the ``closing`` ticks; behind a long silence only when what came before it has come all the way. At the end
        it waits for all lanes: who asks next what was concluded, or how far behind the engine is, finds it done.
        """
        self._until(lambda: not self._held)
        for at_ms in closing:
            if at_ms - self.at_ms >= SILENCE_MS:
                self._flush()
                self._until(lambda: not self._held)
            self._take(Play(at_ms, "", None))
        self._flush()
        self._until(lambda: not self._held)
        self._through()

    def _through(self) -> None:
        """Wait for what is in the log, then for what the lanes have put behind it: a lane may live on its own entries."""
        for _ in range(ROUNDS):
            ends = {part: self._log.written(*part) for part in self._parts}
            self._until(lambda: self._reached(ends))  # noqa: B023 - it is done with before the next round

    def _take(self, play: Play) -> None:
        self._time.take(self._taken, play.at_ms)
        if play.event is None:
            origin = self._origin.topic
            self._rows += (
                Append(topic, number, None, TICK, play.at_ms) for topic, number in self._parts if topic == origin
            )
            return
        hall = play.event.hall
        row = Append(play.topic, self._place(play.topic, hall), hall.encode(), _encode(play.event), play.at_ms)
        (self._later if self._own_clock and play.topic != self._origin.topic else self._rows).append(row)
        self._taken += 1

    def _place(self, topic: str, hall: str) -> int:
        found = self._places.get((topic, hall))
        if found is None:
            found = self._places[topic, hall] = partition_of(hall.encode(), self._counts[topic])
        return found

    def _flush(self) -> None:
        self._log.append(self._rows)
        self._rows = []
        if self._later:
            ends = {part: self._log.written(*part) for part in self._parts if part[0] == self._origin.topic}
            self._held.append((ends, self._later))
            self._later = []
        self._release()
        self.fed = self._taken

    def _release(self) -> None:
        """Let go what was held back for something that is processed now."""
        rows: list[Append] = []
        while self._held and self._reached(self._held[0][0]):
            rows += self._held.popleft()[1]
        self._log.append(rows)

    def _reached(self, needs: Needs) -> bool:
        return all(self._position(part) >= offset for part, offset in needs.items())

    def _position(self, part: tuple[str, int]) -> int:
        return admin.position(self._log, self._lanes[part[0]], part[1])

    def _not_too_far(self) -> None:
        self._until(
            lambda: all(self._log.written(*part) - self._position(part) <= AHEAD_AT_MOST for part in self._parts)
        )

    def _until(self, reached: Callable[[], bool]) -> None:
        """Wait for the engine, if there is one. It may be started again meanwhile, by a supervisor."""
        before, since_s = self._positions(), self._clock.now()
        while not reached():
            if not self._had_engine and not self._log.runners():
                return
            self._had_engine = True
            self._clock.rest(POLL_S)
            self._release()
            if (now := self._positions()) != before:
                before, since_s = now, self._clock.now()
            elif self._clock.now() - since_s > STALL_S:
                raise Fatal(75, self._stalled())

    def _stalled(self) -> str:
        state = "runs, but makes no progress" if self._log.runners() else "has stopped"
        held = "".join(f" {one.said()}." for one in admin.held_back(self._log, self._lanes))
        return (
            f"the engine {state}: nothing was processed for {STALL_S:.0f} s (`hall status` says more). "
            f"{self.fed} events are in the log.{held}"
        )

    def _positions(self) -> list[int]:
        return [self._position(part) for part in self._parts]
