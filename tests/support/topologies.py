"""Other engines than the current one, to start in its place: by name, for ``tests.support.engines``.

``next``: the version after this one: one agent more in each lane, one that decides differently, one that is gone.
``fragile``: this version, with an agent more that fails when it sees a person called ``poison``.
``sensing``: this version, without the service lane.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import msgspec

from agents.dwell import Dwell, DwellState
from agents.flow import Flow
from agents.topology import SENSING, SERVICE, VERSION
from config.hall import Hall
from config.rules import Rules
from streams.events import Conclusion, DwellEnded, Event, Frame, TrackStarted
from streams.lane import Topology


class VisitsCounted(Conclusion, frozen=True, kw_only=True, gc=False):
    by: str
    visits: int


class VisitsState(msgspec.Struct):
    visits: int = 0


class Visits:
    """Counts the tracks that have started since it came."""

    name: ClassVar[str] = "visits"
    reads: ClassVar[tuple[type[Event], ...]] = (TrackStarted,)
    writes: ClassVar[tuple[type[Event], ...]] = (VisitsCounted,)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        pass

    def initial(self) -> VisitsState:
        return VisitsState()

    def on_event(self, state: VisitsState, event: Event) -> tuple[Event, ...]:
        state.visits += 1
        return (
            VisitsCounted(hall=event.hall, at_ms=event.at_ms, decided_at_ms=event.at_ms, by=self.name, visits=state.visits),
        )  # fmt: skip


class ServiceVisits(Visits):
    """The same on the service lane, from the journal."""

    name: ClassVar[str] = "service_visits"


class WholeSeconds(Dwell):
    """Goes on from the state of ``Dwell``, and tells stays in whole seconds."""

    def on_event(self, state: DwellState, event: Event) -> tuple[Event, ...]:
        return tuple(map(_rounded, super().on_event(state, event)))


def _rounded(event: Event) -> Event:
    if isinstance(event, DwellEnded):
        return msgspec.structs.replace(event, dwell_ms=event.dwell_ms // 1000 * 1000)
    return event


class Delicate:
    """Fails at one person; until then it minds its own business."""

    name: ClassVar[str] = "delicate"
    reads: ClassVar[tuple[type[Event], ...]] = (Frame,)
    writes: ClassVar[tuple[type[Event], ...]] = ()

    def __init__(self, hall: Hall, rules: Rules) -> None:
        pass

    def initial(self) -> VisitsState:
        return VisitsState()

    def on_event(self, state: VisitsState, event: Event) -> tuple[Event, ...]:
        state.visits += 1
        if isinstance(event, Frame) and any(person.track == "poison" for person in event.people):
            raise ValueError("poison")
        return ()


_new_agents = tuple(WholeSeconds if agent is Dwell else agent for agent in SENSING.agents if agent is not Flow)

NEXT = Topology(
    VERSION + 1,
    (
        replace(SENSING, agents=(*_new_agents, Visits)),
        replace(SERVICE, agents=(*SERVICE.agents, ServiceVisits), carries=(*SERVICE.carries, VisitsCounted)),
    ),
)
FRAGILE = Topology(VERSION, (replace(SENSING, agents=(*SENSING.agents, Delicate)), SERVICE))
ALONE = Topology(VERSION, (SENSING,))

TOPOLOGIES = {"next": NEXT, "fragile": FRAGILE, "sensing": ALONE}
