"""When a checkpoint is due, by readings of a clock that the test keeps."""

from __future__ import annotations

import pytest

from streams.worker.pace import AS_GOOD_AS, LONGEST_S, RECORDS_AT_MOST, SHARE, SHORTEST_S, Pace


def test_nothing_is_due_where_nothing_was_done() -> None:
    assert not Pace(0.0).due(1_000.0)


def test_due_a_second_after_the_last_one() -> None:
    pace = Pace(100.0)
    pace.add(1)
    assert not pace.due(100.0 + SHORTEST_S - 0.001)
    assert pace.due(100.0 + SHORTEST_S)


def test_due_at_once_when_a_hall_that_fails_would_have_too_much_to_go_through_again() -> None:
    pace = Pace(0.0)
    pace.add(RECORDS_AT_MOST - 1)
    assert not pace.due(0.0)
    pace.add(1)
    assert pace.due(0.0)


def test_after_one_the_count_begins_anew() -> None:
    pace = Pace(0.0)
    pace.add(RECORDS_AT_MOST)
    pace.done(1.0, 1.0)
    assert not pace.due(100.0)
    pace.add(1)
    assert not pace.due(1.0 + SHORTEST_S / 2)
    assert pace.due(1.0 + SHORTEST_S)


@pytest.mark.parametrize("cost_s", [0.0, 0.01, 0.1, 0.3, 1.0, 60.0])
def test_checkpoints_keep_to_their_share_of_the_time(cost_s: float) -> None:
    """As long as the longest interval allows it."""
    pace = Pace(0.0)
    pace.add(1)
    pace.done(0.0, cost_s)
    pace.add(1)
    wait_s = min(max(SHORTEST_S, cost_s / SHARE), LONGEST_S)
    assert not pace.due(cost_s + wait_s * AS_GOOD_AS * 0.999)
    assert pace.due(cost_s + wait_s * (AS_GOOD_AS + 1.001))


@pytest.mark.parametrize("late_s", [0.0, 0.001, 0.05])
def test_each_keeps_its_turn_however_late_it_comes_to_it(late_s: float) -> None:
    """
    began  |                                  two that begin together, and mark whenever they find themselves due
    a      |    x         x         x
    b      |       x         x         x
    """
    marks = {}
    for turn in (0.4, 0.7):
        pace, now, times = Pace(100.2, turn), 100.2, list[float]()
        while len(times) < 20:
            now += 0.001
            pace.add(1)
            if pace.due(now - late_s):
                pace.done(now, now)
                times.append(now)
        marks[turn] = times
    for turn, times in marks.items():
        assert [time % 1.0 for time in times] == pytest.approx([turn + late_s] * 20, abs=0.002)
        assert times[-1] - times[0] == pytest.approx(19 * SHORTEST_S, abs=0.01)


def test_what_was_spent_adds_up() -> None:
    pace = Pace(0.0)
    pace.done(1.0, 1.5)
    pace.done(10.0, 10.25)
    assert pace.spent_s == 0.75
