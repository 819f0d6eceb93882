"""Events are JSON that anybody can read; what JSON cannot carry is refused both ways."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import streams.events as ev
from streams.codec import MAX_DEPTH, TICK, BadRecord, Decoder, encode, encode_named, id_of
from streams.events import AlarmRaised, Configured, Event, Frame, FramesShed, Person, Tick, ZoneEntered, ZoneHour

DECODER = Decoder((Frame, FramesShed, Configured))
FRAME = Frame(
    hall="demo", at_ms=1, source="cam-1", boot="b", seq=3, camera="cam-1",
    people=(Person("t1", 1.0, 2.0, 3.0, 4.0), Person("营", 1.0, 2.0, 3.0, 4.0, 0.5, 6.25, 7.5)),
)  # fmt: skip
BARE = '{"type":"frame","hall":"demo","at_ms":1,"camera":"c","people":[]%s}'
TYPES: tuple[type[Event], ...] = tuple(
    kind for name in ev.__all__ if isinstance(kind := getattr(ev, name), type) and issubclass(kind, Event)
)


def refused(raw: str | bytes) -> str:
    with pytest.raises(BadRecord) as caught:
        DECODER.decode(raw if isinstance(raw, bytes) else raw.encode())
    return str(caught.value)


# -- there and back ----------------------------------------------------------------------------------------------------


def test_a_frame_is_compact_readable_json() -> None:
    assert encode(FRAME).decode() == (
        '{"type":"frame","hall":"demo","at_ms":1,"source":"cam-1","boot":"b","seq":3,"camera":"cam-1",'
        '"people":[["t1",1.0,2.0,3.0,4.0,1.0,null,null],["营",1.0,2.0,3.0,4.0,0.5,6.25,7.5]]}'
    )
    assert DECODER.decode(encode(FRAME)) == FRAME


FINITE = st.floats(-1e6, 1e6)
TRACKS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)
PEOPLE = st.builds(Person, TRACKS, FINITE, FINITE, FINITE, FINITE, FINITE, *[st.none() | st.floats(-1e5, 1e5)] * 2)


@given(st.lists(PEOPLE, max_size=5), st.integers(-(2**53), 2**53), st.text(st.characters(exclude_categories=["Cs"])))
def test_every_frame_comes_back_as_it_was(people: list[Person], at_ms: int, camera: str) -> None:
    frame = Frame(hall="demo", at_ms=at_ms, camera=camera, people=tuple(people))
    assert DECODER.decode(encode(frame)) == frame


def test_the_bytes_of_an_event_never_change_on_the_way_through() -> None:
    raw = encode(FRAME)
    assert encode(DECODER.decode(raw)) == raw


def test_unknown_fields_are_passed_over() -> None:
    assert DECODER.decode(BARE.encode() % b',"weather":{"rain":[1,2]}') == DECODER.decode(BARE.encode() % b"")


def test_what_has_fewer_fields_than_today_gets_the_defaults() -> None:
    frame = DECODER.decode((BARE % ',"people":[["t",1,2,3,4]]').encode())
    assert isinstance(frame, Frame)
    assert frame.people == (Person("t", 1.0, 2.0, 3.0, 4.0, 1.0, None, None),)


# -- NaN and infinity --------------------------------------------------------------------------------------------------


def alarm(value: float) -> AlarmRaised:
    return AlarmRaised(
        hall="demo", at_ms=1, decided_at_ms=1, alarm="a", zone="z", metric="dwell", value=value, limit=1.0,
        severity="info", track=None,
    )  # fmt: skip


def hour(p50: float | None, p90: float | None) -> ZoneHour:
    return ZoneHour(
        hall="demo", at_ms=1, decided_at_ms=1, zone="z", seconds=1, entries=1, exits=1, occupancy_mean=1.0,
        occupancy_max=1, dwell_p50_s=p50, dwell_p90_s=p90,
    )  # fmt: skip


def moved(x_m: float | None) -> Frame:
    return Frame(hall="demo", at_ms=1, camera="c", people=(FRAME.people[0], Person("t", 0, 0, 0, 0, 1.0, x_m, 1.0)))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("of", [alarm, lambda n: hour(None, n), lambda n: hour(n, 1.0), moved])
def test_no_event_leaves_with_a_number_that_json_has_not(number: float, of: type[Event]) -> None:
    """msgspec would write null: in an optional field a reader would take it for "not known"."""
    with pytest.raises(ValueError, match=f"expected a finite number, got {number}"):
        encode(of(number))  # type: ignore[call-arg, arg-type]


def test_a_null_that_is_meant_leaves() -> None:
    assert b'"dwell_p50_s":null' in encode(hour(None, 2.0))
    assert b'"zone":"null"' in encode(
        ZoneEntered(hall="h", at_ms=1, decided_at_ms=1, zone="null", track="t", occupancy=1)
    )


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", '"NaN"', "1e7"])
@pytest.mark.parametrize("row", ['["t",%s,1,1,1]', '["t",1,1,1,1,%s]', '["t",1,1,1,1,1,%s,1]', '["t",1,1,1,1,1,1,%s]'])
def test_no_event_comes_in_with_one(row: str, number: str) -> None:
    assert refused(BARE % f',"people":[{row % number}]')


def test_an_integer_is_one_that_every_reader_of_json_carries() -> None:
    for number in (2**53, -(2**53)):
        assert DECODER.decode((BARE % f',"seq":{number}').encode())
    for number in (2**53 + 1, -(2**53) - 1, 2**64, 10**40):
        assert "Expected `int`" in refused(BARE % f',"seq":{number}')


def integers(of: msgspec.inspect.Type) -> Iterator[msgspec.inspect.IntType]:
    """The integers within a type."""
    if isinstance(of, msgspec.inspect.IntType):
        yield of
    for inner in getattr(of, "types", ()) or getattr(of, "item_types", ()) or ():
        yield from integers(inner)
    for name in ("item_type", "key_type", "value_type"):
        if isinstance(inner := getattr(of, name, None), msgspec.inspect.Type):
            yield from integers(inner)
    if isinstance(of, msgspec.inspect.StructType):
        for field in of.fields:
            yield from integers(field.type)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_no_integer_of_any_event_can_overflow_a_state(kind: type[Event]) -> None:
    """One number of more than 64 bits, kept in a state, and no checkpoint can be written any more."""
    info = msgspec.inspect.type_info(kind)
    assert all(i.le is not None and i.ge is not None and i.le <= 2**53 and i.ge >= -(2**53) for i in integers(info))


# -- bad bytes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "truncated"), (b"{", "truncated"), (b"\xff\xfe", "malformed"), (b"[]", "Expected `object`"),
        (b"null", "Expected `object"), (b'{"hall":"demo"}', "missing required field `type`"),
        (b'{"type":"weather"}', "Invalid value 'weather'"), (b'{"type":7}', "Expected `str`"),
        (TICK, "Invalid value 'tick'"), (b'{"type":"frame","hall":"demo","at_ms":1}', "missing required field"),
        ((BARE % ',"at_ms":"1"').encode(), "Expected `int`, got `str`"), ((BARE % "").encode() + b"{}", "malformed"),
        ((BARE % ',"camera":"\\ud800"').encode(), "truncated"),
        ((BARE % ',"camera":"').encode()[:-1] + b'\xff"}', "can't decode byte 0xff"),
        ((BARE % ',"source":"%s"' % ("s" * 129)).encode(), "length <= 128"),
        ((BARE % ',"people":[["",1,1,1,1]]').encode(), "length >= 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(raw: bytes, said: str) -> None:
    assert said in refused(raw)


def test_frames_shed_are_some_or_none() -> None:
    raw = '{"type":"frames_shed","hall":"demo","at_ms":1,"camera":"c","count":%d}'
    assert [DECODER.decode((raw % count).encode()).count for count in (0, 2**53)] == [0, 2**53]  # type: ignore[attr-defined]
    assert ">= 0" in refused(raw % -1)
    assert refused(raw % (2**53 + 1))


def test_no_value_at_all_is_told_as_well() -> None:
    with pytest.raises(BadRecord, match="got no value at all"):
        DECODER.decode(None)


@given(st.binary(max_size=200))
@example(b'{"type":')
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    with contextlib.suppress(BadRecord):
        DECODER.decode(raw)


def nested(depth: int, opening: str = "[", closing: str = "]", inner: str = "") -> str:
    """A frame of this depth; its own two levels count."""
    return BARE % (',"junk":' + opening * (depth - 1) + inner + closing * (depth - 1))


def test_depth_has_a_limit_of_its_own() -> None:
    assert DECODER.decode(nested(MAX_DEPTH).encode())
    for depth in (MAX_DEPTH + 1, 900, 100_000):
        assert refused(nested(depth)) == f"expected brackets that match, at most {MAX_DEPTH} deep"
    assert "brackets" in refused(nested(200, '{"a":', "}", "1"))


def test_the_limit_does_not_hang_on_the_callers_stack() -> None:
    """The parser's own does: with it, a worker and a replay could disagree about one and the same record."""

    def from_below(frames: int, raw: str) -> str:
        if frames:
            return from_below(frames - 1, raw)
        try:
            return repr(DECODER.decode(raw.encode()))
        except BadRecord as error:
            return str(error)

    for depth in (MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 500, 940, 990):
        assert from_below(600, nested(depth)) == from_below(0, nested(depth))


