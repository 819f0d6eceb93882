"""The engine's topics on the embedded log: made where absent, and appended to by whoever has something to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streams.codec import TICK, encode
from streams.embedded.log import Append, Log, TopicSpec
from streams.embedded.spec import Time
from streams.events import Configured
from streams.lane import Topology
from streams.partitioner import partition_of
from streams.topics import OBSERVATIONS, all_topics

PARTITIONS = 1


def ensure_topics(log: Log, topology: Topology, time: Time = "log") -> None:
    """Make the topics that are missing. Those that stand keep their kind of time."""
    standing = log.topics()
    for topic in all_topics(tuple(lane.name for lane in topology.lanes)):
        if topic.name not in standing:
            # The state's own topics are the engine's alone: their time is always the log's.
            kind: Time = "log" if topic.compact else time
            log.create_topic(
                TopicSpec(topic.name, PARTITIONS, topic.compact, kind, topic.retention_ms, topic.retention_bytes)
            )  # fmt: skip


def keyed(log: Log, topic: str, key: str, value: bytes, at_ms: int | None = None) -> Append:
    """A row for the partition that its key belongs to."""
    return Append(topic, partition_of(key.encode(), log.partitions(topic)), key.encode(), value, at_ms)


def configured(log: Log, halls: Mapping[str, Mapping[str, str]], at_ms: int) -> list[Append]:
    """Rows that put the files of halls in force."""
    return [
        keyed(log, OBSERVATIONS, hall, encode(Configured(hall=hall, at_ms=at_ms, files=dict(files))), at_ms)
        for hall, files in sorted(halls.items())
    ]


def ticks(log: Log, topics: Iterable[str], at_ms: int | None = None) -> list[Append]:
    """A tick for every partition of the topics."""
    return [Append(topic, p, None, TICK, at_ms) for topic in topics for p in range(log.partitions(topic))]
