"""A cluster as ``hall topics`` judges it: one plain value, read at one moment; and the few things that are changed there.

Everything that decides (``streams.kafka.planning``, ``checking``) takes the value, so that it needs no broker.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from streams.kafka.access import ATTEMPT_S, OWN_NAMES, PATIENCE_S
from streams.kafka.errors import AccessDenied
from streams.kafka.log import KafkaLog
from streams.kafka.naming import Naming
from streams.kafka.topics import SOURCES
from streams.kafka.words import translated
from streams.partitioner import partition_of

GROUP_OFFSETS = "__consumer_offsets"
SAMPLE = 50
"""Records of a state partition that are looked at: a changed number of partitions moves every second hall at the least."""

DENIED = (Refusal.TOPIC_AUTHORIZATION_FAILED, Refusal.CLUSTER_AUTHORIZATION_FAILED, Refusal.GROUP_AUTHORIZATION_FAILED)
SEEN_S = 0.02
LONG_S = 10.0
"""An ordinary transaction is over by then."""


class PartitionView(NamedTuple):
    """``leader`` None: offline. ``replicas`` and ``isr`` (those in sync) are ids of brokers."""

    leader: int | None
    replicas: tuple[int, ...]
    isr: tuple[int, ...]


class Misplaced(NamedTuple):
    """A hall whose state lies where its id does not belong, by today's number of partitions."""

    hall: str
    partition: int
    belongs: int


class TopicView(NamedTuple):
    """``config``: what is in force, whether it was set for the topic or comes from the brokers' defaults.

    ``held``: what transactions keep from being read that are no short ones, each in words.
    """

    partitions: tuple[PartitionView, ...]
    config: Mapping[str, str]
    misplaced: Misplaced | None = None
    held: tuple[str, ...] = ()

    @property
    def copies(self) -> int:
        """Of the partition that has the fewest."""
        return min(len(p.replicas) for p in self.partitions)


class GroupView(NamedTuple):
    """``state`` as Kafka calls it, in lower case (``stable``, ``empty``, ``dead``: there is none); ``kind``: its protocol."""

    state: str
    kind: str
    members: int


class ClusterView(NamedTuple):
    """``brokers``: id to rack ("" without one); ``topics`` by our names; None: we may not look at it.

    ``offsets``: the topic in which groups keep their positions; None also before the first group.
    ``others``: prefixes under which topics like ours were seen. ``hidden``: topics that we may not see, there or not.
    ``naming``: what our topics are called there.
    """

    brokers: Mapping[int, str]
    topics: Mapping[str, TopicView]
    broker_config: Mapping[str, str] | None
    group: GroupView | None
    offsets: TopicView | None = None
    others: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    naming: Naming = OWN_NAMES

    def called(self, names: Iterable[str]) -> str:
        """These topics of ours by their names on the cluster, for people."""
        return ", ".join(map(self.naming.outside, names))


def look(log: KafkaLog, names: Iterable[str]) -> ClusterView:
    """Brokers and topics, as they are now; ``names``: the engine's. Raises KafkaError."""
    admin, naming, names = log.admin, log.naming, list(names)
    metadata = log.ask(lambda: admin.list_topics(timeout=ATTEMPT_S))
    nodes = log.ask(lambda: admin.describe_cluster(request_timeout=ATTEMPT_S).result(PATIENCE_S)).nodes
    found = {name: t for name in names if (t := metadata.topics.get(naming.outside(name))) and t.error is None}
    configs = _configs(log, [ConfigResource(ResourceType.TOPIC, naming.outside(name)) for name in found])
    offsets = metadata.topics.get(GROUP_OFFSETS)
    return ClusterView(
        {node.id: node.rack or "" for node in nodes},
        {name: TopicView(_partitions(t), configs[naming.outside(name)] or {}) for name, t in found.items()},
        _broker_config(log, [node.id for node in nodes]),
        None,
        TopicView(_partitions(offsets), {}) if offsets is not None and offsets.error is None else None,
        _others(naming, metadata.topics, names),
        frozenset(name for name in names if name not in found and _hidden(log, naming.outside(name))),
        naming,
    )


def look_closely(log: KafkaLog, names: Iterable[str], states: Iterable[str]) -> ClusterView:
    """And the group, open transactions in what the lanes read, and where halls lie in ``states``, those of the topics that
    hold them. Raises KafkaError."""
    states = list(states)
    view = look(log, names)
    topics = dict(view.topics)
    for name in (*SOURCES, *states):
        if name in topics:
            topics[name] = topics[name]._replace(held=tuple(_held(log, name, topics[name])))
    for name in states:
        if name in topics:
            topics[name] = topics[name]._replace(misplaced=_misplaced(log, name, len(topics[name].partitions)))
    return view._replace(topics=topics, group=_group(log, log.naming.group))


