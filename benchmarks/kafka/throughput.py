"""The engine on Kafka at full speed: a log that stands full, one worker, then two; the broker on the same machine.

From the moment the workers run until they have processed all that is in the log, with checkpoints on the way. What was
done before all of them ran does not count. The broker has its own share of the machine, and so has whoever else is at work
there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from rich.console import Console

from benchmarks.crowd import log_of
from benchmarks.figures import Figure, Options, rate
from benchmarks.halls import many
from benchmarks.kafka.place import broker, fill, forget, system
from benchmarks.processes import cpu_s
from streams.topics import OBSERVATIONS
from tests.support.kafka_system import KafkaSystem, Worker
from tests.support.scraping import families

HALLS = 32
LOOK_EVERY_S = 0.1
TARGET = "10,000 frames/s"
_say = Console(file=sys.stderr, style="dim")


class Run(NamedTuple):
    """``topology``: a name of ``tests.support.topologies``; None: the whole one."""

    what: str
    topology: str | None
    workers: int
    target: str = ""


RUNS = (
    Run("sensing lane, one worker", "sensing", 1, TARGET),
    Run("both lanes, one worker", None, 1),
    Run("sensing lane, two workers", "sensing", 2),
    Run("both lanes, two workers", None, 2),
)


class Done(NamedTuple):
    """``cpu_s``: of all workers together."""

    frames: int
    wall_s: float
    cpu_s: float


def measure(options: Options) -> Iterator[Figure]:
    frames, rounds = (60_000, 1) if options.quick else (200_000, 3)
    halls = many(HALLS)
    with broker(options.directory) as servers:
        with system(options.directory, servers, halls, time="producer") as first:
            _say.print(f"  filling the log with {frames:,} frames")
            fill(first, log_of(halls, 1, frames))
        done: dict[Run, list[Done]] = {run: [] for run in RUNS}
        for number in range(rounds):
            for run in RUNS:
                with system(options.directory, servers, halls, time="producer") as one:
                    done[run].append(_run(one, run))
                forget(servers)
                _say.print(f"  {run.what}, round {number + 1}: {rate(done[run][-1].frames, done[run][-1].wall_s)}")
    for run, several in done.items():
        yield _figure(run, several)


def _run(one: KafkaSystem, run: Run) -> Done:
    workers = [one.start(f"w{number}", topology=run.topology) for number in range(run.workers)]
    for worker in workers:
        worker.wait_until_up()
    started, cpu = time.perf_counter(), sum(cpu_s(worker.process) for worker in workers)
    before = _marked(one)
    for more in (True, False):  # a worker knows of no lag before its first fetch
        while bool(_lag(workers)) is not more:
            time.sleep(LOOK_EVERY_S)
    wall_s = time.perf_counter() - started
    cpu = sum(cpu_s(worker.process) for worker in workers) - cpu
    for worker in workers:
        assert worker.drain() == 0, worker.heard()[-3000:]
    there = sum(one.log.end(OBSERVATIONS, p) for p in range(one.partitions))
    assert _marked(one) == there, "drained workers have processed and checkpointed everything"
    return Done(there - before, wall_s, cpu)


def _marked(one: KafkaSystem) -> int:
    """Records that checkpoints cover, over all partitions."""
    return sum(one.committed(OBSERVATIONS, p) for p in range(one.partitions))


def _lag(workers: Sequence[Worker]) -> float:
    """Records that are in the log and not yet processed, by the workers' own account; of all their lanes."""
    for worker in workers:
        assert worker.running, worker.heard()[-3000:]
    found = [family for worker in workers for family in families(worker.url) if family.name == "hall_lag_records"]
    lags = [sample.value for family in found for sample in family.samples]
    return sum(lags) if lags else float("inf")


def _figure(run: Run, several: list[Done]) -> Figure:
    rates = sorted(done.frames / done.wall_s for done in several)
    by_cpu = median(done.frames / done.cpu_s for done in several)
    note = f"{rate(by_cpu, 1)} a core by the workers' CPU time"
    if len(several) > 1:
        note += f"; {rates[0]:,.0f} to {rates[-1]:,.0f} in {len(several)} rounds"
    return Figure(run.what, rate(median(rates), 1), run.target, note)
