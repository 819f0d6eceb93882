"""``hall topics``: make a log's topics, alter them, list them, check them, and say who needs which rights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby

import click

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, kafka_access, open_embedded, open_log, settings
from commands.retention import EXPECTED, Given, Retention, keeps
from commands.showing import Column, print_table, retention
from streams.embedded.topics import ensure_topics
from streams.kafka import acl as rights
from streams.kafka.access import Access
from streams.kafka.checking import Finding, worst
from streams.kafka.checking import check as judge
from streams.kafka.cluster import alter as alter_topics
from streams.kafka.cluster import look, look_closely
from streams.kafka.log import KafkaLog
from streams.kafka.naming import Naming
from streams.kafka.planning import Asked, Difference, plan
from streams.kafka.topics import new_topic
from streams.kafka.words import counted
from streams.log import EventLog, Time, TopicSpec
from streams.topics import OBSERVATIONS, Topic, all_topics, state_topic
from streams.traces import LanePlace, find

COLUMNS: tuple[Column, ...] = (
    ("topic", "left"), ("partitions", "right"), ("time", "left"), ("kept", "left"), ("carries", "left"),
)  # fmt: skip
DIFFERENCES: tuple[Column, ...] = (("topic", "left"), ("setting", "left"), ("found", "right"), ("expected", "right"))
FINDINGS: tuple[Column, ...] = (
    ("", "left"), ("topic", "left"), ("what", "left"), ("expected", "left"), ("found", "left"), ("because, and what to do", "left"),
)  # fmt: skip
GRANTS: tuple[Column, ...] = (("role", "left"), ("operations", "left"), ("on", "left"), ("for", "left"))

EXIT = {"fine": 0, "warning": 0, "error": 65}


@click.group("topics")
def command() -> None:
    """Make the topics of a log, alter them, list them; on Kafka also check them, and say who needs which rights.

    On a box `hall run` makes what is missing by itself; there this is for a log whose time is to be a recording's own.
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
@click.option(
    "--min-insync", type=click.IntRange(1, 9),
    help="Kafka: copies that must have a record before it counts as written [default: one fewer than copies].",
)  # fmt: skip
@click.option(
    "--retention", "given", type=Retention(), multiple=True, metavar="TOPIC=LIMIT[,LIMIT]",
    help=f"Kafka: how long a topic is kept, and how much of each partition: {EXPECTED}. May be given again.",
)  # fmt: skip
@click.option("--alter", is_flag=True, help="Kafka: set what differs in topics that stand.")
def create(
    kind: Time | None, partitions: int | None, replication: int | None, min_insync: int | None, given: tuple[Given, ...],
    alter: bool,
) -> None:  # fmt: skip
    """Make the topics that are missing, and the log itself.

    With --time log, the writer stamps every record when it arrives: what cameras and devices need. With --time producer
    the stamp given stands as it is, and nothing ticks by itself: a recording played by `hall feed` is then its own
    clock, at any speed. A topic keeps its kind of time for ever.

    \b
      hall topics create
      HALL_VAR=/tmp/try hall topics create --time producer     a log to play recordings into

    On Kafka, what stands is left as it is; settings that differ are shown, and set with --alter. Retention and
    min.insync.replicas count as different only where they are named here, or would lose data. Partitions, and whose clock
    stamps, are for ever: another number or kind is refused. HALL_TOPIC_PREFIX sets topics apart from those of others.

    \b
      HALL_BROKER=kafka://host:9092 hall topics create --partitions 32
      hall topics create --retention journal=90d --retention observations=48h,20GB
      hall topics create --alter --retention journal=90d       later

    Kept by default: observations 24 h or 5 GiB of a partition, all else 30 days, states the newest of each hall.

    Exit code: 0 done, also when something differs and --alter was not given; 64 refused; 75 Kafka does not answer.
    """
    found = settings()
    with clear_errors():
        if found.broker.servers is not None:
            kept = keeps(given, engine_topics())
            _create_on_kafka(kafka_access(found), Asked(partitions, replication, min_insync, kind, kept), alter=alter)
            return
        if partitions or replication or min_insync or given or alter:
            raise Ended(
                "only --time is for the embedded log: it is one partition in one file, with retention of its own", 64
            )
        with open_embedded(found, create=True) as log:
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
    with clear_errors(), open_log(found, read_only=True) as log:
        there = log.topics() if found.broker.embedded else _ours(log.topics())
        if not there:
            click.echo(f"{log.name} has no topic of the engine: `hall topics create` makes them", err=True)
            return
        _print(there)


