"""The log against the simplest thing that could be called one, a list per partition, whatever is done to both."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.clock import BACK_MS
from streams.embedded.compaction import TOMBSTONE_MS
from streams.embedded.errors import TopicMissing
from streams.embedded.log import Log
from streams.log import Append, TopicSpec
from streams.record import Record
from tests.support.embedded import Clock, everything

SPECS = (
    TopicSpec("log", 2, retention_ms=1_000, retention_bytes=60),
    TopicSpec("played", time="producer", retention_ms=1_000),
    TopicSpec("state", 2, compact=True),
)
PLACES = [(spec, number) for spec in SPECS for number in range(spec.partitions)]
TIMES = st.sampled_from([-1, 0, 1, 999, 1_000, 5_000, TOMBSTONE_MS, 10**13])
ROWS = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from([b"a", b"b", b"c"]), st.none() | st.binary(max_size=30), TIMES),
    max_size=8,
)


class Partition:
    """What a partition has to be."""

    def __init__(self, spec: TopicSpec, number: int) -> None:
        self.spec, self.number = spec, number
        self.records: list[Record] = []
        self.next = 0
        self.newest_ms: int | None = None

    def append(self, key: bytes, value: bytes | None, given_ms: int, now_ms: int) -> tuple[int, int]:
        asked = given_ms if self.spec.time == "producer" else now_ms
        last = asked if self.newest_ms is None else self.newest_ms
        self.newest_ms = last if last - BACK_MS <= asked <= last else asked
        stamp = asked if self.spec.time == "producer" else self.newest_ms
        if self.spec.compact:
            self.records = [record for record in self.records if record.key != key]
        self.records.append(Record(self.spec.name, self.number, self.next, stamp, key, value))
        self.next += 1
        return self.next - 1, stamp

    def retain(self, now_ms: int) -> None:
        if self.spec.compact:
            self.records = [record for record in self.records if not self._buried(record, now_ms)]
            return
        clock_ms = now_ms if self.spec.time == "log" else min(now_ms, self.newest_ms or 0)
        while self.records and (self._old(clock_ms) or self._too_much()):
            del self.records[0]

    def _buried(self, record: Record, now_ms: int) -> bool:
        last = record.offset == self.next - 1
        return record.value is None and not last and record.timestamp_ms < now_ms - TOMBSTONE_MS

    def _old(self, clock_ms: int) -> bool:
        """A timestamp ahead of the clock says nothing: then it is the age of the next that is not."""
        stamps = [record.timestamp_ms for record in self.records]
        sure = next((stamp for stamp in stamps if stamp <= clock_ms + BACK_MS), stamps[0])
        return self.spec.retention_ms is not None and sure < clock_ms - self.spec.retention_ms

    def _too_much(self) -> bool:
        limit = self.spec.retention_bytes
        return limit is not None and len(self.records) > 1 and self.bytes() > limit

    def bytes(self) -> int:
        return sum(len(record.key or b"") + len(record.value or b"") for record in self.records)


class Machine(RuleBasedStateMachine):
    @initialize()
    def make(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.clock = Clock(1_000)
        self.open()
        for spec in SPECS:
            self.log.create_topic(spec)
        self.model = {(spec.name, number): Partition(spec, number) for spec, number in PLACES}
        self.positions: dict[tuple[str, str, int], int] = {}

    def open(self) -> None:
        self.log = Log.open(Path(self.directory.name) / "halls.log", sync="NORMAL", now_ms=self.clock)

    @rule(rows=ROWS, position=st.none() | st.integers(0, 100))
    def append(self, rows: list[tuple[tuple[TopicSpec, int], bytes, bytes | None, int]], position: int | None) -> None:
        positions = {} if position is None else {("engine", "log", 1): position}
        sent = [Append(spec.name, number, key, value, at) for (spec, number), key, value, at in rows]
        expected = [
            self.model[row.topic, row.partition].append(row.key or b"", row.value, row.timestamp_ms or 0, self.clock())
            for row in sent
        ]
        assert self.log.append(sent, positions=positions) == expected
        self.positions.update(positions)

    @rule(rows=ROWS)
    def append_in_vain(self, rows: list[tuple[tuple[TopicSpec, int], bytes, bytes | None, int]]) -> None:
        sent = [Append(spec.name, number, key, value, at) for (spec, number), key, value, at in rows]
        with pytest.raises(TopicMissing):
            self.log.append([*sent, Append("nowhere", 0, b"k", b"v")])

    @rule(by_ms=st.sampled_from([-7_200_000, -5_000, 1, 999, 2_000, TOMBSTONE_MS]))
    def time_passes(self, by_ms: int) -> None:
        self.clock.now_ms += by_ms

    @rule()
    def retain(self) -> None:
        before = {place: len(part.records) for place, part in self.model.items()}
        for part in self.model.values():
            part.retain(self.clock())
        gone = {place: before[place] - len(part.records) for place, part in self.model.items()}
        assert self.log.retain(self.clock()) == {place: count for place, count in gone.items() if count}

    @rule()
    def open_again(self) -> None:
        self.log.close()
        self.open()

    @rule(place=st.sampled_from(PLACES), offset=st.integers(-1, 40), limit=st.integers(0, 9), room=st.integers(0, 90))
    def read(self, place: tuple[TopicSpec, int], offset: int, limit: int, room: int) -> None:
        name, number = place[0].name, place[1]
        expected: list[Record] = []
        size = 0
        for record in [record for record in self.model[name, number].records if record.offset >= offset][:limit]:
            size += len(record.key or b"") + len(record.value or b"")
            if size > room and expected:
                break
            expected.append(record)
        assert self.log.read(name, number, offset, limit=limit, max_bytes=room) == expected

    @invariant()
    def the_log_is_the_model(self) -> None:
        stats = {(one.topic, one.partition): one for one in self.log.stats()}
        for (name, number), part in self.model.items():
            assert everything(self.log, name, number, limit=3) == part.records
            start = part.records[0].offset if part.records else part.next
            assert (self.log.start(name, number), self.log.end(name, number)) == (start, part.next)
            assert stats[name, number][2:6] == (start, part.next, len(part.records), part.bytes())
        assert self.log.positions() == self.positions

    def teardown(self) -> None:
        self.log.close()
        self.directory.cleanup()


TestTheLog = Machine.TestCase
TestTheLog.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
