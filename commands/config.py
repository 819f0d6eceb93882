"""``hall config``: put a hall's files in force, show those that are, take a hall out again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, now_ms, open_log, settings
from config.loading import examine, hall_dirs, load_files, load_halls, read_dir
from config.problems import ConfigError
from streams.lane import Lane
from streams.log import EventLog
from streams.operating import admin, configuring
from streams.operating.configuring import Applied, Outcome

DIFF_LINES = 40
"""Of one hall's difference; --full shows all."""

ORIGIN: Lane = next(lane for lane in TOPOLOGY.lanes if lane.origin)


@click.group("config")
def command() -> None:
    """Put a hall's files in force, show those that are, and take a hall out again.

    Configuration enters through the log, between two records, so that a replay has the rules that were in force.
    """


@command.command("apply")
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check and compare only.")
@click.option("--full", is_flag=True, help=f"The whole difference, not its first {DIFF_LINES} lines a hall.")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=10.0, show_default=True,
    help="Seconds to wait until it is in force.",
)  # fmt: skip
def apply(directory: Path, dry_run: bool, full: bool, wait_s: float) -> None:
    """Put the files of DIR in force: a hall's directory, or a directory of them.

    All files are checked first; one mistake, and nothing is changed. Then the difference to what is in force is shown,
    the files are written to the log, and, if an engine runs, their coming into force is waited for.

    \b
      hall config apply halls/demo --dry-run    check and compare
      hall config apply halls/                  all halls

    Exit code: 0 in force (or in the log, if no engine runs), 75 not yet after --wait, 78 refused.
    """
    with clear_errors():
        halls = sound_halls(directory)
        with open_log(settings(), read_only=dry_run) as log:
            states = in_log(log)
            for hall, files in halls.items():
                show_difference(hall, states.get(hall), files, None if full else DIFF_LINES)
            if dry_run:
                click.echo("nothing was changed (--dry-run)")
                return
            applied = configuring.put(log, halls, configuring.clock_ms(log, now_ms()))
            _report(log, applied, wait_s if log.runners() else None)


def sound_halls(directory: Path) -> dict[str, dict[str, str]]:
    """The files of the halls there. Raises ConfigError with every problem of every hall, and Fatal."""
    halls = load_halls(directory)
    problems = []
    for path in hall_dirs(directory):
        _, found = examine(read_dir(path))
        problems += [replace(problem, file=str(path / problem.file)) for problem in found]
    for warning in (problem for problem in problems if problem.severity == "warning"):
        click.secho(str(warning), fg="yellow", err=True)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise ConfigError(errors)
    for hall, files in halls.items():
        configuring.check_size(hall, files)
    return halls


def in_log(log: EventLog) -> dict[str, dict[str, str]]:
    """The files of every hall: those in force, or those that stand in the log and will be."""
    return admin.in_log(log, admin.lane_states(log, TOPOLOGY))


def show_difference(hall: str, old: Mapping[str, str] | None, new: Mapping[str, str], most: int | None) -> None:
    if old is None:
        click.echo(f"{hall}: new")
        return
    lines = list(configuring.difference(old, new))
    click.echo(f"{hall}: changed" if lines else f"{hall}: as it is in force")
    for line in lines[:most]:
        click.secho(f"  {line}", fg={"+": "green", "-": "red"}.get(line[:1]))
    if most is not None and len(lines) > most:
        click.echo(f"  ... {len(lines) - most} more lines (--full shows them)")


def _report(log: EventLog, applied: Sequence[Applied], wait_s: float | None) -> None:
    if wait_s is None:
        click.echo(
            "written to the log; no engine runs: it comes into force when one is started (`hall run`, `hall worker`)"
        )
        return
    outcomes = configuring.wait(log, ORIGIN, applied, time.monotonic() + wait_s)
    for outcome in outcomes:
        click.echo(f"{outcome.hall}: {_fate(outcome)}")
    if any(outcome.reason for outcome in outcomes):
        raise Ended("the engine refused it, and what was in force stays (`hall log cat dead --from -5`)", 78)
    if not all(outcome.in_force for outcome in outcomes):
        held = "".join(f"\n{one.said()}" for one in admin.held_back(log, [ORIGIN.topic]))
        raise Ended(f"not in force after {wait_s:g} s; it stands in the log and will be (see `hall status`){held}", 75)


