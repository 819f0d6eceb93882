"""``hall record``: save a log, with the state it starts from, so that anybody can replay it anywhere."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import click

from agents.topology import TOPOLOGY
from commands.common import clear_errors, now_ms, open_log, settings
from commands.progress import tracked
from streams.checkpoint import Restored
from streams.clock import stamp_after
from streams.lane import Lane
from streams.log import EventLog
from streams.operating.reading import Span, checkpoint, eras, is_whole, snapshots, stretch
from streams.record import Record
from streams.recording import RecordingWriter
from streams.snapshot import as_snapshot
from streams.topics import HOUR_MS, SNAPSHOTS, TOPICS


class Beginning(NamedTuple):
    """Where a lane's recording begins, and the state it begins with (empty: with the log's first record, and none)."""

    offset: int
    state: list[Record]


@click.command("record")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--last",
    "hours",
    type=click.FloatRange(min=0.01),
    help="Only the last so many hours, and the hour before them at most.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
def command(file: Path, hours: float | None, overwrite: bool) -> None:
    """Save the records of the log into FILE (JSON lines; gzip when it ends in .gz). The engine may go on running.

    The recording starts with the engine's state at that place, so that `hall replay FILE` gives what was published, byte
    for byte, and `hall replay FILE --prove` shows that it does. It is of one era, the one in force: what stands in the log
    before it (`hall reset`), or before the oldest state that is left, is left out, and that is said, topic by topic.

    \b
      hall record today.jsonl.gz
      hall record incident.jsonl.gz --last 2
    """
    if file.exists() and not overwrite:
        raise click.UsageError(f"{file} exists: choose another name, or --overwrite")
    if not file.parent.is_dir():
        raise click.UsageError(f"{file.parent} is no directory: make it, or choose another place")
    with clear_errors():
        log = open_log(settings(), read_only=True)
        try:
            recorded = record_log(log, file, now_ms() - int(hours * HOUR_MS) if hours else None)
        finally:
            log.close()
    click.echo(f"{recorded.records} records in {file}")
    for note in recorded.left_out:
        click.secho(f"left out: {note}", fg="yellow", err=True)


class Recorded(NamedTuple):
    """How many records there are, and what of the log is not among them, a sentence each."""

    records: int
    left_out: list[str]


def record_log(log: EventLog, file: Path, since_ms: int | None) -> Recorded:
    """Write the recording. ``since_ms``: leave out what is older, as far as a replay allows."""
    partitions = log.partitions(TOPOLOGY.lanes[0].topic)
    about = {
        "kind": "log",
        "log_id": log.identity(TOPOLOGY.lanes[0].topic),
        "partitions": str(partitions),
        "topology": str(TOPOLOGY.version),
    }
    begins: dict[tuple[str, int], Beginning] = {}
    for lane in TOPOLOGY.lanes:
        for p in range(partitions):
            newest = checkpoint(log, lane, p)
            begins[lane.topic, p], mark = _beginning(log, lane, p, newest, since_ms), newest.mark
            about[f"begin.{lane.name}.{p}"] = str(begins[lane.topic, p].offset)
            # A pending era has published nothing yet; what the era before it still owed, it will publish as its own.
            about[f"end.{lane.name}.{p}"] = f"{mark.era}/{mark.next_offset}" if mark and not mark.pending else "0/0"
    # Ends of what is published before ends of what it was published on: what an engine publishes in between is left out,
    # for in the recording it would have no source. The first lane's topic is asked last, the second's before it.
    last = [lane.topic for lane in reversed(TOPOLOGY.lanes)]
    asked = [*(topic.name for topic in TOPICS if topic.name not in last), *last]
    spans = {(topic, p): _span(log, topic, p, begins, since_ms) for topic in asked for p in range(partitions)}
    held = _held_back(log, asked, spans)
    about |= {f"cut.{topic}.{p}": str(span.start) for (topic, p), span in spans.items()}
    about["records"] = str(total := sum(span.end - span.start for span in spans.values()))
    with _draft(file) as draft, RecordingWriter(draft, about) as out:
        for record in tracked(_all(log, begins, spans), total, "recording"):
            out.write(record)
    left_out = [text for key, span in spans.items() for text in _left_out(log, *key, span, begins, since_ms)]
    return Recorded(out.count, left_out + held)


def _held_back(log: EventLog, topics: Iterable[str], spans: Mapping[tuple[str, int], Span]) -> list[str]:
    """What stands in the log, and is not recorded because nobody knows yet whether it counts."""
    found = [(topic, p, held) for topic in topics for p, held in log.held(topic).items()]
    return [held.said() for topic, p, held in found if held.offset <= spans[topic, p].end]


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A file beside it that takes its place in the end: what was there stays if this is interrupted."""
    draft = file.with_name(f".draft-{os.getpid()}-{file.name}")  # the ending says whether it is compressed
    try:
        yield draft
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _beginning(log: EventLog, lane: Lane, partition: int, newest: Restored, since_ms: int | None) -> Beginning:
    """From the first record, if all of the era is there and wanted; else from a snapshot: the newest before what is wanted."""
    mark = newest.mark
    if mark is None:
        return Beginning(0, [])
    last = Beginning(mark.next_offset, as_snapshot(lane.name, partition, newest))
    if mark.pending and mark.next_offset > 0:  # the era that `hall reset` began: only its checkpoint knows the state
        return last
    whole = mark.pending or is_whole(log, lane, partition, eras(mark).start)
    if whole and since_ms is None:
        return Beginning(0, [])
    found = snapshots(log, lane, partition, eras(mark))
    if since_ms is not None:
        wanted = log.offset_at(lane.topic, partition, since_ms)
        found = [name for name in found if name.next_offset <= wanted][-1:] or ([] if whole else found)
    if found:
        prefix = str(found[0]).encode()
        pieces = (r for r in stretch(log, SNAPSHOTS, partition) if (r.key or b"").partition(b"/")[0] == prefix)
        return Beginning(found[0].next_offset, list(pieces))
    return Beginning(0, []) if whole else last


