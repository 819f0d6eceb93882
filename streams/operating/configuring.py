"""Putting halls' files in force through the log, and learning what became of them."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.codec import MAX_OUTPUT_BYTES, BadRecord, Decoder, encode
from streams.events import Configured, Dead
from streams.lane import Lane
from streams.log import Append, EventLog
from streams.operating import admin
from streams.rows import configured, removed
from streams.topics import DEAD, OBSERVATIONS
from streams.worker.failure import Fatal

POLL_S = 0.05
_ID_BYTES = 500
"""Room for the id that a published event gets."""

_dead = Decoder((Dead,))


class Applied(NamedTuple):
    """Where a hall's configuration, or its removal, stands in the log; ``dead_from``: where the dead letters ended before."""

    hall: str
    partition: int
    offset: int
    dead_from: int


class Outcome(NamedTuple):
    """``in_force`` (or removed), or dead for this ``reason``; neither: the engine has not come to it."""

    hall: str
    in_force: bool
    reason: str | None = None


def check_size(hall: str, files: Mapping[str, str]) -> None:
    """Raises Fatal where the engine could not pass the configuration on to its other lanes."""
    size = len(encode(Configured(hall=hall, at_ms=0, files=dict(files)))) + _ID_BYTES
    if size > MAX_OUTPUT_BYTES:
        raise Fatal(
            78, f"hall {hall!r}: its files make a record of {size:,} bytes; at most {MAX_OUTPUT_BYTES:,} fit into one. "
            "What to do: take out comments, or corners of polygons that nobody needs.",
        )  # fmt: skip


def clock_ms(log: EventLog, now_ms: int) -> int:
    """The moment that a configuration written now belongs to.

    Topics of producer time have a clock of their own, the recording's. A record with today's time among last year's
    would make everything after it late.
    """
    if log.topics()[OBSERVATIONS].time == "log":
        return now_ms
    partitions = log.partitions(OBSERVATIONS)
    return max((admin.newest_ms(log, OBSERVATIONS, p) or 0 for p in range(partitions)), default=0)


def put(log: EventLog, halls: Mapping[str, Mapping[str, str]], at_ms: int) -> list[Applied]:
    """Append the configurations of ``halls``, in one transaction."""
    return _put(log, sorted(halls), configured(log, halls, at_ms))


def remove(log: EventLog, halls: Sequence[str], at_ms: int) -> list[Applied]:
    """Append the removals of ``halls``, in one transaction."""
    return _put(log, halls, [removed(log, hall, at_ms) for hall in halls])


def _put(log: EventLog, halls: Sequence[str], rows: Sequence[Append]) -> list[Applied]:
    ends = {row.partition: log.end(DEAD, row.partition) for row in rows}
    placed = log.append(rows)
    return [
        Applied(hall, row.partition, offset, ends[row.partition])
        for hall, row, (offset, _) in zip(halls, rows, placed, strict=True)
    ]


def wait(
    log: EventLog, lane: Lane, applied: Sequence[Applied], deadline_s: float, *, clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> list[Outcome]:  # fmt: skip
    """What became of each, as soon as that is known of all; at ``deadline_s`` by ``clock`` as far as it is known."""
    while not all(_seen(log, lane, item) for item in applied) and clock() < deadline_s:
        rest(POLL_S)
    return [_outcome(log, lane, item) for item in applied]


def _seen(log: EventLog, lane: Lane, item: Applied) -> bool:
    return admin.position(log, lane, item.partition) > item.offset


def _outcome(log: EventLog, lane: Lane, item: Applied) -> Outcome:
    # A mark stands behind the outputs of everything before it: what is not among the dead letters by then lives.
    if not _seen(log, lane, item):
        return Outcome(item.hall, False)
    reason = _death(log, lane, item)
    return Outcome(item.hall, reason is None, reason)


def _death(log: EventLog, lane: Lane, item: Applied) -> str | None:
    for record in admin.records(log, DEAD, item.partition, item.dead_from):
        try:
            event = _dead.decode(record.value)
        except BadRecord:
            continue
        assert isinstance(event, Dead)
        if (event.source_topic, event.partition, event.offset) == (lane.topic, item.partition, item.offset):
            return f"{event.reason}: {event.detail}"
    return None


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """What changes from one set of files to another, as the lines of a unified diff; nothing if nothing does."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, "").splitlines(), new.get(name, "").splitlines()
        yield from difflib.unified_diff(before, after, f"in force/{name}", f"new/{name}", n=1, lineterm="")
