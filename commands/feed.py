"""``hall feed``: play a recording into the log of a running hall, or frames as a tracker writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, open_log, settings
from commands.config import ORIGIN, in_log
from commands.console import Console
from commands.feed_stdin import feed_stdin, refuse_options
from commands.played import Files, Halls, Options, check_hall, given_files, open_recording, place
from commands.positions import Given, position_options
from commands.showing import span
from streams.clock import RUN_MS
from streams.driver import closing_ticks
from streams.log import EventLog
from streams.operating.feeding import Clock, Feeder, Pace
from streams.playing import Play, Stray, ticked
from streams.topics import DAY_MS

STDIN = Path("-")


class Speed(click.ParamType):
    """A factor, or ``max`` (0)."""

    name = "speed"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            speed = 0.0 if value == "max" else float(str(value))
        except ValueError:
            speed = -1.0
        if not (0 < speed <= 1e6 or value == "max"):
            self.fail(f"expected a factor above 0, such as 1 or 10, or max; got {value!r}", param, ctx)
        return speed


@click.command("feed")
@click.argument("recording", type=click.Path(exists=True, path_type=Path, allow_dash=True))
@click.option("--speed", type=Speed(), default="1", show_default=True, help="Times as fast as it was recorded, or max.")
@click.option(
    "--hall", "directory", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The hall's directory; applied if the log has no such hall yet.",
)  # fmt: skip
@click.option(
    "--rules", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --hall: this file in place of its rules.yaml.",
)  # fmt: skip
@position_options
@click.option("--start", metavar="ISO", help="When it begins, in the hall's own time [default: as recorded].")
@click.option("--no-close", "more", is_flag=True, help="No ticks behind the end: another recording follows.")
def command(
    recording: Path, speed: float, directory: Path | None, rules: Path | None, given: Given,
    start: str | None, more: bool,
) -> None:  # fmt: skip
    """Play RECORDING into the log, as the cameras sent it; a running engine takes it from there.

    With - for RECORDING, frames are read from standard input and put into the log as they come, one JSON object a line
    (docs/sending-frames.md); lines that cannot be used are told and counted. End of input or Ctrl-C ends it.

    \b
      my-tracker | hall feed -

    RECORDING is a simulation (`hall simulate`), a log saved by `hall record`, or a file of positions
    (docs/recordings.md). What the edge sent is played; what the engine concluded then, it concludes anew.

    At speed 1 the first event is now, whatever the recording says, and the rest follows in real time. Other speeds need
    a log whose time is the recording's own (`hall topics create --time producer`): there the recorded times stand,
    the feed ticks, and it never gets far ahead of the engine. At its end it ticks on until everybody has left, every
    track has ended and the hour is closed.

    At any speed the engine lives through the seconds of the recording and concludes what `hall replay` concludes.

    A hall that the log does not know is configured first, from --hall or from the recording itself, and that is said. One
    that it knows keeps its files (`hall config apply` changes them). A --hall that is not a hall of the recording, or whose
    files are not those in force, is refused.

    \b
      hall simulate --hours 1 --out day && hall feed day/recording.jsonl.gz       into `hall run --no-simulate`
      hall feed tracks.txt --hall halls/forum --fps 9
    \b
      export HALL_VAR=/tmp/try                                                    a log of its own, at its own time
      hall topics create --time producer
      hall run --no-simulate &
      hall feed day/recording.jsonl.gz --speed 10
      hall feed day/recording.jsonl.gz --speed max --start 2026-03-05T08:30       the same once more, on another day

    Exit code: 0 (also after Ctrl-C), 64 wrong options or log, 65 not a recording, 75 the engine makes no progress.
    """
    found = settings()
    with clear_errors(), open_log(found) as log:
        known = in_log(log)
        if recording == STDIN:
            refuse_options(given, speed, start, more=more)
            feed_stdin(log, known, given_files(directory, rules), given)
            return
        options = Options(given_files(directory, rules), given, start)
        own_clock = _own_clock(log, speed, embedded=found.broker.embedded)
        _feed(log, known, (recording, options), speed, own_clock=own_clock, close=not more)


def _feed(
    log: EventLog,
    known: Mapping[str, Files],
    asked: tuple[Path, Options],
    speed: float,
    *,
    own_clock: bool,
    close: bool,
) -> None:
    recording, options = asked
    source = open_recording(recording, options, known)
    check_hall(recording, source.halls, options.given, known)
    plays = place(source, log, options, known, own_clock=own_clock)
    halls = Halls(known, options.given, own_clock=own_clock, say=partial(click.echo, err=True))
    for stray in source.strays:
        click.echo(f"WARNING: {_ahead(stray, own_clock=own_clock)}", err=True)
    feeder = Feeder(log, TOPOLOGY, own_clock=own_clock)
    timeline = ticked(halls.admit(plays)) if own_clock else halls.admit(plays)
    _play(feeder, timeline, Pace(speed, Clock()), source.count, halls.files if own_clock and close else None)
    if halls.left_out:
        click.echo(f"{halls.left_out} configurations left out: the halls have theirs already", err=True)


def _ahead(stray: Stray, *, own_clock: bool) -> str:
    by_s = stray.by_ms / 1000
    by = span(by_s) if by_s < DAY_MS / 1000 else f"{by_s * 1000 / DAY_MS:,.0f} days"
    which = f"the time of event {stray.number + 1} is {by} ahead of what follows: a wrong time, or a clock"
    if not own_clock:
        return f"{which} that was ahead. What has such a time is late (`hall log cat late`)"
    return (
        f"{which} that was ahead. What comes then is late for the {RUN_MS // 1000} s in which that time is believed (`hall log "
        "cat late`); then time goes back, and the halls begin anew (`hall log cat alerts`)"
    )


def _own_clock(log: EventLog, speed: float, *, embedded: bool) -> bool:
    """Whether the recording is the log's clock."""
    own = log.topics()[ORIGIN.topic].time == "producer"
    if not own and speed != 1:
        where, verb = ("HALL_VAR=/tmp/try", "run --no-simulate") if embedded else ("HALL_TOPIC_PREFIX=try.", "worker")
        raise Ended(
            f"the topics of {log.name} are stamped when something arrives, so --speed 1 is the only one. "
            "For other speeds use a log whose time is the recording's own:\n"
            f"  export {where}; hall topics create --time producer; hall {verb} &", 64,
        )  # fmt: skip
    return own


def _play(feeder: Feeder, plays: Iterator[Play], pace: Pace, count: int, close: Mapping[str, Files] | None) -> None:
    """Ctrl-C ends it between two transactions. ``close``: the halls for which it ticks on behind the end, or None."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("feeding", total=count)
        try:
            feeder.feed(plays, pace, lambda: bar.update(task, completed=feeder.fed))
            bar.update(task, description="the engine catches up")
            feeder.finish(() if close is None else closing_ticks(feeder.at_ms, close))
        except KeyboardInterrupt:
            bar.stop()
            click.echo(f"stopped: {feeder.fed} events are in the log")
            return
    click.echo(f"{feeder.fed} events are in the log")


class _Rate(ProgressColumn):
    """Events a second, lately."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")
