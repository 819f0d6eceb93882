"""`hall topics check`, judged: each thing that can be wrong with a cluster, alone in one where all is well. No broker needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from streams.kafka.checking import CLUSTER, GROUP, Finding, check, worst
from streams.kafka.cluster import ClusterView, GroupView, Misplaced, TopicView
from streams.kafka.naming import Naming
from streams.kafka.planning import Asked, plan
from streams.kafka.topic_checks import CHECKS, Severity
from streams.kafka.topics import Keep, Made
from streams.log import Time
from streams.topics import JOURNAL, LATE, OBSERVATIONS, SNAPSHOTS
from tests.support.kafka_views import (
    BROKER_CONFIG,
    STATE,
    TOPICS,
    cluster,
    empty,
    partition,
    with_config,
    with_partitions,
)

SHORT = {"retention.ms": "3600000", "segment.ms": "600000"}
RECORDINGS = cluster(Made(4, 3, "producer"))


class Case(NamedTuple):
    """A cluster with one thing wrong, and the one finding that says so."""

    topic: str
    what: str
    severity: Severity
    view: ClusterView
    time: Time = "log"


def setting(
    topic: str, name: str, value: str, severity: Severity = "error", view: ClusterView = cluster(), time: Time = "log"  # noqa: B008
) -> Case:  # fmt: skip
    return Case(topic, name, severity, with_config(view, topic, {name: value}), time)


def four(topic: str, *, copies: int = 3, isr: int | None = None, leader: int | None = 1) -> ClusterView:
    """One of a topic's four partitions is like this."""
    return with_partitions(cluster(), topic, *(partition(),) * 3, partition(copies, isr=isr, leader=leader))


def misplaced() -> ClusterView:
    view = cluster()
    topic = view.topics[STATE]._replace(misplaced=Misplaced("h7", 3, 1))
    return view._replace(topics={**view.topics, STATE: topic})


def insync_of_two(value: str) -> ClusterView:
    """Two copies of one topic: a risk of its own, beside the one that is looked for."""
    return with_config(with_partitions(cluster(), LATE, *(partition(2),) * 4), LATE, {"min.insync.replicas": value})


def held(topic: str) -> ClusterView:
    view = cluster()
    topics = {
        **view.topics,
        topic: view.topics[topic]._replace(held=("partition 3: 7 records behind offset 6 for 70 s",)),
    }
    return view._replace(topics=topics)


def racks(*names: str) -> ClusterView:
    return cluster()._replace(brokers=dict(enumerate(names, 1)))


def brokers(config: Mapping[str, str]) -> ClusterView:
    return cluster()._replace(broker_config={**BROKER_CONFIG, **config})


def group(state: str = "stable", kind: str = "classic", members: int = 2) -> ClusterView:
    return cluster()._replace(group=GroupView(state, kind, members))


CASES = (
    Case(LATE, "partitions", "error", with_partitions(cluster(), LATE, *(partition(),) * 8)),
    Case(STATE, "halls' partitions", "error", misplaced()),
    setting(JOURNAL, "message.timestamp.type", "CreateTime"),
    setting(JOURNAL, "message.timestamp.type", "LogAppendTime", view=RECORDINGS, time="producer"),
    setting(STATE, "message.timestamp.type", "CreateTime"),
    setting(JOURNAL, "cleanup.policy", "compact"),
    setting(JOURNAL, "cleanup.policy", "delete,compact"),
    setting(STATE, "cleanup.policy", "delete"),
    setting(STATE, "cleanup.policy", "compact,delete"),
    setting(JOURNAL, "unclean.leader.election.enable", "true"),
    setting(JOURNAL, "min.insync.replicas", "1"),
    Case(LATE, "leaders", "error", four(LATE, leader=None)),
    Case(OBSERVATIONS, "open transactions", "warning", held(OBSERVATIONS)),
    Case(LATE, "copies in sync", "warning", four(LATE, isr=2)),
    Case(JOURNAL, "racks", "warning", racks("a", "a", "a")._replace(brokers={1: "a", 2: "a", 3: "a", 4: "b"})),
    setting(STATE, "max.message.bytes", "1048588"),
    Case(OBSERVATIONS, "retention.ms", "error", with_config(cluster(), OBSERVATIONS, SHORT)),
    setting(SNAPSHOTS, "retention.ms", "86400000", "warning"),
    setting(JOURNAL, "retention.ms", "86400000", view=RECORDINGS, time="producer"),
    setting(JOURNAL, "message.timestamp.after.max.ms", "3600000", "warning", RECORDINGS, "producer"),
    setting(OBSERVATIONS, "segment.ms", "604800000", "warning"),
    setting(STATE, "segment.ms", "604800000", "warning"),
    setting(STATE, "segment.bytes", "1073741824", "warning"),
    setting(STATE, "min.cleanable.dirty.ratio", "0.9", "warning"),
    setting(STATE, "min.compaction.lag.ms", "86400000", "warning"),
    Case("cluster", "brokers", "warning", cluster()._replace(brokers={1: "", 2: ""})),
    Case("cluster", "auto.create.topics.enable", "warning", brokers({"auto.create.topics.enable": "true"})),
    Case("cluster", "auto.create.topics.enable", "warning", brokers({"auto.create.topics.enable": "false, true"})),
    Case("cluster", "group.min.session.timeout.ms", "error", brokers({"group.min.session.timeout.ms": "6000, 10000"})),
    Case("cluster", "group.max.session.timeout.ms", "error", brokers({"group.max.session.timeout.ms": "5000"})),
    Case("cluster", "log.cleaner.enable", "error", brokers({"log.cleaner.enable": "false"})),
    Case("cluster", "copies of groups' positions", "warning", cluster()._replace(offsets=TopicView((partition(1),), {}))),
    Case("group", "kind", "error", group(kind="consumer")),
    Case("group", "state", "warning", group("preparing_rebalancing")),
    Case("group", "workers", "warning", group(members=5)),
)  # fmt: skip

