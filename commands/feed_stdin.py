"""``hall feed -``: frames from standard input, as a tracker writes them, into the log."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import cast

import click

from commands.common import Ended, now_ms
from commands.config import in_log
from commands.played import Files, check_hall
from commands.positions import NOT_FOR_LOGS, NOTHING_SAID, Given
from config.loading import load_files
from streams.codec import encode
from streams.events import Frame
from streams.log import Append, EventLog
from streams.operating import configuring
from streams.partitioner import partition_of
from streams.recordings.live import LONGEST_LINE, Cameras, FrameLines, Wanted, numbered
from streams.recordings.model import SHOWN, Bad
from streams.topics import OBSERVATIONS

PIECE_BYTES = 65_536
TOLD_AT_MOST = 20
"""Lines that could not be used, told one by one; behind them they are counted, and told in sum."""
TOLD_EVERY = 1000
LOOK_AGAIN_S = 5.0
"""Between two looks at the halls in force, for a camera that was not there at the last one."""
FAR_MS = 60_000
"""What is further from now than this, the engine takes for late unless the hall's rules say otherwise."""

NOT_LIVE = (*(name for name in NOT_FOR_LOGS if name not in ("classes", "min_score")), "fps")

Read = Callable[[], bytes]


def refuse_options(given: Given, speed: float, start: str | None, *, more: bool) -> None:
    """Raises UsageError for options that would do nothing: what comes is of now, and ends when it ends."""
    useless = [name for name in NOT_LIVE if getattr(given.options, name) != getattr(NOTHING_SAID, name)]
    useless += [name for name, is_given in (("speed", speed != 1), ("start", start), ("no-close", more)) if is_given]
    if useless:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in useless)
        raise click.UsageError(f"{names}: for recordings only; lines on standard input are frames of now")


