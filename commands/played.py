"""What `hall feed` plays: a recording of some kind, moved to when it is to happen, for halls that the log knows."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path

import click

from agents.topology import TOPOLOGY
from commands.common import Ended, now_ms
from commands.config import ORIGIN
from commands.positions import Given, positions_of, say, too_bad
from commands.showing import when
from commands.sources import start_ms
from config.hall import Hall
from config.loading import load_files, read_dir
from streams.events import Configured, HallRemoved
from streams.log import EventLog
from streams.operating import admin
from streams.playing import Play, Stray, in_time, moved, recorded, strays
from streams.recording import RecordingError, is_recording
from streams.recordings import OptionsError, PositionsError

Files = Mapping[str, str]

_KEY = re.compile(rb'"key":"([^"\\]{1,64})"')


@dataclass(frozen=True)
class Options:
    """What the recording does not say itself. ``given``: the files of --hall, by hall; empty without."""

    given: Mapping[str, Files]
    positions: Given
    start: str | None


@dataclass(frozen=True)
class Recording:
    """Can be played as often as wanted. ``count``: about how many events it holds.

    ``halls``: of whom they are; a file of positions does not say.
    """

    path: Path
    count: int
    plays: Sequence[Play] | None = None
    halls: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Play]:
        return in_time(self._as_given(), {stray.number for stray in self.strays})

    @cached_property
    def strays(self) -> list[Stray]:
        """Where its time is far ahead of what follows."""
        return strays(self._as_given())

    def _as_given(self) -> Iterable[Play]:
        return recorded(self.path, TOPOLOGY) if self.plays is None else self.plays


def given_files(directory: Path | None, rules: Path | None) -> dict[str, Files]:
    """The files of --hall under the hall's id. Raises ConfigError."""
    if directory is None:
        if rules is not None:
            raise click.UsageError("--rules goes with --hall: the files of a hall are put in force together")
        return {}
    files = read_dir(directory, rules)
    return {load_files(files).hall.id: files}


def open_recording(path: Path, options: Options, known: Mapping[str, Files]) -> Recording:
    """``known``: the files of the halls that the log has."""
    if not is_recording(path):
        return _positions(path, options, known)
    options.positions.refuse_for(path)
    if options.positions.camera is not None:
        raise click.UsageError("--camera is for files of positions; this recording names its cameras itself")
    mark = b'"topic":"%s"' % ORIGIN.topic.encode()
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            keys = [found[1] for line in lines if mark in line and (found := _KEY.search(line))]
        return Recording(path, len(keys), halls=tuple(sorted({key.decode(errors="replace") for key in keys})))
    except (OSError, EOFError, zlib.error) as e:
        raise RecordingError(f"{path}: cannot be read to its end, {e}: it was cut off, or is damaged") from e


def _positions(path: Path, options: Options, known: Mapping[str, Files]) -> Recording:
    hall = _hall_of_positions(options, known)
    begin = start_ms(options.start, hall)
    try:
        positions = positions_of(path, hall, options.positions, begin, start_given=options.start is not None)
    except OptionsError:
        raise
    except PositionsError as e:
        raise Ended(
            f"{e}\nA recording is what `hall simulate` or `hall record` wrote, or a file of positions", 65
        ) from e
    say(path, positions)
    if unusable := too_bad(positions):
        click.echo(f"WARNING: {unusable}", err=True)
    return Recording(path, len(positions), [Play(frame.at_ms, ORIGIN.topic, frame) for frame in positions])


def _hall_of_positions(options: Options, known: Mapping[str, Files]) -> Hall:
    halls = options.given or known
    if len(halls) != 1:
        there = f"the log has {', '.join(halls)}" if halls else "the log has none"
        raise click.UsageError(f"positions do not say which hall they are of ({there}): give --hall DIR")
    return load_files(next(iter(halls.values()))).hall


def check_hall(path: Path, halls: Sequence[str], given: Mapping[str, Files], known: Mapping[str, Files]) -> None:
    """Raises Ended where --hall is not a hall of the recording, or one that the log has with other files."""
    for hall, files in given.items():
        if halls and hall not in halls:
            raise Ended(
                f"--hall is hall {hall!r}, but {path} is of {', '.join(halls)}: expected the directory of a "
                "hall that the recording is of. Its own files are in it: leave --hall out, or name the right one. "
                "Nothing was fed.", 64,
            )  # fmt: skip
        if known.get(hall, files) != files:
            raise Ended(
                f"{hall} is in force in this log with other files than those of --hall: what is fed would be judged by "
                f"the log's. Put yours in force first (`hall config apply DIR`), or leave --hall out. Nothing was fed.", 64,
            )  # fmt: skip


