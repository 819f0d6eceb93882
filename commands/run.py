"""``hall run``: a whole hall on this box; embedded log, engine, live table, /metrics, and a simulated crowd to watch."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.live import Live

from agents.topology import SERVICE, TOPOLOGY
from commands.common import clear_errors, now_ms, settings
from commands.config import in_log
from commands.console import Console
from commands.live.board import Board
from commands.live.follow import Follower
from commands.live.metrics import BoardMetrics
from commands.live.table import render
from commands.logs import set_up_logging
from commands.output import STDOUT, check_reader, silence
from commands.serving import Engine, engine_of
from commands.start import Start, log_text, named_halls, start_of
from config.loading import load_files
from devices.simulator import Simulator
from streams.codec import encode
from streams.log import EventLog
from streams.operating.configuring import clock_ms
from streams.rows import configured, keyed
from streams.topics import DAY_MS, OBSERVATIONS
from streams.worker.failure import Fatal
from streams.worker.service import WorkerService

log = logging.getLogger(__name__)

STEP_S = 0.1
STALLED_MS = 5_000
SHOW_EVERY_S = 0.5
PRINT_EVERY_S = 10.0
"""Where the output is no terminal: a table now and then instead of a live one."""

LOST = (
    "the output could not be written any more ({why}), so the engine has stopped, in good order: everything is on disk. What "
    "to do: start it again with an output that lasts, such as `> /dev/null` (systemd: StandardOutput=null)"
)


@dataclass(frozen=True)
class Options:
    simulate: bool
    seconds: float | None
    plain: bool
    seed: int
    level: float


@click.command("run")
@click.argument("directory", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--simulate/--no-simulate", default=None, help="A simulated crowd in the halls [default: only in the demo hall]."
)
@click.option(
    "--for", "seconds", type=click.FloatRange(min=0.1), help="End by itself after so many seconds, with a summary."
)
@click.option("--plain", is_flag=True, help="No live table: print one every ten seconds.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of the simulated crowd.")
@click.option(
    "--level",
    type=click.FloatRange(min=0.01, max=20),
    default=2.0,
    show_default=True,
    help="Simulated arrivals; 1 is an ordinary day.",
)
def command(
    directory: Path | None, simulate: bool | None, seconds: float | None, plain: bool, seed: int, level: float
) -> None:
    """Run the engine for the halls of DIRECTORY (or HALL_CONFIG), and show what it sees.

    Without either, the halls that the log has in force go on. A log that has none gets the demo hall with a simulated
    crowd, and goes on with it at the next run; the demo never comes into a log that has another hall.

    Nothing else is needed: the log is a file in HALL_VAR (default: var, from where you stand; its path is said at the
    start), /metrics is on HALL_HTTP (default: 127.0.0.1:9464). Ctrl-C stops cleanly; run again, and it goes on where it
    was. With HALL_BROKER=kafka://host:port the log is on Kafka, and this is one of its workers (`hall worker` is the same
    without table and crowd).

    \b
      hall run                     the log's halls; in a new log the demo hall, with a simulated crowd
      hall run --for 60            the same for a minute, with a summary
      hall run halls/              your halls; feed them with `hall feed`, or cameras
      hall run halls/ --simulate   your halls with simulated crowds
      HALL_VAR=var/demo hall run   the demo beside your own halls, in a log of its own
    """
    found = settings()
    set_up_logging(found)
    with clear_errors():
        named = named_halls(directory, found)
        engine = engine_of(found, TOPOLOGY)
        with engine.log:
            click.echo(log_text(found, engine.log), err=True)
            start = start_of(engine.log, named, in_log(engine.log), simulate=simulate)
            for line in start.said:
                click.echo(line, err=True)
            asyncio.run(_run(engine, start, Options(start.simulate, seconds, plain, seed, level)))


async def _run(engine: Engine, start: Start, options: Options) -> None:
    own_clock = engine.log.topics()[OBSERVATIONS].time == "producer"
    if own_clock and options.simulate:
        raise Fatal(
            64, "the topics of this log were made with --time producer, for `hall feed`: run with --no-simulate"
        )
    service = engine.service()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, service.stop)
    await service.start()
    if options.seconds is not None:
        loop.call_later(options.seconds, service.stop)
    try:
        await _attend(engine.log, service, start, options)
    finally:
        await service.leave()  # also when something failed before it could run


async def _attend(store: EventLog, service: WorkerService, start: Start, options: Options) -> None:
    """Put the halls' files in force, and show what becomes of them, for as long as the engine runs."""
    if start.apply:
        await service.append(configured(store, start.apply, clock_ms(store, now_ms())))
    screen = Screen(store, service, options, start.show)
    service.spawn(screen.run())
    if options.simulate:
        service.spawn(_simulate(store, service, start.show, options))
    try:
        await service.run()
    finally:
        screen.close()
    screen.summary()
    if screen.lost is not None:
        raise Fatal(74, LOST.format(why=screen.lost.strerror or screen.lost))


