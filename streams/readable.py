"""Records as people read them: JSON as it stands, checkpoints and snapshots opened, the rest so that it can be seen."""

from __future__ import annotations

import msgspec

from streams.checkpoint import HallRecord, Mark
from streams.engine.hall import Body, unpack_files
from streams.record import Record
from streams.topics import SNAPSHOTS, state_topic

MARK, HALL = "mark", "hall"
"""The types under which a checkpoint's records are shown."""

_STATE_ENDING = state_topic("")[len("hallstream-") :]


class _Typed(msgspec.Struct):
    type: str | None = None


_typed = msgspec.json.Decoder(_Typed)
# What would move the cursor, ring the bell or end the line: shown, never sent to a terminal.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


def holds_state(topic: str) -> bool:
    """Whether its records are pieces of checkpoints: a lane's state topic, or the snapshots."""
    return topic == SNAPSHOTS or topic.endswith(_STATE_ENDING)


def hall_of(record: Record) -> str | None:
    """The hall that a record belongs to; None for ticks, marks, and keys that are no text."""
    try:
        key = None if record.key is None else record.key.decode()
    except UnicodeDecodeError:
        return None
    if key is not None and holds_state(record.topic):
        return key.partition("/")[2] or None
    return key


def type_of(record: Record) -> str | None:
    """The event's type; ``mark`` or ``hall`` for a piece of a checkpoint; None where there is none."""
    if holds_state(record.topic):
        return HALL if b"/" in (record.key or b"") else MARK
    try:
        return _typed.decode(record.value or b"").type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def key_text(record: Record) -> str:
    return "-" if record.key is None else printable(record.key)


def value_text(record: Record) -> str:
    """The value on one line. State is opened; what cannot be opened, written by a newer version perhaps, says so."""
    if record.value is None:
        return "(removed)"
    if not holds_state(record.topic):
        return printable(record.value)
    try:
        shown = _hall(record.value) if type_of(record) == HALL else _mark(record.value)
    except Exception as e:  # noqa: BLE001 - msgpack, zlib and JSON each fail in their own way
        shown = {"unreadable": f"{type(e).__name__}: {e}", "bytes": len(record.value)}
    return msgspec.json.encode(shown).decode()


def printable(data: bytes) -> str:
    """Text on one line, with everything that is none made visible."""
    return data.decode(errors="backslashreplace").translate(_CONTROLS)


def _mark(value: bytes) -> dict[str, object]:
    mark = msgspec.msgpack.decode(value, type=Mark)
    return {"type": MARK} | {field: getattr(mark, field) for field in mark.__struct_fields__}


def _hall(value: bytes) -> dict[str, object]:
    record = msgspec.msgpack.decode(value, type=HallRecord)
    body = msgspec.msgpack.decode(record.body, type=Body)
    return {
        "type": HALL, "offset": record.offset, "bytes": len(record.body),
        "files": {name: len(text.encode()) for name, text in unpack_files(body.files).items()},
        "state_bytes": {agent: len(bytes(state)) for agent, state in body.states.items()},
        "sources": sorted(body.windows), "seen": body.seen, "failures": body.failures, "off": body.off,
    }  # fmt: skip
