"""Whether so much of a recording could not be used that its figures are not to be trusted."""

from __future__ import annotations

from collections.abc import Mapping

MOST = 0.1
"""The share of rows that may be unusable: a file cut off, some rows out of range. More is a file of another kind."""


def too_many(used: int, unusable: Mapping[str, int]) -> str:
    """What to say when more than a tenth could not be used; nothing otherwise.

    ``used``: rows that were understood, those left out on purpose (class, score) among them; ``unusable``: the others
    by kind. Comments, blank lines and headers are neither.
    """
    bad = sum(unusable.values())
    if bad <= MOST * (used + bad):
        return ""
    most_first = sorted(unusable.items(), key=lambda row: (-row[1], row[0]))
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in most_first if count)
    return (
        f"{bad / (used + bad):.0%} of the rows could not be used ({bad:,} of {used + bad:,}: {kinds}): the figures are of "
        "the rest. Correct the file, or say what it is (--format, --columns); --allow-bad takes it as it is"
    )
