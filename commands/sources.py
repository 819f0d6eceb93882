"""Recordings as the replay and the feed take them: a log as it was left, or events to be laid out as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import click

from commands.positions import Given, positions_of
from config.hall import Hall
from config.loading import load_files, read_dir
from streams.codec import TICK, BadRecord, Decoder, encode
from streams.driver import closing_ticks, lay_out
from streams.events import Configured, HallRemoved
from streams.lane import Lane
from streams.record import Record
from streams.recording import is_recording, read_header, read_recording
from streams.recordings import PositionsFile

LOG = "log"
"""``about["kind"]`` of a recording that holds every lane's records, as ``hall record`` writes it."""

DEFAULT_START = datetime(2020, 1, 1, 9)
"""A recording without a clock of its own starts then, in the hall's time zone, unless --start says otherwise."""
YEARS = 1971, 9000
FIRST_LINE = 2
"""Of a recording's records: the header is line 1."""


@dataclass(frozen=True)
class Source:
    """What a recording holds. ``halls``: the files of each hall; ``total``: how many events there are, for a progress bar.

    ``positions``: what was read, if it came from a file of positions. ``notes``: what is odd about a recording.
    """

    halls: Mapping[str, Mapping[str, str]]
    records: Iterable[Record]
    total: int
    positions: PositionsFile | None = None
    notes: tuple[str, ...] = ()


def start_ms(text: str | None, hall: Hall, default: datetime = DEFAULT_START) -> int:
    """--start: ISO time, in the hall's time zone unless it names one, as Unix milliseconds."""
    expected = f"expected a date and time of {YEARS[0]} to {YEARS[1]}, such as 2026-03-02T08:30 or 2026-03-02T00:30Z"
    wrong = click.BadParameter(f"{expected}, got {text!r}", param_hint="--start")
    try:
        at = datetime.fromisoformat(text) if text else default
    except ValueError:
        raise wrong from None
    if not YEARS[0] <= at.year <= YEARS[1]:
        raise wrong
    return round((at if at.tzinfo else at.replace(tzinfo=hall.tz)).timestamp() * 1000)


def is_log(path: Path) -> bool:
    """Whether the file is a recording of a whole log."""
    return is_recording(path) and read_header(path).about.get("kind") == LOG


def positions_source(
    path: Path, lane: Lane, directory: Path, rules: Path | None, given: Given, start: str | None = None
) -> Source:
    """A file of positions, seen by one camera of the hall."""
    files = read_dir(directory, rules)
    hall = load_files(files).hall
    positions = positions_of(path, hall, given, start_ms(start, hall), start_given=start is not None)
    halls = {hall.id: files}
    return Source(halls, lay_out(lane.topic, halls, positions), len(positions), positions)


def events_source(path: Path, lane: Lane, directory: Path | None, rules: Path | None) -> Source:
    """A recording of what the edge sent: as it stands, or one hall of it under other files."""
    found = _look_through(path, lane)
    if directory is None:
        if found.total and not found.halls:
            raise click.UsageError(f"{path} has no hall's files: name the hall's directory with --hall")
        records = _as_it_stands(path, lane, found.halls)
        return Source(found.halls, records, found.total, notes=tuple(found.gaps))
    files = read_dir(directory, rules)
    hall = load_files(files).hall.id
    if found.halls and hall not in found.halls:
        raise click.UsageError(f"{path} has no hall {hall!r}; it has {', '.join(sorted(found.halls))}")
    halls = {hall: files}
    return Source(halls, _under(path, lane, hall, files), found.total, notes=tuple(found.gaps))


def _under(path: Path, lane: Lane, hall: str, files: Mapping[str, str]) -> Iterator[Record]:
    """One hall's records at the log's times, ticks included, under these files alone; and closing ticks behind them."""
    last: Record | None = None
    offsets = count()
    for record in _of_hall(path, lane, hall):
        if last is None:
            value = encode(Configured(hall=hall, at_ms=record.timestamp_ms, files=dict(files)))
            yield Record(lane.topic, 0, next(offsets), record.timestamp_ms, hall.encode(), value)
        last = record._replace(partition=0, offset=next(offsets))
        yield last
    if last is not None:
        yield from _closing(last, {hall: files})


def _of_hall(path: Path, lane: Lane, hall: str) -> Iterator[Record]:
    """What came in for a hall, usable or not, and the ticks; its configurations and its removal left out."""
    decoder = Decoder((Configured, HallRemoved))
    for record in read_recording(path):
        if record.topic == lane.topic and record.key in (None, hall.encode()) and not _is_one(decoder, record):
            yield record


def _is_one(decoder: Decoder, record: Record) -> bool:
    try:
        decoder.decode(record.value)
    except BadRecord:
        return False
    return True


@dataclass
class _Look:
    """What a recording holds of a lane: the first files of each hall, how many records, and where offsets are missing."""

    halls: dict[str, Mapping[str, str]] = field(default_factory=dict)
    total: int = 0
    gaps: list[str] = field(default_factory=list)


def _look_through(path: Path, lane: Lane) -> _Look:
    decoder, found, ends = Decoder((Configured,)), _Look(), dict[int, int]()
    for number, record in enumerate(read_recording(path), FIRST_LINE):
        if record.topic != lane.topic:
            continue
        found.total += 1
        due = ends.get(record.partition, record.offset)
        if record.offset != due:
            found.gaps.append(_gap(path, number, record, due))
        ends[record.partition] = record.offset + 1
        if record.key is not None and record.value is not None and b'"configured"' in record.value[:200]:
            try:
                event = decoder.decode(record.value)
            except BadRecord:
                continue
            assert isinstance(event, Configured)
            found.halls.setdefault(event.hall, event.files)
    return found


def _gap(path: Path, number: int, record: Record, due: int) -> str:
    place = f"{path}: line {number}: {record.topic}/{record.partition}"
    if record.offset > due:
        return f"{place}: offsets {due} to {record.offset - 1} are missing; it is run without them"
    return f"{place}: offset {record.offset} after {due - 1}: out of order, or twice; it is run as it stands"


def _as_it_stands(path: Path, lane: Lane, halls: Mapping[str, Mapping[str, str]]) -> Iterator[Record]:
    """The records of the first lane, and closing ticks behind them."""
    last, offsets = None, count()
    for record in read_recording(path):
        if record.topic == lane.topic:
            yield (last := record._replace(partition=0, offset=next(offsets)))
    if last is not None:
        yield from _closing(last, halls)


def _closing(last: Record, halls: Mapping[str, Mapping[str, str]]) -> Iterator[Record]:
    for offset, at_ms in enumerate(closing_ticks(last.timestamp_ms, halls), last.offset + 1):
        yield Record(last.topic, last.partition, offset, at_ms, None, TICK)
