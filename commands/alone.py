"""For verbs that need the log to themselves: no engine may run on it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from commands.common import Ended
from commands.showing import runner_text
from config.settings import Settings
from streams.embedded.lock import ConsumerLock
from streams.kafka.group import SESSION_S
from streams.log import EventLog, Runner

WITHIN_S = SESSION_S + 2.0
"""A worker that was killed, or has a name of its own (HALL_WORKER), is in the group until its session is over."""
POLL_S = 0.25


@contextmanager
def alone(found: Settings, log: EventLog) -> Iterator[None]:
    """While no engine may run: the embedded log is locked; on Kafka the workers' group must be empty, soon at the latest."""
    if found.broker.path is not None:
        with ConsumerLock(found.broker.path):
            yield
        return
    wait_until_gone(log)
    yield


def wait_until_gone(
    log: EventLog, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Until the last session is over. Raises Ended when one is not in time, or somebody else comes."""
    runners = log.runners()
    if not runners:
        return
    click.echo(
        f"{_named(runners)}: in the group still. One that has just ended is there until its session is over, {SESSION_S:g} s: "
        f"waiting {WITHIN_S:g} s at most", err=True,
    )  # fmt: skip
    known, deadline_s = {runner.name for runner in runners}, clock() + WITHIN_S
    while runners:
        if clock() > deadline_s or any(runner.name not in known for runner in runners):
            raise Ended(
                f"{log.name}: expected no worker, but {_named(runners)} runs on it. What to do: `hall drain`, then again",
                75,
            )
        sleep(POLL_S)
        runners = log.runners()


def _named(runners: list[Runner]) -> str:
    return ", ".join(map(runner_text, runners))