async def _simulate(
    store: EventLog, service: WorkerService, halls: dict[str, dict[str, str]], options: Options
) -> None:
    """What cameras would send, ten times a second."""
    start = now_ms()
    crowds = [_crowd(files, start, options) for files in halls.values()]
    last = start
    while True:
        now = now_ms()
        if now - last > STALLED_MS:  # Ctrl-Z, a suspended machine: cameras saw nothing either
            for crowd in crowds:
                crowd.skip(now)
        last = now
        frames = [frame for crowd in crowds for frame in crowd.step(now)]
        if frames:
            rows = [keyed(store, OBSERVATIONS, f.hall, encode(f), f.at_ms) for f in frames]
            await service.append(rows)
        await asyncio.sleep(STEP_S)


def _crowd(files: dict[str, str], start_ms: int, options: Options) -> Simulator:
    """Inside already, at any time of day, and for as long as anybody watches."""
    return Simulator(
        load_files(files).hall, seed=options.seed, start_ms=start_ms, level=options.level, boot=str(start_ms),
        warm=True, always_open=True, keep_truth=False,
    )  # fmt: skip


class Screen:
    """The live table, or a printed one; and the summary at the end."""

    def __init__(
        self, store: EventLog, service: WorkerService, options: Options, halls: dict[str, dict[str, str]]
    ) -> None:
        self._service, self._options = service, options
        self._board = Board()
        for files in halls.values():  # the journal told of them once, perhaps longer ago than it is read
            self._board.configure(load_files(files).hall)
        self._follower = Follower(store, SERVICE, self._board)
        service.metrics.registry.register(BoardMetrics(self._board))
        self._console = Console(file=sys.stdout)
        self._started = time.monotonic()
        self._live: Live | None = None
        self._next_print = 0.0
        self.lost: OSError | None = None
        """Why nothing can be printed any more."""

    async def run(self) -> None:
        await asyncio.to_thread(self._follower.skip_before, now_ms() - DAY_MS)
        with self._printing():
            self._begin()
        while True:
            while news := await asyncio.to_thread(self._follower.fetch):
                self._follower.show(news)  # here on the loop, where /metrics reads the board
            with self._printing():
                self._show()
            await asyncio.sleep(SHOW_EVERY_S)

    @contextmanager
    def _printing(self) -> Iterator[None]:
        """A reader may leave, a disk be full, a terminal be closed. Then the engine stops in good order."""
        try:
            yield
        except OSError as e:
            self.lost = e
            silence(STDOUT)
            self._service.stop()

    def _begin(self) -> None:
        url = self._service.http.url if self._service.http else ""
        self._console.print(f"the engine is running; {url}/metrics; Ctrl-C stops it", style="dim")
        if self._console.is_terminal and not self._options.plain:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()

    def _show(self) -> None:
        if self._live is not None:
            self._live.update(render(self._board, self._status()), refresh=True)
        elif time.monotonic() >= self._next_print:
            self._console.print(render(self._board, self._status()))
            self._next_print = time.monotonic() + PRINT_EVERY_S
        check_reader()

    def close(self) -> None:
        if self._live is not None:
            with self._printing():
                self._live.stop()

    def _status(self) -> str:
        records, outputs = self._totals()
        up = time.monotonic() - self._started
        return f"up {up:.0f} s   records {records}   published {outputs}   {self._rates()}"

    def _totals(self) -> tuple[int, int]:
        parts = self._service.lanes.parts.values()
        return sum(p.engine.counts["records"] for p in parts), sum(p.engine.counts["outputs"] for p in parts)

    def _rates(self) -> str:
        marks = [time.monotonic() - part.marked_at for part in self._service.lanes.parts.values()]
        return f"last checkpoint {max(marks, default=0.0):.1f} s ago"

    def summary(self) -> None:
        """What the run was, for whoever comes back to the terminal."""
        self._follower.catch_up()
        with self._printing():
            self._console.print(render(self._board, self._status()))
            self._console.print("stopped cleanly: everything is on disk, and the next run goes on from here")
