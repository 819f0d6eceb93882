"""``hall drain``: stop the engine at an exact boundary."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import click

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, now_ms, open_log, settings
from commands.showing import runner_text
from streams.log import EventLog, Runner
from streams.operating import draining
from streams.operating.admin import LaneState, held_back, lane_states

WAIT_S = 15.0
POLL_S = 0.05
NOT_RUNNING = 3


@click.command("drain")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0.1), default=WAIT_S, show_default=True,
    help="Seconds to wait until it has stopped.",
)  # fmt: skip
def command(wait_s: float) -> None:
    """Stop the engine of this log, and say up to where everything is processed and on disk.

    The engine is asked to stop: it finishes what it has in hand, writes a last checkpoint and leaves. What arrives
    meanwhile waits in the log. Before an upgrade this makes the boundary exact: the old code has published everything
    before it, the new code publishes everything after.

    On the embedded log the process gets a SIGTERM. On Kafka all workers are asked, through the log itself, wherever they
    run; to stop a single one, send it a SIGTERM. A supervisor should not start again what ended with exit code 0.

    \b
      hall drain && pip install --upgrade hallstream && hall run

    Exit code: 0 stopped, 3 no engine runs, 74 not permitted, 75 it did not stop in time, or not in good order.
    """
    with clear_errors(), open_log(settings()) as log:
        asked_ms = now_ms()
        runners = log.runners()
        if not runners:
            raise Ended(f"{log.name}: no engine runs on this log, so there is nothing to stop", NOT_RUNNING)
        here = all(runner.partitions is None for runner in runners)
        if here:
            stop(runners[0])
        else:
            draining.ask(log, TOPOLOGY, asked_ms)
        _wait(log, runners, time.monotonic() + wait_s, wait_s)
        states = lane_states(log, TOPOLOGY)
    click.echo(f"{_named(runners)}, has stopped" if here else f"stopped: {_named(runners)}")
    for state in states:
        click.echo(boundary(state))
    # On Kafka the marks carry the broker's time, which is not ours to compare with.
    if here and any((state.marked_ms or 0) < asked_ms for state in states):
        raise Ended(
            "it left without a last checkpoint: the boundary above is an older one. Nothing is lost: what comes "
            "after it is processed again at the next start, and its repeats are dropped", 75,
        )  # fmt: skip


def stop(runner: Runner, kill: Callable[[int, int], None] = os.kill) -> None:
    """Ask a process of this machine to stop. Raises Ended where it cannot be asked."""
    if runner.pid is None:
        raise Ended("the engine runs in another container: stop it there (docker compose stop, or SIGTERM to it)", 74)
    try:
        kill(runner.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has just left by itself; whether that is so, and in good order, is asked of the log next
    except PermissionError:
        raise Ended(f"{runner_text(runner)}, may not be stopped by this user: be its owner, or use sudo", 74) from None


def _wait(log: EventLog, asked: list[Runner], deadline_s: float, wait_s: float) -> None:
    while now := log.runners():
        if new := [runner for runner in now if _key(runner) not in set(map(_key, asked))]:
            raise Ended(
                f"{_named(asked)} was asked to stop, but {_named(new)}, runs the engine now: a supervisor "
                "started it again. Stop it there (systemctl stop, docker compose stop)", 75,
            )  # fmt: skip
        if time.monotonic() > deadline_s:
            held = "".join(f"\n{one.said()}" for one in held_back(log, [lane.topic for lane in TOPOLOGY.lanes]))
            raise Ended(
                f"{_named(now)}, has not stopped within {wait_s:g} s. Its log says why; kill -9{_pids(now)} "
                f"ends it, which loses nothing: the next start goes on from the last checkpoint{held}", 75,
            )  # fmt: skip
        time.sleep(POLL_S)


def _key(runner: Runner) -> tuple[str, int | None]:
    return runner.name, runner.pid


def _named(runners: list[Runner]) -> str:
    return ", ".join(map(runner_text, runners))


def _pids(runners: list[Runner]) -> str:
    return "".join(f" {runner.pid}" for runner in runners if runner.pid is not None)


def boundary(state: LaneState) -> str:
    """Up to where a lane has come, and what waits."""
    at, name = state.mark.next_offset if state.mark else 0, f"{state.lane.name}/{state.partition}"
    rest = f"; {state.lag} more wait in the log" if state.lag else ", which is all there is"
    if state.held is not None:
        rest = f"; an open transaction holds back {state.held.records} more (`hall status` says what to do)"
    return f"{name}: everything before offset {at} of {state.lane.topic} is processed and on disk{rest}"
