"""The engine without a log: recordings in, the same outputs out, as fast as the machine goes.

Two kinds of input. A **log's recording** holds the records of every lane, with offsets and timestamps: each lane is run
over its own records, and publishes the same ids, byte for byte, as the engine did that once ran on the log. Anything
else (frames of a MOTChallenge file, a simulation) is only what the first lane would read: it is laid out as a log by
``lay_out``, and what the first lane publishes becomes the journal that the second reads.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from config.loading import load_files
from config.local_hour import local_hour
from config.patience import longest_patience_s
from streams.checkpoint import Restored
from streams.clock import Clock, stamp_after
from streams.codec import TICK, encode
from streams.engine import Engine, Gap, Output, Tap
from streams.events import Configured, Event
from streams.lane import Lane, Topology
from streams.record import Record

SECOND_MS, MINUTE_MS, HOUR_MS, MONTH_MS = 1000, 60_000, 3_600_000, 31 * 86_400_000
JUMP_MS = 120_000
"""More than a minute, which is as long as anybody may look away, and longer than a newcomer is held back."""

NO_STARTS: Mapping[tuple[str, int], int] = MappingProxyType({})

Restore = Callable[[Lane, int], Restored | None]


class LogDriver:
    """Runs each lane over its own records of a log, from ``restore(lane, partition)`` or from nothing.

    ``starts``: by topic and partition, where the log began when it was left, as far as that is known.
    """

    def __init__(
        self, topology: Topology, *, partitions: int = 1, restore: Restore | None = None, tap: Tap | None = None,
        starts: Mapping[tuple[str, int], int] = NO_STARTS,
    ) -> None:  # fmt: skip
        self._lanes = {lane.topic: lane for lane in topology.lanes}
        self._topology, self._partitions, self._tap = topology, partitions, tap
        self._starts = starts
        self._restore = restore or (lambda lane, partition: None)
        self.engines: dict[tuple[str, int], Engine] = {}

    def run(self, records: Iterable[Record]) -> Iterator[Output]:
        """The outputs of all lanes, in the order of ``records``. Records of other topics are passed over."""
        for record in records:
            lane = self._lanes.get(record.topic)
            if lane is not None:
                start = self._starts.get((record.topic, record.partition))
                yield from step(self.engine(lane, record.partition), record, start)

    def engine(self, lane: Lane, partition: int) -> Engine:
        key = lane.name, partition
        if key not in self.engines:
            self.engines[key] = Engine(
                lane, partition, partitions=self._partitions, topology=self._topology.version,
                restored=self._restore(lane, partition), tap=self._tap,
            )  # fmt: skip
        return self.engines[key]

    def began_with_a_loss(self) -> dict[tuple[str, int], tuple[int, int]]:
        """By (lane, partition), the (era, offset) from which the replay can say what was published, where that is later
        than its first record: what was published behind lost records, before their loss was noticed, nobody computes again.
        """
        return {key: (engine.mark().root_era, 0) for key, engine in self.engines.items() if engine.counts["lost"]}


def step(engine: Engine, record: Record, start: int | None = None) -> list[Output]:
    """Process a record of a log as it was left: what is missing before the log's ``start`` was lost, later gaps are the log's.

    Where nobody knows the start, it is taken to be the first record.
    """
    try:
        return engine.process(record)
    except Gap as gap:
        lost = engine.counts["records"] == 0 if start is None else gap.wanted < start
        engine.skip_to(record.offset, lost=lost)
        return engine.process(record)


class Driver:
    """Runs the lanes of a topology in a chain: what the first publishes for the second is its log."""

    def __init__(self, topology: Topology, *, tap: Tap | None = None) -> None:
        self.engines = [Engine(lane, topology=topology.version, tap=tap) for lane in topology.lanes]
        self._ends = [0] * len(self.engines)

    def run(self, records: Iterable[Record]) -> Iterator[Output]:
        """``records``: of the first lane, offsets from 0 without gaps."""
        for record in records:
            yield from self.feed(0, record)

    def feed(self, at: int, record: Record) -> Iterator[Output]:
        """Give a record to lane number ``at``, and to the lanes behind it what follows from it."""
        engine = self.engines[at]
        below = at + 1 < len(self.engines)
        if below and record.key is None and record.value == TICK:  # a tick goes to every lane
            yield from self._append(at + 1, record)
        for output in engine.process(record):
            yield output
            if below and output.topic == self.engines[at + 1].lane.topic:
                yield from self._append(
                    at + 1, Record(output.topic, 0, 0, output.timestamp_ms, output.key, output.value)
                )

    def _append(self, at: int, record: Record) -> Iterator[Output]:
        offset, self._ends[at] = self._ends[at], self._ends[at] + 1
        yield from self.feed(at, record._replace(topic=self.engines[at].lane.topic, offset=offset))


def lay_out(
    topic: str, halls: Mapping[str, Mapping[str, str]], events: Iterable[Event], *, close: bool = True
) -> Iterator[Record]:
    """Events in time order as a log of one partition: configuration first, a tick each second, closing ticks at the end.

    ``halls``: by id, the files of each. Timestamps are the events' ``at_ms``, as a log stamps them; offsets count up.
    """
    return _numbered(topic, _timed(halls, iter(events), close=close))


def _numbered(topic: str, rows: Iterable[tuple[int, bytes | None, bytes]]) -> Iterator[Record]:
    for offset, (at_ms, key, value) in enumerate(rows):
        yield Record(topic, 0, offset, at_ms, key, value)


def _timed(
    halls: Mapping[str, Mapping[str, str]], events: Iterator[Event], *, close: bool
) -> Iterator[tuple[int, bytes | None, bytes]]:
    first = next(events, None)
    now = first.at_ms if first else 0
    for hall, files in sorted(halls.items()):
        yield now, hall.encode(), encode(Configured(hall=hall, at_ms=now, files=dict(files)))
    clock = Clock(now)
    for number, event in enumerate(itertools.chain((first,), events) if first else ()):
        before = clock.time_ms
        clock.take(number, event.at_ms)
        for tick in seconds_between(before, clock.time_ms):
            yield tick, None, TICK
        now = stamp_after(now, event.at_ms)
        yield now, event.hall.encode(), encode(event)
    if close:
        for tick in closing_ticks(clock.time_ms, halls):
            yield tick, None, TICK


def seconds_between(before_ms: int, now_ms: int) -> Iterator[int]:
    """When the log's time is told in (before, now]: at every whole second, after an hour of silence at every minute.

    A silence is time that was observed: its hours are hours with zeros, as they are live. Nothing that could happen then
    needs a finer clock. After a month of it nobody has looked: the rest is told by one jump.
    """
    second = (before_ms // SECOND_MS + 1) * SECOND_MS
    quiet = min(now_ms, before_ms + HOUR_MS)
    yield from range(second, quiet + 1, SECOND_MS)
    yield from range((quiet // MINUTE_MS + 1) * MINUTE_MS, min(now_ms, before_ms + MONTH_MS) + 1, MINUTE_MS)


def closing_ticks(end_ms: int, halls: Mapping[str, Mapping[str, str]]) -> list[int]:
    """Ticks after the end: every track ends, what follows from that is decided and settled, and the last hour is over.

    They are more than a minute apart, so nobody takes them for time that was observed.
    """
    loaded = [load_files(files) for files in halls.values()]
    patience_s = max((longest_patience_s(one.hall, one.rules) for one in loaded), default=0.0)
    over_ms = max((local_hour(one.hall.tz, end_ms)[1] for one in loaded), default=end_ms)
    last = (end_ms // SECOND_MS + 1) * SECOND_MS
    gone = last + round(patience_s) * SECOND_MS + JUMP_MS
    hour = -(-max(gone + 2 * JUMP_MS, over_ms) // SECOND_MS) * SECOND_MS
    return [last, gone, gone + JUMP_MS, hour + JUMP_MS, hour + 2 * JUMP_MS]


def merge(*streams: Iterable[Event]) -> Iterator[Event]:
    """Several streams of events, each in time order, as one."""
    return heapq.merge(*streams, key=lambda event: event.at_ms)
