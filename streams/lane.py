"""A lane: one topic, the event types that may stand in it, and the agents that read it. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from streams.agent import AgentType
from streams.codec import Decoder
from streams.events import Event


@dataclass(frozen=True)
class Lane:
    """``agents`` run in this order on every record. ``origin``: it takes configuration from outside and passes it on."""

    name: str
    topic: str
    carries: tuple[type[Event], ...]
    agents: tuple[AgentType, ...]
    origin: bool = False

    @cached_property
    def decoder(self) -> Decoder:
        return Decoder(self.carries)


@dataclass(frozen=True)
class Topology:
    """The whole engine. ``version`` grows whenever an agent or the meaning of a state changes."""

    version: int
    lanes: tuple[Lane, ...]

    def lane(self, name: str) -> Lane:
        for lane in self.lanes:
            if lane.name == name:
                return lane
        raise KeyError(f"expected a lane among {', '.join(lane.name for lane in self.lanes)}; got {name!r}")


def below(topology: Topology, lane: Lane) -> tuple[str, ...]:
    """The topics of the other lanes, for the one that takes what comes from outside; nothing for the others."""
    return tuple(other.topic for other in topology.lanes if other is not lane) if lane.origin else ()
