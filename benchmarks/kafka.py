"""The engine on a real Kafka: one broker on this machine, one worker, over a log that stands full.

From the moment the worker runs until the last checkpoint covers all of the log. The broker has its own share of the
machine: on two cores it is as busy as the worker.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.crowd import log_of
from benchmarks.figures import Figure, Options, rate
from benchmarks.halls import many
from streams.partitioner import partition_of
from streams.topics import OBSERVATIONS
from tests.support.kafka_broker import KafkaBroker, require_jars
from tests.support.kafka_system import KafkaSystem, Worker

HALLS = 8
PARTITIONS = 4
PIECE = 5_000
LOOK_EVERY_S = 0.1
TARGET = "10,000 frames/s"


def measure(options: Options) -> Iterator[Figure]:
    frames = 40_000 if options.quick else 200_000
    require_jars()
    broker = KafkaBroker(options.directory / "kafka")
    broker.start()
    system = KafkaSystem(
        options.directory / "system", broker.servers, many(HALLS), partitions=PARTITIONS, time="producer"
    )
    try:
        _fill(system, frames)
        yield _run(system, system.start(), frames)
    finally:
        system.close()
        broker.kill()


def _fill(system: KafkaSystem, frames: int) -> None:
    records = log_of(many(HALLS), 1, frames)
    while piece := list(itertools.islice(records, PIECE)):
        for record in piece:
            system.put(OBSERVATIONS, [(record.key, record.value)], at_ms=record.timestamp_ms, wait=False)
        system.put(OBSERVATIONS, [])


def _run(system: KafkaSystem, worker: Worker, frames: int) -> Figure:
    worker.wait_until_up()
    started, cpu = time.perf_counter(), _cpu_s(worker)
    ends = {p: system.log.end(OBSERVATIONS, p) for p in range(PARTITIONS)}
    while any(system.committed(OBSERVATIONS, p) < end for p, end in ends.items()):
        time.sleep(LOOK_EVERY_S)
        assert worker.running, worker.heard()[-3000:]
    wall_s, cpu_s = time.perf_counter() - started, _cpu_s(worker) - cpu
    busy = len({partition_of(hall.encode(), PARTITIONS) for hall in system.halls})
    note = f"{rate(frames, cpu_s)} by the worker's CPU time, {busy} partitions, both lanes"
    return Figure("Kafka, one worker", rate(frames, wall_s), TARGET, note)


def _cpu_s(worker: Worker) -> float:
    """User and system time of the process, in seconds (proc(5))."""
    fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100.0
