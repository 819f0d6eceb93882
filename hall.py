"""The command line of Hallstream: a table of verbs, each loaded only when it is called."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import click

import commands as commands  # wrong options end with our exit code
from commands.limits import allow_files
from commands.output import looked_after


class Verb(NamedTuple):
    name: str
    module: str
    help: str


VERBS = (
    Verb("run", "commands.run", "Run a hall on this box: the embedded log, the engine, a live table."),
    Verb("worker", "commands.worker", "Run the engine on Kafka: one of any number of workers."),
    Verb("replay", "commands.replay", "Run the same engine over a recording, as fast as the machine goes."),
    Verb("feed", "commands.feed", "Play a recording into a running hall."),
    Verb("record", "commands.record", "Save a log's records, with the state they start from, as a recording."),
    Verb("simulate", "commands.simulate", "Make a recording of simulated halls, with its ground truth."),
    Verb("explain", "commands.explain", "Show why an event was published, and prove it from the log."),
    Verb("status", "commands.status", "Show what a running engine does: lag, marks, halls, ages, disk."),
    Verb("log", "commands.log", "Look into the log: cat, stats, backup."),
    Verb("config", "commands.config", "Put a hall's files in force."),
    Verb("topics", "commands.topics", "Make the topics of a log."),
    Verb("drain", "commands.drain", "Stop the engine at an exact boundary."),
    Verb("reset", "commands.reset", "Start a new era, when the log is not the one the state belongs to."),
    Verb("check", "commands.check", "Check a hall's files, and draw its plan."),
    Verb("init", "commands.init", "Write a commented starter hall."),
)


class Verbs(click.Group):
    """Knows every verb's one-line help without importing it: `hall --help` is instant."""

    def main(self, *args: Any, **extra: Any) -> Any:
        with looked_after():
            return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        allow_files()
        return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for verb in VERBS:
            if verb.name == cmd_name:
                command: click.Command = importlib.import_module(verb.module).command
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb.name, verb.help) for verb in VERBS])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hallstream", prog_name="hall")
def main() -> None:
    """Hallstream: what happens in a service hall, in real time.

    Events of cameras and devices go into an ordered log; the engine turns them into occupancy, dwell, trajectories, crowd
    flow and alarms. One hall runs on one box with nothing to install: try `hall run`.

    Where it runs is said by HALL_* variables (docs/operations.md): HALL_CONFIG, HALL_VAR, HALL_BROKER, HALL_HTTP ...
    """


if __name__ == "__main__":
    main()