def test_brackets_in_texts_are_texts() -> None:
    for text in ("[" * 500, "]" * 500, "{[}]" * 200, '\\"[' * 200, "\\\\" * 150 + "[" * 150, "[\\n" * 200):
        assert DECODER.decode((BARE % f',"junk":"{text}"').encode())
        assert "brackets" in refused(nested(150, f'["{text}",', "]", "1"))


def test_many_people_are_not_depth() -> None:
    people = tuple(Person(f"t{n}", 1.0, 1.0, 1.0, 1.0) for n in range(2000))
    frame = Frame(hall="demo", at_ms=1, camera="c", people=people)
    assert DECODER.decode(encode(frame)) == frame
    too_many = encode(Frame(hall="demo", at_ms=1, camera="c", people=(*people, FRAME.people[0])))
    assert "length <= 2000" in refused(too_many)


def test_a_megabyte_is_read_or_refused_like_anything_else() -> None:
    megabyte = 1_000_000
    files = {"hall.yaml": "营" * (megabyte // 3)}
    configured = Configured(hall="demo", at_ms=1, files=files)
    assert DECODER.decode(encode(configured)) == configured
    assert "brackets" in refused("[" * megabyte)
    assert "brackets" in refused("[]" * megabyte + "]")
    assert refused('"' * megabyte)
    assert refused("9" * megabyte)
    assert refused(b"\x00" * megabyte)


# -- ids ---------------------------------------------------------------------------------------------------------------


def test_a_published_event_starts_with_its_id() -> None:
    tick = Tick(hall="demo", at_ms=1)
    assert encode_named("demo:sensing:zones:0:42:0", tick) == (
        b'{"id":"demo:sensing:zones:0:42:0","type":"tick","hall":"demo","at_ms":1}'
    )
    assert json.loads(encode_named("x", FRAME)) == {"id": "x", **json.loads(encode(FRAME))}


def test_the_id_does_not_disturb_reading() -> None:
    raw = encode_named("demo:sensing:zones:0:42:0", FRAME)
    assert DECODER.decode(raw) == FRAME
    assert id_of(raw) == "demo:sensing:zones:0:42:0"


def test_what_the_edge_sent_has_no_id() -> None:
    assert id_of(encode(FRAME)) is None


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"id":7}', b'{"id":"\xff"}', b"[" * 100_000])
def test_an_id_that_cannot_be_read_is_bad_input(raw: bytes) -> None:
    with pytest.raises(BadRecord):
        id_of(raw)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_no_event_has_an_id_of_its_own(kind: type[Event]) -> None:
    """It would stand twice in what is published."""
    assert "id" not in kind.__struct_fields__
