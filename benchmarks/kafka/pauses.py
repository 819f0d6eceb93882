"""How long partitions are silent when workers come and go: 50 halls, cameras that go on sending, a reader of the journal.

A pause is the time between two new events of one partition, as the reader sees them: from the last one before to the
first one after. What is published once more does not end it. The longest pause of any partition that has halls counts.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from typing import NamedTuple

from rich.console import Console

from benchmarks.figures import Figure, Options, spread
from benchmarks.halls import many
from benchmarks.journal import Journal
from benchmarks.kafka.place import TopicReader, broker, system
from benchmarks.processes import start_cameras, wait_ready
from tests.support.kafka_system import KafkaSystem, Worker

HALLS = 50
RATE = 1000
BREAK_EVERY_S = 2.0
"""Trackers that lose every id so often: new tracks then come all the time, and no hall is silent by itself. With ordinary
ones, a partition of a single hall has nothing to say for ten seconds now and then."""

WATCH_S = 20.0
"""Whatever happens is over by then; a partition that is silent at the end has been silent at least so long."""

REST_S, SETTLE_S = 10.0, 8.0
UP_WITHIN_S = 60.0
_say = Console(file=sys.stderr, style="dim")

Heard = dict[int, list[float]]
"""By partition: when new events were read, in seconds on the monotonic clock."""


class Crew:
    """The workers, in the order in which they came. ``named``: with a name that stays over restarts."""

    def __init__(self, one: KafkaSystem, *, named: bool = False) -> None:
        self._system, self._named, self._started = one, named, 0
        self.workers: list[Worker] = []

    def rest(self) -> None:
        """Nothing happens."""

    def join(self) -> None:
        self._started += 1
        self.workers.append(self._start(f"w{self._started}"))

    def leave(self) -> None:
        """The newest one, in good order; it is not waited for."""
        self.workers.pop().process.terminate()

    def kill(self) -> None:
        """The newest one."""
        self.workers.pop().kill()

    def restart(self) -> None:
        """The newest one is killed, and started at once."""
        self.workers[-1].kill()
        self.workers[-1] = self._start(self.workers[-1].name)

    def roll(self) -> None:
        """The newest one ends in good order, and is started at once."""
        self.workers[-1].drain()
        self.workers[-1] = self._start(self.workers[-1].name)

    def end(self) -> None:
        """All of them, in good order."""
        while self.workers:
            self.workers.pop().drain()

    def _start(self, name: str) -> Worker:
        return self._system.start(name, {"HALL_WORKER": name} if self._named else {})


class Act(NamedTuple):
    """One row of the table, and what is done for it; acts of one row are taken together."""

    what: str
    do: Callable[[Crew], None]
    target: str = ""
    watch_s: float = WATCH_S


REST = Act("nothing happens, one worker", Crew.rest, watch_s=REST_S)
JOIN = Act("a worker joins another", Crew.join, "< 5 s")
ROUND = (
    JOIN,
    Act("one of two leaves in good order", Crew.leave, "< 5 s"),
    JOIN,
    Act("one of two is killed, the other takes over", Crew.kill, "< 10 s"),
    Act("the only one is killed and started, a new member", Crew.restart, "< 10 s"),
)
NAMED_ROUND = (
    Act("the only one is killed and started, with HALL_WORKER", Crew.restart, "< 10 s"),
    Act("the only one is restarted in good order, with HALL_WORKER", Crew.roll),
)


def measure(options: Options) -> Iterator[Figure]:
    rounds = 1 if options.quick else 3
    halls, stages = many(HALLS), ((False, (REST, *ROUND * rounds)), (True, NAMED_ROUND * rounds))
    length_s = sum(UP_WITHIN_S + sum(act.watch_s for act in acts) for _, acts in stages)
    pauses: dict[Act, list[float]] = {}
    with broker(options.directory) as servers, system(options.directory, servers, halls) as one:
        one.configure()
        _say.print("  making the cameras' frames")
        with closing(TopicReader(one.log)) as reader:
            # One run of the cameras for all: had they started anew, their frames would be known already.
            cameras = start_cameras(
                one.log.name, HALLS, RATE, length_s, options.directory / "frames", break_every_s=BREAK_EVERY_S
            )
            wait_ready(cameras)
            watch = Watch(Journal(reader), one.busy())
            for named, acts in stages:
                _stage(watch, Crew(one, named=named), acts, pauses)
            assert cameras.poll() is None, "the cameras have ended too early"
            cameras.kill()
            cameras.wait()
    for act, several in pauses.items():
        yield Figure(act.what, spread(several), act.target, f"{len(several)} times" if len(several) > 1 else "once")


def _stage(watch: Watch, crew: Crew, acts: Sequence[Act], pauses: dict[Act, list[float]]) -> None:
    """One worker, and these acts one after the other; then all of them end."""
    crew.join()
    watch.until_all_are_heard()
    watch.listen(SETTLE_S)  # it has what was sent before it came to catch up with
    for act in acts:
        pauses.setdefault(act, []).append(watch.during(act, crew))
        _say.print(f"  {act.what}: {pauses[act][-1]:.2f} s")
    crew.end()


class Watch:
    """Reads the journal, and remembers when something new came from each of these partitions."""

    def __init__(self, journal: Journal, partitions: Iterable[int]) -> None:
        self._journal = journal
        self.heard: Heard = {partition: [] for partition in partitions}

    def until_all_are_heard(self) -> None:
        """From every partition something that is published from now on."""
        begin = time.monotonic()
        while silent := [partition for partition, times in self.heard.items() if not times or times[-1] < begin]:
            assert time.monotonic() < begin + UP_WITHIN_S, f"nothing new from partitions {silent}"
            self._advance()

    def during(self, act: Act, crew: Crew) -> float:
        """The longest pause while this is done and for some time after."""
        begin = time.monotonic()
        doing = threading.Thread(target=act.do, args=(crew,))  # to end in good order takes seconds
        doing.start()
        while time.monotonic() < begin + act.watch_s or doing.is_alive():
            self._advance()
        for worker in crew.workers:
            assert worker.running, worker.heard()[-3000:]
        return longest_pause(self.heard, begin, time.monotonic())

    def listen(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._advance()

    def _advance(self) -> None:
        for news in self._journal.advance():
            self.heard[news.partition].append(news.at_ns / 1e9)


def longest_pause(heard: Mapping[int, Sequence[float]], begin: float, end: float) -> float:
    """In seconds: of all pauses of a partition, those that end after ``begin``; one that has not ended ends at ``end``."""
    return max(_longest(times, begin, end) for times in heard.values())


def _longest(times: Sequence[float], begin: float, end: float) -> float:
    last_before = max((at for at in times if at <= begin), default=begin)
    points = [last_before, *(at for at in times if begin < at < end), end]
    return max(later - earlier for earlier, later in pairwise(points))
