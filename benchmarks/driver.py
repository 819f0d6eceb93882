"""The whole sensing lane in memory: records in, outputs counted; no log, no checkpoints on a disk.

Stretches of a thousand records go through the engine and then, for comparison, through nothing but msgspec: whatever
else the machine does at that moment slows both, so their ratio is steadier than either. The stretches' median counts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from statistics import mean, median
from time import perf_counter
from typing import NamedTuple

import msgspec

from agents.topology import SENSING
from benchmarks.crowd import log_of
from benchmarks.figures import Figure, Options, us
from benchmarks.halls import many
from streams.engine import Engine
from streams.engine.partition import METER_EVERY
from streams.events import Frame
from streams.record import Record
from streams.worker.metrics import AgentMeter

HALLS = 8
STRETCH = 1000
TARGET = "20,000 frames/s"
BUDGET_US = {"decoding": "3", "trajectory": "12", "zones": "6", "flow": "4", "heat": "3"}


class Stretch(NamedTuple):
    """Seconds for one frame: by the engine, and by decoding alone."""

    ours_s: float
    decoding_s: float


def measure(options: Options) -> Iterator[Figure]:
    for floor, name in ((False, "pixels"), (True, "floor points given")):
        records = list(log_of(many(HALLS), 1, 20_000 if options.quick else 100_000, floor=floor))
        meter = AgentMeter()
        stretches = _run(records, meter)
        ours, alone = median(s.ours_s for s in stretches), median(s.decoding_s for s in stretches)
        best = min(s.ours_s for s in stretches)
        ratio = median(s.ours_s / s.decoding_s for s in stretches)
        yield Figure(f"in memory, {name}", f"{1 / ours:,.0f} frames/s", TARGET, f"best stretch {1 / best:,.0f}")
        yield Figure(
            "  against decoding alone", f"{ratio:.1f} x its time", "", f"decoding alone: {1 / alone:,.0f} frames/s"
        )
        yield from _stages(
            meter, sum(r.key is not None for r in records) - HALLS, mean(s.ours_s for s in stretches), alone
        )


def _run(records: list[Record], meter: AgentMeter) -> list[Stretch]:
    engine = Engine(SENSING, meter=meter)
    decode = msgspec.json.Decoder(Frame).decode
    for record in records[:HALLS]:  # the configuration
        engine.process(record)
    gc.collect()
    gc.freeze()  # the benchmark holds the records; walking over them is not the engine's cost
    stretches = []
    for at in range(HALLS, len(records), STRETCH):
        stretch = records[at : at + STRETCH]
        values = [record.value for record in stretch if record.key is not None and record.value is not None]
        started = perf_counter()
        for record in stretch:
            engine.process(record)
        between = perf_counter()
        for value in values:
            decode(value)
        stretches.append(Stretch((between - started) / len(values), (perf_counter() - between) / len(values)))
    gc.unfreeze()
    assert not engine.counts["repeats"] + engine.counts["agent_failures"], engine.counts
    return stretches[1:]  # the first has the tracks of all halls begin


def _stages(meter: AgentMeter, frames: int, ours_s: float, decoding_s: float) -> Iterator[Figure]:
    yield Figure("  decoding", us(decoding_s, 1), BUDGET_US["decoding"])
    spent_s = decoding_s
    for agent, seconds in meter.seconds.items():
        each_s = seconds * METER_EVERY / frames
        spent_s += each_s
        yield Figure(f"  {agent}", us(each_s, 1), BUDGET_US.get(agent, ""), "with encoding what it publishes")
    yield Figure("  the rest", us(ours_s - spent_s, 1), "", "admission, windows, names, ticks")
