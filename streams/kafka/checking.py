"""What `hall topics check` says of a cluster: the rows about topics (``topic_checks``), the cluster and the group, judged.

A row says what is looked at, what is expected and found, how bad the contrary is, why, and what to do. It judges a plain
``ClusterView``; an error is something that loses data or keeps the engine from working, a warning is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from streams.kafka.cluster import ClusterView, GroupView
from streams.kafka.planning import REPLICATION, most
from streams.kafka.topic_checks import CHECKS, Seen, Severity
from streams.log import Time
from streams.topics import Topic

SESSION_MS = 6_000
"""What workers ask for (``streams.kafka.service``); brokers refuse a member that asks for less, or more, than they allow."""


class Finding(NamedTuple):
    """``topic``: its name on the cluster, or "cluster" or "group". ``why`` and ``cure`` are empty where it is fine."""

    topic: str
    what: str
    expected: str
    found: str
    severity: Severity
    why: str = ""
    cure: str = ""


def check(view: ClusterView, topics: Sequence[Topic], time: Time = "log") -> list[Finding]:
    """All findings, the fine ones too: of the cluster, of the topics in the table's order, of the group."""
    partitions = most((len(view.topics[t.name].partitions) for t in topics if t.name in view.topics), 0)
    found = [_cluster(row, view) for row in CLUSTER]
    for topic in topics:
        if topic.name not in view.topics:
            found.append(_missing(topic, view))
        else:
            found += _topic(Seen(topic, view.topics[topic.name], view, time, partitions))
    return [*found, *(_grouped(row, view, partitions) for row in GROUP)]


def worst(findings: Sequence[Finding]) -> Severity:
    """Of all of them."""
    found = {finding.severity for finding in findings}
    return "error" if "error" in found else "warning" if "warning" in found else "fine"


def _topic(seen: Seen) -> Iterator[Finding]:
    called = seen.cluster.naming.outside(seen.topic.name)
    if not seen.view.config:
        yield Finding(
            called, "settings", "that they can be read", "not authorised", "error",
            "workers ask for them at every start", "grant DescribeConfigs (`hall topics acl --role worker`)",
        )  # fmt: skip
        return
    for row in CHECKS:
        if row.applies(seen):
            expected, found = row.expected(seen), row.found(seen)
            if row.holds(seen):
                yield Finding(called, row.what, expected, found, "fine")
            else:
                cure = row.cure.format(topic=seen.topic.name, called=called)
                yield Finding(called, row.what, expected, found, row.severity, row.why, cure)


def _missing(topic: Topic, view: ClusterView) -> Finding:
    called = view.naming.outside(topic.name)
    if topic.name in view.hidden:
        cure = "grant it the rights of its role: `hall topics acl`"
        return Finding(
            called, "topic", "that it is there", "not to be seen", "error", "this user may not look at it", cure
        )
    # With topics of another prefix in sight, the prefix is what is wrong more often than not.
    others = ", or is it HALL_TOPIC_PREFIX: " + ", ".join(repr(other) for other in view.others) if view.others else ""
    return Finding(
        called, "topic", "that it is there", "missing", "error", f"it carries {topic.carries}",
        f"`hall topics create`{others}",
    )  # fmt: skip


# -- the rows about the cluster and the group --------------------------------------------------------------------------


class Row(NamedTuple):
    """``found`` None: we may not look, or there is nothing to look at; ``holds`` judges what was found."""

    what: str
    severity: Severity
    expected: str
    found: Callable[[ClusterView], str | None]
    holds: Callable[[str, int], bool]
    why: str
    cure: str


def _broker(setting: str) -> Callable[[ClusterView], str | None]:
    return lambda view: None if view.broker_config is None else view.broker_config.get(setting)


def _all_in(text: str, holds: Callable[[float], bool]) -> bool:
    """Brokers that differ have all their values in the text."""
    return all(holds(float(part)) for part in text.split(","))


def _offsets_copies(view: ClusterView) -> str | None:
    return None if view.offsets is None else str(view.offsets.copies)


def _member_of(read: Callable[[GroupView], str]) -> Callable[[ClusterView], str | None]:
    return lambda view: None if view.group is None else read(view.group)


RESTART = "set it in the brokers' server.properties, and restart them one by one"

CLUSTER: tuple[Row, ...] = (
    Row(
        "brokers", "warning", f"{REPLICATION} or more", lambda view: str(len(view.brokers)),
        lambda found, _: int(found) >= REPLICATION, "with fewer, none may restart without risk or pause",
        "right for trying it; otherwise add brokers, then kafka-reassign-partitions.sh",
    ),
    Row(
        "auto.create.topics.enable", "warning", "false", _broker("auto.create.topics.enable"),
        lambda found, _: found == "false",
        "a topic that was removed, or misspelt, comes back by itself: with one copy and other settings", RESTART,
    ),
    Row(
        "group.min.session.timeout.ms", "error", f"{SESSION_MS} or less", _broker("group.min.session.timeout.ms"),
        lambda found, _: _all_in(found, lambda ms: ms <= SESSION_MS), "workers cannot join their group", RESTART,
    ),
    Row(
        "group.max.session.timeout.ms", "error", f"{SESSION_MS} or more", _broker("group.max.session.timeout.ms"),
        lambda found, _: _all_in(found, lambda ms: ms >= SESSION_MS), "workers cannot join their group", RESTART,
    ),
    Row(
        "log.cleaner.enable", "error", "true", _broker("log.cleaner.enable"), lambda found, _: found == "true",
        "the states' topics grow without end, and so does recovery", RESTART,
    ),
    Row(
        "copies of groups' positions", "warning", f"{REPLICATION} or more", _offsets_copies,
        lambda found, _: int(found) >= REPLICATION,
        "while the broker that has them is away, no worker can join, and no checkpoint is accepted",
        "kafka-reassign-partitions.sh for __consumer_offsets, on a cluster of three brokers or more",
    ),
)  # fmt: skip

GROUP: tuple[Row, ...] = (
    Row(
        "kind", "error", "classic", _member_of(lambda group: group.kind), lambda found, _: found == "classic",
        "somebody else uses the name of the workers' group", "stop them, or choose another HALL_TOPIC_PREFIX",
    ),
    Row(
        "state", "warning", "stable, empty or dead (never used)", _member_of(lambda group: group.state),
        lambda found, _: found in ("stable", "empty", "dead"), "while its members change, nothing is processed",
        "look again; if it stays so, look into the workers' logs",
    ),
    Row(
        "workers", "warning", "no more than partitions", _member_of(lambda group: str(group.members)),
        lambda found, partitions: not partitions or int(found) <= partitions, "those above have nothing to do but to stand by",
        "right if it is meant so",
    ),
)  # fmt: skip


def _cluster(row: Row, view: ClusterView) -> Finding:
    return _judged("cluster", row, view, 0)


def _grouped(row: Row, view: ClusterView, partitions: int) -> Finding:
    return _judged("group", row, view, partitions)


def _judged(about: str, row: Row, view: ClusterView, partitions: int) -> Finding:
    found = row.found(view)
    if found is None:
        return Finding(about, row.what, row.expected, "not to be seen", "fine")
    if row.holds(found, partitions):
        return Finding(about, row.what, row.expected, found, "fine")
    return Finding(about, row.what, row.expected, found, row.severity, row.why, row.cure)
