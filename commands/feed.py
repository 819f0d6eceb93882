"""``hall feed``: play a recording into the log of a running hall."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, log_path, now_ms, open_log, settings
from commands.config import ORIGIN, in_log
from commands.showing import when
from commands.sources import DEFAULT_START, start_ms
from config.hall import Hall
from config.loading import load_files, read_dir
from streams.driver import closing_ticks
from streams.embedded import admin
from streams.embedded.feeding import Clock, Feeder, Pace
from streams.embedded.log import Log
from streams.events import Configured
from streams.mot import MotError, read_mot
from streams.playing import Play, in_time, moved, recorded, ticked
from streams.recording import is_recording

Files = Mapping[str, str]


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


@dataclass(frozen=True)
class Options:
    """What the recording does not say itself."""

    directory: Path | None
    rules: Path | None
    camera: str | None
    fps: float
    start: str | None


@dataclass(frozen=True)
class Recording:
    """``plays`` can be had as often as wanted; ``count``: how many there are."""

    plays: Sequence[Play] | None
    path: Path
    count: int

    def __iter__(self) -> Iterator[Play]:
        return iter(self.plays) if self.plays is not None else recorded(self.path, TOPOLOGY)


@click.command("feed")
@click.argument("recording", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--speed", type=Speed(), default="1", show_default=True, help="Times as fast as it was recorded, or max.")
@click.option("--hall", "directory", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The hall's directory; applied if the log has no such hall yet.")
@click.option("--rules", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="With --hall: this file in place of its rules.yaml.")
@click.option("--camera", help="MOTChallenge: the camera that saw it [default: the hall's only one].")
@click.option("--fps", type=float, default=9.0, show_default=True, help="MOTChallenge: frames a second.")
@click.option("--start", metavar="ISO", help="When it begins, in the hall's own time [default: as recorded].")
@click.option("--no-close", "more", is_flag=True, help="No ticks behind the end: another recording follows.")
def command(
    recording: Path, speed: float, directory: Path | None, rules: Path | None, camera: str | None, fps: float,
    start: str | None, more: bool,
) -> None:  # fmt: skip
    """Play RECORDING into the log, as the cameras sent it; a running engine takes it from there.

    RECORDING is a simulation (`hall simulate`), a log saved by `hall record`, or MOTChallenge text. What the edge sent is
    played; what the engine concluded then, it concludes anew.

    At speed 1 the first event is now, whatever the recording says, and the rest follows in real time. Other speeds need
    a log whose time is the recording's own (`hall topics create --time producer`): there the recorded times stand,
    the feed ticks, and it never gets far ahead of the engine. At its end it ticks on until everybody has left, every
    track has ended and the hour is closed.

    A hall that the log does not know is configured first, from --hall or from the recording itself. One that it knows
    keeps its files (`hall config apply` changes them).

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
    options = Options(directory, rules, camera, fps, start)
    found = settings()
    with clear_errors(), open_log(found) as log:
        states = in_log(log)
        own_clock = _own_clock(log, speed)
        source = _source(recording, options, states)
        plays = _placed(source, log, options, states, own_clock)
        halls = Halls(states, _given(options), own_clock)
        feeder = Feeder(log, TOPOLOGY, log_path(found), own_clock=own_clock)
        _play(feeder, halls, plays, Pace(speed, Clock()), source.count, close=own_clock and not more)
        if halls.left_out:
            click.echo(f"{halls.left_out} configurations of the recording were left out: the log's, or --hall, hold", err=True)


def _own_clock(log: Log, speed: float) -> bool:
    """Whether the recording is the log's clock."""
    own = log.topics()[ORIGIN.topic].time == "producer"
    if not own and speed != 1:
        raise Ended(
            f"the topics of {log.path} are stamped when something arrives, so a recording can only be played at --speed 1. "
            "For other speeds use a log whose time is the recording's own:\n"
            "  export HALL_VAR=/tmp/try; hall topics create --time producer; hall run --no-simulate &", 64,
        )  # fmt: skip
    return own


# -- what is played ----------------------------------------------------------------------------------------------------


def _source(path: Path, options: Options, known: Mapping[str, Files]) -> Recording:
    if not is_recording(path):
        return _mot(path, options, known)
    if options.camera is not None:
        raise click.UsageError("--camera is for MOTChallenge text; this recording names its cameras itself")
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        return Recording(None, path, sum(1 for line in lines if b'"key":' in line and b'"key":null' not in line))


def _mot(path: Path, options: Options, known: Mapping[str, Files]) -> Recording:
    hall = _hall_of_mot(options, known)
    names = [camera.id for camera in hall.cameras]
    camera = options.camera or (names[0] if len(names) == 1 else None)
    if camera not in names:
        raise click.UsageError(f"expected --camera with one of the hall's cameras ({', '.join(names)}), got {camera or 'none'}")
    try:
        mot = read_mot(path, hall=hall.id, camera=camera, fps=options.fps, start_ms=start_ms(options.start, hall))
    except MotError as e:
        raise Ended(f"{e}\nA recording is what `hall simulate` or `hall record` writes, or MOTChallenge text.", 65) from e
    for line in mot.bad:
        click.echo(f"{path}:{line.number}: {line.why}: {line.text!r}", err=True)
    return Recording([Play(frame.at_ms, ORIGIN.topic, frame) for frame in mot], path, len(mot))


def _hall_of_mot(options: Options, known: Mapping[str, Files]) -> Hall:
    if options.directory is not None:
        return load_files(read_dir(options.directory, options.rules)).hall
    if len(known) != 1:
        there = f"the log has {', '.join(known)}" if known else "the log has none"
        raise click.UsageError(f"MOTChallenge text does not say which hall it is of ({there}): give --hall DIR")
    return load_files(next(iter(known.values()))).hall


def _placed(source: Recording, log: Log, options: Options, known: Mapping[str, Files], own_clock: bool) -> Iterator[Play]:
    """The recording, moved to when it is to happen."""
    first = next(in_time(source), None)
    if first is None:
        raise Ended(f"{source.path}: nothing in it was sent by a camera or a device, so there is nothing to play", 65)
    if not own_clock and options.start is not None:
        raise Ended("--start cannot be kept on a log that stamps what arrives: there the first event is now", 64)
    begin = now_ms() if not own_clock else _begin(first, options, known)
    if own_clock:
        _not_in_the_past(log, begin)
    return moved(in_time(source), begin - first.at_ms, f"feed{now_ms()}")


def _begin(first: Play, options: Options, known: Mapping[str, Files]) -> int:
    if options.start is None or first.event is None:
        return first.at_ms
    files = _given(options) or known | ({first.event.hall: first.event.files} if isinstance(first.event, Configured) else {})
    if first.event.hall not in files:
        return start_ms(options.start, load_files(next(iter(files.values()))).hall) if files else first.at_ms
    return start_ms(options.start, load_files(files[first.event.hall]).hall)


def _not_in_the_past(log: Log, begin: int) -> None:
    newest = max(admin.newest_ms(log, ORIGIN.topic, p) or 0 for p in range(log.topics()[ORIGIN.topic].partitions))
    if begin < newest:
        example = datetime.fromtimestamp(newest // 1000 + 60).astimezone().isoformat(timespec="seconds")
        raise Ended(
            f"the recording begins at {when(begin)}, but the log's own time is at {when(newest)} already: it would all be "
            f"late. What to do: play it later than that (--start {example}), or into a new log", 64,
        )  # fmt: skip
