"""``hall topics``: make a log's topics, and list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, open_embedded, open_log, settings
from commands.showing import Column, print_table, retention
from streams.embedded.topics import ensure_topics
from streams.kafka.log import KafkaLog
from streams.kafka.topics import PARTITIONS, Made
from streams.kafka.topics import ensure_topics as ensure_kafka_topics
from streams.log import Time, TopicSpec
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
@click.option("--partitions", type=click.IntRange(1, 10_000), help="Kafka: of every topic, for ever [default: 16].")
@click.option(
    "--replication",
    type=click.IntRange(1, 9),
    help="Kafka: copies of every partition [default: 3, or fewer on fewer brokers].",
)
def create(kind: Time | None, partitions: int | None, replication: int | None) -> None:
    """Make the topics that are missing, and the log itself.

    With --time log, the writer stamps every record when it arrives: what cameras and devices need. With --time producer
    the stamp given stands as it is, and nothing ticks by itself: a recording played by `hall feed` is then its own
    clock, at any speed. A topic keeps its kind of time for ever.

    \b
      hall topics create
      HALL_VAR=/tmp/try hall topics create --time producer     a log to play recordings into
      HALL_BROKER=kafka://host:9092 hall topics create --partitions 32
    """
    found = settings()
    if found.broker.servers is not None:
        with clear_errors():
            _create_on_kafka(found.broker.servers, kind, partitions, replication)
        return
    if partitions or replication:
        raise Ended("--partitions and --replication are Kafka's: the embedded log is one partition in one file", 64)
    with clear_errors(), open_embedded(found, create=True) as log:
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
    found = settings()
    with clear_errors():
        if found.broker.servers is not None:
            with KafkaLog(found.broker.servers) as kafka:
                _print_kafka(kafka)
            return
        with open_log(found, read_only=True) as log:
            _print(log.topics())


def engine_topics() -> tuple[Topic, ...]:
    return all_topics(tuple(lane.name for lane in TOPOLOGY.lanes))


def _create_on_kafka(servers: str, kind: Time | None, partitions: int | None, replication: int | None) -> None:
    with KafkaLog(servers) as log:
        standing = log.topics()
        there = standing.get(OBSERVATIONS)
        made = Made(
            partitions or (there.partitions if there else PARTITIONS), replication or min(3, log.brokers()),
            kind or (there.time if there else "log"),
        )  # fmt: skip
        if there is not None and (there.partitions, there.time) != (made.partitions, made.time):
            raise Ended(
                f"expected topics of {made.partitions} partitions and {made.time} time, but {OBSERVATIONS} has "
                f"{there.partitions} and {there.time} time, which is for ever. Nothing was changed.", 64,
            )  # fmt: skip
        new = ensure_kafka_topics(log, TOPOLOGY, made)
        _print_kafka(log)
        click.echo(f"\n{len(new)} made, {len(engine_topics()) - len(new)} were there: kafka://{servers}")


def _print_kafka(log: KafkaLog) -> None:
    kept = {topic.name: topic for topic in engine_topics()}
    rows = [
        (
            name,
            str(found.partitions),
            found.time,
            "newest of each key" if found.compact else "as on the broker",
            kept[name].carries,
        )
        for name, found in sorted(log.topics().items())
        if name in kept
    ]
    print_table(COLUMNS, rows)


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
