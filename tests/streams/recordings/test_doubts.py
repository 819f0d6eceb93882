"""What only the file as a whole shows: corners, fractions; and how much of it could not be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.recordings import PositionsError
from streams.recordings.usable import too_many
from tests.support.positions import boxes, read

IMAGE = (1920, 1080)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tracks.txt"


def walk(row: str, count: int = 40) -> str:
    """A row with {x}, which goes on by 5 pixels a frame from 285, and {right}, 40 further."""
    return "".join(f"{n + 1},1,{row.format(x=285 + 5 * n, right=325 + 5 * n)}\n" for n in range(count))


CORNERS = ("frame", "id", "left", "top", "right", "bottom")


def test_corners_in_place_of_sizes_are_said_with_what_reads_them(file: Path) -> None:
    """
    (285,330) +--+                       taken as left, top, width, height the box would be 325 wide
              |  |
              +--+ (325,500)
    """
    text = walk("{x},330,{right},500,1")
    (warning,) = read(file, text, size_px=IMAGE).warnings
    assert "--columns frame,id,left,top,right,bottom,score" in warning
    right = read(file, text, columns=(*CORNERS, "score"))
    assert (right.warnings, boxes(right)[0]) == ((), ("1", (285, 330, 40, 170)))


def test_corners_of_people_who_stand_still_show_at_the_images_edge(file: Path) -> None:
    text = "".join(f"{n},{k},{1500 + k},700,{1560 + k},900\n" for n in range(1, 9) for k in range(3))
    assert read(file, text, size_px=IMAGE).warnings != ()
    assert read(file, text).warnings == (), "without the image's size nobody can tell"


def test_corners_are_noticed_in_every_format_of_sizes(file: Path) -> None:
    truth = read(file, walk("{x},330,{right},500,1,1,1.0")).warnings
    assert "--columns frame,id,left,top,right,bottom,consider,class" in truth[0]
    people = (
        f'{{"frame": {n}, "people": [{{"id": 1, "box": [{285 + 5 * n}, 330, {325 + 5 * n}, 500]}}]}}' for n in range(40)
    )
    assert "write left, top, width and height" in read(file, "\n".join(people)).warnings[0]


@pytest.mark.parametrize(
    "row",
    ["{x},330,40,170,1", "{x},5,40,170,1", "5,5,40,170,1", "30,20,{x},400,1"],
    ids=["sizes", "at the top", "in the corner", "somebody comes nearer"],
)
def test_sizes_are_taken_for_sizes(file: Path, row: str) -> None:
    assert read(file, walk(row), size_px=IMAGE).warnings == ()


def test_ids_that_nobody_has_twice_are_no_ids(file: Path) -> None:
    """Person, frame, left, ... of two people, one after the other: taken for frame and id, everybody is in two frames."""
    text = "".join(f"{who} {25 * who + n} {285 + n} 330 40 170\n" for who in (1, 2) for n in range(25))
    assert "is the first column the frame and the second the person's id?" in read(file, text).warnings[0]
    assert read(file, text, columns=("id", "frame", "left", "top", "width", "height")).warnings == ()


@pytest.mark.parametrize("row", ["0.1484,0.3056,0.0208,0.1574,0.9", "0.99,0.9,0.2,0.2,1"])
def test_fractions_of_the_image_are_refused_with_its_size(file: Path, row: str) -> None:
    with pytest.raises(PositionsError, match=r"fractions of the image.*1920 x 1080"):
        read(file, walk(row), size_px=IMAGE)


def test_a_share_that_is_too_large_is_said_by_kind() -> None:
    assert too_many(900, {"no id": 100}) == ""
    assert too_many(0, {}) == ""
    said = too_many(890, {"no id": 10, "not a number": 100})
    assert said.startswith("11% of the rows could not be used (110 of 1,000: 100 not a number, 10 no id)")
    assert "--allow-bad" in said


def test_what_is_unusable_is_counted_by_kind_and_comments_are_not(file: Path) -> None:
    text = "# c\n\n1,1,10,20,30,40\n1,2,x,20,30,40\n1,-1,10,20,30,40\n1,3\nhello\n1,1,1e9,20,30,40\n"
    assert read(file, text).unusable == {"not a number": 1, "no id": 1, "too few columns": 2, "out of range": 1}
