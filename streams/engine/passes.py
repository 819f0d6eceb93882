"""One pass: every agent of a lane, in order, over one event and what the agents above concluded from it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, Protocol

import msgspec

from config.hall import Hall
from config.rules import Rules
from streams.agent import AnyAgent
from streams.codec import encode
from streams.events import Event
from streams.lane import Lane

FATAL = (MemoryError, RecursionError, OSError)
"""Would not repeat on replay: they end the process instead of poisoning a record."""

States = list[Any]
"""One state per agent, in the lane's order."""

Tap = Callable[[Event], None]
"""Sees every event of a pass, the internal ones included: for summaries and pictures, never for decisions."""


class Meter(Protocol):
    """Takes the time of agents, for a share of the passes; the clock is the shell's."""

    def begin(self) -> None: ...

    def end(self, agent: str) -> None: ...


BINARY = (b"\xc4", b"\xc5", b"\xc6")
"""How bytes begin in msgpack; a state as such is a map or an array."""

_ADDRESS = re.compile(r"\b0x[0-9a-f]{4,}\b")


def told(error: BaseException, limit: int) -> str:
    """What an exception says, in the same words in every process: without memory addresses and half characters."""
    text = _ADDRESS.sub("0x...", f"{type(error).__name__}: {error}")
    return text[:limit].encode(errors="replace").decode()


class AgentFailed(Exception):
    """An agent raised, or returned what it must not: it has not seen the event."""

    def __init__(self, agent: str, what: str) -> None:
        super().__init__(f"agent {agent}: {what}")
        self.agent, self.what = agent, what


UNTOLD = (AgentFailed, *FATAL)
"""What goes on up as it is."""


Made = tuple[str, Event, bytes | None]
"""An event an agent concluded: the agent's name, the event, its JSON when it is to be published. A plain tuple, because
two or three are made for every record."""


class Seat(NamedTuple):
    """An agent's place in a pass: what of it is needed per event, looked up once."""

    name: str
    on_event: Callable[[Any, Event], tuple[Event, ...]]
    reads: frozenset[type[Event]]
    writes: frozenset[type[Event]]


class HallAgents:
    """The agents of one lane for one hall, under one configuration."""

    def __init__(self, lane: Lane, hall: Hall, rules: Rules) -> None:
        self.agents: tuple[AnyAgent, ...] = tuple(kind(hall, rules) for kind in lane.agents)
        self.names = tuple(agent.name for agent in self.agents)
        self._seats = tuple(
            Seat(a.name, a.on_event, frozenset(a.reads), frozenset(a.writes)) for a in self.agents
        )  # fmt: skip
        self._kinds = {a.name: type(a.initial()) for a in self.agents}

    def initial(self) -> States:
        return [agent.initial() for agent in self.agents]

    def encode(self, states: States) -> dict[str, msgspec.Raw]:
        """States for a checkpoint, by agent."""
        return {name: _packed(state) for name, state in zip(self.names, states, strict=True)}

    def decode(self, states: dict[str, msgspec.Raw]) -> States:
        """States from a checkpoint: an agent that is new starts afresh, one that is gone is dropped."""
        return [
            _unpacked(states[a.name], self._kinds[a.name]) if a.name in states else a.initial() for a in self.agents
        ]  # fmt: skip

    def run(self, states: States, event: Event, skip: frozenset[str], meter: Meter | None = None) -> list[Made]:
        """Raises AgentFailed; then the states are no longer of use."""
        events = [event]
        made: list[Made] = []
        # Once for every agent and record, mostly to find nothing to read: calls are few here, and names are local.
        for seat, state in zip(self._seats, states):  # noqa: B905 - one each by construction; asking costs, at every event
            name, on_event, reads, _ = seat
            if name in skip:
                continue
            if meter:
                meter.begin()
            fresh: list[Event] = []
            try:
                for item in events:
                    if type(item) in reads:
                        outputs = on_event(state, item)
                        fresh += outputs if type(outputs) is tuple else _refuse(name, outputs)
            except UNTOLD:
                raise
            except Exception as e:
                raise AgentFailed(name, f"{told(e, 300)} ({_place(e)})") from e
            if fresh:
                made += [_checked(seat, output) for output in fresh]
                events += fresh
            if meter:
                meter.end(name)
        return made


def _packed(state: Any) -> msgspec.Raw:
    try:
        return msgspec.Raw(msgspec.msgpack.encode(state))
    except OverflowError:
        # An integer beyond 64 bits: sums of absurd input. JSON can carry it; without, no checkpoint could be made again.
        return msgspec.Raw(msgspec.msgpack.encode(msgspec.json.encode(state)))


def _unpacked(raw: msgspec.Raw, kind: type[Any]) -> Any:
    if bytes(memoryview(raw)[:1]) in BINARY:
        return msgspec.json.decode(msgspec.msgpack.decode(raw), type=kind)
    return msgspec.msgpack.decode(raw, type=kind)


def _refuse(agent: str, outputs: object) -> NoReturn:
    raise AgentFailed(agent, f"returned {type(outputs).__name__}, expected a tuple of events")


def _checked(seat: Seat, output: Event) -> Made:
    kind = type(output)
    if kind not in seat.writes:
        declared = ", ".join(sorted(t.__name__ for t in seat.writes))
        raise AgentFailed(seat.name, f"returned {kind.__name__}, which it does not declare to write ({declared})")
    if kind.topic is None:
        return seat.name, output, None
    try:
        return seat.name, output, encode(output)
    except (ValueError, TypeError, OverflowError, msgspec.MsgspecError) as e:
        raise AgentFailed(seat.name, f"returned a {kind.__name__} that cannot be written: {told(e, 300)}") from e


def _place(error: Exception) -> str:
    """Where it was raised: file name and line, without the machine's directories."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
