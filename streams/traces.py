"""What is left elsewhere of a state that is not where it belongs: whether a lane's partition that finds none ever had one.

A state topic that was removed and made again looks like that of a lane which never ran. The group's position tells the two apart,
and, as positions expire when nobody runs for a week, so do the snapshots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from streams.checkpoint import StateUnreadable, restore
from streams.log import EventLog, records_from
from streams.record import Record
from streams.snapshot import SnapshotName, names
from streams.topics import GROUP, SNAPSHOTS, state_topic

LATER_MS = 60_000
"""Workers that begin together for the first time do not all write their marks in the same second."""


class StateGone(Exception):
    """There was a state, and it is not there any more."""


class LanePlace(NamedTuple):
    """A lane's partition, and the topic that it reads."""

    lane: str
    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.lane}/{self.partition}"


class Taken(NamedTuple):
    """The newest snapshot, and when it was written."""

    name: SnapshotName
    at_ms: int


class Traces(NamedTuple):
    """``committed``: the group's position, 0 without one; ``start``: the first offset that is still there.

    ``others_ms``: for how long another partition of the lane had had a state when it wrote its mark, by the log's own clock;
    looked for only where there is nothing else.
    """

    committed: int = 0
    snapshot: Taken | None = None
    start: int = 0
    others_ms: int = 0

    @property
    def found(self) -> bool:
        """There was a state, without doubt."""
        return self.committed > 0 or self.snapshot is not None

    @property
    def odd(self) -> str:
        """What makes one wonder where there are no traces; empty where it looks like a first start."""
        if self.found:
            return ""
        if self.others_ms > LATER_MS:
            return f"other partitions of the lane have had one for {self.others_ms / 1000:.0f} s and more"
        return f"the log begins at offset {self.start}, what stood before it was never read" if self.start > 0 else ""

    def words(self, place: LanePlace) -> str:
        """What was found, after "there was one: "."""
        texts = []
        if self.committed > 0:
            texts.append(f"{place.topic}/{place.partition} is processed up to offset {self.committed}")
        if self.snapshot is not None:
            at = self.snapshot.name.next_offset
            texts.append(f"{SNAPSHOTS} has it as it was at offset {at}, of {when(self.snapshot.at_ms)}")
        return ", and ".join(texts)


def when(ms: int) -> str:
    """For people, wherever they read it."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def gone(place: LanePlace, found: Traces) -> StateGone:
    """What to say, and to do, where there was a state."""
    return StateGone(
        f"{place}: expected its state in {state_topic(place.lane)}, and there is none, but there was one: "
        f"{found.words(place)}. The topic was removed, made again or emptied. Without the state, events would be published twice, "
        "and no hall would be known. What to do: stop the workers, then `hall reset`: it says what can be saved"
    )


def find(log: EventLog, places: Sequence[LanePlace]) -> dict[LanePlace, Traces]:
    """Of partitions that have no mark. Cheap where nothing ever ran: there are no snapshots then, and no marks."""
    found = {place: _plain(log, place) for place in places}
    lanes = sorted({place.lane for place, traces in found.items() if not traces.found})
    ages = {lane: _ages(log.newest(state_topic(lane))) for lane in lanes}
    return {
        place: traces._replace(others_ms=_others(ages.get(place.lane, {}), place)) for place, traces in found.items()
    }


def _plain(log: EventLog, place: LanePlace) -> Traces:
    committed = log.position(GROUP, place.topic, place.partition) or 0
    return Traces(committed, _newest(log, place), log.start(place.topic, place.partition))


def _newest(log: EventLog, place: LanePlace) -> Taken | None:
    """Whether its pieces are all there, and can be read, is not asked: that there was a state is all that it has to say."""
    stamps: dict[SnapshotName, int] = {}
    for record in records_from(log, SNAPSHOTS, place.partition, log.start(SNAPSHOTS, place.partition)):
        stamps |= dict.fromkeys(names([record], place.lane), record.timestamp_ms)
    name = max(stamps, key=lambda name: (name.era, name.next_offset), default=None)
    return None if name is None else Taken(name, stamps[name])


def _others(ages: Mapping[int, int], place: LanePlace) -> int:
    return max((age for partition, age in ages.items() if partition != place.partition), default=0)


def _ages(newest: Mapping[int, Mapping[bytes, Record]]) -> dict[int, int]:
    return {partition: _age(records.values()) for partition, records in newest.items()}


def _age(records: Iterable[Record]) -> int:
    """From the first record that the lane's partition processed to its mark."""
    marks = [record for record in records if record.key is not None and record.value is not None]
    try:
        mark = restore({record.key: record.value for record in marks if record.key and record.value}).mark
    except StateUnreadable:
        return 0
    if mark is None or mark.pending:
        return 0
    return max(record.timestamp_ms for record in marks) - mark.era
