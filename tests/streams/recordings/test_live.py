"""Lines of a running tracker: each a frame, or a reason why not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import Frame, Person
from streams.recordings.live import LONGEST_LINE, FrameLines, Wanted, numbered
from streams.recordings.model import Bad

NOW_MS = 1_700_000_000_000
ONE = {"small": ["cam"]}
TWO = {"small": ["cam", "door"], "other": ["cam"]}


def lines(halls: dict[str, list[str]] = ONE, **wanted: Any) -> FrameLines:
    return FrameLines(lambda: halls, Wanted(**wanted), "boot")


def frame(line: object, halls: dict[str, list[str]] = ONE, **wanted: Any) -> Frame:
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()
    return lines(halls, **wanted).frame(raw, NOW_MS)


def somebody(**more: Any) -> dict[str, Any]:
    return {"id": 3, "box": [1, 2, 3, 4], **more}


def test_what_may_be_missing_is_filled_in_where_there_is_only_one_to_choose_from() -> None:
    found = frame({"people": [somebody()]})
    assert (found.hall, found.camera, found.at_ms) == ("small", "cam", NOW_MS)
    assert found.people == (Person("3", 1.0, 2.0, 3.0, 4.0, 1.0),)


def test_what_is_given_counts() -> None:
    said = {"hall": "small", "camera": "door", "at_ms": NOW_MS - 40.4, "people": []}
    found = frame(said, TWO)
    assert (found.hall, found.camera, found.at_ms) == ("small", "door", NOW_MS - 40)
    assert frame({"people": []}, TWO, hall="small", camera="door").camera == "door"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"people": []}, "\"hall\" with one that is in force (small, other), got none"),
        ({"hall": "smal", "people": []}, "got 'smal'"),
        ({"hall": "small", "people": []}, '"camera" with one of hall small (cam, door), got none'),
        ({"hall": "small", "camera": "north", "people": []}, "got 'north'"),
        ({"hall": "other"}, "missing required field `people`"),
        (b"east 3 285 330 40 170", 'expected {"camera": "east", "people": [...]}'),
        (b"[1, 2]", "expected"),
        (b"\xff", "expected"),
        ({"hall": "other", "at_ms": 1_700_000_000, "people": []}, "are these seconds? multiply by 1000"),
        ({"hall": "other", "at_ms": -1, "people": []}, "expected Unix milliseconds"),
        ({"hall": "other", "at_ms": "now", "people": []}, "Expected `float | null`, got `str`"),
        ({"hall": "other", "people": [somebody()] * 2001}, "at most 2000 people, got 2001"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_says_what_was_expected(line: object, why: str) -> None:
    with pytest.raises(Bad) as said:
        frame(line, TWO)
    assert why in str(said.value)


def test_one_person_who_cannot_be_read_does_not_cost_the_others() -> None:
    reader = lines()
    bad = [{"id": 4}, {"box": [1, 2, 3, 4]}, somebody(id=""), somebody(box=[1, 2, 3]), somebody(box=[1e9, 0, 1, 1]), 7]
    found = reader.frame(json.dumps({"people": [somebody(), *bad]}).encode(), NOW_MS)
    assert [person.track for person in found.people] == ["3"]
    assert len(reader.bad) == len(bad)
    reader.frame(b'{"people": []}', NOW_MS)
    assert reader.bad == [], "they are of the last line"


def test_people_are_taken_by_default_and_others_counted() -> None:
    labels = ["person", "Pedestrian", 0, None, "car", 2, "dog"]
    reader = lines()
    people = [somebody(id=n, **{"class": label}) for n, label in enumerate(labels)]
    found = reader.frame(json.dumps({"people": people}).encode(), NOW_MS)
    assert [person.track for person in found.people] == ["0", "1", "2", "3"]
    assert reader.left_out == {"class car": 1, "class 2": 1, "class dog": 1}
    for classes, taken in ((("all",), 7), (("car",), 1), (("people", "2"), 5)):
        assert len(frame({"people": people}, classes=classes).people) == taken


def test_low_scores_are_left_out_if_asked_for() -> None:
    people = [somebody(score=0.2), somebody(id=4, score=0.7), somebody(id=5)]
    assert [p.track for p in frame({"people": people}, min_score=0.5).people] == ["4", "5"]


def test_each_camera_counts_for_itself_and_no_two_frames_have_one_name() -> None:
    reader = lines(TWO)
    sent = [
        reader.frame(json.dumps({"hall": hall, "camera": camera, "people": []}).encode(), NOW_MS)
        for hall, camera in (("small", "cam"), ("small", "door"), ("small", "cam"), ("other", "cam"))
    ]
    assert [(f.source, f.boot, f.seq) for f in sent] == [
        ("feed/cam", "boot", 0), ("feed/door", "boot", 0), ("feed/cam", "boot", 1), ("feed/cam", "boot", 0),
    ]  # fmt: skip
    assert len({(f.hall, f.source, f.boot, f.seq) for f in sent}) == 4


# -- lines -------------------------------------------------------------------------------------------------------------


def read(pieces: Iterable[bytes]) -> list[tuple[int, bytes | None]]:
    rest = iter([*pieces, b""])
    return [line for batch in numbered(lambda: next(rest)) for line in batch]


@given(st.lists(st.binary(max_size=5).map(lambda b: b.replace(b"\n", b"x")), min_size=1), st.data())
def test_lines_are_the_same_wherever_a_read_ends(wanted: list[bytes], data: st.DataObject) -> None:
    whole = b"\n".join(wanted) + b"\n"
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(whole) - 1)))))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) if a < b]
    assert read(pieces) == list(enumerate(wanted, 1))


def test_a_last_line_without_an_end_is_one_too() -> None:
    assert read([b"a\nb"]) == [(1, b"a"), (2, b"b")]


def test_a_line_that_never_ends_is_passed_over_and_those_behind_it_keep_their_numbers() -> None:
    # a | xxxx ... xxxx | b
    huge = [b"x" * 65_536] * (LONGEST_LINE // 65_536 + 2)
    assert read([b"a\n", *huge, b"xx\nb\n"]) == [(1, b"a"), (2, None), (3, b"b")]
    assert read([b"a\n", *huge]) == [(1, b"a"), (2, None)]
    assert read([b"a\n" + b"x" * (LONGEST_LINE + 1) + b"\nb\n"]) == [(1, b"a"), (2, None), (3, b"b")]
