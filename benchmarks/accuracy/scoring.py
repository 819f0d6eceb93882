"""Joins and counts held against the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from benchmarks.accuracy.ledger import Link
from benchmarks.figures import Figure

BREAK_MS = 2000
"""A new id at the same camera for somebody whose old one ended this shortly before is a broken id; later, the person was
out of view, and if the old one goes on, ids were exchanged."""


class Join(NamedTuple):
    """A track that was called ``before`` by its camera went on as ``source``; ``new``: which had no track until then."""

    before: str
    source: str
    new: bool


class Healing(NamedTuple):
    """What became of broken ids.

    ``healed``: the new id was joined to the track of its person. ``stolen``: it was joined to somebody else's.
    ``missed``: it became a track of its own, or none. ``wrong``: all joins to somebody else, also of people whose id
    was not broken.
    """

    breaks: int
    healed: int
    stolen: int
    missed: int
    wrong: int

    @property
    def share(self) -> float:
        """Of the breaks, how many were healed, in percent."""
        return 100 * self.healed / self.breaks if self.breaks else 100.0


class Crossings(NamedTuple):
    """Over all entrances of a hall."""

    entries: int
    exits: int

    def __str__(self) -> str:
        return f"{self.entries} in, {self.exits} out"


def drift(got: Crossings, true: Crossings) -> Figure:
    """By how much entries minus exits are off the truth, in 200 who came in."""
    off = (got.entries - got.exits) - (true.entries - true.exits)
    share = 200 * off / max(1, true.entries)
    return Figure("  entries minus exits, drift in 200", f"{share:+.2f}", "below 1", f"{off:+d} of {true.entries}")


def joins_of(links: Iterable[Link]) -> Iterator[Join]:
    """The joins, in the order of ``links``."""
    called: dict[int, str] = {}
    met: set[str] = set()
    for link in links:
        if link.joined and link.track in called:
            yield Join(called[link.track], link.source, link.source not in met)
        called[link.track] = link.source
        met.add(link.source)


def is_right(join: Join, person_of: Mapping[str, str]) -> bool:
    """Whether both ids are of one person. An id of nobody (a false box) is no person's, and never right."""
    before, after = person_of.get(join.before), person_of.get(join.source)
    return before is not None and before == after


def false_joins(links: Iterable[Link], person_of: Mapping[str, str]) -> int:
    return sum(not is_right(join, person_of) for join in joins_of(links))


def splits(links: Iterable[Link]) -> int:
    """How often an id that had a track was given another one, and nobody's before: a person taken for two."""
    met: set[str] = set()
    count = 0
    for link in links:
        count += link.source in met and not link.joined
        met.add(link.source)
    return count


def healing(links: Iterable[Link], person_of: Mapping[str, str], new_ids: Iterable[str]) -> Healing:
    """``new_ids``: those that a person got after a break."""
    outcome: dict[str, bool] = {}
    wrong = 0
    for join in joins_of(links):
        right = is_right(join, person_of)
        wrong += not right
        if join.new:
            outcome[join.source] = right
    broken = list(new_ids)
    healed = sum(outcome.get(id_) is True for id_ in broken)
    stolen = sum(outcome.get(id_) is False for id_ in broken)
    return Healing(len(broken), healed, stolen, len(broken) - healed - stolen, wrong)
