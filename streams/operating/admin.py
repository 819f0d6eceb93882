"""What an operator asks of the embedded log: how far each lane is, which halls are in force, who runs the engine.

Only looks, and imports nothing of Faust, so that a question costs no start of a worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from streams.checkpoint import Mark, Restored, StateUnreadable, as_mark
from streams.codec import BadRecord, Decoder
from streams.engine.hall import InForce
from streams.engine.hall import in_force as hall_files
from streams.events import Configured, Event, HallRemoved
from streams.lane import Lane, Topology
from streams.log import EventLog, Held, Place, Time
from streams.operating.reading import restored_from
from streams.record import Record
from streams.topics import GROUP, state_topic
from streams.traces import LanePlace, Traces, find
from streams.worker.failure import Fatal

STEP = 5_000

_settings = Decoder((Configured, HallRemoved))


class LaneState(NamedTuple):
    """One partition of a lane, as the log shows it: [``start``, ``end``) can be read, ``restored`` is its checkpoint.

    ``keys``: of every record of its checkpoints; ``marked_ms``: when the mark was written; ``waiting_since_ms``: the
    timestamp of the first record after the mark.
    ``fault``: why the checkpoint cannot be read; then ``restored`` is empty. ``held``: what cannot be read yet.
    """

    lane: Lane
    partition: int
    time: Time
    start: int
    end: int
    restored: Restored
    keys: tuple[bytes, ...]
    marked_ms: int | None
    waiting_since_ms: int | None
    fault: str | None = None
    held: Held | None = None

    @property
    def written(self) -> int:
        """The offset that the next record gets."""
        return self.end + (self.held.records if self.held else 0)

    @property
    def mark(self) -> Mark | None:
        return self.restored.mark

    @property
    def next_offset(self) -> int:
        """The first that no mark has seen yet."""
        return max(self.start, self.mark.next_offset if self.mark else 0)

    @property
    def lag(self) -> int:
        """Records that no mark has seen yet."""
        return max(0, self.end - self.next_offset)


def check_topics(log: EventLog, topology: Topology) -> None:
    """Raises Fatal when the log has not the topics."""
    needed = {name for lane in topology.lanes for name in (lane.topic, state_topic(lane.name))}
    unseen = sorted(needed - log.topics().keys())
    if missing := [name for name in unseen if log.topic(name) is None]:
        raise Fatal(
            75, f"{log.name}: expected the engine's topics, but there is no {', '.join(missing)}. "
            f"What to do: `hall topics create` (on a box, `hall run` makes them as well).",
        )  # fmt: skip


def records(log: EventLog, topic: str, partition: int, start: int = 0, end: int | None = None) -> Iterator[Record]:
    """What is retained from ``start`` up to, not with, ``end``: by default the end as it is now."""
    end = log.end(topic, partition) if end is None else end
    while start < end and (batch := log.read(topic, partition, start, limit=STEP)):
        for record in batch:
            if record.offset >= end:
                return
            yield record
        start = batch[-1].offset + 1


def lane_states(log: EventLog, topology: Topology) -> list[LaneState]:
    """Every partition of every lane. Raises Fatal when the log has not the topics."""
    check_topics(log, topology)
    specs = log.topics()
    return [state for lane in topology.lanes for state in states_of(log, lane, specs[lane.topic].time)]


def states_of(log: EventLog, lane: Lane, time: Time) -> list[LaneState]:
    """Of all partitions at nearly one moment: one after the other, the last would be seconds younger than the first."""
    held = log.held(lane.topic)
    states = [
        _state(log, lane, number, time, found, held.get(number))
        for number, found in log.newest(state_topic(lane.name)).items()
    ]
    waiting = log.next_of_each([Place(lane.topic, s.partition, s.next_offset) for s in states if s.lag])
    first_ms = {place.partition: record.timestamp_ms for place, record in waiting.items()}
    return [state._replace(waiting_since_ms=first_ms.get(state.partition)) for state in states]


def _state(
    log: EventLog, lane: Lane, partition: int, time: Time, found: Mapping[bytes, Record], held: Held | None
) -> LaneState:
    try:
        restored, fault = restored_from(found), None
    except StateUnreadable as e:
        restored, fault = Restored(None, {}, frozenset()), str(e)
    start, end = log.start(lane.topic, partition), log.end(lane.topic, partition)
    marked_ms = _marked_ms(found.values(), restored.mark)
    still = held if held is not None and held.offset == end else None
    return LaneState(lane, partition, time, start, end, restored, tuple(found), marked_ms, None, fault, still)


def _marked_ms(found: Iterable[Record], mark: Mark | None) -> int | None:
    if mark is None:
        return None
    marks = (r for r in found if b"/" not in (r.key or b""))
    return max((r.timestamp_ms for r in marks if as_mark(r.key or b"", r.value or b"") == mark), default=None)


def left_of(log: EventLog, states: Iterable[LaneState]) -> dict[LanePlace, Traces]:
    """What is left elsewhere of the states that are not where they belong; of an engine that never ran, nothing."""
    bare = [state for state in states if state.mark is None and state.fault is None]
    return find(log, [LanePlace(state.lane.name, state.lane.topic, state.partition) for state in bare]) if bare else {}


def position(log: EventLog, lane: Lane, partition: int) -> int:
    """Everything before this offset is processed and on disk: what the last checkpoint committed; 0 without one."""
    return log.position(GROUP, lane.topic, partition) or 0


def origins(states: Iterable[LaneState]) -> Iterator[LaneState]:
    """The partitions that take configuration from outside."""
    return (state for state in states if state.lane.origin)


def in_force(states: Iterable[LaneState]) -> dict[str, InForce]:
    """By hall, what was in force at the marks, and since when."""
    found = {hall: hall_files(record) for state in origins(states) for hall, record in state.restored.halls.items()}
    return dict(sorted(found.items()))


def files_in_force(states: Iterable[LaneState]) -> dict[str, dict[str, str]]:
    """By hall, the files in force at the marks."""
    return {hall: found.files for hall, found in in_force(states).items()}


def coming(log: EventLog, states: Iterable[LaneState]) -> dict[str, dict[str, str] | None]:
    """By hall, the files that stand in the log behind the marks: they come into force once the engine gets there.

    None: the hall is removed then.
    """
    found: dict[str, dict[str, str] | None] = {}
    for state in origins(states):
        start = state.mark.next_offset if state.mark else state.start
        for record in records(log, state.lane.topic, state.partition, start, state.end):
            event = as_setting(record)
            if event is not None:
                found[event.hall] = event.files if isinstance(event, Configured) else None
    return found


def in_log(log: EventLog, states: Iterable[LaneState]) -> dict[str, dict[str, str]]:
    """The files of every hall: those in force, or those that stand in the log and will be."""
    states = tuple(states)
    found = files_in_force(states) | coming(log, states)
    return {hall: files for hall, files in sorted(found.items()) if files is not None}


def as_setting(record: Record) -> Configured | HallRemoved | None:
    """The event, if it puts a hall's files in force or removes it. Cheap for records that are something else."""
    head = (record.value or b"")[:200]
    if record.key is None or not (b'"configured"' in head or b'"hall_removed"' in head):
        return None
    try:
        event: Event = _settings.decode(record.value)
    except BadRecord:
        return None
    return event if isinstance(event, Configured | HallRemoved) else None


def held_back(log: EventLog, topics: Iterable[str]) -> list[Held]:
    """What open transactions keep from being read, in all partitions of these topics."""
    return [held for topic in topics for held in log.held(topic).values()]


def newest_ms(log: EventLog, topic: str, partition: int) -> int | None:
    """The timestamp of the last record that is retained; None if none is."""
    start, end, back = log.start(topic, partition), log.end(topic, partition), 1
    # Where a transaction has ended, a marker stands at the end, and records that were taken back may stand before it.
    while not (last := log.read(topic, partition, max(start, end - back), limit=back)) and end - back > start:
        back *= 16
    return last[-1].timestamp_ms if last else None
