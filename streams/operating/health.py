"""Whether an engine does its work, judged from its log alone: who holds it, how old its marks are, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from streams.clock import BACK_MS, RUN_MS, SAY_MS
from streams.log import Runner
from streams.operating.admin import LaneState
from streams.traces import LATER_MS, LanePlace, Traces

Verdict = Literal["running", "stopped", "behind"]

NOTHING_LEFT: Mapping[LanePlace, Traces] = MappingProxyType({})
MARK_AT_MOST_S = 60.0
TIMES_SHOWN = 4
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
        *_of_times(states, now_ms),
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
    # Behind a transaction that is open nothing comes that a mark could tell of; that is said by itself.
    idle = state.lag == 0 and (state.time == "producer" or state.held is not None)
    held_s = held_for(state, now_ms)
    return [
        text
        for wrong, text in (
            (state.fault is not None, f"{name}: {state.fault}"),
            (quiet_s > MARK_AT_MOST_S and not idle, f"{name}: no checkpoint for {quiet_s:.0f} s"),
            (waited_s > WAIT_AT_MOST_S, f"{name}: behind by {state.lag} records, the first waits for {waited_s:.0f} s"),
            ((held_s or 0.0) > WAIT_AT_MOST_S, f"{name}: {state.held.said(held_s) if state.held else ''}"),
        )
        if wrong
    ]


def held_for(state: LaneState, now_ms: int) -> float | None:
    """For how long a transaction that is still open has held records back, in seconds; None where none does, or nobody can tell."""
    if state.held is None or state.held.since_ms is None or state.time == "producer":
        return None
    return max(0.0, (now_ms - state.held.since_ms) / 1000)


def mark_age_s(state: LaneState, now_ms: int) -> float | None:
    """Since the last mark was written; None without one."""
    return None if state.marked_ms is None else max(0.0, (now_ms - state.marked_ms) / 1000)


def ahead_s(state: LaneState, now_ms: int) -> float:
    """By how much the log's time is ahead of the clock; 0 where the log has a time of its own."""
    if state.time == "producer" or state.mark is None:
        return 0.0
    return max(0.0, (state.mark.time_ms - now_ms) / 1000)


def _of_times(states: Sequence[LaneState], now_ms: int) -> list[str]:
    """One clock makes them all wrong: the first few tell it."""
    found = [f"{state.lane.name}/{state.partition}: {text}" for state in states for text in _of_time(state, now_ms)]
    more = len(found) - TIMES_SHOWN
    return [*found[:TIMES_SHOWN], *([f"and the time of {more} partitions more"] if more > 0 else [])]


def _of_time(state: LaneState, now_ms: int) -> list[str]:
    """What is wrong with the log's time: the records tell of another, or it is not the clock's."""
    behind = state.mark.behind if state.mark else None
    if behind is not None and behind.ran_ms > SAY_MS:
        return [
            f"all records from offset {behind.first_offset} on are stamped more than {BACK_MS // 60_000} minutes before the "
            f"log's time, so what cameras send is late (hall.late). They have told of {behind.ran_ms // 1000} s so far; at "
            f"{RUN_MS // 1000} s time goes back, and every hall begins anew. What to do: nothing, if their clock is right"
        ]
    by_s = ahead_s(state, now_ms)
    if by_s * 1000 <= SAY_MS:
        return []
    said = f"the log's time is {by_s:,.0f} s ahead of this machine's clock"
    if by_s * 1000 <= BACK_MS:
        return [f"{said}: it stands until the clock has caught up. What to do: keep the clocks right (NTP), and wait"]
    return [
        f"{said}: a clock was ahead, and input is late. What to do: set the clock that stamps the log right (NTP), "
        f"this machine's or the broker's. After {RUN_MS // 1000} s time goes back, and every hall begins anew"
    ]


def waited(state: LaneState, now_ms: int) -> float | None:
    """For how long the first record behind the mark has been in the log, in seconds; None where nobody can tell."""
    if state.time == "producer" or state.waiting_since_ms is None:
        return None
    return max(0.0, (now_ms - state.waiting_since_ms) / 1000)
