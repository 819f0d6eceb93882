"""The Faust app, built in a function: one agent and one table per lane, on whichever log the transport is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import faust

from streams.lane import Lane
from streams.topics import GROUP
from streams.worker.batches import Batch

INBOX = 4
"""Batches a lane may have waiting: enough to never starve, few enough to stay fresh."""


class LanesOfApp(Protocol):
    """What the app needs of the lanes. ``topics``: by what the log calls them."""

    topics: dict[str, Lane]
    recovered: dict[str, Callable[[int], dict[bytes, bytes]]]

    async def take(self, batch: Batch) -> None: ...


class StateTable(faust.Table):  # type: ignore[misc]
    """Recovered by Faust; written by checkpoints, which know what is durable when.

    So it holds what stood in the changelog when the partitions were assigned, and nothing later: a recovery reads on
    from there, and whatever was written meanwhile, by us or by others, comes in then.
    """

    def records_of(self, partition: int) -> dict[bytes, bytes]:
        """Keys are in one partition only: they begin with the writer's id, which is made anew for each."""
        of = self.data._key_partition
        return {key: value for key, value in self.data.data.items() if of.get(key) == partition}

    def on_key_set(self, key: bytes, value: bytes) -> None:
        """Nothing: a checkpoint writes the changelog itself."""

    def on_key_del(self, key: bytes) -> None:
        """Nothing, as above."""


def build_app(
    broker: str, lanes: LanesOfApp, partitions: int, data: Path, conf: Mapping[str, Any] | None = None, *,
    group: str = GROUP, **attributes: Any,
) -> faust.App:  # fmt: skip
    """``attributes`` are set on the app before its transport is made (the embedded log finds itself there).

    ``conf``: settings of Faust's that only this log needs. ``group``: what the log calls the workers' group; tables' topics
    begin with it.
    """
    app = faust.App(
        group, broker=broker, datadir=str(data), store="memory://", web_enabled=False, autodiscover=False,
        topic_partitions=partitions, topic_replication_factor=1, topic_disable_leader=True, topic_allow_declare=False,
        processing_guarantee="at_least_once", stream_wait_empty=False, stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest", producer_acks=-1, loghandlers=[],
        table_standby_replicas=0, **(conf or {}),
    )  # fmt: skip
    for name, value in attributes.items():
        setattr(app, name, value)
    app.lanes = lanes
    app.conf.Table = StateTable
    for topic, lane in lanes.topics.items():
        lanes.recovered[lane.name] = _add_lane(app, topic, lane, lanes, partitions).records_of
    return app


def _add_lane(app: faust.App, topic: str, lane: Lane, lanes: LanesOfApp, partitions: int) -> StateTable:
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    # acks=False: positions are the checkpoint's business, Faust has none to commit.
    channel = app.topic(topic, partitions=partitions, acks=False, maxsize=INBOX, **raw)

    @app.agent(channel, name=lane.name, concurrency=1)  # type: ignore[untyped-decorator]
    async def run(batches: faust.StreamT) -> None:
        async for batch in batches:
            assert isinstance(batch, Batch)
            await lanes.take(batch)

    table = StateTable(
        app, name=f"{lane.name}-state", default=None, partitions=partitions, key_type=bytes, value_type=bytes,
        schema=faust.Schema(**raw),
    )  # fmt: skip
    app.tables.add(table)
    return table
