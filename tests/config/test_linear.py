"""The null vector against its definition and against LAPACK."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.linear import null_vector


def test_two_planes_meet_in_a_line() -> None:
    #  x + y = 0 and z = 0: the line through (1, -1, 0)
    assert null_vector([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) == pytest.approx([0.5**0.5, -(0.5**0.5), 0.0])


def test_the_largest_component_is_positive() -> None:
    x = null_vector([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert x == pytest.approx([0.0, 0.0, 1.0])


def test_what_is_given_is_left_as_it_was() -> None:
    rows = [[1.0, 2.0], [2.0, 4.1]]
    null_vector(rows)
    assert rows == [[1.0, 2.0], [2.0, 4.1]]


@given(st.integers(0, 100_000), st.integers(9, 40), st.floats(1e-12, 0.3))
def test_it_is_the_singular_vector_of_the_smallest_singular_value(seed: int, rows: int, smallest: float) -> None:
    """For matrices whose smallest singular value is well below the next, as that of points that fix a homography is."""
    rng = np.random.default_rng(seed)
    u, _ = np.linalg.qr(rng.standard_normal((rows, 9)))
    v, _ = np.linalg.qr(rng.standard_normal((9, 9)))
    a = u @ np.diag([*np.linspace(10, 1, 8), smallest]) @ v.T
    x = np.array(null_vector(a.tolist()))
    assert abs(x @ v[:, 8]) == pytest.approx(1.0, abs=1e-9)
    assert np.linalg.norm(x) == pytest.approx(1.0)
