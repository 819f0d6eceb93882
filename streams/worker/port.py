"""What a lane needs of the log it runs on. The embedded log and Kafka each have one; tests have a fake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from streams.checkpoint import Mark
from streams.engine import Output
from streams.lane import Lane
from streams.record import Record
from streams.traces import Traces


class StateRow(NamedTuple):
    """A record of a lane's state topic; value None removes the key."""

    key: bytes
    value: bytes | None


class LanePort(Protocol):
    """One log, as the lanes see it."""

    async def log_id(self, topic: str) -> str:
        """Changes when the log is not the same any more: a restored backup, a recreated topic."""

    def publish(self, outputs: Sequence[Output]) -> None:
        """Take outputs, in order, without waiting. A failure comes out of ``settle``, and nothing later is sent past it."""

    async def settle(self) -> None:
        """Until all outputs taken so far are acknowledged. Raises when one was not."""

    async def write_state(
        self, topic: str, partition: int, halls: Sequence[StateRow], mark: StateRow, source: str, next_offset: int
    ) -> bool:
        """Step 2 to 4 of a checkpoint: hall records, then the mark, then the group's position in ``source``.

        False when the position was refused, because the partition is somebody else's by now. What was written then is
        true all the same, but nothing of others may be removed.
        """

    async def forget(self, topic: str, partition: int, keys: Sequence[bytes]) -> None:
        """Remove records of the state topic."""

    async def copied(self, lane: str, partition: int, mark: Mark) -> tuple[int, int] | None:
        """None: the log is the one on which this mark was written last. Otherwise it is a copy, or an old state of it, and
        the original may have gone on: the offset behind the last record on which the lane has published anything, as far
        as this log shows it; and what a new era is called at the least.
        """

    async def start(self, topic: str, partition: int) -> int:
        """The first offset that is still there."""

    async def written(self, topic: str, partition: int) -> int:
        """The offset of the next record to come, whether or not what is before it can be read yet."""

    async def read_one(self, topic: str, partition: int, offset: int) -> Record | None:
        """The record at exactly this offset, if it is still there."""

    async def traces(self, lane: Lane, partition: int) -> Traces:
        """What is left elsewhere of a state that is not where it belongs."""

    async def watch(self) -> None:
        """Look whether the topics still stand as they did; now and then. Raises what has to end the process."""

    @property
    def backlog(self) -> int:
        """Outputs taken and not yet acknowledged."""
