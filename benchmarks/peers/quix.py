"""Quix Streams: a streaming data frame with state in RocksDB and its changelog on Kafka, committed once a second."""

from __future__ import annotations

from typing import Any

from quixstreams import Application, State

from benchmarks.peers.job import process
from benchmarks.peers.task import Task, begin

COMMIT_S = 1.0


def zoning(value: bytes, state: State) -> list[bytes]:
    tracks: dict[str, Any] | None = state.get("tracks")
    if not tracks:
        begin()
        tracks = {}
    outputs = process(tracks, value)
    state.set("tracks", tracks)
    return outputs


def main(task: Task) -> None:
    app = Application(
        broker_address=task.servers, consumer_group=f"peers-{task.run}", auto_offset_reset="earliest",
        state_dir=task.directory, commit_interval=COMMIT_S, loglevel="WARNING",
    )  # fmt: skip
    source = app.topic(task.source, key_deserializer="bytes", value_deserializer="bytes")
    target = app.topic(task.target, key_serializer="bytes", value_serializer="bytes")
    app.dataframe(source).apply(zoning, stateful=True, expand=True).to_topic(target)
    app.run()


if __name__ == "__main__":
    main(Task.from_env())
