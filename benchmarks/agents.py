"""What each agent costs, apart from the engine: microseconds for a frame of 12 people.

Records are decoded from JSON and go through the agents one by one, as in the engine, a tick before each second; a timer
of CPU time runs around each agent, and its own cost is taken off. Nothing is encoded or checked. Of several rounds the
best counts: what else the machine does only ever adds. The service lane reads what the sensing lane published; its cost is spread
over the frames that caused it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from time import thread_time
from typing import Any

from agents.topology import TOPOLOGY
from benchmarks.crowd import frames
from benchmarks.driver import BUDGET_US
from benchmarks.figures import Figure, Options, us
from benchmarks.halls import many
from config.hall import Hall
from config.loading import load_files
from config.rules import Rules
from streams.agent import AnyAgent
from streams.codec import encode
from streams.events import Event, Frame, Tick
from streams.lane import Lane

FRAMES = 10_000
ROUNDS = 5
SECOND_MS = 1000

Costs = dict[str, float]
"""Seconds by name of the step."""


def measure(options: Options) -> Iterator[Figure]:
    [files] = many(1).values()
    loaded = load_files(files)
    count = FRAMES // 4 if options.quick else FRAMES
    source: list[Event] = list(_with_ticks(islice(frames(loaded.hall, 1), count)))
    for lane in TOPOLOGY.lanes:
        records = [None if isinstance(event, Tick) else encode(event) for event in source]
        ticks = [event for event in source if isinstance(event, Tick)]
        rounds = [_Round(lane, loaded.hall, loaded.rules) for _ in range(ROUNDS)]
        for one in rounds:
            published = one.run(records, ticks)
        for name in rounds[0].costs:
            best = min(one.costs[name] for one in rounds)
            yield Figure(f"{lane.name}: {name}", us(best, count), BUDGET_US.get(name, ""))
        yield Figure(f"{lane.name}: all", us(min(sum(one.costs.values()) for one in rounds), count))
        source = published


def _with_ticks(some: Iterable[Frame]) -> Iterator[Event]:
    """The frames as the engine offers them: a tick before the first of each second."""
    second = None
    for frame in some:
        if frame.at_ms // SECOND_MS != second:
            second = frame.at_ms // SECOND_MS
            yield Tick(hall=frame.hall, at_ms=second * SECOND_MS)
        yield frame


class _Round:
    """One run of a lane's agents over the same records."""

    def __init__(self, lane: Lane, hall: Hall, rules: Rules) -> None:
        self._decode = lane.decoder.decode
        agents = [kind(hall, rules) for kind in lane.agents]
        self._links: list[tuple[AnyAgent, Any]] = [(agent, agent.initial()) for agent in agents]
        self.costs: Costs = dict.fromkeys(["decoding", *(agent.name for agent in agents)], 0.0)
        self._look_s = _look_s()

    def run(self, records: Sequence[bytes | None], ticks: Iterable[Tick]) -> list[Event]:
        """Over the records (None: the next tick). What the next lane reads: what was published, and the ticks."""
        clock, published = iter(ticks), []
        gc.collect()
        gc.freeze()  # the benchmark keeps its records in memory; collecting them is not the agents' cost
        for record in records:
            started = thread_time()
            event = next(clock) if record is None else self._decode(record)
            self.costs["decoding"] += thread_time() - started - self._look_s
            made = self._pass(event)
            if record is None:
                published.append(event)
            published += [one for one in made if one.topic is not None]
        gc.unfreeze()
        return published

    def _pass(self, source: Event) -> list[Event]:
        events = [source]
        for agent, state in self._links:
            mine = [event for event in events if type(event) in agent.reads]
            started = thread_time()
            for event in mine:
                events += agent.on_event(state, event)
            if mine:
                self.costs[agent.name] += thread_time() - started - self._look_s
        return events[1:]


def _look_s() -> float:
    """What it costs to look at the clock once."""
    started = thread_time()
    for _ in range(10_000):
        thread_time()
    return (thread_time() - started) / 10_000