@command.command("check")
@click.option(
    "--time", "kind", type=click.Choice(["log", "producer"]), default="log", show_default=True,
    help="Whose clock the log is meant to have: producer for one that recordings are played into.",
)  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Show what is fine, too.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs: all that was looked at.")
def check(kind: Time, everything: bool, strict: bool, as_json: bool) -> None:
    """Check the topics, the brokers' settings and the workers' group on Kafka. Changes nothing.

    An error is what would lose data or keep the engine from working: unclean leader election, three copies of which one
    is enough, another number of partitions than halls were placed by, stamps by the wrong clock, compaction where all is
    needed, retention below two hours, partitions without a leader. A warning is a risk that one may choose: fewer than
    three copies, topics that brokers make by themselves, copies that lag. Each comes with what to do.

    Then the rights that each role needs are printed; as commands to grant them: `hall topics acl`.

    \b
      hall topics check
      hall topics check --strict > /dev/null || alarm          from cron

    Exit code: 0 no error; 65 an error, or a warning with --strict; 75 Kafka does not answer; 64 not on Kafka.
    """
    found = settings()
    with clear_errors(), KafkaLog(kafka_access(found)) as log:
        topics = engine_topics()
        view = look_closely(log, [t.name for t in topics], [t.name for t in topics if t.compact])
        findings = judge(view, topics, kind)
    severity = worst(findings)
    if as_json:
        click.echo(json.dumps({"verdict": severity, "findings": [f._asdict() for f in findings]}, indent=2))
    else:
        _print_findings(findings, everything=everything)
        click.echo("\nrights that each role needs (as commands: hall topics acl --format commands)")
        _print_grants(tuple(rights.ROLES), log.naming)
    raise SystemExit(EXIT["error" if strict and severity == "warning" else severity])


@command.command("acl")
@click.option("--role", type=click.Choice(list(rights.ROLES)), help="Of this role only.")
@click.option("--principal", help="Who has it, such as User:CN=worker [default: User:hall-ROLE].")
@click.option(
    "--format", "form", type=click.Choice(["table", "commands"]), default="table", show_default=True,
    help="commands: kafka-acls.sh, ready for a shell.",
)  # fmt: skip
def acl(role: rights.Role | None, principal: str | None, form: str) -> None:
    """Say which rights on Kafka each role needs, and not more.

    \b
    worker     `hall worker`
    edge       cameras and gateways: may append, and read nothing
    operator   `hall topics`, `hall config apply`, `hall feed`, `hall drain`, `hall reset`, and what a viewer does
    viewer     `hall status`, `hall log`, `hall explain`, `hall record`

    Topics and groups have their names on the cluster, HALL_TOPIC_PREFIX included. The commands authenticate by
    admin.properties, which is the administrator's own.

    \b
      hall topics acl --role worker --principal User:CN=hall-worker --format commands | sh
    """
    found = settings()
    roles: tuple[rights.Role, ...] = (role,) if role else tuple(rights.ROLES)
    naming = Naming(found.topic_prefix or "")
    if form == "table":
        _print_grants(roles, naming)
        return
    for one in roles:
        who = principal or rights.PRINCIPAL.format(role=one)
        granted = rights.grants(one, engine_topics())
        for line in rights.commands(granted, naming, who, found.broker.servers or "HOST:9092"):
            click.echo(line)