SEVERAL = (
    (insync_of_two("3"), {("copies", "warning"), ("min.insync.replicas", "error"), ("min.insync.replicas", "warning")}),
    (insync_of_two("2"), {("copies", "warning"), ("min.insync.replicas", "warning")}),
    (insync_of_two("1"), {("copies", "warning")}),
    (four(LATE, isr=1), {("in sync", "error"), ("copies in sync", "warning")}),
    (four(LATE, copies=1), {("copies", "warning"), ("min.insync.replicas", "error")}),
)  # fmt: skip
"""Where one fault is several."""


def wrong(view: ClusterView, time: Time = "log") -> list[Finding]:
    return [finding for finding in check(view, TOPICS, time) if finding.severity != "fine"]


@pytest.mark.parametrize(
    ("view", "time"),
    [
        (cluster(), "log"), (RECORDINGS, "producer"), (group("empty", members=0), "log"), (group("dead", members=0), "log"),
        (cluster()._replace(broker_config=None, group=None, offsets=None), "log"), (racks("a", "b", "b"), "log"),
        (cluster(Made(4, 3, kept={JOURNAL: Keep(None, None), LATE: Keep(60_000, None)})), "log"),
    ],
)  # fmt: skip
def test_where_all_is_well_nothing_is_said(view: ClusterView, time: Time) -> None:
    assert wrong(view, time) == []
    assert worst(check(view, TOPICS, time)) == "fine"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic}-{case.what}")
def test_each_fault_is_named_once_with_what_to_do(case: Case) -> None:
    found = [f for f in wrong(case.view, case.time) if f.topic == case.topic]
    assert [(f.what, f.severity) for f in found] == [(case.what, case.severity)]
    assert all((f.why, f.cure, f.expected, f.found) and f.expected != f.found for f in found)
    assert worst(found) == case.severity


@pytest.mark.parametrize(("view", "expected"), SEVERAL)
def test_too_few_copies(view: ClusterView, expected: set[tuple[str, Severity]]) -> None:
    assert {(f.what, f.severity) for f in wrong(view)} == expected


def test_every_row_of_the_tables_is_shown_to_fire() -> None:
    fired = {(case.what, case.severity) for case in CASES} | {pair for _, pairs in SEVERAL for pair in pairs}
    rows = {(row.what, row.severity) for row in CHECKS} | {(row.what, row.severity) for row in (*CLUSTER, *GROUP)}
    assert fired == rows


def test_a_topic_that_is_not_there() -> None:
    found = [f for f in wrong(empty()) if f.what == "topic"]
    assert [f.topic for f in found] == [topic.name for topic in TOPICS]
    assert {(f.severity, f.cure) for f in found} == {("error", "`hall topics create`")}


def test_topics_are_named_as_the_cluster_calls_them() -> None:
    view = with_config(with_config(cluster(), STATE, {"min.compaction.lag.ms": "86400000"}), JOURNAL, SHORT)
    lag, short = sorted(wrong(view._replace(naming=Naming("acme."))), key=lambda finding: finding.what)[:2]
    assert (lag.topic, short.topic) == (f"acme.{STATE}", f"acme.{JOURNAL}")
    assert f"--entity-name acme.{STATE} " in lag.cure
    assert f"--retention {JOURNAL}=24h" in short.cure, "our own options take our own names"


def test_of_two_numbers_of_partitions_the_rarer_is_wrong() -> None:
    assert [(f.topic, f.what) for f in wrong(with_partitions(cluster(), OBSERVATIONS, *(partition(),) * 8))] == [
        (OBSERVATIONS, "partitions")
    ]


def test_topics_under_another_prefix_are_pointed_to() -> None:
    found = wrong(empty()._replace(others=("acme.",)))[0]
    assert found.cure == "`hall topics create`, or is it HALL_TOPIC_PREFIX: 'acme.'"


def test_topics_that_may_not_be_seen_are_not_called_missing() -> None:
    view = empty()._replace(hidden=frozenset(topic.name for topic in TOPICS), others=("acme.",))
    found = wrong(view)
    assert {(f.found, f.severity) for f in found} == {("not to be seen", "error")}
    assert all("hall topics acl" in f.cure and "create" not in f.cure for f in found)


def test_settings_that_may_not_be_read_are_an_error() -> None:
    view = cluster()
    hidden = view._replace(topics={**view.topics, LATE: view.topics[LATE]._replace(config={})})
    assert [(f.topic, f.what, f.severity) for f in wrong(hidden)] == [(LATE, "settings", "error")]


def test_what_halls_were_placed_by_is_said_with_both_partitions() -> None:
    [found] = [f for f in wrong(misplaced()) if f.topic == STATE]
    assert found.found == "h7: state in 3, belongs to 1"


ALTERED = [case for case in CASES if any(f.cure == "`hall topics create --alter`" for f in wrong(case.view, case.time))]


@pytest.mark.parametrize("case", ALTERED, ids=lambda case: f"{case.topic}-{case.what}")
def test_where_alter_is_the_cure_it_is_one(case: Case) -> None:
    view = case.view
    for row in plan(view, TOPICS, Asked()).differs:
        view = with_config(view, row.topic, {row.setting: row.wanted})
    assert wrong(view, case.time) == []
