"""The engine's own outputs: named and encoded, dead letters, late input, lost records, failed agents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from streams.codec import MAX_OUTPUT_BYTES, TICK, encode, name_encoded
from streams.engine.hall import Failure
from streams.engine.passes import Made
from streams.events import AlertRaised, ClockSetBack, Dead, DeadReason, EdgeEvent, Event, Late, LogLost
from streams.ids import EventId
from streams.lane import Lane
from streams.record import Record

ENGINE = "engine"
RAW_KEPT = 700_000
"""Of a dead record's bytes; base64 makes 933 kB of them, which still fits into an output."""


LATEST_MS = 2**53
"""An event can name no later time."""


class Output(NamedTuple):
    """Something to publish. ``timestamp_ms`` is its cause's time.

    A piece of a snapshot, and a tick, have neither id nor event; a tick has no key.
    """

    topic: str
    partition: int
    timestamp_ms: int
    key: bytes | None
    value: bytes
    id: EventId | None = None
    event: Event | None = None


class Letters:
    """Names and collects the outputs of one source record."""

    __slots__ = "_era", "_lane", "_ordinals", "_record", "_time_ms", "outputs"

    def __init__(self, lane: Lane, era: int, time_ms: int, record: Record) -> None:
        self._lane, self._era, self._time_ms, self._record = lane, era, time_ms, record
        self._ordinals: dict[tuple[str, str], int] = {}
        self.outputs: list[Output] = []

    def add(self, hall: str, made: list[Made]) -> None:
        """What a hall's agents made; the internal events stay inside."""
        for agent, event, raw in made:
            if raw is not None:
                self._add(hall, agent, event, raw)

    def tick(self, topic: str, at_ms: int) -> None:
        """Pass the time on to another lane: its ticks are no conclusions, and repeating one does no harm."""
        self.outputs.append(Output(topic, self._record.partition, at_ms, None, TICK))

    def say(self, hall: str, event: Event) -> None:
        """Something the engine says itself."""
        self._add(hall, ENGINE, event, encode(event))

    def _add(self, hall: str, agent: str, event: Event, raw: bytes) -> None:
        if len(raw) > MAX_OUTPUT_BYTES:
            detail = f"{type(event).__name__} of {len(raw)} bytes; at most {MAX_OUTPUT_BYTES} can be published"
            self.dead(hall, "oversized_output", detail, agent=agent, raw=raw)
            return
        key = hall, agent
        ordinal = self._ordinals[key] = self._ordinals.get(key, -1) + 1
        event_id = EventId(hall, self._lane.name, agent, self._era, self._record.offset, ordinal)
        topic = event.topic
        assert topic is not None
        value = name_encoded(str(event_id), raw)
        self.outputs.append(
            Output(topic, self._record.partition, self._time_ms, hall.encode(), value, event_id, event)
        )  # fmt: skip

    def dead(
        self, hall: str, reason: DeadReason, detail: str, *, agent: str | None = None, raw: bytes | None = None
    ) -> None:
        """The record (or an output, given as ``raw``) cannot be used."""
        r = self._record
        raw = (r.value or b"") if raw is None else raw
        self.say(
            hall,
            Dead(
                hall=hall, at_ms=self._time_ms, decided_at_ms=self._time_ms, source_topic=r.topic, partition=r.partition,
                offset=r.offset, reason=reason, detail=detail, agent=agent, raw_size=len(raw), raw=raw[:RAW_KEPT],
            ),
        )  # fmt: skip

    def late(self, hall: str, event: EdgeEvent, behind_ms: int) -> None:
        r = self._record
        raw = r.value or b""
        self.say(
            hall,
            Late(
                hall=hall, at_ms=event.at_ms, decided_at_ms=self._time_ms, source_topic=r.topic, partition=r.partition,
                offset=r.offset, behind_ms=behind_ms, raw=raw[:RAW_KEPT],
            ),
        )  # fmt: skip

    def lost(self, hall: str, first: int) -> None:
        self.say(
            hall,
            LogLost(
                hall=hall, at_ms=self._time_ms, decided_at_ms=self._time_ms, lane=self._lane.name,
                first_offset=first, next_offset=self._record.offset,
            ),
        )  # fmt: skip

    def set_back(self, hall: str, first: int, from_ms: int, *, aloud: bool) -> None:
        """Time has gone back. ``aloud``: the lanes below are told too, and those who read the journal."""
        r = self._record
        if aloud:
            self.say(
                hall,
                ClockSetBack(
                    hall=hall, at_ms=self._time_ms, decided_at_ms=self._time_ms, lane=self._lane.name,
                    from_ms=min(from_ms, LATEST_MS), first_offset=first, next_offset=r.offset,
                ),
            )  # fmt: skip
        self.say(
            hall,
            AlertRaised(
                hall=hall, at_ms=self._time_ms, decided_at_ms=self._time_ms, alert="clock_set_back", severity="warning",
                title="The log's time went back: a clock was ahead",
                detail=f"lane {self._lane.name}: from {_when(from_ms)} to {_when(self._time_ms)}. Records {first} to "
                f"{r.offset - 1} of {r.topic}/{r.partition} were stamped before that time by more than two minutes; what "
                "cameras sent among them was late (hall.late). Who was in the hall is forgotten, and the figures of the hour "
                "begin anew. What to do: keep the clock that stamps the log right (NTP)",
            ),
        )  # fmt: skip

    def failed(self, hall: str, failure: Failure) -> None:
        """An agent failed on this record: the record is dead to it, and people should know."""
        self.dead(hall, "agent_failed", failure.what, agent=failure.agent)
        detail = f"{failure.what}; record {self._record.topic}/{self._record.partition}/{self._record.offset}"
        if failure.stopped:
            detail += "; it is switched off for this hall until the configuration or the code changes"
        self.say(
            hall,
            AlertRaised(
                hall=hall, at_ms=self._time_ms, decided_at_ms=self._time_ms,
                alert="agent_stopped" if failure.stopped else "agent_failed",
                severity="critical" if failure.stopped else "warning",
                title=f"Agent {failure.agent} {'was switched off' if failure.stopped else 'failed'}", detail=detail,
            ),
        )  # fmt: skip


def _when(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms // 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # a row may claim any year
        return f"{ms} ms"
