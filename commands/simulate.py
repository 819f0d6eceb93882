"""``hall simulate``: a recording of halls that do not exist, and the truth about them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import config
from commands.console import Console
from commands.sources import start_ms
from config.loading import ConfigError, load_files, read_dir
from devices.simulator import Simulator, truth
from devices.simulator.recorder import RenameError, records, renamed
from devices.simulator.truth import Truth
from streams.recording import RecordingWriter

DEMO = Path(config.__file__).parent / "examples" / "demo"
# A Monday in March when the doors open, by the hall's own clock: fixed, so that the same command makes the same files.
DEFAULT_START = datetime(2026, 3, 2, 8, 30)


@dataclass(frozen=True)
class Simulated:
    """One hall to simulate: its files, with its own id in them, and its simulator."""

    files: dict[str, str]
    simulator: Simulator

    @property
    def id(self) -> str:
        return self.simulator.hall


@click.command("simulate")
@click.option("--halls", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many halls; all alike.")
@click.option(
    "--hours", type=click.FloatRange(0, 24 * 31, min_open=True), default=1.0, show_default=True, help="How long."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Same seed and options: same files, byte for byte."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Directory to write to.")
@click.option(
    "--hall", "hall_dir", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DEMO,
    help="Directory of the hall to simulate (hall.yaml, rules.yaml).  [default: the demo hall]",
)  # fmt: skip
@click.option(
    "--fps",
    type=click.FloatRange(0, 100, min_open=True),
    default=8.0,
    show_default=True,
    help="Frames a second of each camera.",
)
@click.option(
    "--start", metavar="ISO", default=None,
    help="When it begins, such as 2026-03-02T08:30 (the hall's own time) or 2026-03-02T00:30Z.  [default: that Monday]",
)  # fmt: skip
@click.option(
    "--level",
    type=click.FloatRange(0, 100),
    default=1.0,
    show_default=True,
    help="Arrivals: 2 is twice an ordinary day.",
)
def command(
    halls: int, hours: float, seed: int, out: Path, hall_dir: Path, fps: float, start: str | None, level: float
) -> None:
    """Simulate halls: write what their cameras would have reported, and what really happened.

    Visitors come by the time of day, alone or in groups, go to the guide, take a ticket, wait, are served, give up, and
    leave. Cameras report them with noise, missed and false boxes and broken ids.

    OUT/recording.jsonl.gz is the log (`hall replay`, `hall feed`), OUT/truth/HALL.json the ground truth of each hall,
    OUT/halls/HALL/ its files. One hall keeps its own id; several are called after it: demo-1, demo-2 and so on.

    \b
    Examples:
      hall simulate --out day                           one demo hall, one hour
      hall simulate --halls 3 --hours 2 --seed 7 --out day
      hall replay day/recording.jsonl.gz --hall day/halls/demo
    """
    if out.exists() and any(out.iterdir()):
        raise click.BadParameter(f"expected a new or empty directory, {out} has files", param_hint="--out")
    try:
        files = read_dir(hall_dir)
        base = load_files(files).hall
        begin_ms = start_ms(start, base, DEFAULT_START)
        names = [base.id] if halls == 1 else [f"{base.id}-{n}" for n in range(1, halls + 1)]
        made = [_simulated(files, base.id, name, seed, begin_ms, fps, level) for name in names]
    except (ConfigError, RenameError) as e:
        raise click.ClickException(f"{hall_dir} cannot be simulated:\n{e}") from e
    try:
        count, truths = _write(made, out, begin_ms, begin_ms + math.ceil(hours * 3_600_000), seed)
    except OSError as e:
        raise click.ClickException(f"cannot write to {out}: {e.strerror or e}") from e
    _print_summary(truths, count, out)


def _simulated(
    files: dict[str, str], base_id: str, hall_id: str, seed: int, start_ms: int, fps: float, level: float
) -> Simulated:
    own = dict(files) if hall_id == base_id else {**files, "hall.yaml": renamed(files["hall.yaml"], hall_id)}
    return Simulated(own, Simulator(load_files(own).hall, seed=seed, start_ms=start_ms, fps=fps, level=level))


def _write(made: list[Simulated], out: Path, start_ms: int, end_ms: int, seed: int) -> tuple[int, list[Truth]]:
    for m in made:
        directory = out / "halls" / m.id
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in m.files.items():
            (directory / name).write_text(text, encoding="utf-8")
    count = _write_recording(made, out, start_ms, end_ms, seed)
    truths = [m.simulator.truth() for m in made]
    (out / "truth").mkdir()
    for t in truths:
        truth.save(t, out / "truth" / f"{t.hall}.json")
    return count, truths


def _write_recording(made: list[Simulated], out: Path, start_ms: int, end_ms: int, seed: int) -> int:
    about = {"made_by": "hall simulate", "seed": str(seed), "halls": ", ".join(m.id for m in made)}
    columns = TextColumn("simulating"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn()
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
        RecordingWriter(out / "recording.jsonl.gz", about) as recording,
    ):
        task = bar.add_task("", total=end_ms - start_ms)
        halls = [(m.simulator, m.files) for m in made]
        for record in records(
            halls, start_ms=start_ms, end_ms=end_ms, progress=lambda at: bar.update(task, completed=at - start_ms)
        ):
            recording.write(record)
    return recording.count


def _print_summary(truths: list[Truth], count: int, out: Path) -> None:
    table = Table("hall", "visitors", "groups", "walk-outs", "still inside", "ids per visitor", "false ids")
    for t in truths:
        sizes = Counter(v.party for v in t.visitors).values()
        table.add_row(
            t.hall,
            str(len(t.visitors)),
            str(sum(size > 1 for size in sizes)),
            str(sum(v.walked_out for v in t.visitors)),
            str(sum(v.left_ms is None for v in t.visitors)),
            f"{mean(len(v.tracks) for v in t.visitors):.1f}" if t.visitors else "-",
            str(len(t.false_tracks)),
        )
    recording = out / "recording.jsonl.gz"
    text = f"{count} records in {recording}; next: hall replay {recording} --hall {out / 'halls' / truths[0].hall}"
    console = Console()
    console.print(table)
    console.print(text, soft_wrap=True, highlight=False)
