"""The laws that every agent keeps, as checks that any agent can be put to.

A ``Trial`` is an agent and the events it is offered, in order. ``obeys`` puts it to the laws that one run can show:

* the same input gives the same output, every time;
* the state can be encoded and decoded between any two events, and nothing changes by it;
* what it returns is of the types it declares, and can be written.

Next to them: ``sizes_in_silence`` (ticks alone grow no state), ``sizes_over`` (nor does a long time), ``odd_events``
(nothing raises), and ``report`` (what a process with another hash seed must repeat to the byte).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from agents.topology import TOPOLOGY
from config.hall import Hall
from config.rules import Rules
from streams.agent import AgentType
from streams.codec import encode
from streams.events import Event, Frame, Person
from tests.support.chain import Chain, Link, offered
from tests.support.halls import CAMERA, START_MS, configured, crowd, rules, small_hall, tick, with_ticks

HOUR_MS = 3_600_000
LAW_RULES = rules(
    limits=(
        {"id": "crowded", "zone": "waiting", "metric": "occupancy", "over": 2, "for_s": 2},
        {"id": "dense", "zone": "guide", "metric": "density", "over": 0.2},
        {"id": "long", "zone": "waiting", "metric": "dwell", "over": 5, "clear_at": 4},
    ),
    dwell={"thresholds_s": (2, 10)},
    reconcile={"every_s": 60, "tolerance": 0},
)
"""Rules under which a lively minute gives every agent something to say."""


class Trial(NamedTuple):
    """An agent with the events it is offered."""

    kind: AgentType
    hall: Hall
    rules: Rules
    events: tuple[Event, ...]

    def begin(self) -> Link:
        return Link(self.kind(self.hall, self.rules))


def obeys(trial: Trial) -> list[Event]:
    """Asserts the laws named above for one run; returns all that was concluded."""
    made, state = _run(trial)
    again, state_again = _run(trial)
    assert again == made, f"{trial.kind.name}: the same input gave another output"
    assert state_again == state, f"{trial.kind.name}: the same input gave another state"
    reloaded, state_reloaded = _run(trial, reload=True)
    assert reloaded == made, f"{trial.kind.name}: encoding and decoding the state changed the output"
    assert state_reloaded == state, f"{trial.kind.name}: encoding and decoding the state changed the state"
    concluded = [event for outputs in made for event in outputs]
    for event in concluded:
        assert type(event) in trial.kind.writes, f"{trial.kind.name}: {type(event).__name__} is not declared"
        assert encode(event)
    return concluded


def _run(trial: Trial, *, reload: bool = False) -> tuple[list[tuple[Event, ...]], bytes]:
    """What is returned for each event, and the encoded state at the end; ``reload``: also before each event."""
    link = trial.begin()
    made = []
    for event in trial.events:
        if reload:
            link.state = msgspec.msgpack.decode(msgspec.msgpack.encode(link.state), type=type(link.state))
        made.append(link.agent.on_event(link.state, event))
    return made, msgspec.msgpack.encode(link.state)


def sizes_in_silence(trial: Trial, seconds: int) -> list[int]:
    """Bytes of the encoded state at each tick of a silence that follows the trial's events."""
    link = trial.begin()
    for event in trial.events:
        link.agent.on_event(link.state, event)
    start = max((event.at_ms for event in trial.events), default=START_MS) // 1000 + 1
    sizes = []
    for second in range(start, start + seconds):
        for event in (event for event in [tick(second * 1000)] if link.reads(event)):
            link.agent.on_event(link.state, event)
        sizes.append(len(msgspec.msgpack.encode(link.state)))
    return sizes


def sizes_over(hours: int, people: int = 5) -> dict[str, list[int]]:
    """Agent -> bytes of its encoded state at each minute of a crowded time at 1 frame/s; all agents run at once.

    Everyone stays for about a minute and is somebody else to the tracker every half a minute, so that in an hour a few
    hundred tracks come and go: what is not forgotten shows.
    """
    sensing, service = (Chain(lane.agents, small_hall(), LAW_RULES) for lane in TOPOLOGY.lanes)
    links = [*sensing.links, *service.links]
    sizes: dict[str, list[int]] = {link.agent.name: [] for link in links}
    for event in with_ticks(crowd(5, people=people, seconds=hours * 3600, fps=1.0)):
        made = sensing.run(event)[0]
        if not isinstance(event, Frame):
            service.run(event)
        for conclusion in made:
            if conclusion.topic is not None:
                service.run(conclusion)
        if isinstance(event, Frame) and event.at_ms % 60_000 == 0:
            for link in links:
                sizes[link.agent.name].append(len(msgspec.msgpack.encode(link.state)))
    return sizes


def scene() -> Iterator[Event]:
    """What the first lane reads: a lively minute, boxes without size, nearly two hours with nobody there, another minute,
    an empty hall.
    """
    yield configured(START_MS)
    yield from with_ticks(crowd(3, people=6, seconds=60, fps=5.0, stay_s=20.0), closing_s=30)
    yield from with_ticks(_points_for_boxes(START_MS + 90_000, seconds=15))
    yield from (tick(START_MS + second * 1000) for second in range(180, 7080, 60))
    yield configured(START_MS + 7_080_000)
    late = crowd(4, people=6, seconds=60, fps=5.0, stay_s=20.0, start_ms=START_MS + 2 * HOUR_MS)
    yield from with_ticks(late, closing_s=120)


def _points_for_boxes(start_ms: int, *, seconds: int) -> Iterator[Frame]:
    """A tracker that writes points where boxes are expected."""
    rows = tuple(Person(str(n), 100.0 * n, 200.0, 0.0, 0.0) for n in range(5))
    for second in range(seconds):
        yield Frame(hall=small_hall().id, at_ms=start_ms + second * 1000, camera=CAMERA, people=rows)


@cache
def trials() -> dict[str, Trial]:
    """Every agent of the topology with what it is offered when the first lane reads ``scene``."""
    hall = small_hall()
    pairs = [pair for lane in TOPOLOGY.lanes for pair in offered(TOPOLOGY, lane, hall, LAW_RULES, scene())]
    return {kind.name: Trial(kind, hall, LAW_RULES, tuple(events)) for kind, events in pairs}


def report() -> bytes:
    """All that all agents conclude from ``scene``, and the states they end with: a line each."""
    lines = []
    for name, trial in trials().items():
        made, state = _run(trial)
        lines += [f"{name} {event!r}".encode() for outputs in made for event in outputs]
        lines.append(f"{name} {state.hex()}".encode())
    return b"\n".join(lines)


def reports_of_processes(hash_seeds: Iterable[int]) -> list[bytes]:
    """``report`` as other processes make it, each with its own hash seed: their sets and dicts of strings differ."""
    command, root = [sys.executable, "-m", "tests.support.laws"], Path(__file__).parents[2]
    environments = [{**os.environ, "PYTHONHASHSEED": str(seed)} for seed in hash_seeds]
    processes = [subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.PIPE) for env in environments]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return outputs


if __name__ == "__main__":
    sys.stdout.buffer.write(report())
