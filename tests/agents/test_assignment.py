"""Exact assignment, against trying every way to pair."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.assignment import LARGE, assign

Costs = dict[tuple[str, str], float]


def best(lefts: list[str], rights: frozenset[str], costs: Costs) -> tuple[int, float]:
    """(pairs left out, cost) of the best way, by trying all."""
    if not lefts:
        return 0, 0.0
    first, *rest = lefts
    out, cost = best(rest, rights, costs)
    found = [(out + 1, cost)]
    for right in rights:
        if (first, right) in costs:
            out, cost = best(rest, rights - {right}, costs)
            found.append((out, cost + costs[first, right]))
    return min(found)


pairs = st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz"))


@given(st.dictionaries(pairs, st.integers(0, 40).map(lambda n: n / 8), max_size=16))
def test_no_other_way_has_more_pairs_or_costs_less(costs: Costs) -> None:
    found = assign(costs)
    lefts, rights = sorted({left for left, _ in costs}), frozenset(right for _, right in costs)
    out, cost = best(lefts, rights, costs)
    assert len(set(found.values())) == len(found)
    assert len(lefts) - len(found) == out
    assert abs(sum(costs[pair] for pair in found.items()) - cost) < 1e-6


def test_the_nearest_is_given_up_where_that_pairs_everybody() -> None:
    #   a 0.1 x      a takes x alone if the nearest goes first, and b is left over;
    #   a 0.5 y      together: a-y, b-x
    #   b 0.2 x
    assert assign({("a", "x"): 0.1, ("a", "y"): 0.5, ("b", "x"): 0.2}) == {"a": "y", "b": "x"}


def test_ties_are_the_same_in_every_order_of_the_costs() -> None:
    costs = {(left, right): 1.0 for left in "abc" for right in "xyz"}
    assert assign(costs) == assign(dict(reversed(costs.items())))


def test_a_crowd_is_paired_nearest_first_and_nobody_twice() -> None:
    names = [f"{n:03}" for n in range(LARGE * 3)]
    costs = {(a, b): float(abs(int(a) - int(b))) for a in names for b in names}
    assert assign(costs) == {name: name for name in names}
