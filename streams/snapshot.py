"""Snapshots: the whole state of a partition as records of ``hall.snapshots``, and back.

A snapshot is a checkpoint whose writer is called ``lane.era.offset``: one record per hall, then the mark. A recording
starts with one; ``hall explain`` starts from the last before the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from streams.checkpoint import HallRecord, Mark, Restored, encode_hall, encode_mark, hall_key, mark_key, restore
from streams.engine.letters import Output
from streams.engine.partition import Engine
from streams.record import Record
from streams.topics import SNAPSHOTS


class SnapshotName(NamedTuple):
    """Where a lane's partition stood: ``next_offset`` is the first record that the snapshot has not seen."""

    lane: str
    era: int
    next_offset: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


def parse_name(text: str) -> SnapshotName:
    """Read a name. Raises ValueError that says what a name looks like."""
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts[1:]):
        raise ValueError(f"expected lane.era.offset, such as sensing.0.42; got {text[:300]!r}")
    return SnapshotName(parts[0], int(parts[1]), int(parts[2]))


def snapshot_outputs(engine: Engine) -> list[Output]:
    """The engine's whole state, to be published in this order: a snapshot without its mark is none."""
    halls = {h.hall.id: HallRecord(max(engine.next_offset, h.resume_at), h.rebase()) for h in engine.halls.values()}
    pairs = _pairs(engine.lane.name, engine.mark(), halls)
    return [Output(SNAPSHOTS, engine.partition, engine.time_ms, key, value) for key, value in pairs]


def as_snapshot(lane: str, partition: int, restored: Restored) -> list[Record]:
    """A checkpoint in the form of a snapshot, for a recording that has to begin with it."""
    assert restored.mark is not None
    pairs = _pairs(lane, restored.mark, restored.halls)
    return [Record(SNAPSHOTS, partition, n, restored.mark.time_ms, key, value) for n, (key, value) in enumerate(pairs)]


def _pairs(lane: str, mark: Mark, halls: Mapping[str, HallRecord]) -> list[tuple[bytes, bytes]]:
    name = str(SnapshotName(lane, mark.era, mark.next_offset))
    pairs = [(hall_key(name, hall), encode_hall(record)) for hall, record in halls.items()]
    return [*pairs, (mark_key(name), encode_mark(mark))]


def latest(
    records: Callable[[], Iterable[Record]],
    lane: str,
    partition: int,
    before: int | None = None,
    era: int | None = None,
) -> Restored | None:
    """The newest complete snapshot of a lane's partition, of ``era`` if given, that has not seen offset ``before``.

    ``records`` is called once for the names, and then for each snapshot until one is whole: only that is in memory.
    """
    for name in sorted(set(names(_of(records(), partition), lane)), key=lambda n: (n.era, n.next_offset), reverse=True):
        if (before is None or name.next_offset <= before) and (era is None or name.era == era):
            restored = restore(_pieces(_of(records(), partition), name))
            if restored.mark:
                return restored
    return None


def _of(records: Iterable[Record], partition: int) -> Iterator[Record]:
    return (record for record in records if record.partition == partition)


def _pieces(records: Iterable[Record], name: SnapshotName) -> dict[bytes, bytes]:
    return {r.key: r.value for r in records if r.key is not None and r.value is not None and _name_of(r) == name}


def _name_of(record: Record) -> SnapshotName | None:
    """None for what is no piece of a snapshot: others may write into the topic."""
    try:
        return parse_name((record.key or b"").decode().partition("/")[0])
    except ValueError:
        return None


def names(records: Iterable[Record], lane: str) -> list[SnapshotName]:
    """The snapshots of a lane whose mark is among the records: whole ones, for the mark is written last."""
    marks = (_name_of(r) for r in records if r.key is not None and r.value is not None and b"/" not in r.key)
    return [name for name in marks if name is not None and name.lane == lane]
