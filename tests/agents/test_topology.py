"""The topology page: what it says fits together, and nothing that is published falls on deaf ears."""

from __future__ import annotations

import re

import pytest

from agents.topology import TOPOLOGY, VERSION
from streams.engine.letters import ENGINE
from streams.events import Configured, Event, HallRemoved, LogLost, Tick
from streams.lane import Lane

LANES = pytest.mark.parametrize("lane", TOPOLOGY.lanes, ids=lambda lane: lane.name)


def published(lane: Lane, topic: str) -> set[type[Event]]:
    return {kind for agent in lane.agents for kind in agent.writes if kind.topic == topic}


def test_the_first_lane_takes_configuration_from_outside_and_only_that_one() -> None:
    assert [lane.origin for lane in TOPOLOGY.lanes] == [True] + [False] * (len(TOPOLOGY.lanes) - 1)
    assert VERSION >= 1


def test_lanes_have_names_and_topics_of_their_own() -> None:
    names = [lane.name for lane in TOPOLOGY.lanes]
    assert len(set(names)) == len({lane.topic for lane in TOPOLOGY.lanes}) == len(names)
    assert all(re.fullmatch("[a-z]{1,64}", name) for name in names), (
        "no dot, no colon: they are parts of ids and of snapshots' names"
    )


@LANES
def test_agents_have_names_of_their_own(lane: Lane) -> None:
    """A name is part of every id, and the key of a state; the engine itself is called engine."""
    names = [agent.name for agent in lane.agents]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z_]{1,64}", name) for name in names)
    assert ENGINE not in names


@LANES
def test_an_agent_reads_what_its_lane_carries_or_is_concluded_above_it(lane: Lane) -> None:
    offered: set[type[Event]] = {*lane.carries, Tick, Configured}
    for agent in lane.agents:
        assert set(agent.reads) <= offered, f"{agent.name} waits for what never comes"
        offered |= set(agent.writes)


@LANES
def test_a_lane_can_read_all_that_is_published_into_its_topic(lane: Lane) -> None:
    """Its own conclusions too, though it passes them over: what it cannot decode would be a dead letter each time."""
    engines = {Configured, HallRemoved} | (set() if lane.origin else {LogLost})
    written = {kind for other in TOPOLOGY.lanes for kind in published(other, lane.topic)}
    assert written | engines <= set(lane.carries)


@LANES
def test_nothing_of_its_own_comes_back_to_an_origin(lane: Lane) -> None:
    """The sensing lane reads nothing that any lane wrote."""
    if lane.origin:
        assert not any(published(other, lane.topic) for other in TOPOLOGY.lanes)
