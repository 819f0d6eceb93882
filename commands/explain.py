"""``hall explain``: why an event was published, proved by replaying that stretch of the log."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from rich.json import JSON
from rich.panel import Panel
from rich.text import Text

from agents.topology import TOPOLOGY
from commands.common import Ended, clear_errors, open_log, settings
from commands.console import Console
from streams.codec import BadRecord, id_of
from streams.explain import Explanation, Unexplained, explain
from streams.ids import EventId, parse_id
from streams.lane import Lane
from streams.log import EventLog
from streams.operating.reading import Span, stretch
from streams.partitioner import partition_of
from streams.record import Record
from streams.snapshot import latest
from streams.topics import ALERTS, COMMANDS, DEAD, JOURNAL, LATE, SNAPSHOTS

PUBLISHED = (JOURNAL, ALERTS, COMMANDS, LATE, DEAD)
STATE_SHOWN = 4000


@click.command("explain")
@click.argument("event_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Everything, as one JSON object.")
@click.option("--state", "whole_state", is_flag=True, help="The whole state, however long it is.")
def command(event_id: str, as_json: bool, whole_state: bool) -> None:
    """Show why the event ID was published: the record that caused it, the state it was decided from, the rules in force.

    The stretch of the log before it is replayed from the last snapshot, and what comes out is compared with what was
    published then. ID is the field "id" of any event in the log (`hall log cat`), such as

    \b
      hall explain demo:sensing:zones:1795366053816:42:0

    Exit code 0: proved. 1: the replay gives something else. 65: it cannot be told any more.
    """
    with clear_errors():
        try:
            name = parse_id(event_id)
            lane = TOPOLOGY.lane(name.lane)
        except (ValueError, KeyError) as e:
            raise click.BadParameter(str(e.args[0]), param_hint="ID") from e
        log = open_log(settings(), read_only=True)
        try:
            found = _explain(log, lane, name)
            published = _published(log, found)
        except Unexplained as e:
            raise Ended(str(e), 65) from e
        finally:
            log.close()
    if published is None and found.replayed is None:
        raise Ended(f"there is no event {event_id}: it is not in the log, and its record gives none of that name", 65)
    proved = published is not None and found.replayed is not None and published == found.replayed.value
    if as_json:
        click.echo(json.dumps(_as_json(found, published, proved), ensure_ascii=False, indent=2))
    else:
        _show(found, published, proved, whole_state)
    sys.exit(0 if proved else 1)


def _explain(log: EventLog, lane: Lane, name: EventId) -> Explanation:
    partitions = log.partitions(lane.topic)
    partition = _partition(name.hall, partitions)
    start, end = log.start(lane.topic, partition), log.end(lane.topic, partition)
    if not start <= name.offset < end:
        raise Unexplained(
            f"offset {name.offset} of {lane.topic}/{partition} is not in the log: it holds {start} to {end}"
        )
    restored = latest(
        lambda: stretch(log, SNAPSHOTS, partition), lane.name, partition, before=name.offset, era=name.era
    )
    if restored is not None and restored.mark is not None and restored.mark.next_offset >= start:
        start = restored.mark.next_offset
    elif start > 0:
        raise Unexplained(
            f"the log begins at offset {start}, and no snapshot of era {name.era} before offset {name.offset} is left"
        )
    else:
        restored = None
    records = stretch(log, lane.topic, partition, Span(start, name.offset + 1))
    return explain(name, lane, records, restored, partition=partition, partitions=partitions, topology=TOPOLOGY.version)


def _partition(hall: str, partitions: int) -> int:
    """Of a hall's events, or of what belongs to no hall and is named by its partition: ``~0``."""
    if not hall.startswith("~"):
        return partition_of(hall.encode(), partitions)
    number = hall[1:]
    if not (number.isascii() and number.isdecimal() and int(number) < partitions):
        raise click.BadParameter(
            f"expected a hall, or ~0 to ~{partitions - 1} for what belongs to none; got {hall!r}", param_hint="ID"
        )
    return int(number)


