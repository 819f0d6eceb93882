"""``hall drain``: stop the engine at an exact boundary."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import click

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, log_path, now_ms, open_log, settings
from commands.showing import holder_text
from streams.embedded.admin import LaneState, lane_states
from streams.embedded.lock import Holder, holding

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

    The engine is asked to stop (SIGTERM): it finishes what it has in hand, writes a last checkpoint and leaves. What
    arrives meanwhile waits in the log. Before an upgrade this makes the boundary exact: the old code has published
    everything before it, the new code publishes everything after.

    \b
      hall drain && pip install --upgrade hallstream && hall run

    Exit code: 0 stopped, 3 no engine runs, 74 not permitted, 75 it did not stop in time, or not in good order.
    """
    found = settings()
    with clear_errors():
        path = log_path(found)
        with open_log(found, read_only=True) as log:
            asked_ms = now_ms()
            holder = stop(path)
            _wait(path, holder, time.monotonic() + wait_s, wait_s)
            states = lane_states(log, TOPOLOGY)
        click.echo(f"{holder_text(holder)}, has stopped")
        for state in states:
            click.echo(boundary(state))
        if any((state.marked_ms or 0) < asked_ms for state in states):
            raise Ended(
                "it left without a last checkpoint: the boundary above is an older one. Nothing is lost: what comes "
                "after it is processed again at the next start, and its repeats are dropped", 75,
            )  # fmt: skip


def stop(path: Path, kill: Callable[[int, int], None] = os.kill) -> Holder:
    """Ask the holder of the consumer's lock to stop. Raises Ended: nobody holds it, or it cannot be asked."""
    holder = holding(path)
    if holder is None:
        raise Ended(f"{path}: no engine runs on this log, so there is nothing to stop", NOT_RUNNING)
    if holder.pid == 0:
        raise Ended("the engine runs in another container: stop it there (docker compose stop, or SIGTERM to it)", 74)
    try:
        kill(holder.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it was about to leave by itself
    except PermissionError:
        raise Ended(f"{holder_text(holder)}, may not be stopped by this user: be its owner, or use sudo", 74) from None
    return holder


def _wait(path: Path, holder: Holder, deadline_s: float, wait_s: float) -> None:
    while (now := holding(path)) is not None:
        if now.pid != holder.pid:
            raise Ended(
                f"process {holder.pid} has stopped, but {holder_text(now)}, runs the engine now: a supervisor "
                "started it again. Stop it there (systemctl stop, docker compose stop)", 75,
            )  # fmt: skip
        if time.monotonic() > deadline_s:
            raise Ended(
                f"{holder_text(holder)}, has not stopped within {wait_s:g} s. Its log says why; `kill -9 {holder.pid}` "
                f"ends it, which loses nothing: the next start goes on from the last checkpoint", 75,
            )  # fmt: skip
        time.sleep(POLL_S)


def boundary(state: LaneState) -> str:
    """Up to where a lane has come, and what waits."""
    at, name = state.mark.next_offset if state.mark else 0, f"{state.lane.name}/{state.partition}"
    rest = f"; {state.lag} more wait in the log" if state.lag else ", which is all there is"
    return f"{name}: everything before offset {at} of {state.lane.topic} is processed and on disk{rest}"
