"""The street camera's joins: who is who is told by the boxes around a join."""

from __future__ import annotations

import pytest

from benchmarks.accuracy.crowds import START_MS
from benchmarks.accuracy.ledger import Link
from benchmarks.accuracy.matching import Seen
from benchmarks.accuracy.street import Break, Verdict, broken_ids, is_healed, judged, under_tracks, whose


def boxes(name: str, person: str | None, first_ms: int, count: int = 5) -> list[Seen]:
    return [Seen(first_ms + 100 * n, name, person) for n in range(count)]


def link(at_ms: int, id_: str, track: int, *, joined: bool) -> Link:
    return Link(START_MS + at_ms, f"cam/{id_}", track, joined)


CHAIN = [link(0, "1", 0, joined=False), link(1000, "2", 0, joined=True)]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [("ann", "ann", Verdict(1, 0, 0)), ("ann", "bob", Verdict(0, 1, 0)), (None, "ann", Verdict(0, 0, 1))],
)
def test_a_join_is_right_wrong_or_undecidable(before: str | None, after: str, verdict: Verdict) -> None:
    assert judged(boxes("1", before, 0) + boxes("2", after, 1000), CHAIN) == verdict


def test_an_id_that_changed_people_on_its_way_is_who_it_was_last() -> None:
    swapped = boxes("1", "bob", 0, 20) + boxes("1", "ann", 2000, 10) + boxes("2", "ann", 3500)
    chain = [link(0, "1", 0, joined=False), link(3500, "2", 0, joined=True)]
    assert judged(swapped, chain) == Verdict(1, 0, 0)


def test_joins_after_the_end_of_the_truth_are_not_judged() -> None:
    assert judged(boxes("1", "ann", 0), CHAIN) == Verdict(0, 0, 0)


def test_whose_boxes_are_needs_more_than_half_of_them() -> None:
    assert whose(boxes("1", "ann", 0, 3) + boxes("1", None, 300, 2)) == "ann"
    assert whose(boxes("1", "ann", 0, 2) + boxes("1", "bob", 200, 2)) is None
    assert whose([]) is None


def test_boxes_go_by_the_track_that_their_id_belonged_to_then() -> None:
    """An id that is not believed yet, or never, has no track: its boxes are not the engine's."""
    chain = [link(200, "1", 7, joined=False), link(400, "1", 8, joined=False)]
    named = under_tracks([*boxes("1", "ann", 0, 6), *boxes("2", "bob", 0)], chain)
    assert [(one.at_ms, one.name) for one in named] == [(200, "7"), (300, "7"), (400, "8"), (500, "8")]


def test_an_id_is_broken_where_the_next_one_begins_within_two_seconds_of_its_end() -> None:
    """
    ms      0..400   1000..1400   4000..4400
    ann     1        2            3             1 to 2: broken; 2 to 3: too late
    """
    seen = boxes("1", "ann", 0) + boxes("2", "ann", 1000) + boxes("3", "ann", 4000)
    times = {name: [one.at_ms for one in seen if one.name == name] for name in "123"}
    assert broken_ids(seen, times) == [Break("1", "2")]


def test_ids_that_people_exchange_are_not_broken() -> None:
    seen = boxes("1", "ann", 0) + boxes("2", "bob", 0) + boxes("2", "ann", 500) + boxes("1", "bob", 500)
    times = {name: sorted(one.at_ms for one in seen if one.name == name) for name in "12"}
    assert broken_ids(seen, times) == []


def test_a_broken_id_is_healed_if_both_ids_belong_to_one_track() -> None:
    assert is_healed(Break("1", "2"), CHAIN)
    assert not is_healed(Break("1", "2"), [CHAIN[0], link(1000, "2", 1, joined=False)])
