"""Exact assignment: of all ways to pair two sides, one with the most pairs, and among those the least cost.

The method is the shortest augmenting path form of the Hungarian algorithm (R. Jonker and A. Volgenant, *Computing* 38,
1987, pp. 325-340), on the pairs that are possible at all. Ties go to the first in the order of the sides.
"""

from __future__ import annotations

from collections.abc import Mapping

LARGE = 32
"""Groups with more on a side are paired nearest first: a crowd of false boxes must not cost its cube."""
UNPAIRED = 1e6
"""More than any sum of costs of pairs, so that no pair is given up to make another cheaper."""

Costs = Mapping[tuple[str, str], float]
"""Of each possible pair (left, right), 0 or more and at most 1,000."""


def assign(costs: Costs) -> dict[str, str]:
    """Right by left. Pairs that are not in ``costs`` are impossible."""
    found: dict[str, str] = {}
    for group in _groups(costs):
        lefts, rights = sorted({left for left, _ in group}), sorted({right for _, right in group})
        if max(len(lefts), len(rights)) > LARGE:
            found |= _nearest_first(group)
        else:
            found |= _exact(lefts, rights, group)
    return found


def _groups(costs: Costs) -> list[Costs]:
    """The pairs in groups that share nobody: each can be solved alone."""
    group_of: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for pair in sorted(costs):
        left = group_of.setdefault((0, pair[0]), [])
        right = group_of.setdefault((1, pair[1]), [])
        left.append(pair)
        if right is not left:
            left += right
            for a, b in right:
                group_of[0, a] = group_of[1, b] = left
            group_of[1, pair[1]] = left
    unique = {id(group): group for group in group_of.values()}
    return [{pair: costs[pair] for pair in group} for group in unique.values()]


def _nearest_first(costs: Costs) -> dict[str, str]:
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, left, right in sorted((cost, left, right) for (left, right), cost in costs.items()):
        if left not in found and right not in taken:
            found[left] = right
            taken.add(right)
    return found


def _exact(lefts: list[str], rights: list[str], costs: Costs) -> dict[str, str]:
    size = len(lefts)
    # Each left may also stay alone, in a column of its own: that is always possible, and always worse than a pair.
    table = [
        [costs.get((left, right), 2 * UNPAIRED) for right in rights]
        + [UNPAIRED if i == j else 2 * UNPAIRED for j in range(size)]
        for i, left in enumerate(lefts)
    ]
    chosen = _cheapest(table)
    return {lefts[i]: rights[j] for i, j in enumerate(chosen) if j < len(rights) and (lefts[i], rights[j]) in costs}


def _cheapest(table: list[list[float]]) -> list[int]:
    """The column of each row; there are at least as many columns as rows."""
    columns = len(table[0])
    of_row, of_column = [0.0] * (len(table) + 1), [0.0] * (columns + 1)
    row_at, before = [0] * (columns + 1), [0] * (columns + 1)  # numbered from 1; 0: none
    for row in range(1, len(table) + 1):
        row_at[0], at = row, 0
        least, seen = [float("inf")] * (columns + 1), [False] * (columns + 1)
        while row_at[at]:
            seen[at] = True
            at = _nearest_column(table[row_at[at] - 1], of_row[row_at[at]], of_column, least, seen, before, at)
            _shift(least[at], of_row, of_column, least, seen, row_at)
        while at:
            row_at[at], at = row_at[before[at]], before[at]
    chosen = [0] * len(table)
    for column in range(1, columns + 1):
        if row_at[column]:
            chosen[row_at[column] - 1] = column - 1
    return chosen


def _nearest_column(
    costs: list[float], of_row: float, of_column: list[float], least: list[float], seen: list[bool],
    before: list[int], at: int,
) -> int:  # fmt: skip
    """Look from the row at column ``at`` over all columns not seen yet; the nearest of them, the first of equals."""
    nearest = 0
    for column in range(1, len(least)):
        if not seen[column]:
            reduced = costs[column - 1] - of_row - of_column[column]
            if reduced < least[column]:
                least[column], before[column] = reduced, at
            if not nearest or least[column] < least[nearest]:
                nearest = column
    return nearest


def _shift(
    by: float, of_row: list[float], of_column: list[float], least: list[float], seen: list[bool], row_at: list[int]
) -> None:
    for column, was_seen in enumerate(seen):
        if was_seen:
            of_row[row_at[column]] += by
            of_column[column] -= by
        else:
            least[column] -= by
