"""However a table is written, the same people come out of it: separators, headers, comments, decimal commas, packing."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.recordings import PositionsError
from tests.support.positions import boxes, points, read

WALK = [(frame, 7, 285.0 + 5 * frame, 330.5, 40.0, 170.0, 0.5) for frame in range(1, 6)]
EXPECTED = [("7", row[2:6]) for row in WALK]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tracks.txt"


def rows(separator: str, form: str = "{}", end: str = "\n") -> str:
    return "".join(separator.join(form.format(value) for value in row) + end for row in WALK)


WRITTEN = {
    "comma": rows(","),
    "comma and space": rows(", "),
    "space": rows(" "),
    "space at the end": rows(" ", end=" \n"),
    "columns lined up by spaces": rows(" ", "{:>12}"),
    "tab": rows("\t"),
    "tab at the end": rows("\t", end="\t\n"),
    "spaces and tabs": rows(" ").replace(" ", "\t", 1).replace(" ", " \t ", 1),
    "semicolon": rows(";"),
    "bar": rows("|"),
    "np.savetxt": rows(" ", "{:.18e}"),
    "np.savetxt with commas": rows(",", "{:.18e}"),
    "Excel": "sep=;\n" + rows(";"),
    "quotes": rows(",", '"{}"'),
    "semicolon with decimal comma": rows(";").replace(".", ","),
    "tab with decimal comma": rows("\t").replace(".", ","),
    "windows": rows(",", end="\r\n"),
    "old mac": rows(",", end="\r"),
    "comma at the end": rows(",", end=",\n"),
    "comments": "# made by hand\n" + rows(",") + "% the end\n// really\n",
    "comments behind rows": rows(",", end=" # good\n"),
    "header with spaces in its names": "Frame Number\tTrack ID\tX\tY\tWidth\tHeight\tScore\n" + rows("\t"),
    "header": "frame,id,x,y,w,h,score\n" + rows(","),
    "header of MOTChallenge": "frame, id, bb_left, bb_top, bb_width, bb_height, conf\n" + rows(", "),
    "header of py-motmetrics": "FrameId,Id,X,Y,Width,Height,Confidence\n" + rows(","),
    "header in a comment": "# frame id left top width height score\n" + rows(" "),
    "header twice, as two files in one": ("frame,id,x,y,w,h,conf\n" + rows(",")).replace(
        "4,7,", "frame,id,x,y,w,h,conf\n4,7,"
    ),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_the_same_rows_in_every_hand(file: Path, text: str) -> None:
    found = read(file, text)
    assert boxes(found) == EXPECTED
    assert {p.score for f in found for p in f.people} == {0.5}
    assert [f.at_ms for f in found] == [1000, 1111, 1222, 1333, 1444]
    assert (found.bad, found.warnings, found.left_out) == ((), (), {})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_no_fault(file: Path, encoding: str) -> None:
    """PowerShell writes UTF-16 by ``>``."""
    assert boxes(read(file, rows(",").encode(encoding))) == EXPECTED


def test_gzip_is_unpacked_whatever_the_name(file: Path) -> None:
    assert boxes(read(file, gzip.compress(rows(",").encode()))) == EXPECTED
    with pytest.raises(PositionsError, match="cannot be unpacked to its end"):
        read(file, gzip.compress(rows(",").encode())[:-12])


def test_what_it_was_taken_for_is_said(file: Path) -> None:
    assert read(file, WRITTEN["semicolon"]).about == (
        f"{file}: MOTChallenge text, separator semicolon, columns frame,id,left,top,width,height,score",
        "5 rows, ids: 1, frames 1 to 5; 9 frames a second (--fps)",
    )


# -- columns by name ---------------------------------------------------------------------------------------------------

NAMED = {
    "corners": ("frame,track_id,x1,y1,x2,y2", "3,a,285,330,325,500"),
    "corners by their edges": ("frame,id,xmin,ymin,xmax,ymax", "3,a,285,330,325,500"),
    "centre": ("frame,id,x_center,y_center,width,height", "3,a,305,415,40,170"),
    "another order": ("id,h,w,top,left,frame_number", "a,170,40,330,285,3"),
    "more columns": (",frame,id,speed,x,y,w,h", "0,3,a,1.5,285,330,40,170"),
}


@pytest.mark.parametrize(("header", "row"), NAMED.values(), ids=NAMED)
def test_a_header_says_what_the_columns_are(file: Path, header: str, row: str) -> None:
    assert boxes(read(file, f"{header}\n{row}\n{row}\n")) == [("a", (285, 330, 40, 170))] * 2


@pytest.mark.parametrize(
    ("columns", "row", "point"),
    [
        (("frame", "id", "x_m", "y_m"), "3 a 4.6 1.9", (4.6, 1.9)),
        (("id", "frame", "x_cm", "y_cm", "-"), "a 3 460 190 1.76", (4.6, 1.9)),
        (("id", "frame", "x_cm", "y_cm"), "a 3 460 190 1.76", (4.6, 1.9)),
        (("frame", "id", "-", "x_mm", "y_mm"), "3 a x 4600 1900", (4.6, 1.9)),
        (("frame", "id", "x_m", "y_m"), "3 a -1 -1", (-1, -1)),
    ],
)
def test_trajectories_on_the_floor_have_no_box(
    file: Path, columns: tuple[str, ...], row: str, point: tuple[float, float]
) -> None:
    found = read(file, row + "\n", columns=columns)
    assert points(found) == [pytest.approx(point)]
    assert boxes(found) == [("a", (0, 0, 0, 0))]


def test_a_point_in_the_image_is_where_somebody_stands(file: Path) -> None:
    """
    +-+
    | |  a small box, its bottom centre is the point
    +.+
    """
    ((_, (left, top, width, height)),) = boxes(read(file, "1,1,305,500\n", columns=("frame", "id", "x_px", "y_px")))
    assert (left + width / 2, top + height) == (305, 500)
    assert width * height > 0


@pytest.mark.parametrize(("name", "values"), [("t_s", "0.5 0.75 1"), ("timestamp_ms", "500 750 1000")])
def test_a_column_of_times_needs_no_frame_rate(file: Path, name: str, values: str) -> None:
    text = f"{name} id x_m y_m\n" + "".join(f"{at} 1 2.5 3\n" for at in values.split())
    found = read(file, text)
    assert [f.at_ms for f in found] == [1000, 1250, 1500]
    assert "times of its own" in found.about[1]


def test_unix_times_stand_unless_told_otherwise(file: Path) -> None:
    found = read(file, "at_ms,id,x_m,y_m\n1700000000000,1,2.5,3\n1700000000100,1,2.5,3\n")
    assert [f.at_ms for f in found] == [1_700_000_000_000, 1_700_000_000_100]


PETRACK = "# PeTrack\n# framerate: 25.00\n# {}\n1\t0\t460.12\t189.09\t176\n1\t1\t453.59\t189.76\t176\n"


def test_a_comment_with_units_is_a_header(file: Path) -> None:
    found = read(file, PETRACK.format("id frame x/cm y/cm z/cm"), fps=None)
    assert points(found) == [pytest.approx((4.6012, 1.8909)), pytest.approx((4.5359, 1.8976))]
    assert [f.at_ms for f in found] == [1000, 1040]
    assert "25 frames a second (the file says so)" in found.about[1]


def test_a_comment_without_units_is_not_and_the_first_row_is_named(file: Path) -> None:
    with pytest.raises(PositionsError, match=r"line 4: .* got 5 .*--columns id,frame,x_m,y_m,-"):
        read(file, PETRACK.format("PersID\tFrame\tX\tY\tZ"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b,c,d,e,f\n1,1,2,3,4,5\n", "line 1: a header that is not understood"),
        ("frame,id,x,y\n1,1,2,3\n", "--columns frame,id,x_m,y_m"),
        ("# notes\nframe,x,y,w,h\n1,1,2,3,4\n", "line 2: .*expected a column id"),
        ("# a\n1 1 2\n1 2 3\n", "line 2: expected at least 6 columns"),
        ("# a\n\n1,1,2,3\n", "line 3: .*--columns frame,id,x_m,y_m"),
        ("1,1,2,3,4,5,6,7,8,9,10,11,12\n", r"line 1: .*got 13.*upright boxes"),
        ("1,1,2,3,4,5,6,7,8,9,10\n" * 2, "line 1: .*got 11"),
        ("frame,id,x,y,w\n1,1,2,3,4,5\n", "line 1: a header that is not understood"),
        ("frame,id,x,y,w,h\n1,1,2,3,4,5,6\n", "line 2: expected at most 6 columns"),
        ("# only\n# comments\n", "got comments and a header only"),
        ("frame,id,x,y,w,h\n", "got comments and a header only"),
    ],
)
def test_a_table_that_is_not_understood_is_refused_by_the_first_line_that_matters(
    file: Path, text: str, says: str
) -> None:
    with pytest.raises(PositionsError, match=says):
        read(file, text)


# -- in general --------------------------------------------------------------------------------------------------------

COORDINATE = st.integers(-4000, 40000).map(lambda n: n / 8)
PERSON = st.tuples(st.integers(0, 50), st.integers(0, 9), COORDINATE, COORDINATE, COORDINATE, COORDINATE)
DIALECTS = st.tuples(
    st.sampled_from([",", ", ", " ", "\t", ";", "|"]),
    st.sampled_from(["{}", "{:.18e}", "{:>10}"]),
    st.sampled_from(["", "# a comment\n", "# frame id left top width height\n"]),
    st.booleans(),
)


@given(st.lists(PERSON, min_size=1, max_size=30), DIALECTS)
def test_a_table_written_in_any_dialect_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[float, ...]], dialect: tuple[str, str, str, bool]
) -> None:
    separator, form, comment, header = dialect
    people = [*people, (51, 1, 0.125, 1000.0, 10.0, 20.0)]
    body = "".join(separator.join(form.format(value) for value in row) + "\n" for row in people)
    names = separator.join(["frame", "id", "left", "top", "width", "height"]) + "\n" if header else ""
    found = read(tmp_path_factory.mktemp("table") / "x.txt", comment + names + body)
    assert boxes(found) == [(str(row[1]), row[2:]) for row in sorted(people, key=lambda row: row[0])]
    assert found.bad == ()


JUNK = st.one_of(
    st.binary(max_size=300),
    st.text('0123456789.,;|- \t\n#{}[]"framexidyboxpeople:_', max_size=300).map(str.encode),
    st.binary(max_size=50).map(gzip.compress),
    st.binary(max_size=100).map(lambda data: b'{"people": [' + data),
    st.binary(max_size=100).map(lambda data: b'{"annotations": [' + data + b"]}"),
)


@given(JUNK, st.sampled_from([None, "mot", "mot-gt", "visdrone", "kitti", "obsmat", "coco", "jsonl"]))
def test_whatever_the_bytes_there_are_frames_or_one_error_of_our_own(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, form: str | None
) -> None:
    try:
        found = read(tmp_path_factory.mktemp("junk") / "x.txt", data, format=form)
    except PositionsError:
        return
    assert len(found) > 0
    assert found.used == sum(len(f.people) for f in found)
