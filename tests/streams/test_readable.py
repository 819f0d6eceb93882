"""Records made readable: any bytes become one line, and checkpoints are opened."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.readable import hall_of, key_text, printable, type_of, value_text
from streams.record import Record
from streams.topics import JOURNAL, SNAPSHOTS, state_topic


@given(st.binary())
def test_any_bytes_are_one_line_without_controls(data: bytes) -> None:
    assert printable(data).isprintable() or all(c.isprintable() or ord(c) > 0x9F for c in printable(data))
    assert "\n" not in printable(data)


@given(st.sampled_from([JOURNAL, SNAPSHOTS, state_topic("sensing")]), st.none() | st.binary(), st.none() | st.binary())
def test_no_record_is_too_odd_to_be_shown(topic: str, key: bytes | None, value: bytes | None) -> None:
    record = Record(topic, 0, 0, 0, key, value)
    assert "\n" not in key_text(record) + value_text(record)
    type_of(record)
    hall_of(record)


def test_keys_name_the_hall_in_every_topic() -> None:
    assert hall_of(Record(JOURNAL, 0, 0, 0, b"demo", b"{}")) == "demo"
    assert hall_of(Record(state_topic("sensing"), 0, 0, 0, b"w1/demo", b"")) == "demo"
    assert hall_of(Record(state_topic("sensing"), 0, 0, 0, b"w1", b"")) is None
    assert hall_of(Record(SNAPSHOTS, 0, 0, 0, b"sensing.0.5/demo", b"")) == "demo"


def test_types() -> None:
    assert type_of(Record(JOURNAL, 0, 0, 0, b"demo", b'{"id":"x","type":"zone_left"}')) == "zone_left"
    assert type_of(Record(JOURNAL, 0, 0, 0, b"demo", b"no json")) is None
    assert type_of(Record(SNAPSHOTS, 0, 0, 0, b"sensing.0.5", b"")) == "mark"


def test_a_tombstone_is_shown_as_removed() -> None:
    assert value_text(Record(state_topic("sensing"), 0, 0, 0, b"w1", None)) == "(removed)"
