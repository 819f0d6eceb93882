"""Whether an engine does its work, judged from its log alone: who holds it, how old its marks are, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from streams.log import Runner
from streams.operating.admin import LaneState
from streams.traces import LATER_MS, LanePlace, Traces

Verdict = Literal["running", "stopped", "behind"]

NOTHING_LEFT: Mapping[LanePlace, Traces] = MappingProxyType({})
MARK_AT_MOST_S = 60.0
WAIT_AT_MOST_S = 20.0
"""A mark is written every second, with large states every ten: what has waited twice that long is behind."""


def verdict(
    runners: Sequence[Runner], states: Sequence[LaneState], now_ms: int, left: Mapping[LanePlace, Traces] = NOTHING_LEFT
) -> tuple[Verdict, list[str]]:
    """And what is wrong, in words. ``left``: what is left elsewhere of the states that are not there."""
    without = [*_gone(left), *_bare(states)]
    if not runners:
        return "stopped", ["no engine runs on this log", *without]
    # Before its first mark an engine is as old as its lock.
    since_ms = max((runner.since_ms for runner in runners if runner.since_ms is not None), default=now_ms)
    faults = [
        *without,
        *_unowned(runners, states),
        *(fault for state in states for fault in _faults(state, since_ms, now_ms)),
    ]
    return ("behind" if faults else "running"), faults


def _gone(left: Mapping[LanePlace, Traces]) -> Iterator[str]:
    for place, traces in left.items():
        if traces.found:
            yield f"{place}: its state is gone; {traces.words(place)}. What to do: `hall drain`, then `hall reset`"
        elif traces.others_ms > LATER_MS:
            yield f"{place}: no state, and no worker has begun one, though {traces.odd}"


def _bare(states: Sequence[LaneState]) -> Iterator[str]:
    for state in states:
        if state.restored.bare:
            yield (
                f"{state.lane.name}/{state.partition}: began without a state ({state.restored.bare}), and knows no hall. What to "
                "do: `hall config apply` if there should be halls; `hall reset` if it is meant so"
            )


def _unowned(runners: Sequence[Runner], states: Sequence[LaneState]) -> list[str]:
    """Partitions that nobody works on: the group is between two assignments, or stuck."""
    if any(runner.partitions is None for runner in runners):
        return []
    owned = {number for runner in runners for number in runner.partitions or ()}
    return [f"partition {number}: no worker has it" for number in sorted({s.partition for s in states} - owned)]


def _faults(state: LaneState, since_ms: int, now_ms: int) -> list[str]:
    name = f"{state.lane.name}/{state.partition}"
    age_s, waited_s = mark_age_s(state, now_ms), waited(state, now_ms) or 0.0
    quiet_s = age_s if age_s is not None else (now_ms - since_ms) / 1000
    # On topics of producer time nothing ticks between two recordings: an old mark with nothing behind it is idle.
    idle = state.time == "producer" and state.lag == 0
    return [
        text
        for wrong, text in (
            (state.fault is not None, f"{name}: {state.fault}"),
            (quiet_s > MARK_AT_MOST_S and not idle, f"{name}: no checkpoint for {quiet_s:.0f} s"),
            (waited_s > WAIT_AT_MOST_S, f"{name}: behind by {state.lag} records, the first waits for {waited_s:.0f} s"),
        )
        if wrong
    ]


def mark_age_s(state: LaneState, now_ms: int) -> float | None:
    """Since the last mark was written; None without one."""
    return None if state.marked_ms is None else max(0.0, (now_ms - state.marked_ms) / 1000)


def waited(state: LaneState, now_ms: int) -> float | None:
    """For how long the first record behind the mark has been in the log, in seconds; None where nobody can tell."""
    if state.time == "producer" or state.waiting_since_ms is None:
        return None
    return max(0.0, (now_ms - state.waiting_since_ms) / 1000)
