"""The engine: one partition of one lane, as a deterministic function of its records.

It has no clock, no I/O and no idea which log feeds it. A shell gives it records in order, publishes what it returns and
writes down what ``checkpoint`` returns; ``hall replay`` does the same without a log.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from streams.checkpoint import HallRecord, Mark, Restored, StateUnreadable, checksum, encode_hall, encode_mark
from streams.clock import BACK_MS, behind
from streams.codec import MAX_OUTPUT_BYTES, encode, event_id_of
from streams.engine.admission import Admission
from streams.engine.hall import HallRuntime
from streams.engine.letters import Letters, Output
from streams.engine.passes import FATAL, Meter, Tap, told
from streams.engine.removal import RemovedHalls
from streams.events import ClockSetBack, Configured, Event, FramesShed, HallRemoved, Tick
from streams.ids import Place
from streams.lane import Lane
from streams.record import Record
from streams.topics import HOUR_MS

SECOND_MS = 1000
METER_EVERY = 64
WIDEST_MS = -(2**53)
"""No time takes more characters: files that can be passed on now can be said again at any time."""


class Gap(Exception):
    """The record is not the one wanted. The shell seeks back once; what is still missing is the log's own gap."""

    def __init__(self, wanted: int, got: int) -> None:
        super().__init__(f"expected offset {wanted}, got {got}")
        self.wanted, self.got = wanted, got


class OtherLog(Exception):
    """The log is not the one that the state belongs to."""


class Checkpoint(NamedTuple):
    """Records to write, in this order: the halls that changed (hall id, value), then the mark.

    ``gone``: halls that were removed, whose records can be taken away when the mark is there.
    """

    halls: list[tuple[str, bytes]]
    mark: bytes
    next_offset: int
    gone: tuple[str, ...] = ()


class SetBack(NamedTuple):
    """Time goes back from ``from_ms``; records from ``first_offset`` on were stamped too far before it.

    ``told``: it was not this lane that found out, but one above it.
    """

    first_offset: int
    from_ms: int
    told: bool


