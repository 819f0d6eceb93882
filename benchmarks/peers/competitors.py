"""Who competes: one row each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.peers.task import Task
from streams.topics import JOURNAL, state_topic

Commands = Callable[[Task], tuple[tuple[str, ...], ...]]
"""What follows ``python -m``: programs to run one after the other; the last one does the job until it is killed."""


class Competitor(NamedTuple):
    """``environment`` None: the project's own. ``share``: of the frames; the slow need fewer for the same precision.

    ``state``: the topics that hold its state, from the run's name; none: files in the run's directory. ``target``: where
    it publishes, when it has no choice. ``aimed_at``: how many times as fast we want to be, at least.
    """

    name: str
    title: str
    environment: str | None
    commands: Commands
    state: Callable[[Task], str | None]
    target: str | None = None
    share: float = 1.0
    aimed_at: float | None = None


def _module(name: str) -> Commands:
    return lambda task: ((f"benchmarks.peers.{name}",),)


def _bytewax(task: Task) -> tuple[tuple[str, ...], ...]:
    store = task.directory
    return (
        ("bytewax.recovery", store, "1"),
        ("bytewax.run", "benchmarks.peers.bytewax_flow", "-r", store, "-s", "1", "-b", "0"),
    )


OURS = Competitor(
    "ours", "Hallstream", None, _module("ours"), lambda task: state_topic("sensing"), target=JOURNAL
)  # fmt: skip
PEERS = (
    Competitor(
        "faust", "stock Faust", "faust", _module("stock_faust"),
        lambda task: f"peers-{task.run}-halls-changelog", share=0.1, aimed_at=12.0,
    ),
    Competitor(
        "quix", "Quix Streams", "quix", _module("quix"),
        lambda task: f"changelog__peers-{task.run}--{task.source}--default", aimed_at=1.5,
    ),
    Competitor("bytewax", "Bytewax", "bytewax", _bytewax, lambda task: None, aimed_at=1.0),
)  # fmt: skip
COMPETITORS = (OURS, *PEERS)
