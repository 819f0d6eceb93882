"""``hall topics``: make a log's topics, and list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, open_log, settings
from commands.showing import Column, print_table, retention
from streams.embedded.log import TopicSpec
from streams.embedded.spec import Time
from streams.embedded.topics import ensure_topics
from streams.topics import OBSERVATIONS, Topic, all_topics

COLUMNS: tuple[Column, ...] = (
    ("topic", "left"), ("partitions", "right"), ("time", "left"), ("kept", "left"), ("carries", "left"),
)  # fmt: skip


@click.group("topics")
def command() -> None:
    """Make the topics of a log, and list them.

    `hall run` makes what is missing by itself; this is for a log whose time is to be a recording's own.
    """


@command.command("create")
@click.option(
    "--time", "kind", type=click.Choice(["log", "producer"]),
    help="Whose clock stamps the records [default: log, or as the log is].",
)  # fmt: skip
def create(kind: Time | None) -> None:
    """Make the topics that are missing, and the log itself.

    With --time log, the writer stamps every record when it arrives: what cameras and devices need. With --time producer
    the stamp given stands as it is, and nothing ticks by itself: a recording played by `hall feed` is then its own
    clock, at any speed. A topic keeps its kind of time for ever.

    \b
      hall topics create
      HALL_VAR=/tmp/try hall topics create --time producer     a log to play recordings into
    """
    with clear_errors(), open_log(settings(), create=True) as log:
        standing = log.topics()
        before = len(standing)
        wanted: Time = kind or (standing[OBSERVATIONS].time if OBSERVATIONS in standing else "log")
        _check_time(standing, wanted)
        ensure_topics(log, TOPOLOGY, wanted)
        _print(log.topics())
        click.echo(f"\n{len(log.topics()) - before} made, {before} were there: {log.path}")


@command.command("list")
def list_() -> None:
    """List the topics of the log."""
    with clear_errors(), open_log(settings(), read_only=True) as log:
        _print(log.topics())


def engine_topics() -> tuple[Topic, ...]:
    return all_topics(tuple(lane.name for lane in TOPOLOGY.lanes))


def _check_time(standing: Mapping[str, TopicSpec], wanted: Time) -> None:
    names = [topic.name for topic in engine_topics() if not topic.compact]
    others = [name for name in names if name in standing and standing[name].time != wanted]
    if others:
        raise Ended(
            f"expected topics of {wanted} time, but {', '.join(others)} have the other kind, which is for ever. "
            "What to do: use another log (HALL_VAR=DIR, or HALL_BROKER=embedded:///path/file.db), or leave --time away "
            "to keep what is there. Nothing was changed.", 64,
        )  # fmt: skip


def _print(specs: Mapping[str, TopicSpec]) -> None:
    carries = {topic.name: topic.carries for topic in engine_topics()}
    rows = [_row(spec, carries.get(name, "not a topic of the engine")) for name, spec in sorted(specs.items())]
    print_table(COLUMNS, rows)


def _row(spec: TopicSpec, carries: str) -> Sequence[str]:
    kept = retention(spec.compact, spec.retention_ms, spec.retention_bytes)
    return spec.name, str(spec.partitions), spec.time, kept, carries
