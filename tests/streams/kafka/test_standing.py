"""Topics that change while somebody works with them: what is noticed, and what is no reason to end."""

from __future__ import annotations

import pytest

from streams.kafka.errors import TopicsChanged, TopicsWrong
from streams.kafka.naming import Naming
from streams.kafka.standing import Standing, Stands
from streams.topics import ALERTS, JOURNAL, state_topic

STATE = state_topic("sensing")


class FakeTopics:
    """``seen``: what a broker tells; ``there``: what there is."""

    def __init__(self) -> None:
        self.naming = Naming("acme.")
        self.there = {name: Stands(f"{name} the first", 4) for name in (JOURNAL, ALERTS, STATE)}
        self.hidden: set[str] = set()

    def standing(self) -> dict[str, Stands]:
        return {name: stands for name, stands in self.there.items() if name not in self.hidden}

    def identity(self, topic: str) -> str:
        if topic not in self.there:
            raise TopicsWrong(topic)
        return self.there[topic].id


@pytest.fixture
def topics() -> FakeTopics:
    return FakeTopics()


@pytest.fixture
def standing(topics: FakeTopics) -> Standing:
    begun = Standing(topics)
    begun.check()
    return begun


@pytest.mark.parametrize("topic", [JOURNAL, ALERTS, STATE])
def test_more_partitions_are_noticed_in_any_topic(topics: FakeTopics, standing: Standing, topic: str) -> None:
    topics.there[topic] = topics.there[topic]._replace(partitions=5)
    with pytest.raises(TopicsChanged, match=rf"acme\.{topic}: had 4 partitions .* and has 5.*`hall topics check`"):
        standing.check()


def test_a_state_topic_that_is_removed_or_made_again_is_noticed(topics: FakeTopics, standing: Standing) -> None:
    removed = topics.there.pop(STATE)
    with pytest.raises(TopicsChanged, match=r"was removed while this process ran.*`hall topics create`.*`hall reset`"):
        standing.check()
    topics.there[STATE] = removed._replace(id="the second")
    with pytest.raises(TopicsChanged, match="was removed and made again while"):
        standing.check()


def test_others_that_are_made_again_are_told_by_who_works_with_them(topics: FakeTopics, standing: Standing) -> None:
    topics.there[ALERTS] = topics.there[ALERTS]._replace(id="the second")
    standing.check()
    del topics.there[ALERTS]
    standing.check()


def test_a_broker_that_does_not_know_a_topic_yet_is_no_reason(topics: FakeTopics, standing: Standing) -> None:
    """One that has just been started does not know all of them for a moment."""
    topics.hidden = {STATE, JOURNAL}
    standing.check()


def test_what_is_first_seen_later_is_watched_from_then_on(topics: FakeTopics) -> None:
    topics.hidden = {STATE}
    begun = Standing(topics)
    begun.check()
    topics.hidden = set()
    begun.check()
    del topics.there[STATE]
    with pytest.raises(TopicsChanged):
        begun.check()
