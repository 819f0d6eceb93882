"""What a worker may do on this cluster, asked before it starts: all that is missing is said at once, and by name.

Without it each right that is missing would end the worker at another moment: at the first output, the first checkpoint,
the first rebalance. A cluster that checks nobody answers that everything is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation

from streams.kafka import acl, denial
from streams.kafka.access import PATIENCE_S
from streams.kafka.errors import KafkaError
from streams.kafka.log import KafkaLog
from streams.kafka.naming import Naming
from streams.kafka.topics import needed
from streams.kafka.words import SOON, translated
from streams.lane import Topology

DENIED = (Refusal.TOPIC_AUTHORIZATION_FAILED, Refusal.GROUP_AUTHORIZATION_FAILED)
NOT_THERE = (Refusal.UNKNOWN_TOPIC_OR_PART, Refusal.GROUP_ID_NOT_FOUND, Refusal._TIMED_OUT, *SOON)
"""Also what a cluster says, or does not say in time, to the first group that it ever hears of: it has yet to make the topic
of all positions. What is not answered here is not judged here."""

Wanted = dict[str, set[str]]
"""By the name of a topic or a group: operations, as ``AclOperation`` calls them."""


def check_rights(log: KafkaLog, topology: Topology, role: acl.Role) -> None:
    """Raises AccessDenied with everything that the role needs and we may not; what is not there yet is not judged."""
    topics, groups = (_wanted(topology, role, log.naming, kind) for kind in ("topic", "group"))
    of_topics = log.admin.describe_topics(
        TopicCollection(list(topics)), include_authorized_operations=True, request_timeout=PATIENCE_S
    )
    missing = [
        *_missing("", topics, {name: _allowed(log, name, topics[name], answer) for name, answer in of_topics.items()}),
        *_missing("group ", groups, {name: _allowed_of(log, name, groups[name]) for name in groups}),
    ]
    if missing:
        raise denial.not_allowed(log.access, "; ".join(missing))


def _wanted(topology: Topology, role: acl.Role, naming: Naming, kind: acl.Kind) -> Wanted:
    found: Wanted = {}
    for grant in acl.grants(role, needed(topology)):
        for name in acl.outside(grant, naming) if grant.kind == kind else ():
            found.setdefault(name, set()).update(_ours(operation) for operation in grant.operations)
    return found


def _ours(operation: str) -> str:
    """``DescribeConfigs`` is ``DESCRIBE_CONFIGS`` here."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()


def _missing(kind: str, wanted: Wanted, allowed: Wanted) -> Iterator[str]:
    """``Write on hall.alerts, hall.journal``: one for each operation."""
    lacking: dict[str, list[str]] = {}
    for name, operations in wanted.items():
        for operation in sorted(operations - allowed[name]):
            lacking.setdefault(operation, []).append(name)
    for operation, names in lacking.items():
        yield f"{operation.title().replace('_', '')} {kind}{', '.join(names)}"


def _allowed(log: KafkaLog, name: str, wanted: set[str], answer: Future[Any]) -> set[str]:
    try:
        told = answer.result(PATIENCE_S + 1).authorized_operations
    except KafkaException as e:
        code = e.args[0].code()
        if code in DENIED:
            return set()
        if code in NOT_THERE:
            return wanted
        raise translated(e, log.access, name) from e
    # Brokers before 2.3 do not tell.
    return wanted if told is None else {operation.name for operation in told}


def _allowed_of(log: KafkaLog, group: str, wanted: set[str]) -> set[str]:
    try:
        told = log.group.operations(group)
    except KafkaError:  # it does not answer in time: as above
        return wanted
    return wanted if told is None else {operation.name for operation in AclOperation if told >> operation.value & 1}
