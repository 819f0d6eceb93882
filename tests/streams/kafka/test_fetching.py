"""What a fetch gives, with and without records, and what it was asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from faust.types import TP

from streams.kafka.fetching import Fetched, Stretch, Wanted

LANE, STATE = TP("hall.observations", 0), TP("hallstream-sensing-state-changelog", 0)


class Row(NamedTuple):
    offset: int


class State:
    """aiokafka's of one partition."""

    has_valid_position, paused = True, False

    def __init__(self, position: int) -> None:
        self.position = position

    def consumed_to(self, position: int) -> None:
        self.position = position


class Assignment:
    active = True

    def __init__(self, position: int) -> None:
        self.state = State(position)

    def state_value(self, tp: TP) -> State:
        return self.state


class Answer:
    """Of a broker, from ``next_fetch_offset`` on: these records, and behind them what is none."""

    def __init__(self, began: int, offsets: list[int], reached: int) -> None:
        self.next_fetch_offset, self._offsets, self._reached = began, offsets, reached

    def __iter__(self) -> Any:
        for offset in self._offsets:
            self.next_fetch_offset = offset + 1
            yield Row(offset)
        self.next_fetch_offset = self._reached


def fetched(tp: TP, offsets: list[int], *, began: int = 4, reached: int = 9, position: int = 4) -> list[Any]:
    answer, assignment = Answer(began, offsets, reached), Assignment(position)
    return Fetched(tp, assignment=assignment, partition_records=answer, backoff=0).getall()


@pytest.mark.parametrize("offsets", [[4, 5, 6, 7, 8], [5, 6], []])
def test_a_stretch_says_from_where_to_where_it_goes(offsets: list[int]) -> None:
    stretch = fetched(LANE, offsets)
    assert isinstance(stretch, Stretch)
    assert [row.offset for row in stretch] == offsets
    assert (stretch.began, stretch.reached) == (4, 9)
    assert stretch, "aiokafka passes over what is false"


def test_what_was_fetched_for_another_position_is_nothing() -> None:
    """Somebody has sought since."""
    assert not fetched(LANE, [4, 5], position=2)


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ([4, 8], [4, 8]),
        ([4, 5], [4, 5, 8]),
        ([], [8]),
    ],
)
def test_of_a_state_topic_the_last_offset_is_always_there(offsets: list[int], expected: list[int]) -> None:
    """Faust's recovery ends with it, whatever it is: a marker, too."""
    found = fetched(STATE, offsets)
    assert [row.offset for row in found] == expected
    assert [row.key for row in found if not isinstance(row, Row)] == [None] * (len(expected) - len(offsets))


def test_what_was_asked_for_is_where_the_stretch_before_ended_or_what_was_sought() -> None:
    """
    asked   4 -----> 9 -----> 12     sought: 6 ----->
    """
    wanted = Wanted()
    assert chained(wanted, Stretch([], 4, 9)) == (4, 9)
    assert chained(wanted, Stretch([], 9, 12)) == (9, 12)
    wanted.seek(LANE, 6)
    assert chained(wanted, Stretch([Row(6)], 6, 7)) == (6, 7)


def test_where_the_log_has_gone_on_without_us_what_was_asked_for_stays_what_it_was() -> None:
    """The log starts at 20 by now, so aiokafka went there; first there is nothing but what was taken back.

    asked   4            the loss is told with the first record that there is, as one
    began       20 24
    """
    wanted = Wanted()
    wanted.seek(LANE, 4)
    assert wanted.chained({LANE: Stretch([], 20, 24)}) == {}
    found = wanted.chained({LANE: Stretch([Row(24)], 24, 25)})[LANE]
    assert (found.asked, found.began, found.reached) == (4, 24, 25)


def chained(wanted: Wanted, stretch: Stretch) -> tuple[int, int]:
    found = wanted.chained({LANE: stretch})[LANE]
    return found.asked, found.reached
