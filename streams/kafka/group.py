"""The workers' consumer group as an operator sees it: who is in it, and what it has committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from streams.kafka.access import Access
from streams.kafka.directory import Ask
from streams.kafka.errors import AccessDenied
from streams.log import GroupPosition, Runner
from streams.topics import OBSERVATIONS

if TYPE_CHECKING:
    from streams.kafka.asking import Asker, Described, Member

SESSION_S = 6.0
"""A worker that is not heard of for so long has lost its partitions: the least that brokers allow by default."""

FRESH_S = 0.05
"""How old what is known of positions may be: whoever waits for one asks for every partition."""

NOT_TOLD = -(2**31)
"""What a broker says of operations when it does not say which."""

T = TypeVar("T")


class Group:
    """One group at a time is asked for: the engine's."""

    def __init__(self, access: Access, ask: Ask) -> None:
        self._access, self._naming, self._ask_cluster = access, access.naming, ask
        self._asker: Asker | None = None
        self._making = threading.Lock()
        self._known: dict[tuple[str, int], int] = {}
        self._asked_s = float("-inf")

    def close(self) -> None:
        if self._asker is not None:
            self._asker.close()

    def position(self, group: str, topic: str, partition: int) -> int | None:
        """Up to where the group has come, at most 50 ms ago; None if it has committed nothing there."""
        if time.monotonic() - self._asked_s > FRESH_S:
            self._known, self._asked_s = self._positions(self._naming.outside(group)), time.monotonic()
        return self._known.get((topic, partition))

    def _positions(self, group: str) -> dict[tuple[str, int], int]:
        found = self._ask(lambda asker: asker.positions(group), group)
        ours = self._naming.ours({topic for topic, _ in found})
        return {(self._naming.inside(topic), number): at for (topic, number), at in found.items() if topic in ours}

    def commit(self, positions: Mapping[GroupPosition, int]) -> None:
        """Say where the group goes on. It must have no members: those would commit theirs again. Raises KafkaError."""
        by_group: dict[str, dict[tuple[str, int], int]] = {}
        for (group, topic, number), at in positions.items():
            by_group.setdefault(self._naming.outside(group), {})[self._naming.outside(topic), number] = at
        for group, places in sorted(by_group.items()):
            self._commit(group, places)
        self._asked_s = float("-inf")

    def _commit(self, group: str, places: Mapping[tuple[str, int], int]) -> None:
        self._ask(lambda asker: asker.commit(group, places), group)

    def runners(self) -> list[Runner]:
        """The group's members: named ones by their name, others by the end of the number that the broker gave them."""
        return sorted(_runner(member, self._naming.outside(OBSERVATIONS)) for member in self.described().members)

    def holder(self, name: str) -> str | None:
        """The id of the member that has this name now; None if nobody has it."""
        return next((member.id for member in self.described().members if member.name == name), None)

    def described(self) -> Described:
        """Its state and its members. Raises KafkaError."""
        group = self._naming.group
        return self._ask(lambda asker: asker.described(group), group)

    def operations(self, group: str) -> int | None:
        """A bit, by Kafka's numbers, for each operation on a group (by its name on the cluster) that we may do.

        None: the cluster does not tell. Raises KafkaError.
        """
        with suppress(AccessDenied):
            told = self._ask(lambda asker: asker.described(group), group).operations
            return None if told == NOT_TOLD else told
        return 0

    def _ask(self, question: Callable[[Asker], T], group: str) -> T:
        answer: T = self._ask_cluster(lambda: question(self._ready()), f"group {group}")
        return answer

    def _ready(self) -> Asker:
        with self._making:
            if self._asker is None:
                from streams.kafka.asking import Asker  # here: what asks nothing of groups does without aiokafka

                self._asker = Asker(self._access)
            return self._asker


def _runner(member: Member, origin: str) -> Runner:
    name = member.name or f"…{member.id[-8:]}"
    partitions = tuple(sorted(number for topic, number in member.assigned if topic == origin))
    return Runner(f"worker {name} at {member.host.lstrip('/')}", None, None, partitions)
