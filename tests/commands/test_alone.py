"""`hall reset` on Kafka needs the workers' group empty. Who has just ended is in it until its session is over.

killed       session over                 killed
----|------------|----- time        ------|---------------- ...   another one, or the same, alive
    ^ reset      ^ goes on                ^ reset        ^ refused
    "waiting"                             "waiting"
"""

from __future__ import annotations

from typing import cast

import pytest
from click.testing import CliRunner

from commands.alone import WITHIN_S, wait_until_gone
from commands.common import Ended
from streams.log import EventLog, Runner

A, B = Runner("worker a at 10.0.0.1", None, None, (0, 1)), Runner("worker b at 10.0.0.2", None, None, (0, 1))


class Group:
    """A log of which only the workers' group is asked; ``members`` by the second. Its clock moves when somebody sleeps."""

    name = "kafka://there"

    def __init__(self, *members: list[Runner]) -> None:
        self._members, self.now_s = members, 0.0

    def runners(self) -> list[Runner]:
        return self._members[min(int(self.now_s), len(self._members) - 1)]

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def wait(self) -> str:
        """What is said meanwhile."""
        with CliRunner().isolation() as (_, err, _):
            wait_until_gone(cast(EventLog, self), lambda: self.now_s, self.sleep)
            return err.getvalue().decode()


def test_an_empty_group_is_not_waited_for() -> None:
    group = Group([])
    assert (group.wait(), group.now_s) == ("", 0.0)


def test_a_session_that_is_not_over_is_waited_for_and_that_is_said() -> None:
    group = Group([A, B], [A, B], [A], [A], [A], [])
    assert "worker a at 10.0.0.1 (partitions 0-1), worker b" in (said := group.wait())
    assert "until its session is over, 6 s" in said
    assert group.now_s == 5.0


def test_a_worker_that_stays_is_refused_once_its_session_would_be_over() -> None:
    group = Group([A])
    with pytest.raises(
        Ended, match=r"expected no worker, but worker a .* runs on it. What to do: `hall drain`"
    ) as ended:
        group.wait()
    assert ended.value.exit_code == 75
    assert group.now_s == pytest.approx(WITHIN_S, abs=0.5)


def test_another_worker_that_comes_is_refused_at_once() -> None:
    group = Group([A], [A, B])
    with pytest.raises(Ended, match=r"worker b at 10.0.0.2"):
        group.wait()
    assert group.now_s == 1.0
