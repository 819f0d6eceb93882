"""Whose turn it is to write: nobody who waits is passed over by somebody who has just written."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path
from time import monotonic

from streams.embedded.log import Append, Log
from streams.embedded.spec import TopicSpec
from streams.embedded.turn import Turn

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


def test_past_the_deadline_one_goes_out_of_turn(tmp_path: Path) -> None:
    """A stopped process may hold the turn for ever: it makes waiting fair, and must not make it endless."""
    holder, other = Turn(tmp_path / "log"), Turn(tmp_path / "log")
    started = monotonic()
    with holder.taken(started + 1), other.taken(started + 0.05):
        assert monotonic() - started >= 0.05
    holder.close()
    other.close()
