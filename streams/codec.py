"""Events to bytes and back. JSON that anybody can read, typed and checked; NaN and infinity are refused both ways."""

from __future__ import annotations

import math
import re
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from streams.events import Event
from streams.ids import EventId, parse_id
from streams.record import Record

MAX_OUTPUT_BYTES = 1_000_000
"""Kafka's default limit of a message is 1,048,588 bytes; what is larger never leaves the engine."""

TICK = b'{"type":"tick"}'
"""The value of a tick record: it has no key and goes to every partition."""


_DRAIN = re.compile(rb'\{"type":"drain","at_ms":([0-9]{1,18})\}')

MAX_DEPTH = 100
"""Levels of a value. The parser's own limit hangs on how deep the caller's stack is: two shells would not agree."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


class BadRecord(ValueError):
    """The bytes are not an event of this lane: the message says what was expected and what came."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """The one field of a published event that is not the event's own."""

    id: str | None = None


_encoder = msgspec.json.Encoder()
_envelope = msgspec.json.Decoder(Envelope)


def drain_request(at_ms: int) -> bytes:
    """The value of a record without key that asks the workers of a partition to stop, in good order."""
    return b'{"type":"drain","at_ms":%d}' % at_ms


def drain_asked_ms(value: bytes | None) -> int | None:
    """When that was asked for, if this is such a request."""
    found = _DRAIN.fullmatch(value or b"")
    return int(found[1]) if found else None


def encode(event: Event) -> bytes:
    """The event as JSON. Raises ValueError for NaN and infinity, TypeError for what is not an event's value."""
    raw = _encoder.encode(event)
    if b"null" in raw:  # where msgspec writes None, and also every float that JSON cannot carry
        _refuse_non_finite(event, type(event).__name__)
    return raw


def encode_named(event_id: str, event: Event) -> bytes:
    """The event as it is published: its id first."""
    return name_encoded(event_id, encode(event))


def name_encoded(event_id: str, raw: bytes) -> bytes:
    return b'{"id":"%s",%s' % (event_id.encode(), raw[1:])


def _refuse_non_finite(value: Any, where: str) -> None:
    kind = type(value)
    if kind is float:
        if not math.isfinite(value):
            raise ValueError(f"{where}: expected a finite number, got {value}")
    elif kind is tuple:
        for item in value:
            _refuse_non_finite(item, where)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _refuse_non_finite(getattr(value, name), f"{where}.{name}")


class Decoder:
    """Decodes the event types of one lane."""

    def __init__(self, types: tuple[type[Event], ...]) -> None:
        self._decode = msgspec.json.Decoder(reduce(or_, types)).decode

    def decode(self, raw: bytes | None) -> Event:
        """Raises BadRecord. A value nested too deeply is bad input like any other."""
        if raw is None:
            raise BadRecord("expected a JSON object, got no value at all")
        # Most events have one list, or none: that is found sooner than counted, and this is done for every record.
        lists = 1 if raw.find(b"[") == raw.rfind(b"[") else raw.count(b"[")
        if raw.count(b"{") + lists > MAX_DEPTH and not _shallow(raw):
            raise BadRecord(f"expected brackets that match, at most {MAX_DEPTH} deep")
        try:
            event: Event = self._decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
            raise BadRecord(str(e)[:500]) from None
        return event


def _shallow(raw: bytes) -> bool:
    """Whether all brackets are gone after taking the innermost pairs away MAX_DEPTH times."""
    brackets = _STRING.sub(b"", raw).translate(_SQUARE, _NO_BRACKET)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def id_of(raw: bytes) -> str | None:
    """The id of a published event; None for what the edge sent."""
    try:
        return _envelope.decode(raw).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise BadRecord(str(e)[:500]) from None


def event_id_of(record: Record) -> EventId | None:
    """The id under which the engine published this record; None for what others wrote, or nobody can read."""
    try:
        text = id_of(record.value) if record.value is not None and record.key is not None else None
        return None if text is None else parse_id(text)
    except (BadRecord, ValueError):
        return None
