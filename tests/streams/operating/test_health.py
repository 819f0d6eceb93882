"""The verdict on an engine, from its log alone."""

from __future__ import annotations

import pytest

from agents.topology import SENSING
from streams.checkpoint import Mark, Restored
from streams.clock import Behind
from streams.log import Held, Runner, Time
from streams.operating.admin import LaneState
from streams.operating.health import verdict
from streams.traces import LanePlace, Traces

NOW_MS = 1_000_000
HOLDER = Runner("process 42", 0, 42)


def state(
    *,
    age_s: float | None = 1.0,
    lag: int = 0,
    waited_s: float | None = None,
    time: Time = "log",
    fault: str | None = None,
    ahead_s: float = -1.0,
    behind: Behind | None = None,
    held_s: float | None = None,
) -> LaneState:
    mark = None if age_s is None else Mark(0, False, 10, NOW_MS + round(ahead_s * 1000), 0, "log", 1, (), behind=behind)
    marked = None if age_s is None else NOW_MS - round(age_s * 1000)
    waiting = None if waited_s is None else NOW_MS - round(waited_s * 1000)
    end = (mark.next_offset if mark else 0) + lag
    held = None if held_s is None else Held("hall.observations", 0, end, 3, NOW_MS - round(held_s * 1000))
    return LaneState(SENSING, 0, time, 0, end, Restored(mark, {}, frozenset()), (), marked, waiting, fault, held)


@pytest.mark.parametrize(
    ("lane", "expected"),
    [
        (state(), "running"),
        (state(age_s=59), "running"),
        (state(age_s=61), "behind"),
        (state(lag=5, waited_s=19), "running"),
        (state(lag=5, waited_s=21), "behind"),
        (state(age_s=None), "behind"),  # it has had 1000 s to write its first mark
        (state(fault="cannot be read"), "behind"),
        (state(time="producer", age_s=5_000), "running"),  # idle: nothing ticks there between two recordings
        (state(time="producer", age_s=61, lag=1), "behind"),
        (state(time="producer", lag=1, waited_s=10**8), "running"),  # stamps of last year say nothing
        (state(ahead_s=10), "running"),
        (state(ahead_s=11), "behind"),
        (state(time="producer", ahead_s=10**8), "running"),  # a recording is of any time
        (state(behind=Behind(7, 0, 10_000)), "running"),  # a few stray rows
        (state(behind=Behind(7, 0, 11_000)), "behind"),
        (state(time="producer", behind=Behind(7, 0, 11_000)), "behind"),
        (state(held_s=19), "running"),
        (state(held_s=21), "behind"),
        (state(time="producer", held_s=10**8), "running"),
    ],
)  # fmt: skip
def test_the_verdict(lane: LaneState, expected: str) -> None:
    found, faults = verdict([HOLDER], [state(), lane], NOW_MS)
    assert found == expected
    assert bool(faults) == (expected == "behind")


def test_an_open_transaction_is_said_with_what_to_do_and_is_the_only_fault() -> None:
    """Nothing comes behind it, so no mark does: that is no fault of the engine's."""
    [fault] = verdict([HOLDER], [state(age_s=70, held_s=70)], NOW_MS)[1]
    assert fault.startswith(
        "sensing/0: hall.observations/0: an open transaction at offset 10 has held back 3 records for 70 s."
    )
    assert "abort --topic hall.observations --partition 0 --start-offset 10" in fault


GONE = {LanePlace("sensing", "hall.observations", 0): Traces(committed=7)}
LATER = {LanePlace("sensing", "hall.observations", 0): Traces(others_ms=61_000)}
FIRST = {LanePlace("sensing", "hall.observations", 0): Traces(others_ms=2_000)}
"""Two workers that begin together for the first time: the other one was quicker."""


@pytest.mark.parametrize(
    ("left", "expected"), [(GONE, "behind"), (LATER, "behind"), (FIRST, "running"), ({}, "running")]
)
def test_a_state_that_is_gone_is_a_fault(left: dict[LanePlace, Traces], expected: str) -> None:
    assert verdict([HOLDER], [state()], NOW_MS, left)[0] == expected


def test_a_state_that_is_gone_is_told_while_nobody_runs() -> None:
    found, faults = verdict([], [], NOW_MS, GONE)
    assert found == "stopped"
    assert "sensing/0: its state is gone; hall.observations/0 is processed up to offset 7" in faults[1]


def test_a_partition_that_began_without_a_state_is_a_fault_until_it_knows_a_hall() -> None:
    bare = state()._replace(restored=state().restored._replace(bare="the log begins at offset 40"))
    assert verdict([HOLDER], [bare], NOW_MS)[0] == "behind"


def test_nobody_runs_it() -> None:
    assert verdict([], [state()], NOW_MS)[0] == "stopped"


def test_an_engine_that_has_just_started_has_time_for_its_first_mark() -> None:
    assert verdict([Runner("process 42", NOW_MS - 5_000)], [state(age_s=None)], NOW_MS)[0] == "running"


def test_a_partition_that_no_worker_has_is_told() -> None:
    workers = [Runner("worker a", partitions=(1, 2)), Runner("worker b", partitions=(3,))]
    assert verdict(workers, [state()], NOW_MS) == ("behind", ["partition 0: no worker has it"])
    assert verdict([*workers, Runner("worker c", partitions=(0,))], [state()], NOW_MS)[0] == "running"


@pytest.mark.parametrize(
    ("lane", "says"),
    [
        (
            state(ahead_s=60),
            "sensing/0: the log's time is 60 s ahead of this machine's clock: it stands until the clock has",
        ),
        (
            state(ahead_s=7_200),
            "the log's time is 7,200 s ahead of this machine's clock: a clock was ahead, and input is late",
        ),
        (
            state(ahead_s=7_200, behind=Behind(7, 0, 42_000)),
            "all records from offset 7 on are stamped more than 2 minutes before the log's",
        ),
    ],
)
def test_a_time_that_is_not_the_clocks_is_told_with_what_to_do(lane: LaneState, says: str) -> None:
    (fault,) = verdict([HOLDER], [lane], NOW_MS)[1]
    assert says in fault
    assert "What to do: " in fault


def test_one_clock_that_makes_all_partitions_wrong_is_told_a_few_times() -> None:
    faults = verdict([HOLDER], [state(ahead_s=7_200)] * 32, NOW_MS)[1]
    assert len(faults) == 5
    assert faults[-1] == "and the time of 28 partitions more"
