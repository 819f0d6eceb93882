"""The engine's topics on Kafka: made where absent, and checked before a worker starts."""

from __future__ import annotations

from typing import NamedTuple

from confluent_kafka.admin import NewTopic

from streams.kafka.errors import TopicsWrong
from streams.kafka.log import KafkaLog, KafkaTopic
from streams.lane import Topology
from streams.topics import Topic, all_topics

PARTITIONS = 16
LARGEST_RECORD = 10 * 2**20
"""Bytes: a hall's whole state has to fit. What the engine publishes is a tenth of that at the most."""


class Made(NamedTuple):
    """How topics are made; for ever, but for retention."""

    partitions: int = PARTITIONS
    replication: int = 1
    time: str = "log"


def needed(topology: Topology) -> tuple[Topic, ...]:
    return all_topics(tuple(lane.name for lane in topology.lanes))


def ensure_topics(log: KafkaLog, topology: Topology, made: Made = Made()) -> list[str]:  # noqa: B008 - frozen
    """Make the topics that are missing; their names. Those that stand keep their kind."""
    standing = log.names()
    missing = [topic for topic in needed(topology) if topic.name not in standing]
    if missing:
        log.create([new_topic(topic, made) for topic in missing])
    return [topic.name for topic in missing]


def new_topic(topic: Topic, made: Made) -> NewTopic:
    return NewTopic(topic.name, made.partitions, made.replication, config=_config(topic, made))


def _config(topic: Topic, made: Made) -> dict[str, str]:
    time = "LogAppendTime" if made.time == "log" or topic.compact else "CreateTime"
    config = {
        "message.timestamp.type": time,
        "max.message.bytes": str(LARGEST_RECORD),
        "min.insync.replicas": str(max(1, made.replication - 1)),
        "unclean.leader.election.enable": "false",
    }
    if topic.compact:
        # A checkpoint a second: without small segments and eager cleaning a recovery would read hours of old ones.
        return config | {
            "cleanup.policy": "compact", "segment.bytes": str(32 * 2**20), "segment.ms": "600000",
            "min.cleanable.dirty.ratio": "0.1",
        }  # fmt: skip
    config["cleanup.policy"] = "delete"
    # A recording's time may be years ago: by its own clock it would be removed before it was read.
    kept_ms = topic.retention_ms if made.time == "log" and topic.retention_ms is not None else -1
    config["retention.ms"] = str(kept_ms)
    if topic.retention_bytes is not None:
        config["retention.bytes"] = str(topic.retention_bytes)
    return config


def check_topics(log: KafkaLog, topology: Topology) -> dict[str, KafkaTopic]:
    """The engine's topics. Raises TopicsWrong when some are missing or do not fit each other."""
    standing = log.topics()
    names = [topic.name for topic in needed(topology)]
    if missing := [name for name in names if name not in standing]:
        raise TopicsWrong(
            f"{log.servers}: expected the engine's topics, but there is no {', '.join(missing)}. "
            f"What to do: `hall topics create`"
        )
    found = {name: standing[name] for name in names}
    if len({topic.partitions for topic in found.values()}) > 1:
        counts = ", ".join(f"{topic.name} {topic.partitions}" for topic in found.values())
        raise TopicsWrong(f"{log.servers}: expected one number of partitions for all topics, got {counts}")
    wrong = [
        t.name for t in needed(topology) if t.compact and (not found[t.name].compact or found[t.name].time != "log")
    ]
    if wrong:
        raise TopicsWrong(
            f"{log.servers}: expected {', '.join(wrong)} with cleanup.policy=compact and "
            f"message.timestamp.type=LogAppendTime: set it with kafka-configs, or remove the topics (that drops the state) "
            f"and run `hall topics create`"
        )
    return found
