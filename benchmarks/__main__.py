"""Measure Hallstream, and print one table: what was got, beside what is aimed at.

    python -m benchmarks [NAME ...] [--quick] [--dir DIRECTORY]
    python -m benchmarks accuracy [--only PART ...]

Without names: all but those that are measured only when named.

Nothing is asserted: the figures depend on the machine and on what else it does. How they are measured and what to make
of them: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks import agents, driver, embedded, latency, memory, replay, restart
from benchmarks.accuracy import measuring as accuracy
from benchmarks.conditions import conditions
from benchmarks.figures import Figure, NotMeasured, Options
from benchmarks.kafka import isolation as kafka_isolation
from benchmarks.kafka import latency as kafka_latency
from benchmarks.kafka import pauses as kafka_pauses
from benchmarks.kafka import throughput as kafka
from benchmarks.peers import measuring as peers

WIDTH = 132
"""Of the table where no terminal says its own."""


class Measurement(NamedTuple):
    """``named``: only when it is asked for by name: it fetches packages, or its figures do not depend on the machine."""

    name: str
    run: Callable[[Options], Iterable[Figure]]
    about: str
    named: bool = False

    def wanted(self, names: Sequence[str]) -> bool:
        return self.name in names if names else not self.named


MEASUREMENTS = (
    Measurement("driver", driver.measure, "the sensing lane in memory, frames of 12 people"),
    Measurement("embedded", embedded.measure, "the engine on the embedded log, with checkpoints"),
    Measurement("kafka", kafka.measure, "the engine on a real Kafka beside it, with checkpoints"),
    Measurement(
        "kafka-latency", kafka_latency.measure, "on Kafka, from a frame to what was concluded, at 2,000 frames/s"
    ),
    Measurement("kafka-isolation", kafka_isolation.measure, "on Kafka, what reading only committed records costs"),
    Measurement("kafka-pauses", kafka_pauses.measure, "on Kafka, the longest pause of a partition, 50 halls"),
    Measurement("peers", peers.measure, "one job on one real Kafka, each engine in its own environment", named=True),
    Measurement("latency", latency.measure, "from a frame to what was concluded from it, at 2,000 frames/s"),
    Measurement("restart", restart.measure, "from the start after kill -9 to the first new output, 50 halls"),
    Measurement("memory", memory.measure, "one process with 1,000 halls of 20 people"),
    Measurement("replay", replay.measure, "a real day from a MOTChallenge file"),
    Measurement("agents", agents.measure, "what each agent costs, apart from the engine"),
    Measurement("accuracy", accuracy.measure, "how well is counted, on data whose truth is known", named=True),
)


NAMES = tuple(measurement.name for measurement in MEASUREMENTS)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"expected names among {', '.join(NAMES)}; got {', '.join(unknown)}")
    if wrong := [part for part in options.only if part not in accuracy.NAMES]:
        parser.error(f"--only: expected parts of accuracy ({', '.join(accuracy.NAMES)}); got {', '.join(wrong)}")
    if options.only and "accuracy" not in options.names:
        parser.error("--only: expected with the name accuracy, whose parts it chooses")
    title = "Hallstream (quick)" if options.quick else "Hallstream"
    table = Table("measurement", "got", "aimed at", "remarks", title=title)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as scratch:
        _add(table, "conditions", conditions(Path(scratch)))
        for measurement in MEASUREMENTS:
            if measurement.wanted(options.names):
                _measure(
                    table, measurement, Options(options.quick, Path(scratch) / measurement.name, tuple(options.only))
                )
    console = Console()
    (console if console.is_terminal else Console(width=WIDTH)).print(table)


def _measure(table: Table, measurement: Measurement, options: Options) -> None:
    Console(stderr=True).print(f"measuring {measurement.about} ...", style="dim")
    options.directory.mkdir()
    _add(table, measurement.about, figures_of(measurement, options))
    shutil.rmtree(options.directory)


def figures_of(measurement: Measurement, options: Options) -> Iterator[Figure]:
    try:
        yield from measurement.run(options)
    except NotMeasured as e:
        yield Figure("not measured", "", "", str(e))
    yield Figure("  load average after it", f"{os.getloadavg()[0]:.1f}", "", "of the last minute")


def _add(table: Table, title: str, figures: Iterable[Figure]) -> None:
    table.add_row(f"[bold]{title}[/bold]")
    for figure in figures:
        table.add_row(*figure)
    table.add_section()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure Hallstream, and print one table."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="a minute or two instead of ten, and rougher")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="PART", help=f"of accuracy only these: {', '.join(accuracy.NAMES)}"
    )
    parser.add_argument(
        "--dir", type=Path, help="where logs are written: a real disk [default: the system's temporary directory]"
    )
    return parser


if __name__ == "__main__":
    main()
