"""A recording keeps a log byte for byte, and says in which line it is damaged."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.codec import TICK
from streams.record import Record
from streams.recording import (
    MAGIC,
    VERSION,
    Header,
    RecordingError,
    RecordingWriter,
    is_recording,
    read_header,
    read_recording,
    write_recording,
)

RECORDS = [
    Record("hall.observations", 0, 0, 1_700_000_000_000, b"demo", '{"text":"营业厅"}'.encode()),
    Record("hall.observations", 0, 1, 1_700_000_000_000, None, TICK),
    Record("hall.observations", 3, 7, -1, b"", b""),
    Record("hall.observations", 3, 9, 5, b"\xff\xfe", b"\x00\x80\xff\n\r"),
    Record("hall.journal", 0, 0, 0, b"null", None),
    Record("hall.journal", 0, 1, 0, b'"quoted"\\', b"line\nbreak\x00\xe2\x80\xa8"),
]

BYTES = (
    st.none() | st.binary(max_size=30) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(str.encode)
)
ANY_RECORD = st.builds(
    Record, st.text("abc.-", max_size=9), *[st.integers(0, 2**62)] * 2, st.integers(-1, 2**62), BYTES, BYTES
)


@pytest.fixture(params=["r.jsonl", "r.jsonl.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def saved(path: Path) -> bytes:
    """The recording's text."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def save(path: Path, text: bytes) -> Path:
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def problem(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        list(read_recording(path))
    assert str(path) in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


# -- there and back ----------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(path: Path) -> None:
    assert write_recording(path, RECORDS, {"hall": "demo"}) == len(RECORDS)
    assert list(read_recording(path)) == RECORDS
    assert read_header(path) == Header(MAGIC, VERSION, {"hall": "demo"})
    assert is_recording(path)


def test_an_empty_recording_is_one(path: Path) -> None:
    assert write_recording(path, []) == 0
    assert list(read_recording(path)) == []


@given(records=st.lists(ANY_RECORD, max_size=5), name=st.sampled_from(["h.jsonl", "h.jsonl.gz"]))
def test_every_record_survives(records: list[Record], name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / name
    write_recording(path, records)
    assert list(read_recording(path)) == records


def test_the_file_is_readable_with_ordinary_tools(path: Path) -> None:
    """Text stands there as text; only what is no UTF-8 is base64."""
    write_recording(path, RECORDS)
    header, *lines = [json.loads(line) for line in saved(path).splitlines()]
    assert header == {"file": "hallstream recording", "version": 1, "about": {}}
    assert lines[0]["value"] == '{"text":"营业厅"}'
    assert lines[3] == {
        "topic": "hall.observations", "partition": 3, "offset": 9, "timestamp_ms": 5, "key_b64": "//4=",
        "value_b64": "AID/Cg0=",
    }  # fmt: skip
    assert "value" not in lines[4]


def test_the_same_records_give_the_same_bytes(path: Path) -> None:
    write_recording(path, RECORDS)
    once = path.read_bytes()
    write_recording(path, RECORDS)
    assert path.read_bytes() == once


def test_what_was_written_before_a_failure_is_there(path: Path) -> None:
    def fail() -> None:
        with RecordingWriter(path) as out:
            out.write(RECORDS[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(read_recording(path)) == RECORDS[:1]


# -- damage ------------------------------------------------------------------------------------------------------------


def test_a_file_cut_within_a_line_gives_the_lines_before_and_the_number_of_the_cut_one(path: Path) -> None:
    write_recording(path, RECORDS)
    save(path, saved(path)[:-20])
    reading = read_recording(path)
    assert [next(reading) for _ in RECORDS[:-1]] == RECORDS[:-1]
    with pytest.raises(RecordingError, match="line 7: expected a record"):
        next(reading)


def test_a_cut_gzip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    write_recording(path, RECORDS * 1000)
    path.write_bytes(path.read_bytes()[:-100])
    got: list[Record] = []
    with pytest.raises(RecordingError, match=r"line \d+: expected a record, Compressed file ended") as caught:
        got.extend(read_recording(path))
    assert f"line {len(got) + 2}:" in str(caught.value)


@pytest.mark.parametrize("at", [0, 1, 100, 400, -6, -1])
def test_a_damaged_gzip_is_never_taken_for_a_whole_one(at: int, tmp_path: Path) -> None:
    """One flipped byte: in the magic, the deflated data (zlib.error), the checksum (BadGzipFile)."""
    path = tmp_path / "r.jsonl.gz"
    write_recording(path, [RECORDS[0]._replace(offset=n, value=str(n * 7919).encode()) for n in range(500)])
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)
    assert problem(path)


def test_every_flip_of_a_gzip_is_told_as_a_recording_error(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    write_recording(path, RECORDS)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        is_recording(path)
        with contextlib.suppress(RecordingError):
            assert list(read_recording(path)) == RECORDS  # where nothing that matters was hit


HEADER = b'{"file":"hallstream recording","version":1,"about":{}}\n'
LINE = b'{"topic":"t","partition":0,"offset":%s,"timestamp_ms":0,"key":null,"value":null}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "line 1: expected the header"),
        (b"\n", "line 1: expected the header"),
        (b"1,1,100,200,30,40,1,-1,-1,-1\n", "line 1: expected the header"),
        (b"\x89PNG\r\n\x1a\n", "line 1: expected the header"),
        (b"\xff" * 100_000, "line 1: expected the header"),
        (b"[" * 100_000, "line 1: expected the header"),
        (b"{}\n", "line 1: expected the header"),
        (b'{"file":"other","version":1}\n', "of version 1 or older, got 'other' version 1"),
        (HEADER.replace(b"1", b"2"), "got 'hallstream recording' version 2; read it with the Hallstream that wrote it"),
        (HEADER + b"\n", "line 2: expected a record"),
        (HEADER + LINE % b"0" + b"garbage\n", "line 3: expected a record"),
        (HEADER + LINE % b"0" + LINE % b'"0"', "line 3: expected a record, Expected `int`, got `str` - at `$.offset`"),
        (HEADER + LINE % b"0.5", "line 2: expected a record"),
        (HEADER + (LINE % b"0").replace(b'"key"', b'"key_b64":"?","key"'), "line 2: expected a record"),
        (HEADER + (LINE % b"0").replace(b'"t"', b'"\xff"'), "line 2: expected a record"),
        (HEADER + b"[" * 100_000, "line 2: expected a record"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_refused_with_the_line(text: bytes, said: str, path: Path) -> None:
    save(path, text)
    assert said in problem(path)


def test_a_plain_file_called_gz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    path.write_bytes(HEADER)
    assert "line 1" in problem(path)
    assert not is_recording(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None, lambda path: path.mkdir(), lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"1,1,100,200,30,40\n"), lambda path: path.write_bytes(b"\x1f\x8b\x08" + bytes(50)),
        lambda path: path.write_bytes(zlib.compress(HEADER)),
    ],
    ids=["missing", "directory", "empty", "mot", "gzip", "zlib"],
)  # fmt: skip
def test_other_things_are_no_recordings(make: Callable[[Path], object], path: Path) -> None:
    make(path)
    assert not is_recording(path)


def test_a_recording_of_a_newer_version_is_still_known_as_one(path: Path) -> None:
    """So that its reader is told about the version, and not that it is no MOTChallenge file."""
    assert is_recording(save(path, HEADER.replace(b"1", b"99")))
