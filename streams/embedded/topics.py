"""The engine's topics on the embedded log: made where absent."""

from __future__ import annotations

from streams.embedded.log import Log
from streams.lane import Topology
from streams.log import Time, TopicSpec
from streams.topics import all_topics

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
