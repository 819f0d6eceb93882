"""MOTChallenge text: rows become frames in time; whatever is no row is set aside with its reason, never a crash."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.codec import Decoder, encode
from streams.events import Frame, Person
from streams.recordings import BadLine, Options, PositionsError, Seen, read_positions
from streams.recordings.cells import LAST_FRAME
from streams.recordings.collecting import ROWS_PER_FRAME
from tests.support.data import shared
from tests.support.positions import points, read

GOOD = "7,3,10,20,30,40,1,-1,-1,-1\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tracks.mot.txt"


def test_a_row_is_a_person_in_a_frame(file: Path) -> None:
    mot = read(file, "200,80,614.29,5.06,29.41,28.94,0.5,-1,-1,-1\n")
    assert mot.frames == (
        Frame(
            hall="forum", at_ms=1000, source="overhead", boot="mot", seq=0, camera="overhead",
            people=(Person("80", 614.29, 5.06, 29.41, 28.94, 0.5),),
        ),
    )  # fmt: skip
    assert mot.bad == ()


def test_time_counts_from_the_smallest_frame_number(file: Path) -> None:
    mot = read(file, "".join(f"{frame},1,0,0,1,1\n" for frame in (200, 201, 203, 209)))
    assert [f.at_ms for f in mot] == [1000, 1000 + 111, 1000 + 333, 1000 + 1000]
    assert [f.seq for f in mot] == [0, 1, 2, 3]


def test_frames_are_sorted_and_rows_of_a_frame_stay_as_they_stand(file: Path) -> None:
    """
    file:    5b 3a 5a 3b 3a      frames: 3: a b a   5: b a
    """
    mot = read(file, "5,2,0,0,1,1\n3,1,0,0,1,1\n5,1,0,0,1,1\n3,2,0,0,1,1\n3,1,9,9,1,1\n")
    assert [[p.track for p in f.people] for f in mot] == [["1", "2", "1"], ["2", "1"]]
    assert mot.frames[0].people[2].left_px == 9


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("80", "80"), ("80.0", "80"), ("80.", "80"), (" 80 ", "80"), ("+080", "80"), ("0", "0"), ("8.0e+01", "80")],
)
def test_an_id_is_a_whole_number_however_it_is_written(file: Path, written: str, read_as: str) -> None:
    assert read(file, f"7.0,{written},1,2,3,4\n").frames[0].people[0].track == read_as


def test_the_score_may_be_missing_or_empty(file: Path) -> None:
    mot = read(file, "1,1,0,0,1,1\n1,2,0,0,1,1,\n1,3,0,0,1,1,0.25\n")
    assert [p.score for p in mot.frames[0].people] == [1.0, 1.0, 0.25]


def test_floor_columns_are_used_only_on_request_and_where_given(file: Path) -> None:
    text = "1,1,0,0,1,1,1,2.5,-3.5,0\n1,2,0,0,1,1,1,-1,-1,-1\n1,3,0,0,1,1,1\n"
    assert points(read(file, text)) == [(None, None)] * 3
    assert points(read(file, text, world=True)) == [(2.5, -3.5), (None, None), (None, None)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("frame,id,left,top,width,height", "frame: expected a whole number from 0 on, of up to 64 digits; got 'frame'"),
        ("8,3,10,20", "expected at least 6 columns (frame,id,left,top,width,height), got 4"),
        ("8,3,10,20,30,", "expected at least 6 columns (frame,id,left,top,width,height), got 5"),
        ("8 3 10 20 30 40", "expected at least 6 columns (frame,id,left,top,width,height), got 1"),
        ("8,3,10,20,30,40,1,-1,-1,-1,8", "expected at most 10 columns (MOTChallenge text), got 11"),
        ("-8,3,10,20,30,40", "frame: expected a whole number from 0 on, of up to 64 digits; got '-8' "
                               "(times go into a column t_s or t_ms)"),
        ("8.5,3,10,20,30,40", "frame: expected a whole number from 0 on, of up to 64 digits; got '8.5' "
                                "(times go into a column t_s or t_ms)"),
        (f"{LAST_FRAME + 1},3,1,2,3,4", "frame: expected a number up to 1000000000, got 1000000001 "
                                        "(times go into a column t_s or t_ms)"),
        ("8,-1,10,20,30,40", "id: expected a whole number from 0 on, of up to 64 digits; got '-1' "
                             "(detections without ids? run a tracker first)"),
        ("8,bob,10,20,30,40", "id: expected a whole number from 0 on, of up to 64 digits; got 'bob'"),
        ("8,3,nan,20,30,40", "left: expected a number, got 'nan'"),
        ("8,3,10,-inf,30,40", "top: expected a number, got '-inf'"),
        ("8,3,10,20,1_0,40", "width: expected a number, got '1_0'"),
        ("8,3,10,20,30,4x", "height: expected a number, got '4x'"),
        ("8,3,10,1e300,30,40", "top: out of range: Expected `float` <= 1000000.0"),
        ("8,3,10,20,30,40,-9e9", "score: out of range: Expected `float` >= -1000000.0"),
        ("8,3,10,20,30,40,oops", "score: expected a number, got 'oops'"),
        ("8,٣,10,20,30,40", "id: expected a whole number from 0 on, of up to 64 digits; got '٣'"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_row_is_set_aside_with_its_reason(file: Path, line: str, why: str) -> None:
    mot = read(file, GOOD + line + "\n" + GOOD)
    assert [len(f.people) for f in mot] == [2]
    (bad,) = mot.bad
    assert (bad.number, bad.why) == (2, why)


def test_a_floor_far_away_is_out_of_range(file: Path) -> None:
    mot = read(file, GOOD * 2 + "8,3,10,20,30,40,1,1e9,0\n8,3,10,20,30,40,1,0,nan\n", world=True)
    assert [b.why for b in mot.bad] == [
        "x: out of range: Expected `float` <= 100000.0", "y_m: expected a number, got 'nan'",
    ]  # fmt: skip


def test_a_file_cut_off_in_the_middle_loses_its_last_row_only(file: Path) -> None:
    mot = read(file, GOOD * 3 + GOOD[:9])
    assert len(mot.frames[0].people) == 3
    why = "expected at least 6 columns (frame,id,left,top,width,height), got 4"
    assert mot.bad == (BadLine(4, GOOD[:9], why, "too few columns"),)


def test_windows_line_ends_and_a_byte_order_mark_are_no_fault(file: Path) -> None:
    assert read(file, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode() * 2).bad == ()


def test_more_people_than_a_frame_may_hold(file: Path) -> None:
    mot = read(file, "1,1,0,0,1,1\n" * (ROWS_PER_FRAME + 2))
    assert len(mot.frames[0].people) == ROWS_PER_FRAME
    assert [b.number for b in mot.bad] == [ROWS_PER_FRAME + 1, ROWS_PER_FRAME + 2]


def test_only_the_beginning_of_a_long_bad_line_is_kept(file: Path) -> None:
    (bad,) = read(file, GOOD + "9" * 1_000_000 + "\n").bad
    assert bad.text == "9" * 80
    (bad,) = read(file, GOOD + f"8,{'9' * 1_000_000},1,2,3,4\n").bad
    assert len(bad.why) < 200


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected rows of positions, got an empty file"),
        (b"\n \n", "expected rows of positions, got an empty file"),
        (b"RIFF\0\0\1\2", "expected a text of positions, got a binary file"),
        (b"hello\nworld\n", "line 1: expected at least 6 columns"),
    ],
)
def test_a_file_without_rows_is_an_error_that_says_so(file: Path, content: bytes, message: str) -> None:
    with pytest.raises(PositionsError, match=message) as caught:
        read(file, content)
    assert str(file) in str(caught.value)


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "absent.txt", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(PositionsError, match=message):
            read_positions(path, Seen("h", "c", 0))


@pytest.mark.parametrize("fps", [0.0, -9.0, float("nan"), float("inf"), 1e9])
def test_a_frame_rate_that_is_none(file: Path, fps: float) -> None:
    with pytest.raises(PositionsError, match="fps: expected frames a second"):
        read(file, GOOD, fps=fps)


def test_blank_lines_and_comments_are_no_fault_wherever_they_stand(file: Path) -> None:
    mot = read(file, f"# one\n\n% two\n{GOOD}  // three\n   \n\t\n{GOOD}#")
    assert (mot.used, mot.bad) == (2, ())


def test_no_score_is_certainty(file: Path) -> None:
    """Results are written with -1 where the tracker has no score."""
    mot = read(file, "1,1,0,0,1,1,-1,-1,-1,-1\n1,2,0,0,1,1,0.25,-1,-1,-1\n")
    assert [p.score for p in mot.frames[0].people] == [1.0, 0.25]


def test_filled_world_columns_are_pointed_out(file: Path) -> None:
    text = "1,1,0,0,1,1,1,2.5,-3.5,0\n"
    assert any("--world uses them" in line for line in read(file, text).about)
    assert not any("--world uses them" in line for line in read(file, text, world=True).about)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_every_line_is_used_or_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("mot") / "x.txt"
    content = GOOD.encode() * 3 + data.replace(b"\0", b"0")
    try:
        mot = read(file, content, format="mot")
    except PositionsError:
        return
    lines = [line.strip() for line in content.splitlines()]
    comments = sum(not line or line.startswith((b"#", b"%", b"//")) for line in lines)
    assert mot.used + len(mot.bad) == len(lines) - comments
    for frame in mot:
        assert Decoder((Frame,)).decode(encode(frame)) == frame


def test_the_real_day() -> None:
    mot = read_positions(shared("hall-day", "tracks.mot.txt"), Seen("forum", "overhead", 0), Options(fps=9))
    assert mot.bad == ()
    assert (len(mot), sum(len(f.people) for f in mot)) == (16_224, 22_195)
    assert len({p.track for f in mot for p in f.people}) == 146
    assert mot.frames[-1].at_ms == pytest.approx(5 * 3_600_000, rel=0.01)
