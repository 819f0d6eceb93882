"""Measure Hallstream, and print one table: what was got, beside what is aimed at.

    python -m benchmarks [NAME ...] [--quick] [--dir DIRECTORY]

Nothing is asserted: the figures depend on the machine and on what else it does. How they are measured and what to make
of them: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks import agents, driver, embedded, latency, memory, replay, restart
from benchmarks.conditions import conditions
from benchmarks.figures import Figure, Options


class Measurement(NamedTuple):
    name: str
    run: Callable[[Options], Iterable[Figure]]
    about: str


MEASUREMENTS = (
    Measurement("driver", driver.measure, "the sensing lane in memory, frames of 12 people"),
    Measurement("embedded", embedded.measure, "the engine on the embedded log, with checkpoints"),
    Measurement("latency", latency.measure, "from a frame to what was concluded from it, at 2,000 frames/s"),
    Measurement("restart", restart.measure, "from the start after kill -9 to the first new output, 50 halls"),
    Measurement("memory", memory.measure, "one process with 1,000 halls of 20 people"),
    Measurement("replay", replay.measure, "a real day from a MOTChallenge file"),
    Measurement("agents", agents.measure, "what each agent costs, apart from the engine"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    chosen = [m for m in MEASUREMENTS if not options.names or m.name in options.names]
    console, progress = Console(), Console(stderr=True)
    table = Table(
        "measurement", "got", "aimed at", "remarks", title="Hallstream" + (" (quick)" if options.quick else "")
    )
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as scratch:
        _add(table, "conditions", conditions(Path(scratch)))
        for measurement in chosen:
            progress.print(f"measuring {measurement.about} ...", style="dim")
            directory = Path(scratch) / measurement.name
            directory.mkdir()
            _add(table, measurement.about, measurement.run(Options(options.quick, directory)))
    console.print(table)


def _add(table: Table, title: str, figures: Iterable[Figure]) -> None:
    table.add_row(f"[bold]{title}[/bold]")
    for figure in figures:
        table.add_row(*figure)
    table.add_section()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure Hallstream, and print one table."
    )
    names = [measurement.name for measurement in MEASUREMENTS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="a few minutes less, and rougher")
    parser.add_argument(
        "--dir", type=Path, help="where logs are written: a real disk [default: the system's temporary directory]"
    )
    original = parser.parse_args

    return parser


if __name__ == "__main__":
    main()