class Engine:
    """Feeds the halls of a partition. ``partitions``: how many the topic has; ``log_id``: of the log, kept in the mark.

    ``time_to``: topics of other lanes that learn from this one what time it is, one tick a second, where nobody else
    tells them: a recording that is played is its own clock, and only this lane knows what has been concluded by when.

    Raises StateUnreadable when what ``restored`` holds cannot be gone on from.
    """

    def __init__(
        self, lane: Lane, partition: int = 0, *, partitions: int = 1, log_id: str = "", topology: int = 0,
        restored: Restored | None = None, tap: Tap | None = None, meter: Meter | None = None,
        time_to: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.lane, self.partition, self.log_id, self.topology = lane, partition, log_id, topology
        self.halls: dict[bytes, HallRuntime] = {}
        self.counts: Counter[str] = Counter()
        self._tap, self._meter, self._time_to = tap, meter, time_to
        self._removed = RemovedHalls(restored.mark.removed if restored and restored.mark else {})
        self._gone: list[str] = []
        self._admission = Admission(lane, partition, partitions, self.counts, self._removed)
        self._set_back: SetBack | None = None
        self._last: Record | None = None
        self._resume(restored.mark if restored else None)
        if restored and restored.mark:
            forgive = restored.mark.topology < topology
            for hall, record in sorted(restored.halls.items()):
                self.halls[hall.encode()] = _restored(lane, hall, record, forgive=forgive)

    def _resume(self, mark: Mark | None) -> None:
        mark = mark or Mark(era=0, pending=True, next_offset=0, time_ms=0, checksum=0, log_id="", topology=0, halls=())
        self.era, self.pending = mark.era, mark.pending
        self.next_offset, self.time_ms, self.snapshot_ms = mark.next_offset, mark.time_ms, mark.snapshot_ms
        self._checksum, self._lost_from, self.until = mark.checksum, mark.lost_from, mark.until
        self._behind, self._root_era = mark.behind, mark.root_era or mark.era
        self._admission.era, self._admission.heard = self.era, mark.heard

    # -- input -----------------------------------------------------------------------------------------------------

    def process(self, record: Record) -> list[Output]:
        """The outputs of one record; none for one seen before. Raises Gap, and OtherLog."""
        offset = record.offset
        if offset != self.next_offset:
            if offset > self.next_offset:
                raise Gap(self.next_offset, offset)
            self._prove(record)
            return []
        if self.until is not None:
            self.turn_era_at(offset)
        before_ms, record_ms, turns = self.time_ms, record.timestamp_ms, self._lost_from is not None
        if self._behind is not None or not -BACK_MS <= record_ms - before_ms <= BACK_MS:
            self._leap(record)
            turns = True
        elif record_ms > before_ms:
            self.time_ms = record_ms
            turns = turns or record_ms // SECOND_MS > before_ms // SECOND_MS
        if begins := self.pending:
            self._begin(record_ms)
        out = Letters(self.lane, self.era, self.time_ms, record)
        if turns or begins:
            self._turn(before_ms, offset, out, begins=begins)
        event = self._admission.event_of(record, self.halls, out)
        if event is not None:
            self._take(event, record, out)
        self.next_offset, self._last = offset + 1, record
        self.counts["records"] += 1
        if out.outputs:
            self.counts["outputs"] += len(out.outputs)
        return out.outputs

    def _begin(self, record_ms: int) -> None:
        """An era, with this record. One that only a clock that was set back has begun can be computed from the one before."""
        self.era, self.pending = max(self.era, record_ms), False
        self._admission.era = self.era
        if self._set_back is None or not self._root_era:
            self._root_era = self.era

    def _turn(self, before_ms: int, offset: int, out: Letters, *, begins: bool) -> None:
        """What comes before the record itself: an era or an hour that begins, what was lost, seconds that are over."""
        if self.lane.origin and (begins or self.time_ms // HOUR_MS > before_ms // HOUR_MS):
            self._say_files(offset, out)
        if self._set_back is not None:
            self._start_over(offset, out)
        if self._lost_from is not None:
            self._say_lost(out)
        if self.time_ms // SECOND_MS > before_ms // SECOND_MS:
            self._tick(offset, out)

    def skip_to(self, offset: int, *, lost: bool) -> None:
        """The records before ``offset`` are not in the log: never were (compaction, a transaction's marker), or ``lost``.

        A loss begins a new era. What came behind the lost records may have been published before, by somebody who had
        read them; without them it will be something else, and one id must not stand for both.
        """
        if lost:
            self._lost_from = self.next_offset if self._lost_from is None else self._lost_from
            self._turn_era()
        self.next_offset = offset

    def end_era(self, published: int, least: int) -> None:
        """The log is a copy of one that may have gone on elsewhere: what is still to come gets a new era.

        ``published``: the offset behind the last record on which anything was published. Up to there the era stays, and
        with it the ids of what is computed once more. ``least``: what the new era is called at the least; the original, or
        another copy, may begin one with the same record.
        """
        if self.pending and published <= self.next_offset:
            self.era = max(self.era, least)
        else:
            self.until = max(published, self.next_offset), least

    def turn_era_at(self, offset: int) -> bool:
        """Begin the next era if it begins with this offset."""
        turns = self.until is not None and offset >= self.until[0]
        if turns:
            self._turn_era()
        return turns

    def _turn_era(self) -> None:
        """The next one's number comes with its first record."""
        least = self.until[1] if self.until is not None else 0
        self.era, self.pending, self.until = max(self.era + 1, least), True, None

    def _prove(self, record: Record) -> None:
        """The record before the mark must be the one that the mark remembers."""
        if (
            self._last is None
            and not self.pending
            and record.offset == self.next_offset - 1
            and checksum(record) != self._checksum
        ):
            raise OtherLog(
                f"{record.topic}/{record.partition}: the record at offset {record.offset} is not the one the state was "
                f"computed from: this is another log, or an older copy of it. If that is meant (a restored backup, "
                f"a recreated topic), `hall reset` starts a new era."
            )

    def _say_files(self, offset: int, out: Letters) -> None:
        """What each hall has in force, once more: a lane below may have lost it. First of all, as they need it for the rest."""
        for hall in self.halls.values():
            if offset >= hall.resume_at:
                name = hall.hall.id
                out.say(name, Configured(hall=name, at_ms=self.time_ms, files=hall.files))
        for name in self._removed:
            out.say(name, HallRemoved(hall=name, at_ms=self.time_ms))

    def _say_lost(self, out: Letters) -> None:
        first, self._lost_from = self._lost_from or 0, None
        self.counts["lost"] += self.next_offset - first
        for hall in self.halls.values():
            if self.next_offset > hall.resume_at:
                out.lost(hall.hall.id, max(first, hall.resume_at))

    def _leap(self, record: Record) -> None:
        """A record that may move the time by far.

        What this lane published itself does not: in topics of producer time it is stamped with the time of its cause, and
        may come to stand behind a clock that was set back.
        """
        if self.time_ms and self._admission.is_own(record):
            return
        if record.timestamp_ms < self.time_ms - BACK_MS:
            self._look_back(record)
        else:
            self.time_ms, self._behind = max(self.time_ms, record.timestamp_ms), None

    def _look_back(self, record: Record) -> None:
        """A record that is stamped too far before the time. Once such ones are believed, the time is theirs, in a new era."""
        news = self._admission.tells_time(record)
        word = self._admission.set_back(record)
        told = word is not None and (news or self.time_ms >= word.from_ms - BACK_MS)
        if not (news or told):
            return
        self._behind = behind(self._behind, record.offset, record.timestamp_ms)
        if told or self._behind.believed:
            if self.pending:  # `hall reset` begins an era here as well, and with that something of its own
                self._root_era = 0
            self._set_back = SetBack(self._behind.first_offset, self.time_ms, told)
            self.time_ms, self._behind = self._behind.last_ms, None
            self.era, self.pending = self.era + 1, True

    def _start_over(self, offset: int, out: Letters) -> None:
        """Behind a clock that was set back every hall begins as if it had just been configured.

        A lane below that was told of it by the one above has no need to tell people once more.
        """
        back, self._set_back = self._set_back, None
        assert back is not None
        self.counts["clock_set_back"] += 1
        for hall in self.halls.values():
            if offset >= hall.resume_at:
                if not back.told:
                    out.set_back(hall.hall.id, back.first_offset, back.from_ms, aloud=self.lane.origin)
                self._begin_anew(hall, out)

    def _begin_anew(self, hall: HallRuntime, out: Letters) -> None:
        hall.begin_anew(self.time_ms)
        self._offer(hall, Configured(hall=hall.hall.id, at_ms=self.time_ms, files=hall.files), None, out)

    def _tick(self, offset: int, out: Letters) -> None:
        at_ms = self.time_ms // SECOND_MS * SECOND_MS
        for topic in self._time_to:
            out.tick(topic, at_ms)
        for hall in self.halls.values():
            if offset >= hall.resume_at:
                self._offer(hall, Tick(hall=hall.hall.id, at_ms=at_ms), None, out)

    def _take(self, event: Event, record: Record, out: Letters) -> None:
        hall = self.halls.get(record.key or b"")
        if hall is not None and record.offset < hall.resume_at:
            self._admission.hear(record)
            return  # its state was written after the mark, and holds this record already
        if type(event) is Configured:  # has no subclasses, and isinstance is slow on these types
            self._configure(hall, event, record, out)
        elif type(event) is HallRemoved:
            self._remove(hall, event, record, out)
        elif hall is not None and self._admission.admit(hall, event, record, self.time_ms, out):
            if type(event) is FramesShed:
                self.counts["frames_shed"] += event.count
            elif type(event) is ClockSetBack:
                self._begin_anew(hall, out)
            self._offer(hall, event, record, out)

    def _offer(self, hall: HallRuntime, event: Event, record: Record | None, out: Letters) -> None:
        meter = self._meter if self._meter and self.counts["records"] % METER_EVERY == 0 else None
        made, failures = hall.step(event, record.value if record else None, self.time_ms, self._tap, meter)
        out.add(hall.hall.id, made)
        for failure in failures:
            self.counts["agent_failures"] += 1
            out.failed(hall.hall.id, failure)

    # -- configuration ---------------------------------------------------------------------------------------------

    def _configure(self, hall: HallRuntime | None, event: Configured, record: Record, out: Letters) -> None:
        """A body already in force is ignored; one that cannot be used is dead, and the old one stays."""
        seen: dict[str, Place] = hall.seen if hall else {}
        if not self.lane.origin and not self._admission.is_fresh(seen, event.hall, record, out):
            return
        if hall is not None and hall.files == event.files:
            return
        try:
            hall = self._configured(hall, event)
        except FATAL:
            raise
        except Exception as e:  # noqa: BLE001 - whatever an agent's constructor raises
            name = event.hall if hall else self._admission.nowhere
            out.dead(name, "bad_config", told(e, 2000))
            return
        hall.seen = seen
        hall.windows |= self._removed.take(event.hall)
        if self.lane.origin:
            out.say(event.hall, event)
        self.counts["configured"] += 1
        self._offer(hall, event, record, out)

    def _configured(self, hall: HallRuntime | None, event: Configured) -> HallRuntime:
        widest = Configured(hall=event.hall, at_ms=WIDEST_MS, files=event.files)
        if self.lane.origin and (size := len(encode(widest))) > MAX_OUTPUT_BYTES:
            raise ValueError(f"expected files of at most {MAX_OUTPUT_BYTES} bytes, which can be passed on; got {size}")
        if hall is not None:
            hall.reconfigure(event.files, event.hall, self.time_ms)
            return hall
        hall = HallRuntime(self.lane, event.files, event.hall, self.time_ms)
        # Sorted, so that ticks reach the halls in the same order whichever way they came to be here.
        self.halls = dict(sorted([*self.halls.items(), (event.hall.encode(), hall)]))
        return hall

    def _remove(self, hall: HallRuntime | None, event: HallRemoved, record: Record, out: Letters) -> None:
        """Its agents close what they had, as for zones that are gone; then it is told on, behind what belongs to it."""
        name, seen = event.hall, hall.seen if hall else {}
        if (not self.lane.origin and not self._admission.is_fresh(seen, name, record, out)) or hall is None:
            return
        if self.lane.origin:  # now, whatever the clock says of whoever asked for it
            event = HallRemoved(hall=name, at_ms=self.time_ms)
        try:
            hall.clear_plan()
        except FATAL:
            raise
        except Exception as e:  # noqa: BLE001 - whatever an agent's constructor raises
            out.dead(name, "bad_config", told(e, 2000))
            return
        self._offer(hall, Configured(hall=name, at_ms=event.at_ms, files={}), None, out)
        self._offer(hall, event, None, out)
        if self.lane.origin:
            out.say(name, event)
        self._removed.add(name, hall.windows, None if self.lane.origin else event_id_of(record))
        self._gone.append(name)
        del self.halls[name.encode()]
        self.counts["removed"] += 1

    # -- state -----------------------------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """Everything up to here. The halls whose bytes have not changed since the last checkpoint are left out."""
        changed = []
        # A loss that nobody has been told of is still before the halls, whoever goes on from here.
        seen_to = self.next_offset if self._lost_from is None else self._lost_from
        for hall in self.halls.values():
            body = hall.rebase()
            if body != hall.written:
                hall.written = body
                changed.append((hall.hall.id, encode_hall(HallRecord(max(seen_to, hall.resume_at), body))))
        gone, self._gone = tuple(name for name in self._gone if name.encode() not in self.halls), []
        return Checkpoint(changed, encode_mark(self.mark()), self.next_offset, gone)

    def whole(self) -> Checkpoint:
        """Everything up to here, every hall included: what a new owner writes first, and what a snapshot is."""
        for hall in self.halls.values():
            hall.written = None
        return self.checkpoint()

    def mark(self) -> Mark:
        known = checksum(self._last) if self._last else self._checksum
        halls = tuple(hall.hall.id for hall in self.halls.values())
        return Mark(
            self.era, self.pending, self.next_offset, self.time_ms, known, self.log_id, self.topology, halls,
            self.snapshot_ms, self._lost_from, self.until, self._behind, self._root_era, self._admission.heard,
            self._removed.known(),
        )  # fmt: skip


def _restored(lane: Lane, name: str, record: HallRecord, *, forgive: bool) -> HallRuntime:
    try:
        return HallRuntime.restore(lane, name, record, forgive=forgive)
    except FATAL:
        raise
    except Exception as e:
        raise StateUnreadable(
            f"lane {lane.name}: the state of hall {name} cannot be gone on from ({told(e, 500)}). Run the version that "
            f"wrote it, or `hall reset` to start a new era without it."
        ) from e
