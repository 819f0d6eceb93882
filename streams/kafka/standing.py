"""Whether the engine's topics stand as they did when this process began: a look at all of them at once, now and then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from streams.kafka.errors import TopicsChanged, TopicsWrong
from streams.kafka.naming import Naming
from streams.topics import PARTITIONS_ADVICE, STATE_ENDING

GONE = (
    "It held the state. What to do: stop the workers, `hall topics create` if it is missing, then `hall reset`: it says what can "
    "be saved"
)


class Stands(NamedTuple):
    """``id``: another one where it was made again."""

    id: str
    partitions: int


class Topics(Protocol):
    """The part of the log that is asked."""

    naming: Naming

    def standing(self) -> Mapping[str, Stands]:
        """The engine's topics, by our names, as far as a broker knows of them: one that has just been started does not of all."""

    def identity(self, topic: str) -> str:
        """Raises TopicsWrong where it is sure that there is none."""


class Standing:
    """``check`` is called now and then, from one thread at a time."""

    def __init__(self, log: Topics) -> None:
        self._log = log
        self._first: dict[str, Stands] = {}

    def check(self) -> None:
        """Raises TopicsChanged. What is made again is told by who works with it, except for states: nobody reads them again."""
        now = self._log.standing()
        for topic, first in self._first.items():
            called, found = self._log.naming.outside(topic), now.get(topic)
            if found is None and self._is_there(topic):
                continue
            if found is not None and found.partitions != first.partitions:
                raise TopicsChanged(
                    f"{called}: had {first.partitions} partitions when this process began, and has {found.partitions}. "
                    f"{PARTITIONS_ADVICE}"
                )
            if topic.endswith(STATE_ENDING) and (found is None or found.id != first.id):
                what = "was removed" if found is None else "was removed and made again"
                raise TopicsChanged(f"{called}: {what} while this process ran. {GONE}")
        self._first = {**now, **self._first}

    def _is_there(self, topic: str) -> bool:
        try:
            return bool(self._log.identity(topic))
        except TopicsWrong:
            return False
