"""Bytewax: a dataflow with a recovery store on the disk; ``python -m bytewax.run`` says how often it is written.

Run with ``-s 1 -b 0``: a snapshot about every second, none kept for longer than it is needed.
"""

from __future__ import annotations

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow

from benchmarks.peers.job import Tracks, process
from benchmarks.peers.task import Task, begin

BATCH = 1000


def keyed(message: KafkaSourceMessage) -> tuple[str, bytes]:
    return message.key.decode(), message.value


def zoning(tracks: Tracks | None, value: bytes) -> tuple[Tracks, list[bytes]]:
    if tracks is None:
        begin()
        tracks = {}
    return tracks, process(tracks, value)


def message(item: tuple[str, bytes]) -> KafkaSinkMessage:
    return KafkaSinkMessage(item[0].encode(), item[1])


def build(task: Task) -> Dataflow:
    flow = Dataflow(f"peers-{task.run}")
    frames = op.input("frames", flow, KafkaSource([task.servers], [task.source], batch_size=BATCH))
    halls = op.map("keyed", frames, keyed)
    changes = op.stateful_flat_map("zoning", halls, zoning)
    op.output("changes", op.map("message", changes, message), KafkaSink([task.servers], task.target))
    return flow


flow = build(Task.from_env())
