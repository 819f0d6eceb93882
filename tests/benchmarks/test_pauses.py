"""The longest pause of a partition: what counts as one, and when."""

from __future__ import annotations

import pytest

from benchmarks.kafka.pauses import longest_pause


def test_a_pause_is_from_the_last_event_before_to_the_first_one_after() -> None:
    #  seconds   0    1    2    3    4    5    6
    #  events    *    *    | killed       *    *
    #                 <------------------->
    assert longest_pause({0: [0, 1, 4.5, 5.5, 6]}, begin=2, end=6) == 3.5


def test_of_several_partitions_the_one_that_was_silent_longest_counts() -> None:
    assert longest_pause({0: [1, 2, 3, 4, 5], 1: [1, 2, 4.5, 5]}, begin=2, end=5) == 2.5


def test_a_pause_that_begins_later_counts_too() -> None:
    #  seconds   0    1    2    3    4    5    6    7
    #  events         *    | a worker starts       *
    #                      *    *    * and joins
    assert longest_pause({0: [1, 2, 3, 4, 7]}, begin=2, end=7.5) == 3


def test_what_was_over_before_does_not_count() -> None:
    assert longest_pause({0: [1, 9, 10, 11, 12]}, begin=9.5, end=12.5) == 1


@pytest.mark.parametrize("times", [[1.0], [1.0, 2.0]])
def test_a_partition_that_is_still_silent_at_the_end_counts_up_to_there(times: list[float]) -> None:
    assert longest_pause({0: times}, begin=2, end=20) == 20 - times[-1]


def test_one_that_was_never_heard_has_been_silent_since_the_beginning() -> None:
    assert longest_pause({0: []}, begin=2, end=20) == 18
