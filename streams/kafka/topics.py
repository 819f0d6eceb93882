"""The engine's topics on Kafka: how each is made, and what a worker asks of them before it starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from confluent_kafka.admin import NewTopic

from streams.kafka.errors import TopicsWrong
from streams.kafka.log import KafkaLog
from streams.kafka.writing import LARGEST_RECORD
from streams.lane import Topology
from streams.log import Time, TopicSpec
from streams.topics import HOUR_MS, JOURNAL, OBSERVATIONS, SNAPSHOTS, STATE_ENDING, Topic, all_topics

PARTITIONS = 16

ANY_TIME = str(2**63 - 1)
SHORTEST_SEGMENT_MS = HOUR_MS // 6
LONGEST_SEGMENT_MS = 24 * HOUR_MS
SHORTEST_KEPT_MS = 2 * HOUR_MS
"""A snapshot an hour: what is kept for less cannot be replayed, nor read by a worker that was away over lunch."""
SOURCES = (OBSERVATIONS, JOURNAL)
"""What the lanes read; a replay begins at a snapshot, so snapshots are kept as long."""


class Keep(NamedTuple):
    """How long (``ms``) and how much of each partition (``bytes``) a topic keeps; None: without that limit."""

    ms: int | None
    bytes: int | None


class Made(NamedTuple):
    """How topics are made. ``min_insync`` None: one fewer than there are copies; ``kept``: where it is not the table's."""

    partitions: int = PARTITIONS
    replication: int = 1
    time: Time = "log"
    min_insync: int | None = None
    kept: Mapping[str, Keep] = MappingProxyType({})


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
    return NewTopic(topic.name, made.partitions, made.replication, config=config_of(topic, made))


def config_of(topic: Topic, made: Made) -> dict[str, str]:
    """What is set for a topic, in Kafka's words. All that the engine relies on: nothing is left to a broker's defaults."""
    config = {
        "max.message.bytes": str(LARGEST_RECORD),
        # One broker may restart, and still every record that was acknowledged has a copy.
        "min.insync.replicas": str(made.min_insync or max(1, made.replication - 1)),
        "unclean.leader.election.enable": "false",
    }
    if topic.compact:
        return config | STATE
    config["cleanup.policy"] = "delete"
    return config | (_stamped_by_broker if made.time == "log" else _stamped_by_sender)(kept(topic, made))


STATE = {
    "message.timestamp.type": "LogAppendTime",
    "cleanup.policy": "compact",
    # A checkpoint a second: without small segments and eager cleaning a recovery would read hours of old ones.
    "segment.bytes": str(32 * 2**20),
    "segment.ms": str(SHORTEST_SEGMENT_MS),
    "min.cleanable.dirty.ratio": "0.1",
}  # fmt: skip


def _stamped_by_broker(keep: Keep) -> dict[str, str]:
    config = {
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": _limit(keep.ms),
        "retention.bytes": _limit(keep.bytes),
    }
    if keep.ms is not None:
        # Kafka removes whole segments, a week long unless told otherwise: faces would be kept for eight days, not for one.
        config["segment.ms"] = str(min(max(keep.ms // 6, SHORTEST_SEGMENT_MS), LONGEST_SEGMENT_MS))
    return config


def _stamped_by_sender(keep: Keep) -> dict[str, str]:
    """A recording's time may be years ago: by its own clock it would be removed before it was read. Or days ahead."""
    return {
        "message.timestamp.type": "CreateTime", "message.timestamp.before.max.ms": ANY_TIME,
        "message.timestamp.after.max.ms": ANY_TIME, "retention.ms": _limit(None), "retention.bytes": _limit(keep.bytes),
    }  # fmt: skip


def _limit(value: int | None) -> str:
    return "-1" if value is None else str(value)


def kept(topic: Topic, made: Made) -> Keep:
    """How long a topic is kept: as it was asked for, or as the table says."""
    if topic.name in made.kept:
        return made.kept[topic.name]
    if topic.name != SNAPSHOTS:
        return Keep(topic.retention_ms, topic.retention_bytes)
    ages = [topic.retention_ms, *(made.kept[name].ms for name in SOURCES if name in made.kept)]
    return Keep(None if None in ages else max(age for age in ages if age is not None), topic.retention_bytes)


def _and_then(missing: Collection[str], standing: Collection[str]) -> str:
    """A state topic that is missing where the lanes' topics stand was there, and held the state."""
    if set(SOURCES) <= set(standing) and any(name.endswith(STATE_ENDING) for name in missing):
        return ", then `hall reset`, if the engine has run here: its state is gone, and that says what can be saved"
    return ""


def check_topics(log: KafkaLog, topology: Topology) -> dict[str, TopicSpec]:
    """The engine's topics. Raises TopicsWrong when some are missing or do not fit each other."""
    standing, called = log.topics(), log.naming.outside
    names = [topic.name for topic in needed(topology)]
    unseen = [name for name in names if name not in standing]
    if missing := [name for name in unseen if log.topic(name) is None]:
        raise TopicsWrong(
            f"{log.servers}: expected the engine's topics, but there is no {', '.join(map(called, missing))}. "
            f"What to do: `hall topics create`{_and_then(missing, standing)}"
        )
    found = {name: standing[name] for name in names}
    if len({topic.partitions for topic in found.values()}) > 1:
        counts = ", ".join(f"{called(topic.name)} {topic.partitions}" for topic in found.values())
        raise TopicsWrong(
            f"{log.servers}: expected one number of partitions for all topics, got {counts}. What to do: partitions can only "
            f"be added, and halls stay where they are: remove the topics that differ (what is in them is lost), and "
            f"`hall topics create`; or begin anew beside them, HALL_TOPIC_PREFIX"
        )
    wrong = [
        called(topic.name)
        for topic in needed(topology)
        if topic.compact != found[topic.name].compact or (topic.compact and found[topic.name].time != "log")
    ]
    if wrong:
        raise TopicsWrong(
            f"{log.servers}: expected state topics with cleanup.policy=compact and message.timestamp.type=LogAppendTime, and "
            f"all others with cleanup.policy=delete; otherwise {', '.join(sorted(wrong))}. What to do: "
            f"`hall topics create --alter`; `hall topics check` says more"
        )
    return found
