"""``python -m tests.torture.kafka --kills 200 --seed 1``: the long ordeal, with its result as one line to keep."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.support.kafka_broker import require_jars
from tests.torture.kafka.faults import FAULTS
from tests.torture.kafka.run import drawn, ordeal


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.kafka", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many faults (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="which ones, and when (default 1)")
    parser.add_argument("--workers", type=int, default=2, help="at the beginning (default 2)")
    parser.add_argument(
        "--brokers", type=int, choices=[1, 3], default=1, help="3: a cluster with three copies (default 1)"
    )
    parser.add_argument("--named", action="store_true", help="static membership")
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", action="append", choices=names, metavar="FAULT", help=f"of: {', '.join(names)}")
    parser.add_argument("--keep", type=Path, help="work in this directory, and keep it")
    options = parser.parse_args()
    require_jars()
    chosen = tuple(fault for fault in FAULTS if not options.only or fault.name in options.only)
    with tempfile.TemporaryDirectory(prefix="hall-torture-") as temporary:
        result = ordeal(
            (options.keep or Path(temporary)) / f"seed-{options.seed}",
            drawn(options.kills, options.seed, chosen),
            options.seed,
            workers=options.workers,
            named=options.named,
            brokers=options.brokers,
            say=lambda line: print(line, flush=True),
        )
    faults = ", ".join(f"{count} {name}" for name, count in sorted(result.faults.items()))
    entries = f"{result.entries} entries counted once" if result.entries else "entries not counted, as the log was cut"
    print(
        f"\nexact. seed {options.seed}, {options.workers} workers{' with names' if options.named else ''} at first,"
        f"{' three brokers,' if options.brokers == 3 else ''}"
        f" {result.faults.total()} faults in {result.seconds:.0f} s ({faults}); {result.frames} frames,"
        f" {result.lost_answers} answers lost; {result.compared} published events and {result.states} states equal the"
        f" replay, {result.repeats} repeats dropped; {entries}"
    )


if __name__ == "__main__":
    main()
