"""Toy agents on toy lanes, to see what the engine does with agents, whatever they decide.

          hall.observations                                 hall.journal
    poke ----> counter ----> counted, ---------------------> tally ----> said
          \\        \\ echo (internal)                           (reads counted and summed; its own `said` is not for it)
           \\        +----> breaker ----> summed
            +-> summer (reads what both conclude) -> summed

A poke may carry an order, ``agent:what``: that agent changes its state and then does ``what``, mostly something bad.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import msgspec

from config.hall import Hall
from config.rules import Rules
from streams.events import ClockSetBack, Conclusion, Configured, EdgeEvent, Event, HallRemoved, LogLost, Tick
from streams.lane import Lane, Topology
from streams.topics import JOURNAL, OBSERVATIONS

START_MS = 1_700_000_000_000
"""A whole second."""


# -- events ------------------------------------------------------------------------------------------------------------


class Poke(EdgeEvent, frozen=True, kw_only=True, gc=False):
    topic: ClassVar[str | None] = OBSERVATIONS
    camera: str = "cam"
    order: str = ""
    amount: float | None = None


class Echo(Event, frozen=True, kw_only=True, gc=False):
    """Stays inside the pass."""

    amount: float | None = None


class Counted(Conclusion, frozen=True, kw_only=True, gc=False):
    count: int
    order: str = ""


class Summed(Conclusion, frozen=True, kw_only=True, gc=False):
    by: str
    total: float
    text: str = ""


class Said(Conclusion, frozen=True, kw_only=True, gc=False):
    heard: int


class Stray(Conclusion, frozen=True, kw_only=True, gc=False):
    """What nobody declares to write."""


# -- agents ------------------------------------------------------------------------------------------------------------

Outputs = tuple[Event, ...]


class Trouble(Exception):
    """What an agent raises when ordered to."""


def _raise(error: type[BaseException]) -> Callable[[Event], Any]:
    def act(event: Event) -> Any:
        raise error(f"ordered by {type(event).__name__}")

    return act


def _summed(event: Event, total: float = 0.0, text: str = "") -> Summed:
    return Summed(hall=event.hall, at_ms=event.at_ms, decided_at_ms=event.at_ms, by="order", total=total, text=text)


ORDERS: dict[str, Callable[[Event], Any]] = {
    "raise": _raise(Trouble),
    "memory": _raise(MemoryError),
    "recursion": _raise(RecursionError),
    "disk": _raise(OSError),
    "nan": lambda event: (_summed(event, 1.0), _summed(event, math.nan)),
    "infinity": lambda event: (_summed(event, math.inf),),
    "stray": lambda event: (Stray(hall=event.hall, at_ms=event.at_ms, decided_at_ms=event.at_ms),),
    "list": lambda event: [_summed(event)],
    "nothing": lambda event: None,
    "half": lambda event: (_summed(event, text="\ud800"),),
    "large": lambda event: (_summed(event, 1.0), _summed(event, text="x" * 1_000_001), _summed(event, 2.0)),
}


def obey(agent: str, event: Event, outputs: Outputs) -> Outputs:
    """What the agent returns: ``outputs``, unless the event orders something else of it."""
    who, _, what = getattr(event, "order", "").partition(":")
    made: Outputs = ORDERS[what](event) if who == agent and what in ORDERS else outputs
    return made


class CounterState(msgspec.Struct):
    pokes: int = 0
    ticks: int = 0
    configured: int = 0
    last_order: str = ""


class Counter:
    """Counts pokes in steps of ``step`` (the length of the hall's name); says so on each, and on every fifth tick."""

    name: ClassVar[str] = "counter"
    reads: ClassVar[tuple[type[Event], ...]] = (Poke, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (Counted, Echo, Summed)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        if hall.name == "broken":
            raise Trouble(f"cannot be built for {hall.id}")
        if hall.name == "too big":
            raise MemoryError
        self.step = len(hall.name)

    def initial(self) -> CounterState:
        return CounterState()

    def on_event(self, state: CounterState, event: Event) -> Outputs:
        if isinstance(event, Tick):
            state.ticks += 1
            return (self._counted(state, event),) if state.ticks % 5 == 0 else ()
        if isinstance(event, Configured):
            state.configured += 1
            return (self._counted(state, event),)
        assert isinstance(event, Poke)
        state.pokes += self.step
        state.last_order = event.order
        echo = Echo(hall=event.hall, at_ms=event.at_ms, amount=event.amount)
        return obey(self.name, event, (echo, self._counted(state, event)))

    def _counted(self, state: CounterState, event: Event) -> Counted:
        order = getattr(event, "order", "")
        return Counted(hall=event.hall, at_ms=event.at_ms, decided_at_ms=event.at_ms, count=state.pokes, order=order)


class BreakerState(msgspec.Struct):
    seen: int = 0
    armed: bool = False


class Breaker:
    """Armed by the order ``breaker:arm``, it raises on every tick; ``breaker:disarm`` ends that."""

    name: ClassVar[str] = "breaker"
    reads: ClassVar[tuple[type[Event], ...]] = (Poke, Echo, Tick)
    writes: ClassVar[tuple[type[Event], ...]] = (Summed,)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        pass

    def initial(self) -> BreakerState:
        return BreakerState()

    def on_event(self, state: BreakerState, event: Event) -> Outputs:
        state.seen += 1
        order = getattr(event, "order", "")
        if order in ("breaker:arm", "breaker:disarm"):
            state.armed = order == "breaker:arm"
        if isinstance(event, Tick) and state.armed:
            raise Trouble("armed")
        return obey(self.name, event, (self._summed(state, event),) if isinstance(event, Echo) else ())

    def _summed(self, state: BreakerState, event: Event) -> Summed:
        return Summed(
            hall=event.hall, at_ms=event.at_ms, decided_at_ms=event.at_ms, by=self.name, total=float(state.seen)
        )  # fmt: skip


class SummerState(msgspec.Struct):
    total: float = 0.0
    by: dict[str, int] = {}


class Summer:
    """Adds up what the two above it concluded."""

    name: ClassVar[str] = "summer"
    reads: ClassVar[tuple[type[Event], ...]] = (Poke, Counted, Summed)
    writes: ClassVar[tuple[type[Event], ...]] = (Summed,)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        pass

    def initial(self) -> SummerState:
        return SummerState()

    def on_event(self, state: SummerState, event: Event) -> Outputs:
        kind = type(event).__name__
        state.by[kind] = state.by.get(kind, 0) + 1
        if isinstance(event, Poke):
            return obey(self.name, event, ())
        state.total += event.count if isinstance(event, Counted) else 1.0
        if isinstance(event, Summed):
            return ()
        return (Summed(hall=event.hall, at_ms=event.at_ms, decided_at_ms=event.at_ms, by=self.name, total=state.total),)


class TallyState(msgspec.Struct):
    heard: int = 0


class Tally:
    """Counts what it hears; obeys the orders that the counter passes on."""

    name: ClassVar[str] = "tally"
    reads: ClassVar[tuple[type[Event], ...]] = (Counted, Summed, Said, LogLost, Configured, Tick)
    writes: ClassVar[tuple[type[Event], ...]] = (Said, Summed)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        pass

    def initial(self) -> TallyState:
        return TallyState()

    def on_event(self, state: TallyState, event: Event) -> Outputs:
        if isinstance(event, Tick):
            return ()
        state.heard += 1
        said = Said(hall=event.hall, at_ms=event.at_ms, decided_at_ms=event.at_ms, heard=state.heard)
        return obey(self.name, event, (said,))


SENSING = Lane("sensing", OBSERVATIONS, (Poke, Configured, HallRemoved), (Counter, Breaker, Summer), origin=True)
SERVICE = Lane("service", JOURNAL, (Configured, HallRemoved, LogLost, ClockSetBack, Counted, Summed, Said), (Tally,))
TOPOLOGY = Topology(1, (SENSING, SERVICE))


# -- halls -------------------------------------------------------------------------------------------------------------


def files(hall: str, name: str = "Hall", *, cameras: Sequence[str] = ("cam",), rules: str = "") -> dict[str, str]:
    """A hall's files. Late is what is more than a minute behind."""
    lines = [
        f"id: {hall}",
        f"name: {name}",
        "size_m: [10, 10]",
        "zones:",
        "- {id: z, name: Z, polygon_m: [[0, 0], [9, 0], [9, 9]]}",
    ]
    lines += ["cameras:"]
    for n, camera in enumerate(cameras):
        floor = f"[[{3 * n}, 0], [{3 * n + 2}, 0], [{3 * n + 2}, 5]]"
        matrix = "[[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]"
        lines.append(f"- {{id: {camera}, size_px: [1000, 1000], homography: {matrix}, floor_m: {floor}}}")
    return {"hall.yaml": "\n".join(lines) + "\n", "rules.yaml": rules}
