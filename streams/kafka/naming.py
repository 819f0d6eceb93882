"""What the engine's topics and group are called on a cluster that they share with others.

Inside, in the engine, its recordings and its ids, a topic has the name of the table in ``streams.topics``, whatever the
cluster calls it: a replay must not depend on where a log lies. The prefix is put on and taken off where a name goes to
Kafka or comes from there, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from streams.topics import GROUP, TOPICS, state_topic

LOOK = "hallstream-look"
"""The group that a client of librdkafka has to name for reading, though it never joins and commits nothing."""


_OURS = frozenset(topic.name for topic in TOPICS)
_STATE_BEGINS, _STATE_ENDS = state_topic("/").split("/")


def is_engines(name: str) -> bool:
    """Whether a topic, by our name, is one of the engine's, of whatever lanes."""
    return name in _OURS or (name.startswith(_STATE_BEGINS) and name.endswith(_STATE_ENDS))


class Naming(NamedTuple):
    """``prefix``: before every topic and group, as it stands: ``acme.`` makes ``acme.hall.observations``."""

    prefix: str = ""

    def outside(self, name: str) -> str:
        """What the cluster calls this topic or group of ours."""
        return self.prefix + name

    def inside(self, name: str) -> str:
        """What we call this topic or group of the cluster. Raises ValueError for one that is not ours."""
        if not name.startswith(self.prefix):
            raise ValueError(f"expected a name that begins with {self.prefix!r}, got {name!r}")
        return name[len(self.prefix) :]

    def ours(self, names: Iterable[str]) -> list[str]:
        """Of names on the cluster, those that carry the prefix."""
        return [name for name in names if name.startswith(self.prefix)]

    @property
    def group(self) -> str:
        """The workers' group."""
        return self.outside(GROUP)

    @property
    def look(self) -> str:
        """The name under which verbs read."""
        return self.outside(LOOK)
