"""What the statistics have counted and not published yet."""

from __future__ import annotations

from collections import Counter

from agents.statistics import ENTERED, StatisticsState


def entries_in_hand(state: StatisticsState) -> Counter[str]:
    """Entries that no published hour has, by zone: summed up, or still kept because they are not settled."""
    found = Counter({zone: tally.entries for zone, tally in state.zones.items()})
    found.update(change.name for change in state.kept if change.kind == ENTERED)
    return found
