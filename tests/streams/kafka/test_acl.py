"""Who may do what, as a table and as commands. That it suffices, and is needed, is shown on a real broker (test_rights.py)."""

from __future__ import annotations

import argparse
import shlex

import pytest

from streams.kafka.acl import ROLES, RULES, Role, commands, grants, outside
from streams.kafka.naming import Naming
from streams.topics import JOURNAL, OBSERVATIONS, SNAPSHOTS
from tests.support.kafka_views import STATE, TOPICS

ACME = Naming("acme.")


def may(role: Role, kind: str, naming: Naming = Naming()) -> dict[str, set[str]]:  # noqa: B008 - frozen
    """By name on the cluster: the operations of a role."""
    found: dict[str, set[str]] = {}
    for grant in grants(role, TOPICS):
        for name in outside(grant, naming) if grant.kind == kind else ():
            found.setdefault(name, set()).update(grant.operations)
    return found


def test_cameras_may_append_and_nothing_else() -> None:
    assert may("edge", "topic") == {OBSERVATIONS: {"Write"}, JOURNAL: {"Write"}}
    assert may("edge", "group") == may("edge", "cluster") == {}


def test_who_looks_may_not_write() -> None:
    assert set().union(*may("viewer", "topic").values()) == {"Read", "DescribeConfigs"}
    assert set().union(*may("viewer", "group").values()) == {"Describe"}


def test_a_worker_reads_what_the_lanes_read_and_writes_everywhere() -> None:
    topics = may("worker", "topic")
    assert {name for name, operations in topics.items() if "Read" in operations} == {
        OBSERVATIONS,
        JOURNAL,
        SNAPSHOTS,
        STATE,
        "hallstream-service-state-changelog",
    }
    assert {name for name, operations in topics.items() if "Write" in operations} == {topic.name for topic in TOPICS}
    assert may("worker", "cluster") == {}


def test_only_the_operator_makes_and_alters() -> None:
    makers = {rule.role for rule in RULES if {"Create", "AlterConfigs"} & set(rule.operations)}
    assert makers == {"operator"}


@pytest.mark.parametrize("role", ROLES)
def test_names_carry_the_prefix_but_for_kafkas_own(role: Role) -> None:
    names = [name for kind in ("topic", "group") for name in may(role, kind, ACME)]
    assert {name for name in names if not name.startswith("acme.")} <= {"__consumer_offsets"}
    assert set(may("operator", "cluster", ACME)) == {"kafka-cluster"}


@pytest.mark.parametrize("role", ROLES)
def test_the_commands_say_what_the_table_says(role: Role) -> None:
    """Read back as kafka-acls.sh reads them."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    for option in ("--topic", "--group", "--operation", "--bootstrap-server", "--command-config", "--allow-principal"):
        parser.add_argument(option, action="append", default=[])
    for flag in ("--add", "--cluster"):
        parser.add_argument(flag, action="store_true")
    lines = list(commands(grants(role, TOPICS), ACME, "User:CN=it's me", "h:9092"))
    read = [parser.parse_args(shlex.split(line)[1:]) for line in lines]
    assert {(r.add, *r.bootstrap_server, *r.allow_principal) for r in read} == {(True, "h:9092", "User:CN=it's me")}
    for kind in ("topic", "group"):
        said: dict[str, set[str]] = {}
        for row in read:
            for name in getattr(row, kind):
                said.setdefault(name, set()).update(row.operation)
        assert said == may(role, kind, ACME)
    assert sum(row.cluster for row in read) == len(may(role, "cluster"))
