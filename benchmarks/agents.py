"""What each agent costs: microseconds for a frame of 12 people, on one core.

    python -m benchmarks.agents [--frames 20000] [--rounds 5]

Records are decoded from JSON and go through the lane's agents one by one, as in the engine, with a tick before each
second; a timer runs around each agent, and its own cost is taken off. The crowd is a restless one: everybody walks or
is about to, gets a new id every half a minute, and is near some edge much of the time. Rules are the defaults, and the
camera's homography is a projective one. Of several rounds the best counts: what else the machine does only ever adds.
The service lane reads what the sensing lane published; its cost is spread over the frames that caused it.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterable, Sequence
from time import perf_counter

from rich.console import Console
from rich.table import Table

from agents.topology import TOPOLOGY
from config.hall import Hall
from config.rules import Rules
from streams.codec import encode
from streams.events import Event, Frame, Tick
from streams.lane import Lane
from tests.support.chain import Link, source_of
from tests.support.halls import camera, crowd, small_hall, with_ticks

PEOPLE = 12
BUDGET_US = {"decode": 3.0, "trajectory": 12.0, "zones": 6.0, "flow": 4.0, "heat": 3.0}
"""As tried by the prototypes; the other agents share what is left of 50 us."""

Costs = dict[str, float]
"""Seconds by name of the step."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    hall, rules = _hall(), Rules()
    source = list(with_ticks(crowd(1, people=PEOPLE, seconds=options.frames // 10, stay_s=120.0)))
    frames = sum(isinstance(event, Frame) for event in source)
    table = Table("step", "µs per frame", "budget", title=f"{frames} frames of {PEOPLE} people")
    for lane in TOPOLOGY.lanes:
        records = [None if isinstance(e, Tick) else encode(e) for e in source_of(TOPOLOGY, lane, hall, rules, source)]
        ticks = [e for e in source if isinstance(e, Tick)]
        rounds = [_round(lane, hall, rules, records, ticks) for _ in range(options.rounds)]
        for name in rounds[0]:
            cost_us = min(costs[name] for costs in rounds) / frames * 1e6
            table.add_row(name, f"{cost_us:.2f}", f"{BUDGET_US.get(name, '')}")
        total_us = min(sum(costs.values()) for costs in rounds) / frames * 1e6
        table.add_row(f"{lane.name} lane", f"{total_us:.2f}", "", end_section=True)
    Console().print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Cost of each agent for a frame of 12 people.")
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    return parser


def _hall() -> Hall:
    """The small hall under a tilted camera."""
    tilted = ((1 / 64, 1e-6, 0.01), (2e-6, 1 / 64, 0.02), (1e-5, 2e-5, 1))
    return small_hall(cameras=(camera(homography=tilted),))


def _round(lane: Lane, hall: Hall, rules: Rules, records: Sequence[bytes | None], ticks: Iterable[Tick]) -> Costs:
    """One run over the records (None: the next tick)."""
    links = [Link(kind(hall, rules)) for kind in lane.agents]
    costs = dict.fromkeys(["decode", *(link.agent.name for link in links)], 0.0)
    overhead_s, clock, decode = _overhead_s(), iter(ticks), lane.decoder.decode
    gc.collect()
    gc.freeze()  # the benchmark keeps its records in memory; collecting them is not the agents' cost
    for record in records:
        start = perf_counter()
        event = next(clock) if record is None else decode(record)
        costs["decode"] += perf_counter() - start - overhead_s
        events: list[Event] = [event]
        for link in links:
            mine = [e for e in events if link.reads(e)]
            if not mine:
                continue
            made: list[Event] = []
            on_event, state = link.agent.on_event, link.state
            start = perf_counter()
            for e in mine:
                made += on_event(state, e)
            costs[link.agent.name] += perf_counter() - start - overhead_s
            events += made
    return costs


def _overhead_s() -> float:
    """What it costs to look at the clock twice."""
    start = perf_counter()
    for _ in range(10_000):
        perf_counter()
        perf_counter()
    return (perf_counter() - start) / 20_000


if __name__ == "__main__":
    main()
