"""``hall log``: look into the log, without touching it."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, open_embedded, open_log, settings
from commands.console import Console
from commands.moments import Moment
from commands.output import check_reader
from commands.showing import NO_TOPICS, Column, print_table, retention, size, topic_named, when
from config.problems import did_you_mean
from streams.codec import TICK
from streams.embedded.log import Log
from streams.log import EventLog, PartitionStats, TopicSpec
from streams.operating import admin
from streams.readable import HALL, MARK, hall_of, holds_state, key_text, type_of, value_text
from streams.record import Record
from streams.schema import carried, wire_name
from streams.topics import JOURNAL

POLL_S = 0.2
BACK = 1000
"""Records that are read at once on the way back from the end."""
TAIL = -10
"""Where --follow begins unless told otherwise: like `tail -f`."""

TOPIC_COLUMNS: tuple[Column, ...] = (
    ("topic", "left"), ("partitions", "right"), ("records", "right"), ("size", "right"), ("first", "left"), ("last", "left"),
    ("kept", "left"),
)  # fmt: skip
PARTITION_COLUMNS: tuple[Column, ...] = (
    ("topic", "left"), ("partition", "right"), ("start", "right"), ("end", "right"), ("records", "right"),
    ("size", "right"), ("first", "left"), ("last", "left"), ("kept", "left"),
)  # fmt: skip


@click.group("log")
def command() -> None:
    """Look into the log: its records, its size; or copy it while it is in use.

    Works beside a running engine and disturbs nothing. Which log: HALL_BROKER, by default HALL_VAR/hall.db.
    """


# -- cat ---------------------------------------------------------------------------------------------------------------


TYPES = tuple(sorted({*map(wire_name, {k for kinds in carried(TOPOLOGY).values() for k in kinds}), "tick", "drain"}))
STATE_TYPES = (HALL, MARK)


@dataclass(frozen=True)
class Filter:
    """What of a topic is printed."""

    hall: str | None = None
    kind: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    ticks: bool = False

    def admits(self, record: Record) -> bool:
        return (
            (self.ticks or not _is_tick(record))
            and self.hall in (None, hall_of(record))
            and self.kind in (None, type_of(record))
            and (self.since_ms is None or record.timestamp_ms >= self.since_ms)
            and (self.until_ms is None or record.timestamp_ms < self.until_ms)
        )


@command.command("cat")
@click.argument("topic", default=JOURNAL)
@click.option("--partition", type=click.IntRange(min=0), help="Only this one [default: all, one after the other].")
@click.option(
    "--from", "start", type=int, metavar="OFFSET",
    help="Begin here; negative: so many before the end [default: the start; with --follow the last ten].",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many printed records.")
@click.option("--follow", "-f", is_flag=True, help="Wait for more; Ctrl-C ends.")
@click.option("--hall", help="Only records of this hall.")
@click.option("--type", "kind", metavar="NAME", help="Only this type, such as zone_entered; of state: mark or hall.")
@click.option(
    "--since",
    type=Moment(),
    metavar="TIME",
    help="Begin at this time of the log: 09:30, 2026-03-02T09:30, or 15m (ago).",
)
@click.option("--until", type=Moment(), metavar="TIME", help="End before this time.")
@click.option("--ticks", is_flag=True, help="Ticks too, which say only that time passes.")
@click.option("--raw", is_flag=True, help="Only the values, byte for byte, a line each.")
def cat(
    topic: str, partition: int | None, start: int | None, limit: int | None, follow: bool, hall: str | None,
    kind: str | None, since: int | None, until: int | None, ticks: bool, raw: bool,
) -> None:  # fmt: skip
    """Print records of TOPIC (default: hall.journal), one a line: offset, local time, key, value.

    Topics may be named without `hall.`: journal, observations, alerts, dead, late, snapshots; sensing-state and
    service-state are the checkpoints of the lanes, shown with what is in them. `hall log stats` lists them all.

    Times are those at which records came into the log, read as local time unless they say otherwise. A type that does not
    exist, or a hall of which the log knows nothing, is an error, not an empty answer.

    \b
      hall log cat --follow                              what is concluded, as it happens
      hall log cat journal --type zone_entered --limit 5
      hall log cat dead --from -20                       the newest dead letters
      hall log cat --since 09:30 --until 09:45 --hall demo
      hall log cat observations --hall demo --raw | jq .people
      hall log cat sensing-state --type mark             where the engine stands
    """
    with clear_errors(), open_log(settings(), read_only=True) as log:
        name = topic_named(topic, log.topics())
        _check_type(name, kind)
        _check_hall(log, name, hall)
        asked = Filter(hall, kind, since, until, ticks or kind == "tick")
        begin = TAIL if follow and start is None and since is None else start or 0
        places = _places(log, name, partition, begin, ticks=asked.ticks)
        if since is not None:
            places = {n: max(at, log.offset_at(name, n, since)) for n, at in places.items()}
        wait = _wait if follow else None
        wanted = filter(asked.admits, follow_records(log, name, places, wait))
        show = _show_raw if raw else _show_numbered if len(places) > 1 else _show
        try:
            for count, record in enumerate(wanted, 1):
                show(record)
                if count == limit:
                    break
        except KeyboardInterrupt:
            if not follow:
                raise
        else:
            _say_held(log, name, partition)


def _say_held(log: EventLog, topic: str, partition: int | None) -> None:
    for number, held in log.held(topic).items():
        if partition in (None, number):
            click.secho(f"not shown: {held.said()}", fg="yellow", err=True)


def _wait() -> None:
    check_reader()
    time.sleep(POLL_S)


def _check_type(topic: str, kind: str | None) -> None:
    """Raises Ended for a type that does not exist."""
    known = STATE_TYPES if holds_state(topic) else TYPES
    if kind is not None and kind not in known:
        raise Ended(
            f"--type: expected a type of events; got {kind!r}; {did_you_mean(kind, known, ', '.join(known))}", 64
        )


def _check_hall(log: EventLog, topic: str, hall: str | None) -> None:
    """Raises Ended for a hall that is not in force, if nothing of it stands in the topic either."""
    if hall is None or hall in (known := admin.in_log(log, admin.lane_states(log, TOPOLOGY))):
        return
    parts = range(log.partitions(topic))
    if any(hall_of(record) == hall for n in parts for record in admin.records(log, topic, n)):
        return
    raise Ended(
        f"--hall: nothing of {hall!r} stands in {topic}, and it is not in force; expected one of {', '.join(known) or 'none'}",
        64,
    )


def _places(log: EventLog, topic: str, partition: int | None, start: int, *, ticks: bool) -> dict[int, int]:
    """Where to begin in each partition."""
    count = log.partitions(topic)
    if partition is not None and partition >= count:
        raise Ended(f"expected a partition of {topic} from 0 to {count - 1}, got {partition}", 64)
    numbers = range(count) if partition is None else (partition,)
    return {n: start if start >= 0 else _before_end(log, topic, n, -start, ticks=ticks) for n in numbers}


def _before_end(log: EventLog, topic: str, partition: int, count: int, *, ticks: bool) -> int:
    """The offset of the record that is so many before the end; ticks count only if they are shown."""
    first, at = log.start(topic, partition), log.end(topic, partition)
    while at > first:
        low = max(first, at - BACK)
        for record in reversed(list(admin.records(log, topic, partition, low, at))):
            count -= ticks or not _is_tick(record)
            if count == 0:
                return record.offset
        at = low
    return first


def _is_tick(record: Record) -> bool:
    return record.key is None and record.value == TICK


def follow_records(
    log: EventLog, topic: str, places: dict[int, int], wait: Callable[[], None] | None
) -> Iterator[Record]:
    """Everything from ``places`` (offset by partition) on; then, if there is a ``wait``, what comes after each."""
    while True:
        for partition, start in places.items():
            for record in admin.records(log, topic, partition, start):
                places[partition] = record.offset + 1
                yield record
        if wait is None:
            return
        sys.stdout.flush()
        wait()


def _show_raw(record: Record) -> None:
    click.get_binary_stream("stdout").write((record.value or b"") + b"\n")


def _show(record: Record) -> None:
    click.echo(f"{record.offset}  {when(record.timestamp_ms)}  {key_text(record)}  {value_text(record)}")


def _show_numbered(record: Record) -> None:
    click.echo(f"{record.partition}/", nl=False)
    _show(record)


# -- stats -------------------------------------------------------------------------------------------------------------


@command.command("stats")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--partitions", "each", is_flag=True, help="Every partition, with its offsets.")
def stats(as_json: bool, each: bool) -> None:
    """Show what the log holds, topic by topic, and what it takes on the disk.

    `start` and `end` are offsets: records from `start` up to, not including, `end` are retained. `size` counts keys and
    values; the file is somewhat larger, and its write-ahead log (WAL) comes on top. Kafka tells no client what a topic
    holds: there, records are counted by their offsets, and `size` follows from the first and last hundred of each
    partition.

    \b
      hall log stats
      hall log stats --partitions
      hall log stats --json | jq '.disk.free_bytes'
    """
    with clear_errors(), open_log(settings(), read_only=True) as log:
        specs = log.topics()
        if not specs:
            raise Ended(f"{log.name}: {NO_TOPICS}", 75)
        parts, disk = log.stats(), disk_use(log)
        if as_json:
            topics = [part._asdict() | {"time": specs[part.topic].time} for part in parts]
            click.echo(json.dumps({"name": log.name, "disk": disk, "partitions": topics}, indent=2))
            return
        if each:
            print_table(PARTITION_COLUMNS, [_partition_row(part, specs[part.topic]) for part in parts])
        else:
            print_table(TOPIC_COLUMNS, [_topic_row(specs[name], list(of)) for name, of in groupby(parts, _topic_of)])
        click.echo(f"\n{log.name}")
        if disk:
            click.echo(disk_text(disk))


def disk_use(log: EventLog) -> dict[str, int]:
    """Bytes of the file, of its write-ahead log, and free on its disk; nothing where the log is no file of ours."""
    if not isinstance(log, Log):
        return {}
    wal = log.path.with_name(log.path.name + "-wal")
    wal_bytes = wal.stat().st_size if wal.exists() else 0
    return {"file_bytes": log.path.stat().st_size, "wal_bytes": wal_bytes, "free_bytes": log.free_bytes()}


def disk_text(disk: Mapping[str, int]) -> str:
    """What ``disk_use`` found, as a sentence."""
    file, wal, free = (size(disk[name]) for name in ("file_bytes", "wal_bytes", "free_bytes"))
    return f"file {file}, WAL {wal}, free on its disk {free}"


def _topic_of(part: PartitionStats) -> str:
    return part.topic


def _partition_row(part: PartitionStats, spec: TopicSpec) -> Sequence[str]:
    numbers = (str(part.partition), str(part.start), str(part.end), str(part.records), size(part.bytes))
    return (part.topic, *numbers, when(part.first_ms)[:19], when(part.last_ms)[:19], _kept(spec))


def _topic_row(spec: TopicSpec, parts: Sequence[PartitionStats]) -> Sequence[str]:
    numbers = (str(len(parts)), str(sum(p.records for p in parts)), size(sum(p.bytes for p in parts)))
    first = min((p.first_ms for p in parts if p.first_ms is not None), default=None)
    last = max((p.last_ms for p in parts if p.last_ms is not None), default=None)
    return (spec.name, *numbers, when(first)[:19], when(last)[:19], _kept(spec))


def _kept(spec: TopicSpec) -> str:
    return retention(spec.compact, spec.retention_ms, spec.retention_bytes)


# -- backup ------------------------------------------------------------------------------------------------------------


@command.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the log to FILE, while it is in use: one moment of it, whole. Never overwrites.

    The copy gets an id of its own, because from then on it is another log. To run the engine on it, stop what uses the
    old file, put the copy in its place (remove the old one with its -wal and -shm files) and say `hall reset`, which
    keeps the state and starts a new era.

    \b
      hall log backup /backups/hall-$(date +%F).db
    """
    with clear_errors(), open_embedded(settings(), read_only=True) as log:
        log_id = _copy(log, file)
    click.echo(f"{file}: {size(file.stat().st_size)}, a log of its own with the id {log_id}")
    click.echo("the engine refuses to run on it until `hall reset` has started a new era there")


def _copy(log: Log, file: Path) -> str:
    """The id of the copy. SQLite copies in one go; how far it is shows in the size of the draft that it writes."""
    with ThreadPoolExecutor(1) as pool, _progress() as bar:
        task = bar.add_task("copying", total=log.size_bytes())
        copying: Future[str] = pool.submit(log.backup, file)
        while not copying.done():
            drafts = file.absolute().parent.glob(f".{file.name}.*.draft")
            bar.update(task, completed=max((d.stat().st_size for d in drafts if d.exists()), default=0))
            time.sleep(POLL_S / 4)
        return copying.result()


def _progress() -> Progress:
    width = shutil.get_terminal_size().columns
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn()
    return Progress(*columns, console=Console(stderr=True, width=width), transient=True)
