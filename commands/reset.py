"""``hall reset``: start a new era, when the log is not the one that the state belongs to."""

from __future__ import annotations

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agents.topology import TOPOLOGY
from commands.alone import alone
from commands.common import clear_errors, now_ms, open_log, settings
from commands.console import Console
from streams.log import EventLog
from streams.operating import reset
from streams.operating.admin import lane_states
from streams.operating.reset import Plan, Where

MEANING = {
    "kept": "the state is kept; the new era begins at offset {at}, after what is in the log",
    "rebuilt": "the state is REBUILT from that snapshot; the new era begins at offset {at}, after what is in the log",
    "dropped": "the state is DROPPED; the new era begins at offset {at} with nothing",
    "empty": "there is nothing to lose; the new era begins at offset {at}",
    "nothing": "nothing to do",
}


@click.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--from", "where", type=click.Choice(["auto", "start", "end"]), default="auto", show_default=True,
    help="start, end: drop the states, and begin at this end of the log.",
)  # fmt: skip
def command(yes: bool, where: Where) -> None:
    """Start a new era: say that this log is the right one, although the engine refuses to run on it.

    The engine stops with "another log" when the log's id, end or content is not what its state was computed from: a
    backup was restored, the file was replaced, or state was written by a newer version. That is looked at first:

    \b
    auto    where the state fits the log's content (a restored backup), it is KEPT: what stands in the log behind the
            last checkpoint is processed, and the new era begins behind it. Elsewhere the state is DROPPED, and the
            new era begins at the start of the log.
    start   drop the states and read the whole log again. What is published then carries new ids, so whoever reads
            the topics sees it twice.
    end     drop the states and begin with the next record: right when nobody may see things twice.

    A state that is gone (its topic was removed, or made again) is REBUILT from the newest snapshot where that fits the log:
    what stands there since then is processed again, under the same ids. Elsewhere it is DROPPED.

    Dropping forgets who is in the hall, all counts of the day, and which halls there are: those whose configuration no
    longer stands in the part of the log that is read need `hall config apply`. Needs that no engine runs; on Kafka a worker that
    has just ended is waited for until its session is over, some six seconds.

    \b
      hall reset                    look, say what would be done, ask
      hall reset --yes              after restoring a backup, in a script
      hall reset --from end --yes
    """
    found = settings()
    with clear_errors(), open_log(found) as log, alone(found, log):
        plans = reset.plan(log, lane_states(log, TOPOLOGY), TOPOLOGY, where, now_ms())
        for item in plans:
            _explain(item)
        if all(item.does == "nothing" for item in plans):
            click.echo("nothing was changed: the engine can be started")
            return
        if not yes:
            click.confirm("start the new era?", abort=True)
        _carry_out(log, plans)
        click.echo("the new era stands; start the engine (`hall run`, `hall worker`)")
        if any(item.does == "dropped" for item in plans):
            click.echo("then put the halls in force again: hall config apply DIR")


def _explain(item: Plan) -> None:
    state = item.state
    name, place = f"{state.lane.name}/{state.partition}", f"{state.lane.topic}, offsets {state.start} to {state.end}"
    click.echo(f"{name} ({place}): {item.why}")
    click.echo(f"  {MEANING[item.does].format(at=item.next_offset)}")
    if state.held is not None:
        click.echo(f"  the new era begins before what is held back, and reads it once: {state.held.said()}")
    if item.does == "kept" and state.lag:
        click.echo(f"  {state.lag} records behind the last checkpoint are processed first, under the old era")
    if item.does == "rebuilt":
        click.echo(
            f"  {state.lag} records since then are processed again first, under the old era: what follows from them is published "
            "again under the ids it has, which readers drop"
        )
    if item.does == "dropped" and item.next_offset < state.end:
        again = state.end - item.next_offset
        click.echo(f"  {again} records are read again: what follows from them is published again, under new ids")


def _carry_out(log: EventLog, plans: list[Plan]) -> None:
    columns = TextColumn("processing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sum(item.state.lag for item in plans if item.does in ("kept", "rebuilt")))
        reset.carry_out(log, plans, TOPOLOGY, lambda count: bar.advance(task, count))
