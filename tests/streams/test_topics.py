"""The topics as a table, and lanes as data."""

from __future__ import annotations

import pytest

import streams.events as ev
from streams.events import Event
from streams.lane import Lane, Topology
from streams.topics import DAY_MS, OBSERVATIONS, SNAPSHOTS, TOPICS, all_topics, state_topic
from tests.support.toy import SENSING, SERVICE, TOPOLOGY, Counter, Poke

EVENTS = tuple(k for name in ev.__all__ if isinstance(k := getattr(ev, name), type) and issubclass(k, Event))


def test_each_topic_stands_there_once_and_says_what_it_carries() -> None:
    names = [topic.name for topic in all_topics(("sensing", "service"))]
    assert len(names) == len(set(names)) == len(TOPICS) + 2
    assert all(topic.carries for topic in all_topics(("sensing",)))


def test_checkpoints_are_compacted_and_never_deleted_by_age() -> None:
    """Recovery stalls on a changelog that deletes as well, and a quiet hall's state would be lost."""
    states = [topic for topic in all_topics(("sensing", "service")) if topic not in TOPICS]
    assert [topic.name for topic in states] == [state_topic("sensing"), state_topic("service")]
    assert all(topic.compact and topic.retention_ms is None and topic.retention_bytes is None for topic in states)
    assert not any(topic.compact for topic in TOPICS)


def test_observations_are_kept_for_a_day_or_five_gigabytes() -> None:
    observations = next(topic for topic in TOPICS if topic.name == OBSERVATIONS)
    assert (observations.retention_ms, observations.retention_bytes) == (DAY_MS, 5 * 2**30)


def test_every_event_is_published_to_a_topic_of_the_table() -> None:
    assert {kind.topic for kind in EVENTS} - {None} <= {topic.name for topic in TOPICS} - {SNAPSHOTS}


def test_a_topology_finds_its_lanes_by_name() -> None:
    assert TOPOLOGY.lane("sensing") is SENSING
    assert TOPOLOGY.lane("service") is SERVICE
    with pytest.raises(KeyError, match="expected a lane among sensing, service; got 'sensory'"):
        TOPOLOGY.lane("sensory")


def test_a_lane_reads_what_it_carries_and_nothing_else() -> None:
    lane = Lane("l", "t", (Poke,), (Counter,))
    assert lane.decoder is lane.decoder
    assert lane.decoder.decode(b'{"type":"poke","hall":"a","at_ms":1}') == Poke(hall="a", at_ms=1)
    with pytest.raises(ValueError, match="configured"):
        lane.decoder.decode(b'{"type":"configured","hall":"a","at_ms":1,"files":{}}')
    assert Topology(1, (lane,)).lane("l") is lane
