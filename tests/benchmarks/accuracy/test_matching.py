"""Boxes held against true ones: overlap, identity switches, IDF1."""

from __future__ import annotations

import pytest

from benchmarks.accuracy.matching import Seen, idf1, matched, most, overlap, switches
from benchmarks.accuracy.recordings import Moment
from streams.events import Person


def box(name: str, left: float, width: float = 10.0) -> Person:
    return Person(name, left, 0.0, width, 20.0)


def seen(names: str, people: str) -> list[Seen]:
    """A box a moment; ``-`` is nobody."""
    return [
        Seen(at_ms, name, None if person == "-" else person)
        for at_ms, (name, person) in enumerate(zip(names, people, strict=True))
    ]


@pytest.mark.parametrize(("left", "share"), [(0, 1.0), (5, 1 / 3), (10, 0.0), (-10, 0.0), (99, 0.0)])
def test_overlap_is_intersection_over_union(left: float, share: float) -> None:
    assert overlap(box("a", 0), box("b", left)) == pytest.approx(share)


def test_the_best_overlap_comes_first_and_nobody_is_used_twice() -> None:
    truth = [Moment(0, (box("ann", 0), box("bob", 4)))]
    given = [Moment(0, (box("1", 3), box("2", 1), box("3", 2)))]
    assert matched(tuple(truth), tuple(given)) == [Seen(0, "1", "bob"), Seen(0, "2", "ann"), Seen(0, "3", None)]


def test_boxes_after_the_end_of_the_truth_are_left_out() -> None:
    truth, given = (Moment(0, (box("ann", 0),)),), (Moment(0, ()), Moment(100, (box("1", 0),)))
    assert matched(truth, given) == []


@pytest.mark.parametrize(
    ("names", "people", "count"),
    [("1111", "aaaa", 0), ("1122", "aaaa", 1), ("1211", "aaaa", 2), ("1-1-", "abab", 0), ("1121", "aa-a", 0)],
)
def test_a_switch_is_a_person_who_goes_on_under_another_name(names: str, people: str, count: int) -> None:
    assert switches(seen(names, people)) == count


def test_idf1_pairs_people_and_names_once_for_the_whole_recording() -> None:
    """ann is 1 three times and 2 once, one true box was not found: 3 agree of 5 true and 4 given ones."""
    assert idf1(seen("1112", "aaaa"), true_boxes=5) == pytest.approx(200 * 3 / 9)


def test_idf1_of_the_truth_itself_is_all_and_of_nothing_found_none() -> None:
    assert idf1(seen("1212", "abab"), true_boxes=4) == 100
    assert idf1([], true_boxes=4) == 0


@pytest.mark.parametrize(
    ("gains", "total"),
    [
        ([], 0),
        ([[5]], 5),
        ([[5, 4], [4, 0]], 8),  # not the greatest first
        ([[1, 2, 3]], 3),
        ([[1], [2], [3]], 3),
        ([[7, 5, 1], [6, 1, 1], [1, 1, 9]], 20),
    ],
)
def test_the_most_that_rows_and_columns_used_once_can_give(gains: list[list[int]], total: int) -> None:
    assert most(gains) == total
