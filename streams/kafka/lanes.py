"""The lanes as Faust sees them: by what the cluster calls their topics. Behind it, everything has its own name again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from faust.types import TP

from streams.kafka.naming import Naming
from streams.lane import Lane
from streams.worker.batches import Batch
from streams.worker.lanes import Lanes


class OutsideLanes:
    """Stands in the app where the embedded log has the ``Lanes`` themselves."""

    def __init__(self, lanes: Lanes, naming: Naming) -> None:
        self._lanes, self._naming = lanes, naming
        self.topics: dict[str, Lane] = {naming.outside(topic): lane for topic, lane in lanes.topics.items()}
        self.recovered = lanes.recovered
        self.fail: Callable[[BaseException], None] = lanes.fail
        self.revoke: Callable[[float], Any] = lanes.revoke

    async def assign(self, tps: Iterable[TP], generation: int) -> dict[TP, int]:
        """See ``Lanes.assign``."""
        starts = await self._lanes.assign([self._inside(tp) for tp in tps], generation)
        return {TP(self._naming.outside(tp.topic), tp.partition): offset for tp, offset in starts.items()}

    async def take(self, batch: Batch) -> None:
        """See ``Lanes.take``. The records have our names already, as a recording of them will."""
        await self._lanes.take(batch._replace(topic=self._naming.inside(batch.topic)))

    def _inside(self, tp: TP) -> TP:
        return TP(self._naming.inside(tp.topic), tp.partition)
