"""Two versions of the sensing lane side by side: what a change costs, on a machine that others use too.

    python -m benchmarks.beside OTHER_TREE [--count 100000] [--floor]

One process for each tree computes the same records as ``driver`` does, decoding included. They take turns, a stretch of
a thousand records each, and who begins changes each time: so whatever else the machine does slows both. Told is the
median, over the stretches, of the ratio of their CPU times; and whether what they published, and their states, are
the same bytes.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from time import thread_time

from agents.topology import SENSING
from benchmarks.crowd import log_of
from benchmarks.halls import many
from streams.engine import Engine

HALLS = 8
STRETCH = 1000
HERE = Path(__file__).resolve()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description="Compare this tree with another.")
    parser.add_argument("other", type=Path, metavar="OTHER_TREE")
    parser.add_argument("--count", type=int, default=100_000, help="frames in all")
    parser.add_argument("--floor", action="store_true", help="floor points given, in place of boxes alone")
    given = parser.parse_args(arguments)
    _compare([given.other.resolve(), HERE.parent.parent], given.count, floor=given.floor)


def _compare(trees: list[Path], count: int, *, floor: bool) -> None:
    sides = [_Side(tree, count, floor=floor) for tree in trees]
    turns = []
    for number in range(1, count // STRETCH):  # ticks make it a little more than that
        took = {k: sides[k].stretch_us() for k in ((0, 1) if number % 2 else (1, 0))}
        turns.append((took[0], took[1]))
    counted = turns[1:]  # in the first all tracks begin
    for tree, column in zip(trees, zip(*counted, strict=True), strict=True):
        print(f"{median(column):7.1f} µs of CPU time a frame  {tree}")
    low, middle, high = quantiles([new / old for old, new in counted], n=4)
    print(f"{middle:7.3f} times as long, half of {len(counted)} stretches between {low:.3f} and {high:.3f}")
    digests = [side.digest() for side in sides]
    print("        the same bytes came out" if digests[0] == digests[1] else "        not the same bytes came out")


class _Side:
    """A process that runs this file with the modules of one tree, and waits for its turns."""

    def __init__(self, tree: Path, count: int, *, floor: bool) -> None:
        # -P: else modules of this directory would hide packages of the same name, such as agents.
        command = [sys.executable, "-P", str(HERE), "--side", str(count), str(int(floor))]
        self._process = subprocess.Popen(
            command, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._ask("")

    def stretch_us(self) -> float:
        return float(self._ask("go\n"))

    def digest(self) -> str:
        told, _ = self._process.communicate("end\n")
        return told.strip()

    def _ask(self, text: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def _take_turns(count: int, *, floor: bool) -> None:
    records = list(log_of(many(HALLS), 1, count, floor=floor))
    engine, published, at = Engine(SENSING), sha256(), HALLS
    for record in records[:HALLS]:  # the configuration
        engine.process(record)
    gc.collect()
    gc.freeze()  # the benchmark holds the records; walking over them is not the engine's cost
    print("ready", flush=True)
    while sys.stdin.readline() == "go\n":
        part, at = records[at : at + STRETCH], at + STRETCH
        started = thread_time()
        made = [engine.process(record) for record in part]
        spent_s = thread_time() - started
        published.update(b"".join(output.value for outputs in made for output in outputs))
        print(spent_s / sum(record.key is not None for record in part) * 1e6, flush=True)
    published.update(b"".join(body for _, body in engine.checkpoint().halls))
    print(published.hexdigest(), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        _take_turns(int(sys.argv[2]), floor=sys.argv[3] == "1")
    else:
        main(sys.argv[1:])
