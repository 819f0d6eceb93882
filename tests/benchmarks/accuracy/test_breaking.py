"""Ids broken on purpose: seeded, never between two people, and only where a tracker had seen enough of the person."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from benchmarks.accuracy.breaking import (
    GAP_S,
    NEAR_M,
    SEEN_MS,
    Broken,
    Cut,
    broken,
    cuts_alone,
    cuts_together,
)
from benchmarks.accuracy.recordings import Moment, Moments, people_of, standing

STEP_MS = 100


def pairs_walking(people: int, seconds: int) -> Moments:
    """Two and two beside each other, 0.5 m apart, the pairs 10 m from each other, along x at 1 m/s."""
    return tuple(
        Moment(
            at_ms, tuple(standing(f"{n}", at_ms / 1000, n // 2 * 10 + n % 2 * 0.5) for n in range(people))
        )
        for at_ms in range(0, seconds * 1000, STEP_MS)
    )  # fmt: skip


def ids_of(made: Broken, person: str) -> list[list[int]]:
    """When each of a person's ids was seen, in the order of the ids."""
    seen = people_of(made.moments)
    return [seen[id_] for id_, whose in made.person_of.items() if whose == person]


def test_after_the_gap_the_person_goes_on_under_a_new_id() -> None:
    """
    ms      0  100 200 300 400 500 600
    true    a  a   a   a   a   a   a
    given   a  a   a   .   .   ab1 ab1
    """
    walk = tuple(Moment(at_ms, (standing("a", at_ms / 1000, 0),)) for at_ms in range(0, 700, 100))
    made = broken(walk, [Cut("a", 200, 500)])
    assert people_of(made.moments) == {"a": [0, 100, 200], "ab1": [500, 600]}
    assert made.person_of == {"a": "a", "ab1": "a"}
    assert made.new_ids == ("ab1",)
    assert [moment.at_ms for moment in made.moments] == [0, 100, 200, 300, 400, 500, 600]


def test_nothing_but_ids_and_what_is_in_the_gaps_changes() -> None:
    crowd = pairs_walking(6, 60)
    made = broken(crowd, cuts_alone(crowd, 1))
    true = {(m.at_ms, p.track): (p.x_m, p.y_m) for m in crowd for p in m.people}
    for moment in made.moments:
        for person in moment.people:
            assert true[moment.at_ms, made.person_of[person.track]] == (person.x_m, person.y_m)


@pytest.mark.parametrize("cuts_of", [cuts_alone, cuts_together])
def test_gaps_are_as_long_as_said_and_every_id_is_seen_for_a_second(
    cuts_of: Callable[[Moments, int], list[Cut]],
) -> None:
    crowd = pairs_walking(6, 120)
    made = broken(crowd, cuts_of(crowd, 3))
    assert len(made.new_ids) > 6
    for person in people_of(crowd):
        ids = ids_of(made, person)
        assert all(times[-1] - times[0] >= SEEN_MS for times in ids)
        for before, after in pairwise(ids):
            assert 1000 * GAP_S[0] <= after[0] - before[-1] <= 1000 * GAP_S[1] + STEP_MS


def test_a_person_is_lost_about_every_twenty_seconds() -> None:
    crowd = pairs_walking(20, 200)
    assert 150 < len(cuts_alone(crowd, 1)) < 250


def test_who_is_seen_for_two_seconds_or_less_is_never_lost() -> None:
    assert [cuts_alone(pairs_walking(20, 2), seed, every_s=0.5) for seed in range(10)] == [[]] * 10


def test_two_who_are_near_each_other_are_lost_and_come_back_together() -> None:
    crowd = pairs_walking(6, 60)
    cuts = cuts_together(crowd, 1)
    assert cuts
    for a, b in zip(cuts[::2], cuts[1::2], strict=True):
        assert (a.lost_ms, a.back_ms) == (b.lost_ms, b.back_ms)
        assert int(a.person) // 2 == int(b.person) // 2


def test_who_has_nobody_near_is_never_lost_together_with_another() -> None:
    alone = tuple(
        Moment(at_ms, (standing("a", 0, 0), standing("b", NEAR_M + 0.1, 0))) for at_ms in range(0, 60_000, STEP_MS)
    )
    assert cuts_together(alone, 1) == []


def test_the_same_seed_breaks_the_same_ids_and_another_seed_others() -> None:
    crowd = pairs_walking(6, 60)
    assert cuts_alone(crowd, 1) == cuts_alone(crowd, 1) != cuts_alone(crowd, 2)
    assert cuts_together(crowd, 1) == cuts_together(crowd, 1) != cuts_together(crowd, 2)