def engine_topics() -> tuple[Topic, ...]:
    return all_topics(tuple(lane.name for lane in TOPOLOGY.lanes))


# -- Kafka -------------------------------------------------------------------------------------------------------------


def _create_on_kafka(access: Access, asked: Asked, *, alter: bool) -> None:
    topics = engine_topics()
    with KafkaLog(access) as log:
        wanted = plan(look(log, [topic.name for topic in topics]), topics, asked)
        if wanted.refused:
            raise Ended("\n".join((*wanted.refused, "Nothing was changed.")), 64)
        if wanted.missing:
            log.create([new_topic(topic, wanted.made) for topic in wanted.missing])
        if alter and wanted.differs:
            alter_topics(log, _settings(wanted.differs))
        _print(_ours(log.topics()))
        gone = _gone(log, [topic.name for topic in wanted.missing])
    new = len(wanted.missing)
    click.echo(f"\n{new} made, {len(topics) - new} were there: kafka://{access.servers}")
    for line in gone:
        click.echo(f"\n{line}")
    if wanted.differs:
        click.echo("\naltered:" if alter else "\nnot as they would be made (set with --alter):")
        print_table(DIFFERENCES, [row._replace(topic=access.naming.outside(row.topic)) for row in wanted.differs])


def _gone(log: EventLog, made: Sequence[str]) -> list[str]:
    """Of state topics that were made where there had been others: what is lost, and what comes next."""
    lanes = [lane for lane in TOPOLOGY.lanes if state_topic(lane.name) in made and lane.topic not in made]
    places = [LanePlace(lane.name, lane.topic, p) for lane in lanes for p in range(log.partitions(lane.topic))]
    lost = {place: traces for place, traces in (find(log, places) if places else {}).items() if traces.found}
    if not lost:
        return []
    first, traces = next(iter(lost.items()))
    names = ", ".join(sorted({lane for lane, _, _ in lost}))
    return [
        f"The state of {names} is gone with the topic that was missing, in {counted(len(lost), 'partition')}: there was one "
        f"({first}: {traces.words(first)}). What to do next, before any worker starts: `hall reset`; it says what can be saved"
    ]


def _settings(differs: Sequence[Difference]) -> dict[str, dict[str, str]]:
    """What is to be set, by topic."""
    by_topic = groupby(differs, key=lambda row: row.topic)
    return {topic: {row.setting: row.wanted for row in rows} for topic, rows in by_topic}


def _ours(specs: Mapping[str, TopicSpec]) -> dict[str, TopicSpec]:
    """Others may have topics on the same cluster."""
    names = {topic.name for topic in engine_topics()}
    return {name: spec for name, spec in specs.items() if name in names}


def _print_findings(findings: Sequence[Finding], *, everything: bool) -> None:
    shown = [f for f in findings if everything or f.severity != "fine"]
    if shown:
        print_table(FINDINGS, _merged(shown))
        click.echo()
    errors, warnings = (sum(f.severity == kind for f in findings) for kind in ("error", "warning"))
    verdict = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    click.echo(f"{len(findings)} things looked at: {verdict}")


def _merged(findings: Sequence[Finding]) -> list[Sequence[str]]:
    """One row for what is the same of several topics: one cause, one cure."""
    topics: dict[Finding, list[str]] = {}
    for finding in findings:
        topics.setdefault(finding._replace(topic=""), []).append(finding.topic)
    return [
        (f.severity, "\n".join(names), f.what, f.expected, f.found, f"{f.why}\n{f.cure}".strip())
        for f, names in topics.items()
    ]


def _print_grants(roles: Sequence[rights.Role], naming: Naming) -> None:
    topics = engine_topics()
    rows = [
        (role, ", ".join(grant.operations), f"{grant.kind} {', '.join(rights.outside(grant, naming))}", grant.why)
        for role in roles
        for grant in rights.grants(role, topics)
    ]
    print_table(GRANTS, rows)


# -- the embedded log --------------------------------------------------------------------------------------------------


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