def _held(log: KafkaLog, topic: str, view: TopicView) -> Iterator[str]:
    """Of producer time nobody can tell since when a transaction is open: there, each is told."""
    now_ms, stamped = time.time_ns() // 1_000_000, view.config.get("message.timestamp.type") == "LogAppendTime"
    for number, held in log.held(topic).items():
        seconds = (now_ms - held.since_ms) / 1000 if stamped and held.since_ms is not None else None
        if seconds is None or seconds >= LONG_S:
            long = "" if seconds is None else f" for {seconds:.0f} s"
            yield f"partition {number}: {held.records} records behind offset {held.offset}{long}"


def alter(log: KafkaLog, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Set these settings, by topic; all others stay. Returns when they are to be seen. Raises KafkaError."""
    resources = [
        ConfigResource(
            ResourceType.TOPIC, log.naming.outside(topic),
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in settings.items()
            ],
        )
        for topic, settings in changes.items()
    ]  # fmt: skip
    for resource, future in log.admin.incremental_alter_configs(resources, request_timeout=PATIENCE_S).items():
        try:
            future.result(PATIENCE_S + 1)
        except KafkaException as e:
            raise translated(e, log.access, resource.name) from e
    _wait_for(log, {log.naming.outside(topic): settings for topic, settings in changes.items()})


def _wait_for(log: KafkaLog, wanted: Mapping[str, Mapping[str, str]]) -> None:
    """The controller knows settings before the brokers do."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = _configs(log, [ConfigResource(ResourceType.TOPIC, name) for name in wanted])
        if all(settings.items() <= (found[name] or settings).items() for name, settings in wanted.items()):
            return
        time.sleep(SEEN_S)


def _partitions(topic: Any) -> tuple[PartitionView, ...]:
    return tuple(
        PartitionView(p.leader if p.leader >= 0 else None, tuple(p.replicas), tuple(p.isrs))
        for _, p in sorted(topic.partitions.items())
    )


def _hidden(log: KafkaLog, name: str) -> bool:
    """A list of all topics leaves out those that we may not see; asked for by its name, Kafka says so."""
    asked = log.admin.describe_topics(TopicCollection([name]), request_timeout=PATIENCE_S)
    return isinstance(error := asked[name].exception(PATIENCE_S + 1), KafkaException) and error.args[0].code() in DENIED


def _misplaced(log: KafkaLog, topic: str, partitions: int) -> Misplaced | None:
    """The first hall that is found where it does not belong. Keys are ``writer/hall``, or ``writer`` alone."""
    for partition in range(partitions):
        for record in log.read(topic, partition, 0, limit=SAMPLE):
            hall = (record.key or b"").partition(b"/")[2]
            if hall and (belongs := partition_of(hall, partitions)) != partition:
                return Misplaced(hall.decode(errors="replace"), partition, belongs)
    return None


def _configs(log: KafkaLog, resources: list[ConfigResource]) -> dict[str, dict[str, str] | None]:
    """What is in force, by the resource's name; None where we may not look."""
    if not resources:
        return {}
    asked: Mapping[ConfigResource, Future[Any]] = log.admin.describe_configs(resources, request_timeout=PATIENCE_S)
    return {resource.name: _entries(log, future, resource.name) for resource, future in asked.items()}


def _entries(log: KafkaLog, future: Future[Any], name: str) -> dict[str, str] | None:
    try:
        return {key: entry.value for key, entry in future.result(PATIENCE_S + 1).items() if entry.value is not None}
    except KafkaException as e:
        if e.args[0].code() in DENIED:
            return None
        raise translated(e, log.access, name) from e


def _broker_config(log: KafkaLog, brokers: list[int]) -> dict[str, str] | None:
    """Of all brokers; one that differs from the others stands with both values, so that it is seen."""
    found = list(_configs(log, [ConfigResource(ResourceType.BROKER, str(broker)) for broker in brokers]).values())
    readable = [config for config in found if config is not None]
    if not readable:
        return None
    keys = sorted({key for config in readable for key in config})
    return {key: ", ".join(sorted({config[key] for config in readable if key in config})) for key in keys}


def _group(log: KafkaLog, name: str) -> GroupView | None:
    try:
        found = log.group.described()
    except AccessDenied:
        return None
    return GroupView(found.state, _kind(log, name), len(found.members))


def _kind(log: KafkaLog, name: str) -> str:
    """Of a group that is of another kind, the question above says that it is dead. Every broker is asked for its own."""
    listed = log.ask(
        lambda: log.admin.list_consumer_groups(request_timeout=PATIENCE_S).result(PATIENCE_S + 1), "groups"
    )
    return next((group.type.name.lower() for group in listed.valid if group.group_id == name), "classic")


def _others(naming: Naming, names: Iterable[str], ours: list[str]) -> tuple[str, ...]:
    """Prefixes, but ours, under which the first of our topics is there too."""
    first = ours[0]
    return tuple(sorted({n.removesuffix(first) for n in names if n.endswith(first)} - {naming.prefix}))
