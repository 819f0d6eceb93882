"""A lane's life under faults: workers that crash, overlap and write half a checkpoint, over one log and one state topic.

A worker keeps the order of DESIGN section 6: outputs acknowledged, hall records, mark. Everything else is left to chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.checkpoint import restore
from streams.engine import Engine, Gap, Output
from streams.ids import Seen
from streams.lane import Lane
from streams.record import Record
from tests.support.script import Store, write


class World:
    """What outlives a process: the log, the state topic, and what was published."""

    def __init__(self, lane: Lane, log: Sequence[Record], partitions: int = 1) -> None:
        self.lane, self.log, self.partitions = lane, log, partitions
        self.store: Store = {}
        self.published: list[Output] = []
        self._writers = 0

    def worker(self) -> Worker:
        self._writers += 1  # ids that sort now above, now below those before
        return Worker(self, f"{self._writers * 617 % 1000:03}")


class Worker:
    """One assignment: restored from the state topic, at work until it is no longer called."""

    def __init__(self, world: World, writer: str) -> None:
        self.world, self.writer = world, writer
        self._saw = list(world.store)
        restored = restore(world.store)
        log_id = restored.mark.log_id if restored.mark else "log"
        self.engine = Engine(world.lane, restored=restored, log_id=log_id, partitions=world.partitions)
        self._pending: list[Output] = []

    def begin(self, *, halls: int | None = None, mark: bool = True, forget: int | None = None) -> None:
        """Everything under its own name, then the old writers' records away; a crash anywhere in between."""
        write(self.world.store, self.writer, self.engine.whole(), halls=halls, mark=mark)
        if halls is None and mark:
            for key in self._saw[:forget]:
                self.world.store.pop(key, None)

    def work(self, count: int) -> bool:
        """Process up to ``count`` records from where it stands; False at the end of the log."""
        for record in self.world.log[self._position() :][:count]:
            self._pending += step(self.engine, record)
        return self._position() < len(self.world.log)

    def hear_again(self, count: int) -> None:
        """The records before its position are delivered once more."""
        at = self._position()
        for record in self.world.log[max(0, at - count) : at]:
            assert self.engine.process(record) == []

    def checkpoint(self, *, whole: bool = False, halls: int | None = None, mark: bool = True) -> None:
        """A checkpoint; a crash after ``halls`` hall records, or before the mark."""
        self.lose_in_flight(len(self._pending))
        made = self.engine.whole() if whole else self.engine.checkpoint()
        write(self.world.store, self.writer, made, halls=halls, mark=mark)

    def lose_in_flight(self, sent: int) -> None:
        """Of what was not yet acknowledged, the first ``sent`` outputs are in the log, the others are not."""
        self.world.published += self._pending[:sent]
        self._pending = []

    @property
    def pending(self) -> int:
        return len(self._pending)

    def _position(self) -> int:
        return sum(record.offset < self.engine.next_offset for record in self.world.log)


def step(engine: Engine, record: Record) -> list[Output]:
    """Over the log's own gaps, as a worker that has asked the log again."""
    try:
        return engine.process(record)
    except Gap:
        engine.skip_to(record.offset, lost=False)
        return engine.process(record)


def undisturbed(lane: Lane, log: Sequence[Record], partitions: int = 1) -> tuple[list[Output], Engine]:
    engine = Engine(lane, log_id="log", partitions=partitions)
    return [output for record in log for output in step(engine, record)], engine


def without_repeats(outputs: Sequence[Output]) -> list[tuple[str, bytes | None, bytes, int]]:
    """What a reader of the topics acts on, in order: topic, key, value, timestamp."""
    seen: dict[str, Seen] = {}
    return [
        (o.topic, o.key, o.value, o.timestamp_ms)
        for o in outputs
        if o.id is not None and seen.setdefault(o.topic, Seen()).is_new(o.id)
    ]
