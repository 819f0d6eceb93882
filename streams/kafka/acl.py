"""Who may do what on a cluster that checks it: the least that each role needs, and the commands that grant it.

Kafka's own rules do the rest: Read and Write include Describe, AlterConfigs includes DescribeConfigs, and whoever may
write to a topic may do so idempotently (brokers from 2.8 on; older ones want IdempotentWrite on the cluster).
Kafka cannot tell a camera's frame from a hall's configuration in the same topic: whoever has the role edge is trusted
with both, so cameras of others belong behind a gateway.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from streams.kafka.cluster import GROUP_OFFSETS
from streams.kafka.naming import LOOK, Naming
from streams.kafka.topics import SOURCES
from streams.topics import GROUP, SNAPSHOTS, Topic

Role = Literal["worker", "edge", "operator", "viewer"]
Kind = Literal["topic", "group", "cluster"]

ROLES: dict[Role, str] = {
    "worker": "`hall worker`",
    "edge": "cameras, device gateways, whatever appends observations and events",
    "operator": "`hall topics`, `hall config apply`, `hall feed`, `hall drain`, `hall reset`, and all that a viewer does",
    "viewer": "`hall status`, `hall log`, `hall explain`, `hall record`: reads everything, faces' templates included",
}
CLUSTER = "kafka-cluster"
PRINCIPAL = "User:hall-{role}"


class Grant(NamedTuple):
    """``names``: as the engine calls them. ``operations`` as Kafka calls them."""

    kind: Kind
    names: tuple[str, ...]
    operations: tuple[str, ...]
    why: str


class _Rule(NamedTuple):
    role: Role
    kind: Kind
    names: str
    operations: tuple[str, ...]
    why: str


RULES: tuple[_Rule, ...] = (
    _Rule("worker", "topic", "sources", ("Read",), "the lanes read them"),
    _Rule("worker", "topic", "states", ("Read",), "a state is recovered from its topic"),
    _Rule("worker", "topic", "snapshots", ("Read",), "a lane that finds no state looks there whether it ever had one"),
    _Rule("worker", "topic", "all", ("Write", "DescribeConfigs"), "outputs, ticks and checkpoints; looked at before a start"),
    _Rule("worker", "group", "group", ("Read",), "to join it, and to commit positions"),
    _Rule("worker", "group", "look", ("Describe",), "librdkafka asks for the group that it is told, though it never joins"),
    _Rule("edge", "topic", "sources", ("Write",), "to append, idempotently"),
    _Rule(
        "operator", "topic", "all", ("Create", "AlterConfigs", "Read", "Write"),
        "to make and alter them; to append, and to rewrite states at a reset",
    ),
    _Rule("operator", "topic", "offsets", ("Describe",), "`hall topics check` looks at its copies"),
    _Rule("operator", "group", "group", ("Read",), "to set positions at a reset, and to see who is in it"),
    _Rule("operator", "group", "look", ("Describe",), "as a worker does"),
    _Rule("operator", "cluster", "cluster", ("DescribeConfigs",), "`hall topics check` looks at the brokers' settings"),
    _Rule("viewer", "topic", "all", ("Read", "DescribeConfigs"), "to look at them"),
    _Rule("viewer", "group", "group", ("Describe",), "positions, and who is in it"),
    _Rule("viewer", "group", "look", ("Describe",), "as a worker does"),
)  # fmt: skip


def grants(role: Role, topics: Sequence[Topic]) -> tuple[Grant, ...]:
    """What a role needs; ``topics``: all of the engine's."""
    names = {
        "all": tuple(topic.name for topic in topics),
        "sources": SOURCES,
        "states": tuple(topic.name for topic in topics if topic.compact),
        "snapshots": (SNAPSHOTS,),
        "offsets": (GROUP_OFFSETS,),
        "group": (GROUP,),
        "look": (LOOK,),
        "cluster": (CLUSTER,),
    }
    return tuple(Grant(r.kind, names[r.names], r.operations, r.why) for r in RULES if r.role == role)


def outside(grant: Grant, naming: Naming) -> tuple[str, ...]:
    """The names as the cluster calls them; those that are Kafka's own stay."""
    own = grant.kind == "cluster" or grant.names == (GROUP_OFFSETS,)
    return grant.names if own else tuple(naming.outside(name) for name in grant.names)


def commands(granted: Sequence[Grant], naming: Naming, principal: str, servers: str) -> Iterator[str]:
    """One ``kafka-acls.sh`` for each grant, ready for a shell; to be run twice does no harm."""
    for grant in granted:
        where = ["--cluster"] if grant.kind == "cluster" else _options(f"--{grant.kind}", outside(grant, naming))
        yield shlex.join(
            [
                "kafka-acls.sh", "--bootstrap-server", servers, "--command-config", "admin.properties", "--add",
                "--allow-principal", principal, *_options("--operation", grant.operations), *where,
            ]
        )  # fmt: skip


def _options(option: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (option, value)]
