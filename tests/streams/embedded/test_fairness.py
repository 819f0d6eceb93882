"""Who gets to write, among processes that all want to: nobody starves."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path
from time import monotonic

from streams.embedded.log import Log
from streams.log import Append, TopicSpec

ROWS = [Append("t", 0, b"k", b"x" * 500)] * 200


def greedy(path: Path, ready: Event, over: Event) -> None:
    """A process that commits again and again, with no pause between."""
    with Log.open(path) as log:
        while not over.is_set():
            log.append(ROWS)
            ready.set()


def test_a_writer_among_greedy_ones_waits_a_few_of_their_turns_at_most(tmp_path: Path) -> None:
    #   greedy 1   [write][write]     [write]
    #   greedy 2         [write][write]
    #   ours        .............[write]        by asking ever more seldom it waited for most of a second
    path, spawn = tmp_path / "hall.db", multiprocessing.get_context("spawn")
    with Log.open(path) as log:
        log.create_topic(TopicSpec("t"))
        ready, over = spawn.Event(), spawn.Event()
        others = [spawn.Process(target=greedy, args=(path, ready, over)) for _ in range(2)]
        for other in others:
            other.start()
        assert ready.wait(30)
        waited = []
        for _ in range(40):
            started = monotonic()
            log.append(ROWS[:1])
            waited.append(monotonic() - started)
        over.set()
        for other in others:
            other.join(30)
            assert other.exitcode == 0
        assert log.end("t", 0) > 40, "the others wrote too"
    assert sorted(waited)[30] < 1.0
