"""Nearest rank: a value that occurred, never one in between."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.percentile import nearest_rank


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 15), (5, 15), (20, 15), (21, 20), (30, 20), (40, 20), (50, 35), (100, 50)]
)
def test_the_textbook_case(percent: int, expected: int) -> None:
    assert nearest_rank([15, 20, 35, 40, 50], percent) == expected


def test_of_nothing_there_is_none() -> None:
    assert nearest_rank([], 50) is None


@given(st.lists(st.integers(-100, 100), min_size=1), st.integers(1, 100))
def test_it_is_the_smallest_value_that_covers_the_share(values: list[int], percent: int) -> None:
    def share(limit: int) -> Fraction:
        return Fraction(sum(v <= limit for v in values), len(values))

    found = nearest_rank(sorted(values), percent)
    assert found == min(v for v in values if share(v) >= Fraction(percent, 100))
