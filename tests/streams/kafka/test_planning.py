"""`hall topics create`, decided: what is made, what differs, what is refused. No broker needed."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from streams.kafka.cluster import ClusterView
from streams.kafka.naming import Naming
from streams.kafka.planning import Asked, Difference, plan
from streams.kafka.topics import Keep, Made, config_of
from streams.log import Time
from streams.topics import DAY_MS, HOUR_MS, JOURNAL, LATE, OBSERVATIONS, SNAPSHOTS
from tests.support.kafka_views import STATE, TOPICS, cluster, empty, partition, with_config, with_partitions

BY_NAME = {topic.name: topic for topic in TOPICS}
EIGHT = (partition(),) * 8
PRODUCER = {"message.timestamp.type": "CreateTime"}


def without(view: ClusterView, *names: str) -> ClusterView:
    return view._replace(topics={name: found for name, found in view.topics.items() if name not in names})


# -- what is made ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("brokers", "copies", "insync"), [(1, 1, "1"), (2, 2, "1"), (3, 3, "2"), (9, 3, "2")])
def test_on_an_empty_cluster_there_are_as_many_copies_as_make_sense(brokers: int, copies: int, insync: str) -> None:
    found = plan(empty(brokers), TOPICS, Asked())
    assert (found.refused, found.missing, found.differs) == ((), TOPICS, ())
    assert found.made == Made(16, copies, "log")
    assert {config_of(topic, found.made)["min.insync.replicas"] for topic in TOPICS} == {insync}


def test_what_is_missing_is_made_as_those_that_stand() -> None:
    found = plan(without(cluster(Made(4, 2, "producer")), LATE), TOPICS, Asked())
    assert found.refused == ()
    assert [topic.name for topic in found.missing] == [LATE]
    assert found.made == Made(4, 2, "producer")


@pytest.mark.parametrize(
    "made", [Made(4, 3), Made(1, 1), Made(16, 2, "producer"), Made(4, 3, kept={JOURNAL: Keep(HOUR_MS, 7)})]
)
def test_made_once_there_is_nothing_left_to_do(made: Made) -> None:
    found = plan(cluster(made), TOPICS, Asked())
    assert (found.refused, found.missing, found.differs) == ((), (), ())


def test_the_table_says_how_long_things_are_kept() -> None:
    config = config_of(BY_NAME[OBSERVATIONS], Made())
    assert (config["retention.ms"], config["retention.bytes"]) == (str(DAY_MS), str(5 * 2**30))
    assert config["segment.ms"] == str(4 * HOUR_MS), "Kafka removes whole segments: a day is a day, and not a week more"
    assert config_of(BY_NAME[JOURNAL], Made())["retention.ms"] == str(30 * DAY_MS)


@pytest.mark.parametrize(
    ("kept", "snapshots"),
    [({JOURNAL: Keep(90 * DAY_MS, None)}, 90 * DAY_MS), ({JOURNAL: Keep(DAY_MS, None)}, 30 * DAY_MS),
     ({JOURNAL: Keep(None, None)}, -1), ({JOURNAL: Keep(90 * DAY_MS, None), SNAPSHOTS: Keep(DAY_MS, None)}, DAY_MS)],
)  # fmt: skip
def test_snapshots_are_kept_as_long_as_what_is_replayed_from_them(kept: Mapping[str, Keep], snapshots: int) -> None:
    assert config_of(BY_NAME[SNAPSHOTS], Made(kept=kept))["retention.ms"] == str(snapshots)


def test_a_recording_may_be_of_any_time_and_is_kept() -> None:
    config = config_of(BY_NAME[JOURNAL], Made(time="producer"))
    assert (config["message.timestamp.type"], config["retention.ms"]) == ("CreateTime", "-1")
    assert config["message.timestamp.before.max.ms"] == config["message.timestamp.after.max.ms"] == str(2**63 - 1)
    state = config_of(BY_NAME[STATE], Made(time="producer"))
    assert (state["message.timestamp.type"], state["cleanup.policy"]) == ("LogAppendTime", "compact")


# -- what differs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "setting", "found", "wanted"),
    [
        (JOURNAL, "unclean.leader.election.enable", "true", "false"),
        (JOURNAL, "max.message.bytes", "1048588", "10485760"),
        (JOURNAL, "cleanup.policy", "compact", "delete"),
        (JOURNAL, "min.insync.replicas", "1", "2"),
        (OBSERVATIONS, "segment.ms", "604800000", "14400000"),
        (STATE, "cleanup.policy", "compact,delete", "compact"),
        (STATE, "message.timestamp.type", "CreateTime", "LogAppendTime"),
        (STATE, "segment.ms", "604800000", "600000"),
    ],
)
def test_what_would_lose_data_or_time_differs(topic: str, setting: str, found: str, wanted: str) -> None:
    view = with_config(cluster(), topic, {setting: found})
    assert plan(view, TOPICS, Asked()).differs == (Difference(topic, setting, found, wanted),)


@pytest.mark.parametrize(
    ("topic", "setting", "value"),
    [
        (JOURNAL, "retention.ms", str(7 * DAY_MS)), (JOURNAL, "retention.bytes", "1000000000"),
        (JOURNAL, "max.message.bytes", str(2**25)), (JOURNAL, "min.insync.replicas", "3"),
        (OBSERVATIONS, "segment.ms", str(HOUR_MS)), (STATE, "min.cleanable.dirty.ratio", "0.01"),
        (JOURNAL, "compression.type", "zstd"), (LATE, "min.insync.replicas", "2"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("copies", [3, 5])
def test_what_was_chosen_and_is_sound_is_left_alone(topic: str, setting: str, value: str, copies: int) -> None:
    view = with_config(cluster(Made(4, copies), brokers=copies), topic, {setting: value})
    assert plan(view, TOPICS, Asked()).differs == ()


def test_a_setting_that_the_broker_does_not_know_is_no_difference() -> None:
    view = cluster(Made(4, 3, "producer"))
    config = {k: v for k, v in view.topics[LATE].config.items() if not k.startswith("message.timestamp.after")}
    topics = {**view.topics, LATE: view.topics[LATE]._replace(config=config)}
    assert plan(view._replace(topics=topics), TOPICS, Asked()).differs == ()


def test_retention_and_copies_in_sync_differ_where_they_are_named() -> None:
    asked = Asked(min_insync=3, kept={LATE: Keep(DAY_MS, None)})
    found = plan(cluster(), TOPICS, asked)
    assert found.refused == ()
    assert Difference(LATE, "retention.ms", str(30 * DAY_MS), str(DAY_MS)) in found.differs
    assert {row.topic for row in found.differs if row.setting == "min.insync.replicas"} == set(BY_NAME)


def test_snapshots_follow_when_the_journal_is_to_be_kept_longer_and_stay_when_it_is_not() -> None:
    def changes(ms: int) -> set[str]:
        return {row.topic for row in plan(cluster(), TOPICS, Asked(kept={JOURNAL: Keep(ms, None)})).differs}

    assert changes(90 * DAY_MS) == {JOURNAL, SNAPSHOTS}
    assert changes(7 * DAY_MS) == {JOURNAL}


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "asked", "says"),
    [
        (cluster(), Asked(partitions=8), "expected 8 partitions in every topic, got 4 in hall.observations, hall.journal"),
        (with_partitions(cluster(), LATE, *EIGHT), Asked(), "expected 4 partitions in every topic, got 8 in hall.late. "),
        (cluster(), Asked(time="producer"), "expected topics of producer time, got the other kind in hall.observations, "),
        (with_config(cluster(), LATE, PRODUCER), Asked(), "expected topics of log time, got the other kind in hall.late. "),
        (cluster(Made(4, 1)), Asked(replication=3), "expected 3 copies of every topic, got 1 in .*kafka-reassign-partitions"),
        (empty(2), Asked(replication=3), "expected a broker for each of 3 copies, but the cluster has 2"),
        (empty(), Asked(min_insync=4), "4 with 3 copies: nothing could ever be written"),
        (empty(), Asked(min_insync=1), "1 with 3 copies: .* be lost with that broker. Use 2"),
        (empty(), Asked(time="producer", kept={JOURNAL: Keep(DAY_MS, None)}), "a time limit for hall.journal"),
        (empty(), Asked(kept={JOURNAL: Keep(600_000, None)}), "less than 2 h for hall.journal: .* nothing can be replayed"),
        (cluster(), Asked(kept={SNAPSHOTS: Keep(600_000, None)}), "less than 2 h for hall.snapshots"),
        # The first topic is as good as any other: who differs from most is to blame.
        (with_config(cluster(), OBSERVATIONS, PRODUCER), Asked(), "expected topics of log time, got .* in hall.observations. "),
        (with_partitions(cluster(), OBSERVATIONS, *EIGHT), Asked(), "expected 4 partitions in every topic, got 8 in hall.obs"),
    ],
)  # fmt: skip
def test_what_is_for_ever_or_would_lose_data_is_refused(view: ClusterView, asked: Asked, says: str) -> None:
    [text] = plan(view, TOPICS, asked).refused
    assert re.search(says, text), text


def test_topics_are_named_as_the_cluster_calls_them() -> None:
    view = with_config(cluster(), LATE, PRODUCER)._replace(naming=Naming("acme."))
    assert "the other kind in acme.hall.late. " in plan(view, TOPICS, Asked()).refused[0]


def test_late_events_may_be_kept_for_minutes() -> None:
    assert plan(cluster(), TOPICS, Asked(kept={LATE: Keep(600_000, None)})).refused == ()


def test_topics_whose_settings_may_not_be_seen_are_left_alone() -> None:
    view = without(cluster(), LATE)
    found = plan(view._replace(topics={n: t._replace(config={}) for n, t in view.topics.items()}), TOPICS, Asked())
    assert "hall topics acl --role operator" in found.refused[0]


@pytest.mark.parametrize("time", ["log", "producer"])
def test_to_ask_for_what_stands_is_not_refused(time: Time) -> None:
    assert plan(cluster(Made(4, 3, time)), TOPICS, Asked(4, 3, 2, time)).refused == ()
