"""The whole sensing lane in memory: records in, outputs counted; no log, no checkpoints on a disk.

Stretches of a thousand records go through the engine and then, for comparison, through nothing but msgspec: whatever
else the machine does at that moment slows both, so their ratio is steadier than either. The stretches' median counts.
Parts are told in CPU time, in which other processes' turns do not count.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from statistics import mean, median
from time import perf_counter, thread_time
from typing import NamedTuple

import msgspec

from agents.topology import SENSING
from benchmarks.crowd import log_of
from benchmarks.figures import Figure, Options, rate, us
from benchmarks.halls import many
from streams.engine import Engine
from streams.engine.partition import METER_EVERY
from streams.events import Frame
from streams.record import Record
from streams.worker.metrics import AgentMeter

HALLS = 8
STRETCH = 1000
TARGET = "20,000 frames/s"
PLAIN = msgspec.json.Decoder(Frame)
BUDGET_US = {"decoding": "3", "trajectory": "12", "zones": "6", "flow": "4", "heat": "3"}


class Stretch(NamedTuple):
    """Seconds for one frame: by the clock on the wall; of CPU time; and of CPU time for decoding alone."""

    wall_s: float
    cpu_s: float
    decoding_s: float


def measure(options: Options) -> Iterator[Figure]:
    for floor, name in ((False, "pixels"), (True, "floor points given")):
        records = list(log_of(many(HALLS), 1, 20_000 if options.quick else 100_000, floor=floor))
        meter = AgentMeter(thread_time)
        stretches = _run(records, meter)
        wall_s, cpu_s, alone_s = (median(column) for column in zip(*stretches, strict=True))
        ratio = median(s.cpu_s / s.decoding_s for s in stretches)
        best_s = min(s.wall_s for s in stretches)
        note = f"{1 / cpu_s:,.0f} by CPU time, best stretch {1 / best_s:,.0f}"
        yield Figure(f"in memory, {name}", rate(1, wall_s), TARGET, note)
        yield Figure("  against decoding alone", f"{ratio:.1f} x its time", "", f"decoding alone: {rate(1, alone_s)}")
        frames = sum(record.key is not None for record in records) - HALLS
        yield from _stages(meter, frames, mean(s.cpu_s for s in stretches), alone_s)


def _run(records: list[Record], meter: AgentMeter) -> list[Stretch]:
    engine = Engine(SENSING, meter=meter)
    for record in records[:HALLS]:  # the configuration
        engine.process(record)
    gc.collect()
    gc.freeze()  # the benchmark holds the records; walking over them is not the engine's cost
    stretches = [_stretch(engine, records[at : at + STRETCH]) for at in range(HALLS, len(records), STRETCH)]
    gc.unfreeze()
    assert not engine.counts["repeats"] + engine.counts["agent_failures"], engine.counts
    return stretches[1:]  # the first has the tracks of all halls begin


def _stretch(engine: Engine, records: list[Record]) -> Stretch:
    values = [record.value for record in records if record.key is not None and record.value is not None]
    wall, cpu = perf_counter(), thread_time()
    for record in records:
        engine.process(record)
    wall_s, cpu_s = perf_counter() - wall, thread_time() - cpu
    cpu = thread_time()
    for value in values:
        PLAIN.decode(value)
    return Stretch(wall_s / len(values), cpu_s / len(values), (thread_time() - cpu) / len(values))


def _stages(meter: AgentMeter, frames: int, all_s: float, decoding_s: float) -> Iterator[Figure]:
    yield Figure("  decoding", us(decoding_s, 1), BUDGET_US["decoding"])
    spent_s = decoding_s
    for agent, seconds in meter.seconds.items():
        each_s = seconds * METER_EVERY / frames
        spent_s += each_s
        yield Figure(f"  {agent}", us(each_s, 1), BUDGET_US.get(agent, ""), "with encoding what it publishes")
    yield Figure("  the rest", us(all_s - spent_s, 1), "", "admission, windows, names, ticks")