class Halls:
    """The cameras of the halls in force, looked up again now and then when one is not among them."""

    def __init__(self, log: EventLog, known: Mapping[str, Files], clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock, self._looked_s = log, clock, clock()
        self.cameras = _cameras(known)

    def look_again(self) -> bool:
        """Whether it was looked again."""
        if self._clock() - self._looked_s < LOOK_AGAIN_S:
            return False
        self.cameras, self._looked_s = _cameras(in_log(self._log)), self._clock()
        return True


def _cameras(halls: Mapping[str, Files]) -> Cameras:
    return {hall: [camera.id for camera in load_files(files).hall.cameras] for hall, files in halls.items()}


def feed_stdin(log: EventLog, known: Mapping[str, Files], given_files: Mapping[str, Files], given: Given) -> None:
    """Until the end of input, or Ctrl-C. Raises Ended."""
    if log.topics()[OBSERVATIONS].time == "producer":
        raise Ended(
            f"the topics of {log.name} were made with --time producer, for recordings: expected a log that stamps what "
            "arrives, for frames as they come (`hall run` makes one)", 64,
        )  # fmt: skip
    check_hall(Path("-"), (), given_files, known)
    known = {**known, **_put_in_force(log, known, given_files)}
    if not known:
        raise Ended(
            f"{log.name} has no hall in force: put one in force first (`hall config apply DIR`, or --hall DIR)", 64
        )
    halls = Halls(log, known)
    wanted = Wanted(next(iter(given_files), None), given.camera, given.options.classes, given.options.min_score)
    lines = FrameLines(lambda: halls.cameras, wanted, f"feed{now_ms()}")
    _greet(log, halls.cameras)
    stdin = cast(BufferedReader, sys.stdin.buffer)
    Pipe(log, lines, halls).run(lambda: stdin.read1(PIECE_BYTES))


def _put_in_force(log: EventLog, known: Mapping[str, Files], given: Mapping[str, Files]) -> dict[str, Files]:
    new = {hall: files for hall, files in given.items() if hall not in known}
    if new:
        configuring.put(log, new, configuring.clock_ms(log, now_ms()))
        click.echo(f"{', '.join(new)}: was not in force in this log; the files of --hall are put in force", err=True)
    return new


def _greet(log: EventLog, cameras: Cameras) -> None:
    there = "; ".join(f"hall {hall}, cameras {', '.join(names)}" for hall, names in cameras.items())
    click.echo(f"frames from standard input into {log.name}: {there}", err=True)
    if not log.runners():
        click.echo("no engine runs on it: the frames wait there (`hall run`, `hall worker`)", err=True)


class Pipe:
    """Lines in, frames appended: those that are there together in one transaction, at once."""

    def __init__(self, log: EventLog, lines: FrameLines, halls: Halls, now: Callable[[], int] = now_ms) -> None:
        self._log, self._lines, self._halls, self._now = log, lines, halls, now
        self._partitions = log.partitions(OBSERVATIONS)
        self._bad: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._told = self._fed = self._far = self._number = 0

    def run(self, read: Read) -> None:
        """Raises Ended when no line at all could be used."""
        try:
            for batch in numbered(read):
                self._take(batch)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        finally:
            self._sum_up()
        if self._bad and not self._fed:
            raise Ended("none of the lines was a frame: docs/sending-frames.md shows one", 65)

    def _take(self, batch: Sequence[tuple[int, bytes | None]]) -> None:
        frames = [frame for number, raw in batch if (frame := self._frame(number, raw)) is not None]
        if frames:
            self._log.append([self._row(frame) for frame in frames])
            self._fed += len(frames)

    def _row(self, frame: Frame) -> Append:
        key = frame.hall.encode()
        return Append(OBSERVATIONS, partition_of(key, self._partitions), key, encode(frame), frame.at_ms)

    def _frame(self, number: int, raw: bytes | None) -> Frame | None:
        if raw is not None and not raw.strip():
            return None
        try:
            frame = self._decoded(raw)
        except Bad as e:
            self._bad[e.kind] += 1
            self._tell(number, e, raw or b"")
            return None
        for bad in self._lines.bad:
            self._rows[bad.kind] += 1
            self._tell(number, bad, raw or b"")
        self._look_at_clock(number, frame)
        return frame

    def _decoded(self, raw: bytes | None) -> Frame:
        if raw is None:
            raise Bad("too long", f"expected at most {LONGEST_LINE:,} bytes in a line")
        now = self._now()
        try:
            return self._lines.frame(raw, now)
        except Bad:
            if not self._halls.look_again():
                raise
        return self._lines.frame(raw, now)

    def _look_at_clock(self, number: int, frame: Frame) -> None:
        off_ms = self._now() - frame.at_ms
        if abs(off_ms) <= FAR_MS:
            return
        self._far += 1
        if self._far == 1:
            side = "behind" if off_ms > 0 else "ahead of"
            click.echo(
                f"line {number}: at_ms is {abs(off_ms) / 1000:,.0f} s {side} this machine's clock: the engine will take such "
                "frames for late (`hall log cat late`). What to do: send them as they are seen, set the clocks (NTP), or "
                "leave at_ms out", err=True,
            )  # fmt: skip

    def _tell(self, number: int, bad: Bad, raw: bytes) -> None:
        self._told += 1
        if self._told <= TOLD_AT_MOST:
            text = raw[:SHOWN].decode("ascii", "backslashreplace")
            click.echo(f"line {number}: {bad.kind}: {bad}: {text!r}", err=True)
        if self._told == TOLD_AT_MOST:
            click.echo(f"from here on such lines are told every {TOLD_EVERY:,}, and counted at the end", err=True)
        elif self._told % TOLD_EVERY == 0:
            click.echo(f"line {number}: {self._told:,} could not be used by now", err=True)

    def _sum_up(self) -> None:
        click.echo(f"{self._fed:,} frames are in the log")
        for what, counts in (
            ("lines could not be used", self._bad), ("people could not be used", self._rows),
            ("people left out", self._lines.left_out),
        ):  # fmt: skip
            if counts:
                kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
                click.echo(f"{counts.total():,} {what}: {kinds}", err=True)
        if self._far:
            click.echo(f"{self._far:,} frames were more than {FAR_MS // 1000} s from this machine's clock", err=True)
