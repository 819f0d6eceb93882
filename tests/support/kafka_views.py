"""A cluster as `hall topics` sees it, made without one: three brokers, all topics as they are made; then something is changed."""

from __future__ import annotations

from collections.abc import Mapping

from agents.topology import TOPOLOGY
from streams.kafka.cluster import ClusterView, GroupView, PartitionView, TopicView
from streams.kafka.topics import Made, config_of, needed
from streams.topics import state_topic

TOPICS = needed(TOPOLOGY)
STATE = state_topic("sensing")
BROKER_CONFIG = {
    "auto.create.topics.enable": "false", "group.min.session.timeout.ms": "6000",
    "group.max.session.timeout.ms": "1800000", "log.cleaner.enable": "true",
}  # fmt: skip
DEFAULTS = {"segment.ms": "604800000", "min.compaction.lag.ms": "0"}
"""What a broker says of a topic beside what was set for it."""


def partition(copies: int = 3, *, isr: int | None = None, leader: int | None = 1) -> PartitionView:
    """On brokers 1, 2, ... of which the first ``isr`` are in sync."""
    brokers = tuple(range(1, copies + 1))
    return PartitionView(leader, brokers, brokers[:isr])


def cluster(made: Made = Made(4, 3), *, brokers: int = 3) -> ClusterView:  # noqa: B008 - frozen
    """All is well."""
    topics = {
        topic.name: TopicView((partition(made.replication),) * made.partitions, DEFAULTS | config_of(topic, made))
        for topic in TOPICS
    }
    return ClusterView(
        dict.fromkeys(range(1, brokers + 1), ""), topics, BROKER_CONFIG, GroupView("stable", "classic", 2),
        TopicView((partition(),), {}),
    )  # fmt: skip


def empty(brokers: int = 3) -> ClusterView:
    """No topic of ours."""
    return cluster(brokers=brokers)._replace(topics={})


def with_config(view: ClusterView, topic: str, config: Mapping[str, str]) -> ClusterView:
    """The same, but for these settings of a topic."""
    found = view.topics[topic]
    return _with(view, topic, found._replace(config={**found.config, **config}))


def with_partitions(view: ClusterView, topic: str, *partitions: PartitionView) -> ClusterView:
    """The same, but for a topic's partitions."""
    return _with(view, topic, view.topics[topic]._replace(partitions=partitions))


def _with(view: ClusterView, topic: str, changed: TopicView) -> ClusterView:
    return view._replace(topics={**view.topics, topic: changed})