def _left_out(
    log: EventLog,
    topic: str,
    partition: int,
    span: Span,
    begins: dict[tuple[str, int], Beginning],
    since_ms: int | None,
) -> list[str]:
    """What is not recorded of a partition, a sentence for each reason; nothing if all is that the log ever had."""
    if topic == SNAPSHOTS:
        return []
    start = log.start(topic, partition)
    asked = min(span.start, start if since_ms is None else max(start, _asked(log, topic, partition, begins, since_ms)))
    reasons = (
        (start, "that retention had removed from the log before"),
        (asked - start, "that are older than what was asked for (--last)"),
        (span.start - max(asked, start),
         f"before offset {span.start}: of an era before this one (`hall reset`, lost records), or whose state no checkpoint or "
         "snapshot has, so that no replay could begin there; `hall log cat` shows them"),
    )  # fmt: skip
    return [f"{topic}/{partition}: {count} records {why}" for count, why in reasons if count > 0]


def _asked(log: EventLog, topic: str, partition: int, begins: dict[tuple[str, int], Beginning], since_ms: int) -> int:
    """Where what was asked for begins; of topics that no lane reads, an hour before."""
    return log.offset_at(topic, partition, since_ms if (topic, partition) in begins else since_ms - HOUR_MS)


def _span(
    log: EventLog, topic: str, partition: int, begins: dict[tuple[str, int], Beginning], since_ms: int | None
) -> Span:
    """A lane's topic from its beginning on; of the others only what is not older than what was asked for."""
    start, end = log.start(topic, partition), log.end(topic, partition)
    if topic == SNAPSHOTS:
        return Span(end, end)
    if (begin := begins.get((topic, partition))) is not None:
        return Span(max(start, begin.offset), end)
    return Span(start if since_ms is None else log.offset_at(topic, partition, since_ms - HOUR_MS), end)


def _all(
    log: EventLog, begins: dict[tuple[str, int], Beginning], spans: dict[tuple[str, int], Span]
) -> Iterator[Record]:
    """The states that the lanes begin with; then everything, merged by time."""
    for begin in begins.values():
        yield from begin.state
    streams = [stretch(log, topic, p, span) for (topic, p), span in spans.items()]
    for _, record in heapq.merge(*map(_placed, streams), key=itemgetter(0)):
        yield record


def _placed(records: Iterator[Record]) -> Iterator[tuple[tuple[int, int], Record]]:
    """Each record with its place among those of other partitions: by time, and behind a clock that was set back anew."""
    turns = last_ms = 0
    for record in records:
        now_ms = stamp_after(last_ms, record.timestamp_ms)
        turns, last_ms = turns + (now_ms < last_ms), now_ms
        yield (turns, record.timestamp_ms), record
