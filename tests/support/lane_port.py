"""A log in memory as the lanes see it: what was sent and written stands in ``calls``, in order, and it fails when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from streams.checkpoint import Mark, Restored, restore
from streams.engine import Engine, Output
from streams.lane import Lane
from streams.record import Record
from streams.traces import Traces
from streams.worker.batches import Batch
from streams.worker.partition import LanePartition
from streams.worker.port import StateRow
from tests.support.script import Script, told
from tests.support.toy import SENSING


class Refused(Exception):
    """What the fake log raises when told to."""


class FakePort:
    """``records``: the source topic, as far as it is still there. ``refuse``: a call that fails, such as ``settle``.

    ``owner``: whether the group takes positions from us; ``hold``: while there is one, state waits for it to be written.
    """

    def __init__(self, records: Sequence[Record] = (), log_id: str = "log") -> None:
        self.source, self.id, self.backlog = list(records), log_id, 0
        self.refuse: str | None = None
        self.owner = True
        self.copy: tuple[int, int] | None = None
        self.hold: asyncio.Event | None = None
        self.calls: list[str] = []
        self.asked: list[str] = []
        self.sent: list[Output] = []
        self.state: dict[bytes, bytes] = {}
        self.positions: dict[str, int] = {}
        self.left = Traces()
        self.changed: Exception | None = None

    def _call(self, name: str, text: str) -> None:
        if self.refuse == name:
            raise Refused(name)
        self.calls.append(f"{name} {text}".strip())

    async def log_id(self, topic: str) -> str:
        self.asked.append(topic)
        return self.id

    def publish(self, outputs: Sequence[Output]) -> None:
        self.sent += outputs
        self.calls.append(f"publish {len(outputs)}")

    async def settle(self) -> None:
        self._call("settle", "")

    async def write_state(
        self, topic: str, partition: int, halls: Sequence[StateRow], mark: StateRow, source: str, next_offset: int
    ) -> bool:
        if self.hold is not None:
            await self.hold.wait()
        self._call("write", f"{len(halls)} halls, mark, {source} at {next_offset}")
        self.state.update({row.key: row.value for row in (*halls, mark) if row.value is not None})
        if self.owner:
            self.positions[source] = next_offset
        return self.owner

    async def forget(self, topic: str, partition: int, keys: Sequence[bytes]) -> None:
        self._call("forget", f"{len(keys)}")
        for key in keys:
            self.state.pop(key, None)

    async def copied(self, lane: str, partition: int, mark: Mark) -> tuple[int, int] | None:
        return self.copy

    async def start(self, topic: str, partition: int) -> int:
        return self.source[0].offset if self.source else 0

    async def written(self, topic: str, partition: int) -> int:
        return self.source[-1].offset + 1 if self.source else 0

    async def read_one(self, topic: str, partition: int, offset: int) -> Record | None:
        return next((r for r in self.source if r.offset == offset), None)

    async def traces(self, lane: Lane, partition: int) -> Traces:
        self.asked.append(f"traces of {lane.name}/{partition}")
        return self.left

    async def watch(self) -> None:
        self.asked.append("watch")
        if self.changed is not None:
            raise self.changed

    def restored(self) -> Restored:
        return restore(self.state)

    def told(self) -> list[str]:
        """What was sent, in short; the pieces of snapshots apart."""
        return told(o for o in self.sent if o.id is not None)


def partition(port: FakePort, engine: Engine | None = None, lane: Lane = SENSING) -> LanePartition:
    return LanePartition(engine or Engine(lane), port, lambda outputs: None)


def batch(records: Sequence[Record], asked: int | None = None) -> Batch:
    """Fetched from the first record's offset on, unless ``asked`` says otherwise."""
    first = records[0]
    return Batch(first.topic, first.partition, 1, first.offset if asked is None else asked, list(records))


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 30))


def script(pokes: int = 5) -> Script:
    """A hall is configured, and then poked: ``a counter counted`` each time, and two sums."""
    made = Script()
    made.configure("a", at=0)
    for _ in range(pokes):
        made.poke("a", at=1)
    return made


class Clock:
    """What a partition takes for ``monotonic``; it stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now
