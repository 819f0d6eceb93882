"""The agents of a topology in a chain without an engine: what each of them is offered, and what it makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from config.hall import Hall
from config.rules import Rules
from streams.agent import AgentType, AnyAgent
from streams.events import Configured, Event, Tick
from streams.lane import Lane, Topology


class Link:
    """One agent with its state."""

    def __init__(self, agent: AnyAgent) -> None:
        self.agent: AnyAgent = agent
        self.state: Any = agent.initial()

    def reads(self, event: Event) -> bool:
        return type(event) in self.agent.reads


class Chain:
    """The agents of one lane over one hall; a pass like the engine's, with nothing checked and nothing caught."""

    def __init__(self, agents: Iterable[AgentType], hall: Hall, rules: Rules) -> None:
        self.links = [Link(kind(hall, rules)) for kind in agents]

    def run(self, source: Event) -> tuple[list[Event], list[list[Event]]]:
        """What was concluded from a source event, in order; and for each agent what it was offered."""
        events, shown = [source], []
        for link in self.links:
            mine = [event for event in events if link.reads(event)]
            shown.append(mine)
            for event in mine:
                events += link.agent.on_event(link.state, event)
        return events[1:], shown


def published(lane: Lane, hall: Hall, rules: Rules, source: Iterable[Event]) -> Iterator[Event]:
    """What the lane leaves in the next lane's log: its published conclusions, the configuration, and the ticks."""
    chain = Chain(lane.agents, hall, rules)
    for event in source:
        if isinstance(event, Tick | Configured):
            yield event
        yield from (made for made in chain.run(event)[0] if made.topic is not None)


def source_of(topology: Topology, lane: Lane, hall: Hall, rules: Rules, source: Iterable[Event]) -> Iterable[Event]:
    """``source`` is what the first lane reads; what ``lane`` reads then."""
    for above in topology.lanes[: topology.lanes.index(lane)]:
        source = published(above, hall, rules, source)
    return source


def offered(
    topology: Topology, lane: Lane, hall: Hall, rules: Rules, source: Iterable[Event]
) -> list[tuple[AgentType, list[Event]]]:
    """For each agent of the lane, in order, every event it is offered when the first lane reads ``source``."""
    chain = Chain(lane.agents, hall, rules)
    shown: list[list[Event]] = [[] for _ in lane.agents]
    for event in source_of(topology, lane, hall, rules, source):
        for mine, now in zip(shown, chain.run(event)[1], strict=True):
            mine += now
    return list(zip(lane.agents, shown, strict=True))