@command.command("remove")
@click.argument("hall")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=10.0, show_default=True,
    help="Seconds to wait until it is removed.",
)  # fmt: skip
def remove(hall: str, yes: bool, wait_s: float) -> None:
    """Take HALL out of the engine, through the log.

    Its agents close what they have: tracks, stays and alarms end with reason `config`, the hour so far is published. Then
    the engine forgets it: its state leaves the checkpoint, `hall status` and the live table show it no more, and frames
    that still come for it are put aside as `no_such_hall`. What was published stays in the log as long as its topics keep
    it. Put in force again (`hall config apply`), the hall begins with nothing.

    \b
      hall config remove demo
      hall config remove demo --yes    in a script

    Exit code: 0 removed (or in the log, if no engine runs), 64 no such hall, 75 not yet after --wait, 78 refused.
    """
    with clear_errors(), open_log(settings()) as log:
        known = in_log(log)
        if hall not in known:
            there = ", ".join(known) or "none"
            raise Ended(f"expected a hall that is in force ({there}), got {hall!r}; nothing was changed", 64)
        _say_what_goes(hall, known)
        if not yes:
            click.confirm(f"remove {hall}?", abort=True)
        written = configuring.remove(log, [hall], configuring.clock_ms(log, now_ms()))
        _report_removal(log, written, wait_s if log.runners() else None)


def _say_what_goes(hall: str, known: Mapping[str, Mapping[str, str]]) -> None:
    plan = load_files(known[hall]).hall
    click.echo(
        f"{hall} ({plan.name}): {len(plan.zones)} zones, {len(plan.lines)} lines, cameras "
        f"{', '.join(camera.id for camera in plan.cameras)}\n"
        "  ends: every track, stay and alarm of it, with reason config; the hour so far is published\n"
        "  goes: its files, its state and its counts (`hall config show` writes the files out first)\n"
        "  stays: what was published, for as long as the topics keep it"
    )
    others = ", ".join(name for name in known if name != hall)
    click.echo(f"  not touched: {others}" if others else "  it is the only hall of this log")


def _report_removal(log: EventLog, written: Sequence[Applied], wait_s: float | None) -> None:
    hall = written[0].hall
    if wait_s is None:
        click.echo("written to the log; no engine runs: it is removed when one is started (`hall run`, `hall worker`)")
    else:
        outcome = configuring.wait(log, ORIGIN, written, time.monotonic() + wait_s)[0]
        if outcome.reason:
            raise Ended(f"{hall}: not removed: {outcome.reason}. Everything of it is as it was", 78)
        if not outcome.in_force:
            raise Ended(
                f"{hall}: not removed after {wait_s:g} s; the removal stands in the log and will be carried out", 75
            )
        click.echo(f"{hall}: removed")
    click.echo(
        "its cameras' frames are dead letters from here on; whoever starts `hall run` with its files brings it back"
    )


def _fate(outcome: Outcome) -> str:
    if outcome.in_force:
        return "in force"
    return f"refused: {outcome.reason}" if outcome.reason else "waiting in the log"


@command.command("show")
@click.argument("hall")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write the files into this directory.")
def show(hall: str, out: Path | None) -> None:
    """Print the files of HALL that are in force, as they were applied.

    \b
      hall config show demo
      hall config show demo --out /tmp/demo && diff -r /tmp/demo halls/demo
    """
    with clear_errors(), open_log(settings(), read_only=True) as log:
        halls = admin.files_in_force(admin.lane_states(log, TOPOLOGY))
    if hall not in halls:
        there = ", ".join(halls) or "none"
        raise Ended(f"expected a hall in force ({there}), got {hall!r}; `hall config apply DIR` puts one in force", 64)
    if out is not None:
        _write(halls[hall], out)
        return
    for name, text in sorted(halls[hall].items()):
        click.secho(f"# {name}", bold=True)
        click.echo(text.rstrip("\n") + "\n")


def _write(files: Mapping[str, str], out: Path) -> None:
    """Nothing that is there is overwritten."""
    taken = [name for name in files if (out / name).exists()]
    if taken:
        raise Ended(f"expected a directory without {', '.join(taken)}, got {out}; nothing was written", 64)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(files.items()):
        (out / name).write_text(text, encoding="utf-8")
        click.echo(str(out / name))
