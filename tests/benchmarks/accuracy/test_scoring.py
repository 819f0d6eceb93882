"""Joins held against the truth: whose the id before was, and whose the new one is."""

from __future__ import annotations

from benchmarks.accuracy.ledger import Link
from benchmarks.accuracy.scoring import Crossings, Healing, Join, drift, false_joins, healing, joins_of, splits

PERSON_OF = {"c/1": "ann", "c/2": "ann", "c/3": "bob", "c/4": "ann", "c/5": "bob"}


def begins(source: str, track: int) -> Link:
    return Link(0, source, track, joined=False)


def goes_on(source: str, track: int) -> Link:
    return Link(0, source, track, joined=True)


def test_a_join_is_judged_by_the_id_that_the_track_had_right_before() -> None:
    """
    track 0   c/1 (ann) ── c/3 (bob) ── c/5 (bob)
                       wrong        right
    """
    chain = [begins("c/1", 0), goes_on("c/3", 0), goes_on("c/5", 0)]
    assert list(joins_of(chain)) == [Join("c/1", "c/3", new=True), Join("c/3", "c/5", new=True)]
    assert false_joins(chain, PERSON_OF) == 1


def test_tracks_do_not_mix() -> None:
    assert false_joins([begins("c/1", 0), begins("c/3", 1), goes_on("c/2", 0), goes_on("c/5", 1)], PERSON_OF) == 0


def test_a_false_box_is_nobody_and_joined_to_nobody_rightly() -> None:
    assert false_joins([begins("c/1", 0), goes_on("c/ghost", 0), goes_on("c/ghost2", 0)], PERSON_OF) == 2


def test_a_broken_id_is_healed_stolen_or_missed() -> None:
    """
    track 0   c/1 (ann) ── c/2 (ann): healed
    track 1   c/3 (bob) ── c/4 (ann): stolen
    track 2   c/5 (bob): missed
    """
    links = [begins("c/1", 0), goes_on("c/2", 0), begins("c/3", 1), goes_on("c/4", 1), begins("c/5", 2)]
    assert healing(links, PERSON_OF, ["c/2", "c/4", "c/5"]) == Healing(breaks=3, healed=1, stolen=1, missed=1, wrong=1)


def test_an_id_that_never_became_a_track_is_missed() -> None:
    assert healing([begins("c/1", 0)], PERSON_OF, ["c/2"]) == Healing(breaks=1, healed=0, stolen=0, missed=1, wrong=0)


def test_an_id_that_had_a_track_of_its_own_first_is_missed_even_if_it_is_joined_later() -> None:
    links = [begins("c/1", 0), begins("c/2", 1), goes_on("c/2", 0)]
    assert healing(links, PERSON_OF, ["c/2"]) == Healing(breaks=1, healed=0, stolen=0, missed=1, wrong=0)


def test_wrong_joins_of_people_whose_id_was_not_broken_count_among_all() -> None:
    links = [begins("c/1", 0), goes_on("c/3", 0)]
    assert healing(links, PERSON_OF, []) == Healing(breaks=0, healed=0, stolen=0, missed=0, wrong=1)
    assert healing(links, PERSON_OF, []).share == 100


def test_an_id_that_gets_another_track_of_its_own_is_one_person_taken_for_two() -> None:
    assert splits([begins("c/1", 0), begins("c/2", 1), begins("c/1", 2)]) == 1
    assert splits([begins("c/1", 0), begins("c/2", 1), goes_on("c/1", 1)]) == 0


def test_drift_is_what_entries_minus_exits_are_off_in_200_who_came_in() -> None:
    assert drift(Crossings(99, 95), Crossings(100, 97)).got == "+2.00"
    assert drift(Crossings(90, 90), Crossings(100, 100)).got == "+0.00"
    assert drift(Crossings(0, 0), Crossings(0, 0)).got == "+0.00"