def place(
    source: Recording, log: EventLog, options: Options, known: Mapping[str, Files], *, own_clock: bool
) -> Iterator[Play]:  # fmt: skip
    """The recording, moved to when it is to happen: now, unless the recording is the log's clock."""
    first = next(iter(source), None)
    if first is None:
        raise Ended(f"{source.path}: nothing in it was sent by a camera or a device, so there is nothing to play", 65)
    if own_clock:
        begin = _begin(first, options, known)
        _not_in_the_past(log, begin)
    elif options.start is not None:
        raise Ended("--start cannot be kept on a log that stamps what arrives: there the first event is now", 64)
    else:
        begin = now_ms()
    return moved(source, begin - first.at_ms, f"feed{now_ms()}")


def _begin(first: Play, options: Options, known: Mapping[str, Files]) -> int:
    assert first.event is not None
    if options.start is None:
        return first.at_ms
    own = {first.event.hall: first.event.files} if isinstance(first.event, Configured) else {}
    files = ({**own, **known, **options.given}).get(first.event.hall)
    if files is None:
        raise _unknown_hall(first.event.hall)
    return start_ms(options.start, load_files(files).hall)


def _not_in_the_past(log: EventLog, begin: int) -> None:
    partitions = log.partitions(ORIGIN.topic)
    newest = max(admin.newest_ms(log, ORIGIN.topic, number) or 0 for number in range(partitions))
    if begin < newest:
        later = datetime.fromtimestamp(newest // 1000 + 60, UTC).isoformat(timespec="seconds")
        raise Ended(
            f"the recording begins at {when(begin)}, but the log's own time is {when(newest)}: it would all be "
            f"late. What to do: let it begin after that (--start {later}), or use a new log. Nothing was fed.", 64,
        )  # fmt: skip


class Halls:
    """Whose events may be played, and which configurations: a hall that is known keeps its files.

    ``own_clock``: the recording is the log's clock. Then files that were put in force before it stand at a time of their
    own, 1970 on an empty log, and retention takes them first: they are said once more at the recording's first moment,
    which changes nothing for the engine. ``say``: told of each hall that is new to the log.
    """

    def __init__(
        self, known: Mapping[str, Files], given: Mapping[str, Files], *, own_clock: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.files = {**given, **known}
        self._known, self._say = known, say
        self._own = set(self.files)
        self._new = {hall: files for hall, files in self.files.items() if own_clock or hall not in known}
        self.left_out = 0
        """Configurations of the recording that were not played."""

    def admit(self, plays: Iterator[Play]) -> Iterator[Play]:
        """The plays that are for the log, the halls' files first. Raises Ended at one of an unknown hall."""
        first = next(plays)
        for hall, files in self._new.items():
            if hall not in self._known:
                self._introduce(hall, "--hall")
            yield Play(first.at_ms, ORIGIN.topic, Configured(hall=hall, at_ms=first.at_ms, files=dict(files)))
        yield from (play for play in chain((first,), plays) if self._admits(play))

    def _admits(self, play: Play) -> bool:
        event = play.event
        assert event is not None
        if isinstance(event, Configured):
            if event.hall in self._own:
                self.left_out += 1
                return False
            load_files(event.files)
            if event.hall not in self.files:
                self._introduce(event.hall, "the recording")
            self.files[event.hall] = event.files
        elif isinstance(event, HallRemoved):
            return event.hall not in self._own
        elif event.hall not in self.files:
            raise _unknown_hall(event.hall)
        return True

    def _introduce(self, hall: str, source: str) -> None:
        others = ", ".join(self._known) or "none"
        self._say(
            f"{hall}: was not in force in this log (in force: {others}); the files of {source} are put in force with it. "
            f"`hall config show {hall}` shows them, `hall config remove {hall}` takes the hall out again."
        )


def _unknown_hall(hall: str) -> Ended:
    return Ended(
        f"the recording is of hall {hall!r}, which the log does not know: give its files with --hall DIR, or apply "
        "them (`hall config apply DIR`)", 64,
    )  # fmt: skip
