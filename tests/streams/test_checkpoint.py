"""Which checkpoint to start from: the highest mark whose halls are all there, and nothing of any other writer."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.checkpoint import (
    BARE,
    HallRecord,
    Mark,
    Restored,
    StateUnreadable,
    checksum,
    encode_hall,
    encode_mark,
    hall_key,
    mark_key,
    restore,
)
from streams.record import Record

RECORD = Record("t", 0, 5, 1000, b"key", b"value")


def mark(era: int = 1, next_offset: int = 0, halls: tuple[str, ...] = ("a",), **more: Any) -> Mark:
    return Mark(era, False, next_offset, 0, 0, "log", 1, halls, **more)


def hall(offset: int = 0, body: bytes = b"body") -> HallRecord:
    return HallRecord(offset, body)


def table(**writers: tuple[Mark | None, dict[str, HallRecord]]) -> dict[bytes, bytes]:
    """A state topic: by writer, its mark, if there is one, and its hall records."""
    records: dict[bytes, bytes] = {}
    for writer, (its_mark, halls) in writers.items():
        records |= {hall_key(writer, name): encode_hall(record) for name, record in halls.items()}
        if its_mark:
            records[mark_key(writer)] = encode_mark(its_mark)
    return records


def started_from(records: dict[bytes, bytes]) -> Mark | None:
    return restore(records).mark


def test_nothing_gives_nothing() -> None:
    assert restore({}) == Restored(None, {}, frozenset())


def test_a_checkpoint_comes_back_as_it_was_written() -> None:
    halls = {"a": hall(5), "b": hall(9, b"other")}
    its = mark(3, 7, ("a", "b"), snapshot_ms=77)
    assert restore(table(w=(its, halls))) == Restored(its, halls, frozenset({"w"}))


def test_the_highest_mark_by_era_and_then_by_offset_wins() -> None:
    low, high, old = mark(2, 5, ()), mark(2, 6, ()), mark(1, 999, ())
    assert started_from(table(x=(low, {}), y=(high, {}), z=(old, {}))) == high
    assert started_from(table(x=(high, {}), y=(old, {}), z=(low, {}))) == high


@pytest.mark.parametrize("missing", ["a", "b"])
def test_a_mark_whose_halls_are_not_all_there_is_none(missing: str) -> None:
    """
    x   mark 9  a . b      cut off, or partly removed by its successor
    y   mark 5  a   b      whole: this one
    """
    whole = {"a": hall(5), "b": hall(5)}
    torn = {name: hall(9) for name in whole if name != missing}
    restored = restore(table(x=(mark(1, 9, ("a", "b")), torn), y=(mark(1, 5, ("a", "b")), whole)))
    assert (restored.mark, restored.halls) == (mark(1, 5, ("a", "b")), whole)
    assert restored.writers == {"x", "y"}


def test_hall_records_without_a_mark_are_nothing_yet() -> None:
    assert restore(table(x=(None, {"a": hall(9)}))) == Restored(None, {}, frozenset({"x"}))


def test_nobody_elses_halls_are_taken() -> None:
    records = table(x=(mark(1, 9, ("a", "b")), {"a": hall(9)}), y=(None, {"b": hall(9)}))
    assert started_from(records) is None


def test_a_hall_that_the_mark_does_not_list_is_left_out() -> None:
    """It was configured after the mark: its configuration will come again."""
    assert restore(table(x=(mark(1, 9, ("a",)), {"a": hall(), "new": hall(12)}))).halls == {"a": hall()}


def test_halls_may_be_ahead_of_the_mark() -> None:
    assert restore(table(x=(mark(1, 9), {"a": hall(12)}))).halls["a"].offset == 12


def test_a_hall_may_have_any_id() -> None:
    for name in ("a/b", "营业厅", "a b"):
        assert restore(table(x=(mark(halls=(name,)), {name: hall()}))).halls == {name: hall()}


WRITERS = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.tuples(
        st.none() | st.builds(mark, st.integers(0, 2), st.integers(0, 3), st.sets(st.sampled_from("pqr")).map(tuple)),
        st.dictionaries(st.sampled_from("pqr"), st.builds(hall, st.integers(0, 5))),
    ),
    max_size=5,
)


@given(WRITERS, st.randoms())
def test_every_reader_of_the_same_records_takes_the_same(
    writers: dict[str, tuple[Mark | None, dict[str, HallRecord]]], dice: object
) -> None:
    """In whatever order a table hands them out, ties included; and never one that is torn."""
    records = table(**writers)
    restored = restore(records)
    assert restored == restore(dict(reversed(records.items())))
    whole = [(m.era, m.next_offset) for m, halls in writers.values() if m and set(m.halls) <= set(halls)]
    found = (restored.mark.era, restored.mark.next_offset) if restored.mark else None
    assert found == max(whole, default=None)


# -- damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damaged", [b"", b"\xff", b"\x93\x01", b"null", b"\x81\xa1a\x01"])
@pytest.mark.parametrize("key", [b"0123456789ab", b"0123456789ab/a", b"sensing.0.42", b"sensing.0.42/a"])
def test_a_record_that_cannot_be_read_is_never_a_reason_to_start_afresh(key: bytes, damaged: bytes) -> None:
    """Of an owner, or of a snapshot."""
    records = table(**{key.decode().partition("/")[0]: (mark(), {"a": hall()})})
    records[key] = damaged
    with pytest.raises(
        StateUnreadable, match=rf"checkpoint record '{key.decode()}' cannot be read.*newer.*`hall reset`"
    ):
        restore(records)


def test_a_mark_may_have_grown_by_fields_since() -> None:
    """Written by newer code, read by older: the version in it decides, not a decoding error."""
    grown = msgspec.msgpack.encode([*msgspec.structs.astuple(mark(halls=())), "something new"])
    assert started_from({b"x": grown}) == mark(halls=())


def test_a_mark_from_before_snapshots_has_none() -> None:
    assert started_from({b"x": msgspec.msgpack.encode(msgspec.structs.astuple(mark(halls=()))[:-1])}) == mark(halls=())


@pytest.mark.parametrize("key", [b"\xff\xfe", b"", b"hello world", b"0123456789abc", b"0123456789AB", b"k" * 200_000])
def test_junk_of_others_counts_for_nothing_and_is_told(key: bytes) -> None:
    """No writer of ours is called so: it can hold no state, and must not keep one from being used."""
    its, halls = mark(), {"a": hall()}
    restored = restore({**table(w=(its, halls)), key: b"junk", b"\xfe/hall": b"junk"})
    assert (restored.mark, restored.halls, restored.strange) == (its, halls, (key,))


def test_a_note_that_it_began_without_a_state_counts_while_there_is_no_hall() -> None:
    """By that writer, and no other."""
    note = {hall_key("w", BARE): b"the log begins at 7", hall_key("v", BARE): b"of another"}
    assert restore({**table(w=(mark(halls=()), {})), **note}).bare == "the log begins at 7"
    assert restore({**table(w=(mark(), {"a": hall()})), **note}).bare == ""
    assert restore(table(w=(mark(halls=()), {}))).bare == ""


# -- knowing a log again -----------------------------------------------------------------------------------------------


def test_a_record_is_known_by_its_time_key_and_value() -> None:
    assert (
        checksum(RECORD)
        == checksum(RECORD._replace(topic="other", partition=9, offset=9))
        == zlib.crc32(b"1000keyvalue")
    )
    changed = [{"timestamp_ms": 1001}, {"key": b"kez"}, {"value": b"valuf"}, {"key": None}, {"value": None}]
    assert len({checksum(RECORD._replace(**change)) for change in changed} | {checksum(RECORD)}) == 6  # type: ignore[arg-type]
