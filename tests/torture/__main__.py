"""``make torture KILLS=200 SEED=1``: the long ordeal, with its result as one line to keep."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.torture.faults import FAULTS
from tests.torture.run import ordeal


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many faults (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="which ones, and when (default 1)")
    parser.add_argument("--halls", type=int, default=2, help="how many halls (default 2)")
    names = [fault.name for fault in FAULTS]
    parser.add_argument(
        "--without", action="append", default=[], choices=names, metavar="FAULT", help=f"leave out: {', '.join(names)}"
    )
    parser.add_argument("--keep", type=Path, help="work in this directory, and keep it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hall-torture-") as temporary:
        directory = options.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        result = ordeal(
            directory / f"seed-{options.seed}",
            options.kills,
            options.seed,
            hall_count=options.halls,
            only=tuple(fault for fault in FAULTS if fault.name not in options.without),
            say=_say,
        )
    faults = ", ".join(f"{count} {name}" for name, count in sorted(result.faults.items()))
    print(
        f"\nexact. seed {options.seed}, {result.faults.total()} faults in {result.seconds:.0f} s ({faults});"
        f" {result.frames} frames, {result.junk} of junk;"
        f" {result.compared} published events and {result.states} states equal the replay;"
        f" {f'{result.entries} entries counted once' if result.entries else 'entries not counted: halls forgot, or retention cut'}"
    )


def _say(line: str) -> None:
    print(f"\r\033[K{line}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)


if __name__ == "__main__":
    main()
