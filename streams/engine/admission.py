"""What a lane lets in: whether a record can be read, whose it is, whether it came before, and whether it is of this time."""

from __future__ import annotations

from collections import Counter

from streams.codec import TICK, BadRecord, drain_asked_ms, event_id_of, id_of
from streams.engine.hall import HallRuntime
from streams.engine.letters import ENGINE, Letters
from streams.engine.removal import RemovedHalls
from streams.engine.windows import is_new
from streams.events import ClockSetBack, Configured, EdgeEvent, Event, HallRemoved
from streams.ids import EventId, Place, parse_id
from streams.lane import Lane
from streams.partitioner import partition_of
from streams.record import Record

REMEDY = "`hall config apply` does that"
REMEDY_BELOW = f"{REMEDY}; if it was once, the lane that it came from says it again at the next whole hour"

WRITERS = 256
"""Agents of other lanes that a hall listens to; more would be somebody's invention, and fill the state."""


ERA_AHEAD_MS = 60_000
"""By how much an era's number may be ahead of the log: `hall reset` counts on from the last one, and clocks differ."""

_SET_BACK = b'"type":"clock_set_back"'
_HEAD = 500
"""An event's id, which comes first, takes at most 253 bytes, and twice that where letters are escaped."""


class Admission:
    """Judges the records of one partition. What it refuses is dead-lettered, or counted as a repeat."""

    def __init__(
        self, lane: Lane, partition: int, partitions: int, counts: Counter[str], removed: RemovedHalls
    ) -> None:  # fmt: skip
        self._lane, self._partition, self._partitions, self._counts = lane, partition, partitions, counts
        self._removed = removed
        self.nowhere = f"~{partition}"
        """Stands for the hall in ids of what belongs to none."""
        self._remedy = REMEDY if lane.origin else REMEDY_BELOW
        self.era = 0
        """The lane's own, which a clock that was ahead may have named."""
        self.heard = (0, 0)
        """The furthest record, by era and offset, on which another lane has said something here."""

    def event_of(self, record: Record, halls: dict[bytes, HallRuntime], out: Letters) -> Event | None:
        """The record's event, of the hall that its key names; None for a tick and for what cannot be used."""
        key = record.key
        if key is None:
            if record.value != TICK and drain_asked_ms(record.value) is None:
                out.dead(self.nowhere, "no_key", "expected the hall's id as the key; only ticks have none")
            return None
        hall = halls.get(key)
        # A hall that is here was let in by this very test: only strangers need be hashed.
        if hall is None and (right := self._belongs(key)) != self._partition:
            out.dead(self.nowhere, "wrong_partition", f"key {key[:64]!r} belongs into partition {right} (murmur2)")
            return None
        name = hall.hall.id if hall else self.nowhere
        try:
            event = self._lane.decoder.decode(record.value)
        except BadRecord as e:
            out.dead(name, "undecodable", str(e))
            return None
        # The halls are kept by their ids' bytes: where one was found, its name says what the key says.
        misplaced = event.hall != name if hall is not None else event.hall.encode(errors="replace") != key
        if misplaced:
            out.dead(name, "wrong_hall", f"the event says hall {event.hall[:64]!r}, its key says {key[:64]!r}")
            return None
        if hall is None and not isinstance(event, Configured | HallRemoved):
            if self._is_of_before(record):
                return None
            out.dead(name, "no_such_hall", f"hall {event.hall[:64]!r} is not configured; {self._remedy}")
            return None
        return event

    def _is_of_before(self, record: Record) -> bool:
        """Whether it was published in the former life of a hall that was removed, by us or, once more, by the lane above."""
        if self._lane.origin:
            return False
        event_id = event_id_of(record)
        if event_id is None:
            return False
        repeats = self._removed.precedes(event_id)
        self._counts["repeats"] += repeats
        return repeats or event_id.lane == self._lane.name

    def _belongs(self, key: bytes) -> int:
        return partition_of(key, self._partitions) if self._partitions > 1 else self._partition

    def admit(self, hall: HallRuntime, event: Event, record: Record, time_ms: int, out: Letters) -> bool:
        """Whether the event is offered to the hall's agents."""
        if isinstance(event, EdgeEvent):
            return self._from_edge(hall, event, time_ms, out)
        return self.is_fresh(hall.seen, hall.hall.id, record, out)

    def _from_edge(self, hall: HallRuntime, event: EdgeEvent, time_ms: int, out: Letters) -> bool:
        name, camera = hall.hall.id, getattr(event, "camera", None)
        if camera is not None and camera not in hall.cameras:
            known = ", ".join(sorted(hall.cameras))
            out.dead(name, "unknown_camera", f"camera {camera[:64]!r} is not in the hall's configuration ({known})")
            return False
        if not is_new(hall.windows, event.source, event.boot, event.seq):
            self._counts["repeats"] += 1
            return False
        behind_ms = time_ms - event.at_ms
        if behind_ms > hall.late_after_ms or -behind_ms > hall.ahead_at_most_ms:
            out.late(name, event, behind_ms)
            return False
        return True

    def is_fresh(self, seen: dict[str, Place], hall: str, record: Record, out: Letters) -> bool:
        """Conclusions carry the id of the lane that drew them: our own are not for us, repeats are not for anyone."""
        try:
            event_id = parse_id(id_of(record.value or b"") or "")
        except ValueError as e:
            out.dead(hall, "undecodable", f"a conclusion without the id it was published under: {e}")
            return False
        if event_id.hall != hall:
            out.dead(hall, "wrong_hall", f"the event's id names hall {event_id.hall!r}")
            return False
        if event_id.lane == self._lane.name:
            return False
        if event_id.era > record.timestamp_ms + ERA_AHEAD_MS and event_id.era > self._known_era(seen) + ERA_AHEAD_MS:
            # An era is named by the time it began. One that is still to come would make repeats of all that follows.
            # Where a clock was ahead when it began, and was set back, it is one of those that are known, or the next.
            out.dead(hall, "undecodable", f"the event's id names era {event_id.era}, which has not begun")
            return False
        if event_id.place > self.heard:
            self.heard = event_id.place[:2]
        key = f"{event_id.lane}:{event_id.agent}"
        if key not in seen and len(seen) >= WRITERS:
            out.dead(hall, "undecodable", f"a conclusion of {key}: expected at most {WRITERS} agents that write here")
            return False
        if event_id.place <= seen.get(key, (-1, -1, -1)) or self._precedes(seen, event_id):
            self._counts["repeats"] += 1
            return False
        seen[key] = event_id.place
        return True

    def _precedes(self, seen: dict[str, Place], event_id: EventId) -> bool:
        """Whether it is of a former life of its hall.

        Of this one the engine of its lane spoke first, when it passed the configuration on, and a lane publishes in the
        order of its records: an agent that is heard for the first time has nothing to say of what came before that.
        """
        if f"{event_id.lane}:{event_id.agent}" in seen:
            return False
        engine = seen.get(f"{event_id.lane}:{ENGINE}")
        return event_id.place[:2] < engine[:2] if engine else self._removed.precedes(event_id)

    def _known_era(self, seen: dict[str, Place]) -> int:
        return max(self.era, *(place[0] for place in seen.values())) if seen else self.era

    def hear(self, record: Record) -> None:
        """Of a record that its hall has judged already, before it came back from a checkpoint."""
        found = event_id_of(record)
        if found is not None and found.lane != self._lane.name and found.place > self.heard:
            self.heard = found.place[:2]

    def is_own(self, record: Record) -> bool:
        """Whether this lane published it."""
        found = None if self._lane.origin else event_id_of(record)
        return found is not None and found.lane == self._lane.name

    def tells_time(self, record: Record) -> bool:
        """Whether the record can show that a clock was ahead.

        What a lane above says again after a crash bears the stamps of then in topics of producer time, and so do its ticks.
        """
        if self._lane.origin:
            return True
        found = event_id_of(record)
        return found is not None and found.lane != self._lane.name and found.place >= self.heard

    def set_back(self, record: Record) -> ClockSetBack | None:
        """What a lane above says of the log's time, if that is what the record is."""
        if self._lane.origin or record.key is None or _SET_BACK not in (record.value or b"")[:_HEAD]:
            return None
        try:
            event = self._lane.decoder.decode(record.value)
        except BadRecord:
            return None
        return event if isinstance(event, ClockSetBack) else None
