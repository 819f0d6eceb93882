"""The contract of an agent: a deterministic function of (its state, the next event).

An agent reads no clock, no network and no random number; it iterates over no set of strings (their order differs
between processes). Its state is a ``msgspec.Struct``, changed in place, that can be encoded after every event;
whatever can be derived from the hall and the rules lives on the agent itself. Time comes in as ``Tick``.

A change of configuration makes new agents over the old state and then offers them ``Configured``: an agent whose
state names zones, lines or cameras reads it, and closes what is no longer there (``reason="config"``). A hall that is
removed is the same with a floor that has nothing on it; then ``HallRemoved`` is offered, for whoever keeps something back
until later. So an agent must be able to be made for a hall without zones, lines and cameras.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, TypeVar

from config.hall import Hall
from config.rules import Rules
from streams.events import Event

S = TypeVar("S")


class Agent(Protocol[S]):
    """One capability of the engine. The instance belongs to one hall and is never shared."""

    name: ClassVar[str]
    """Part of every id of what it publishes: never changed once released."""
    reads: ClassVar[tuple[type[Event], ...]]
    """The event types it is offered, from the source record and from the agents above it in the topology."""
    writes: ClassVar[tuple[type[Event], ...]]
    """The event types it may return; the engine refuses others."""

    def __init__(self, hall: Hall, rules: Rules) -> None: ...

    def initial(self) -> S:
        """The state of a hall that has seen nothing; its type is how a checkpoint is decoded."""
        ...

    def on_event(self, state: S, event: Event) -> tuple[Event, ...]:
        """Change ``state`` and return what was concluded, in order. Must not raise on odd or out-of-order input."""
        ...


AnyAgent = Agent[Any]
AgentType = type[AnyAgent]
