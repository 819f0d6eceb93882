"""Stock Faust, as its documentation has it: an agent that takes one message after the other, and a table."""

from __future__ import annotations

import faust

from benchmarks.peers.job import process
from benchmarks.peers.task import Task, begin

PARTITIONS = 4
RAW = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}


def build(task: Task) -> faust.App:
    app = faust.App(
        f"peers-{task.run}", broker=f"kafka://{task.servers}", store="memory://", datadir=task.directory,
        topic_partitions=PARTITIONS, topic_replication_factor=1, topic_disable_leader=True, web_enabled=False,
        consumer_auto_offset_reset="earliest",
    )  # fmt: skip
    source, target = app.topic(task.source, **RAW), app.topic(task.target, **RAW)
    halls = app.Table("halls", default=dict, partitions=PARTITIONS)

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def zoning(stream: faust.StreamT) -> None:
        async for key, value in stream.items():
            hall = key.decode()
            tracks = halls[hall]
            if not tracks:
                begin()
            outputs = process(tracks, value)
            halls[hall] = tracks
            for output in outputs:
                await target.send(key=key, value=output)

    return app


if __name__ == "__main__":
    faust.Worker(build(Task.from_env()), loglevel="WARNING").execute_from_commandline()
