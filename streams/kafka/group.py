"""The workers' consumer group as an operator sees it: who is in it, and what it has committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.kafka.access import PATIENCE_S
from streams.kafka.directory import Ask
from streams.kafka.naming import Naming
from streams.log import GroupPosition, Runner
from streams.topics import OBSERVATIONS

SESSION_S = 6.0
"""A worker that is not heard of for so long has lost its partitions: the least that brokers allow by default."""

FRESH_S = 0.05
"""How old what is known of positions may be: whoever waits for one asks for every partition."""


class Group:
    """One group at a time is asked for: the engine's.

    A question gets all the patience at once: one that librdkafka gives up, because the group's coordinator is down, may end the
    process later (an assertion of its own), and most coordinators are back by then.
    """

    def __init__(self, admin: Callable[[], AdminClient], ask: Ask, naming: Naming) -> None:
        self._admin, self._ask, self._naming = admin, ask, naming
        self._known: dict[tuple[str, int], int] = {}
        self._asked_s = float("-inf")

    def position(self, group: str, topic: str, partition: int) -> int | None:
        """Up to where the group has come, at most 50 ms ago; None if it has committed nothing there."""
        if time.monotonic() - self._asked_s > FRESH_S:
            self._known, self._asked_s = self._positions(group), time.monotonic()
        return self._known.get((topic, partition))

    def _positions(self, group: str) -> dict[tuple[str, int], int]:
        group = self._naming.outside(group)
        asked = [ConsumerGroupTopicPartitions(group)]
        found = self._answer(
            lambda: self._admin().list_consumer_group_offsets(asked, request_timeout=PATIENCE_S), group
        )
        places = [at for at in found.topic_partitions if at.offset >= 0 and self._naming.ours([at.topic])]
        return {(self._naming.inside(at.topic), at.partition): int(at.offset) for at in places}

    def commit(self, positions: Mapping[GroupPosition, int]) -> None:
        """Say where the group goes on. It must have no members: those would commit theirs again. Raises KafkaError."""
        for group in sorted({group for group, _, _ in positions}):
            places = [
                TopicPartition(self._naming.outside(topic), partition, at)
                for (g, topic, partition), at in positions.items()
                if g == group
            ]
            name = self._naming.outside(group)
            asked = [ConsumerGroupTopicPartitions(name, places)]
            self._answer(partial(self._admin().alter_consumer_group_offsets, asked, request_timeout=PATIENCE_S), name)
        self._asked_s = float("-inf")

    def runners(self) -> list[Runner]:
        """The group's members: named ones by their name, others by the end of the number that the broker gave them."""
        found = self._described()
        if found.state in (ConsumerGroupState.DEAD, ConsumerGroupState.EMPTY):
            return []
        return sorted(_runner(member, self._naming.outside(OBSERVATIONS)) for member in found.members)

    def holder(self, name: str) -> str | None:
        """The id of the member that has this name now; None if nobody has it."""
        return next((m.member_id for m in self._described().members if m.group_instance_id == name), None)

    def _described(self) -> Any:
        group = self._naming.group
        return self._answer(lambda: self._admin().describe_consumer_groups([group], request_timeout=PATIENCE_S), group)

    def _answer(self, request: Callable[[], Mapping[str, Any]], group: str) -> Any:
        """Asked anew each time: the answer to a request that failed stays a failure."""
        return self._ask(lambda: request()[group].result(PATIENCE_S + 1), f"group {group}")


def _runner(member: Any, origin: str) -> Runner:
    name = member.group_instance_id or f"…{member.member_id[-8:]}"
    assigned = member.assignment.topic_partitions if member.assignment is not None else []
    partitions = tuple(sorted(tp.partition for tp in assigned if tp.topic == origin))
    return Runner(f"worker {name} at {member.host.lstrip('/')}", None, None, partitions)
