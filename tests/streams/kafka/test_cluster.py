"""`hall topics` on a real broker: made, looked at, broken, repaired; and several installations beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka.admin import NewPartitions

from hall import main
from streams.checkpoint import hall_key
from streams.kafka.access import Access
from streams.kafka.cluster import alter, look_closely
from streams.kafka.log import KafkaLog
from streams.kafka.naming import Naming
from streams.log import Append
from streams.partitioner import partition_of
from streams.topics import DAY_MS, GROUP, JOURNAL, OBSERVATIONS
from tests.support.kafka_broker import KafkaBroker
from tests.support.kafka_views import STATE, TOPICS

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
NAMES = [topic.name for topic in TOPICS]
PARTITIONS = 4
_numbers = count()


class Installation:
    """Topics of our own on the broker that all tests share, and the verbs that look at them."""

    def __init__(self, broker: KafkaBroker, prefix: str) -> None:
        self.prefix = prefix
        self.env = {"HALL_BROKER": f"kafka://{broker.servers}", "HALL_TOPIC_PREFIX": prefix}
        self.log = KafkaLog(Access(broker.servers, naming=Naming(prefix)))

    def hall(self, *arguments: str, code: int = 0) -> str:
        """``hall topics ...``: what it prints."""
        done = CliRunner().invoke(main, ["topics", *arguments], env=self.env)
        assert done.exit_code == code, done.output
        return done.output

    def wrong(self, *arguments: str, code: int = 0) -> set[tuple[str, str, str]]:
        """What the check finds, but that one broker cannot have three copies: topic by our name, what, severity."""
        report: Mapping[str, Any] = json.loads(self.hall("check", "--json", *arguments, code=code))
        alone = {"copies", "brokers", "copies of groups' positions"}
        found = [f for f in report["findings"] if f["severity"] != "fine" and f["what"] not in alone]
        assert all(f["topic"].startswith(self.prefix) for f in found), "by their names on the cluster"
        return {(f["topic"].removeprefix(self.prefix), f["what"], f["severity"]) for f in found}


@pytest.fixture
def ours(broker: KafkaBroker) -> Iterator[Installation]:
    made = Installation(broker, f"test{next(_numbers)}.")
    with made.log:
        yield made


def test_made_once_checked_and_not_made_again(ours: Installation) -> None:
    assert ours.wrong(code=65) == {(name, "topic", "error") for name in NAMES}
    assert "9 made, 0 were there" in ours.hall("create", "--partitions", str(PARTITIONS), "--retention", "journal=90d")
    assert ours.wrong() == set()
    ours.hall("check", "--strict", code=65)
    again = ours.hall("create")
    assert "0 made, 9 were there" in again
    assert "not as they would be made" not in again
    specs = ours.log.topics()
    assert sorted(specs) == sorted(NAMES)
    assert {spec.partitions for spec in specs.values()} == {PARTITIONS}
    assert specs[JOURNAL].retention_ms == 90 * DAY_MS
    assert ours.log.names() == set(NAMES), "Faust needs no topic of its own"


def test_what_would_lose_data_is_found_shown_and_repaired(ours: Installation) -> None:
    ours.hall("create", "--partitions", str(PARTITIONS))
    alter(ours.log, {
        JOURNAL: {"unclean.leader.election.enable": "true", "cleanup.policy": "compact"},
        STATE: {"message.timestamp.type": "CreateTime"},
    })  # fmt: skip
    wrong = {
        (JOURNAL, "unclean.leader.election.enable", "error"), (JOURNAL, "cleanup.policy", "error"),
        (STATE, "message.timestamp.type", "error"),
    }  # fmt: skip
    assert ours.wrong(code=65) == wrong
    shown = ours.hall("create")
    assert "not as they would be made (set with --alter)" in shown
    assert ours.wrong(code=65) == wrong, "without --alter nothing is changed"
    assert "altered:" in ours.hall("create", "--alter")
    assert ours.wrong() == set()


def test_what_is_for_ever_is_refused_and_nothing_changed(ours: Installation) -> None:
    ours.hall("create", "--partitions", str(PARTITIONS), "--time", "producer")
    before = look_closely(ours.log, NAMES, [STATE])
    for options, says in (
        (("--partitions", "8"), "expected 8 partitions"),
        (("--time", "log"), "expected topics of log time"),
    ):
        refused = ours.hall("create", "--alter", "--retention", "late=1GB", *options, code=64)
        assert says in refused
        assert "HALL_TOPIC_PREFIX" in refused
        assert "Nothing was changed" in refused
    assert look_closely(ours.log, NAMES, [STATE]).topics == before.topics
    assert (OBSERVATIONS, "message.timestamp.type", "error") in ours.wrong(code=65)
    assert ours.wrong("--time", "producer") == set()


def test_more_partitions_than_halls_were_placed_by(ours: Installation) -> None:
    """All topics alike, so that only the states tell: hall h0 lies in partition 3 of 4, and belongs to another of 8.

    4 partitions:  0 . . h0         8 partitions:  0 . . h0 . . . .
                         ^ state here                        ^ or here is where its records go now
    """
    ours.hall("create", "--partitions", str(PARTITIONS))
    rows = [
        Append(STATE, p, hall_key("writer", f"h{n}"), b"state", None) for n in range(20) for p in [placed(f"h{n}", 4)]
    ]
    ours.log.append(rows)
    assert ours.wrong() == set()
    more = [NewPartitions(ours.prefix + name, 8) for name in NAMES]
    for future in ours.log.admin.create_partitions(more).values():
        future.result(30)
    with KafkaLog(ours.log.access) as fresh:
        found = look_closely(fresh, NAMES, [STATE]).topics[STATE].misplaced
    assert found is not None
    assert found.partition == placed(found.hall, 4)
    assert found.belongs == placed(found.hall, 8) != found.partition
    assert (STATE, "halls' partitions", "error") in ours.wrong(code=65)


def placed(hall: str, partitions: int) -> int:
    return partition_of(hall.encode(), partitions)


def test_two_installations_do_not_see_each_other(broker: KafkaBroker, ours: Installation) -> None:
    ours.hall("create", "--partitions", "1")
    other = Installation(broker, f"{ours.prefix}other.")
    with other.log:
        other.hall("create", "--partitions", "2")
        ours.log.append([Append(JOURNAL, 0, b"h", b"ours")])
        other.log.append([Append(JOURNAL, 1, b"h", b"other")], positions={(GROUP, JOURNAL, 1): 1})
        [record] = other.log.read(JOURNAL, 1, 0)
        assert (record.topic, record.value) == (JOURNAL, b"other"), "inside, a topic has its own name"
        assert ours.log.end(JOURNAL, 0) == 1
        assert (ours.log.position(GROUP, JOURNAL, 1), other.log.position(GROUP, JOURNAL, 1)) == (None, 1)
        assert {spec.partitions for spec in other.log.topics().values()} == {2}
        assert {spec.partitions for spec in ours.log.topics().values()} == {1}
        assert ours.log.identity(JOURNAL) != other.log.identity(JOURNAL)


def test_a_forgotten_prefix_is_pointed_to(broker: KafkaBroker, ours: Installation) -> None:
    ours.hall("create", "--partitions", "1")
    nowhere = Installation(broker, "nowhere.")
    with nowhere.log:
        assert "or is it HALL_TOPIC_PREFIX: " in nowhere.hall("check", code=65)
        assert repr(ours.prefix) in str(json.loads(nowhere.hall("check", "--json", code=65)))