def _published(log: EventLog, found: Explanation) -> bytes | None:
    """What stands in the log under this id. It was appended after its cause, so the search begins there.

    But in topics of producer time, where what is read again after a reset has the times of the first time.
    """
    specs = log.topics()
    wanted = str(found.id)
    needle = f'{{"id":"{wanted}"'.encode()
    for topic in PUBLISHED:
        partition = found.source.partition
        ordered = topic in specs and specs[topic].time == "log"
        first = log.offset_at(topic, partition, found.source.timestamp_ms) if ordered else log.start(topic, partition)
        span = Span(first, log.end(topic, partition))
        for record in stretch(log, topic, partition, span):
            if record.value is not None and record.value.startswith(needle):
                return record.value
    return None


def _cause(record: Record) -> str | None:
    """The id of the event that the source record itself is, if an engine published it."""
    try:
        return id_of(record.value) if record.key is not None and record.value is not None else None
    except BadRecord:
        return None


def _version(files: dict[str, str]) -> str:
    return hashlib.sha256(msgspec.json.encode(files, order="sorted")).hexdigest()[:12]


def _as_json(found: Explanation, published: bytes | None, proved: bool) -> dict[str, Any]:
    source = found.source
    return {
        "id": str(found.id), "proved": proved, "published": _text(published),
        "replayed": _text(found.replayed.value if found.replayed else None),
        "source": {
            "topic": source.topic, "partition": source.partition, "offset": source.offset, "timestamp_ms": source.timestamp_ms,
            "key": _text(source.key), "value": _text(source.value), "id": _cause(source),
        },
        "state": found.state, "rules": found.rules, "configuration": {"version": _version(found.files), "files": found.files},
        "records_replayed": found.records_replayed, "published_with_it": [_text(o.value) for o in found.made if o.id != found.id],
    }  # fmt: skip


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")


def _show(found: Explanation, published: bytes | None, proved: bool, whole_state: bool) -> None:
    console = Console()
    source = found.source
    at = datetime.fromtimestamp(source.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    console.print(Panel(_pretty(published), title=Text(f"published as {found.id}"), title_align="left"))
    kind = "a tick" if source.key is None else f"key {_text(source.key)}"
    console.print(
        Panel(
            _pretty(source.value),
            title=Text(f"caused by {source.topic}/{source.partition}/{source.offset}, {at}, {kind}"),
            title_align="left",
        )
    )
    if cause := _cause(source):
        console.print(
            f"that record was published by the engine itself; go on with: hall explain {cause}",
            highlight=False,
            markup=False,
        )
    state = (
        json.dumps(found.state, ensure_ascii=False, indent=1)
        if found.state is not None
        else "none: not an agent of this hall"
    )
    if len(state) > STATE_SHOWN and not whole_state:
        state = state[:STATE_SHOWN] + f"\n... {len(state)} characters in all; --state shows them"
    console.print(
        Panel(
            Text(state),
            title=Text(f"decided from the state of agent {found.id.agent}, before that record"),
            title_align="left",
            highlight=False,
        )
    )
    rules = json.dumps(found.rules, ensure_ascii=False) if found.rules else "none of its own"
    console.print(
        Panel(Text(rules), title=f"under its rules, of configuration {_version(found.files)}", title_align="left")
    )
    if proved:
        console.print(
            f"proved: replaying {found.records_replayed} records gives the same event, byte for byte", style="green"
        )
        return
    console.print(f"not proved: replaying {found.records_replayed} records gives", style="bold red")
    console.print(_pretty(found.replayed.value if found.replayed else None))


def _pretty(value: bytes | None) -> Any:
    if value is None:
        return Text("nothing")
    try:
        return JSON(value.decode())
    except ValueError:
        return Text(repr(value[:500]))
