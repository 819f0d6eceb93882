"""The laws, for every agent of the topology: a new agent is under them as soon as it has its row there."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.topology import TOPOLOGY
from agents.zones import Zones, ZonesState
from streams.agent import AgentType
from streams.events import Configured, Event, HallRemoved
from tests.support.halls import configured, small_hall
from tests.support.laws import (
    LAW_RULES,
    Trial,
    obeys,
    report,
    reports_of_processes,
    sizes_in_silence,
    sizes_over,
    trials,
)
from tests.support.odd_events import odd_events

AGENTS = [kind for lane in TOPOLOGY.lanes for kind in lane.agents]
every_agent = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in AGENTS])

LONGER_NUMBERS = 64
"""Bytes by which a state may grow because the numbers in it have more digits."""


@every_agent
def test_has_a_name_of_its_own_and_says_what_it_reads_and_writes(kind: AgentType) -> None:
    assert [one.name for one in AGENTS].count(kind.name) == 1
    assert kind.reads
    assert kind.writes


@every_agent
def test_a_lively_scene_is_decided_the_same_way_every_time_and_over_any_checkpoint(kind: AgentType) -> None:
    concluded = obeys(trials()[kind.name])
    silent = [one.__name__ for one in kind.writes if not any(isinstance(event, one) for event in concluded)]
    assert not silent, f"the scene gives {kind.name} no reason for {silent}: for these the law would hold for nothing"


@pytest.mark.slow
@every_agent
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_odd_events_in_any_order_never_raise(kind: AgentType, data: st.DataObject) -> None:
    hall = small_hall()
    obeys(Trial(kind, hall, LAW_RULES, tuple(data.draw(odd_events(kind.reads, hall)))))


@every_agent
def test_a_configuration_that_took_everything_away_is_survived(kind: AgentType) -> None:
    trial = trials()[kind.name]
    link = trial.begin()
    for event in trial.events[: len(trial.events) // 3]:
        link.agent.on_event(link.state, event)
    bare = small_hall(zones=(small_hall().zones[-1],), lines=(), cameras=())
    agent = kind(bare, LAW_RULES)
    rest = trial.events[len(trial.events) // 3 :]
    now_ms = rest[0].at_ms
    for event in (configured(now_ms), *rest):
        if Configured in kind.reads or not isinstance(event, Configured):
            for made in agent.on_event(link.state, event):
                assert type(made) in kind.writes


@every_agent
def test_a_hall_that_is_removed_is_closed_by_agents_of_an_empty_floor(kind: AgentType) -> None:
    """As the engine does it: agents without zones, lines, cameras and limits over the state of those before."""
    trial = trials()[kind.name]
    link = trial.begin()
    before = trial.events[: len(trial.events) // 3]
    for event in before:
        link.agent.on_event(link.state, event)
    empty = small_hall().model_copy(update={"zones": (), "lines": (), "cameras": ()})
    agent, at_ms = kind(empty, LAW_RULES.model_copy(update={"limits": ()})), before[-1].at_ms
    for event in (configured(at_ms), HallRemoved(hall=empty.id, at_ms=at_ms)):
        if type(event) in kind.reads:
            for made in agent.on_event(link.state, event):
                assert type(made) in kind.writes


@every_agent
def test_ticks_alone_grow_no_state(kind: AgentType) -> None:
    empty = sizes_in_silence(trials()[kind.name]._replace(events=()), 7200)
    assert max(empty) <= empty[0] + LONGER_NUMBERS
    scene = trials()[kind.name]
    crowded = sizes_in_silence(scene._replace(events=scene.events[: len(scene.events) // 3]), 7200)
    assert max(crowded) <= crowded[0] + LONGER_NUMBERS


@pytest.fixture(scope="module")
def sizes() -> dict[str, list[int]]:
    return sizes_over(hours=4)


@pytest.mark.slow
@every_agent
def test_a_long_time_grows_no_state(kind: AgentType, sizes: dict[str, list[int]]) -> None:
    """Four hours stand for the week.

    The longest that anything is remembered for by default is an hour (hourly statistics); everything that
    happens in a week happens in each of its hours. So two hours fill every memory there is, and a state that forgets
    what it should is in the two after them no larger than in the two before. What is kept of a track and never dropped
    would be 25 times as much: some 600 tracks an hour pass, and no more than two dozen are there at a time.
    """
    minutes = sizes[kind.name]
    assert len(minutes) == 240
    assert max(minutes[120:]) <= 1.5 * max(minutes[:120]) + LONGER_NUMBERS


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_whole_week_grows_no_state() -> None:
    for name, minutes in sizes_over(hours=7 * 24).items():
        assert max(minutes[120:]) <= 1.5 * max(minutes[:120]) + LONGER_NUMBERS, name


@pytest.mark.slow
def test_processes_with_other_hash_seeds_conclude_the_same_to_the_byte() -> None:
    here = report()
    assert here.count(b"\n") > 100
    assert all(there == here for there in reports_of_processes([1, 2]))


# -- the laws themselves: a check that cannot fail is none ------------------------------------------------------------


class Moody(Zones):
    """Remembers outside of any state how often it was asked."""

    asked = 0

    def on_event(self, state: ZonesState, event: Event) -> tuple[Event, ...]:
        Moody.asked += 1
        made = super().on_event(state, event)
        return made if Moody.asked < 100 else ()


class Attached(Zones):
    """Remembers on itself which state it had before: after a restart it does not know it any more."""

    before: ZonesState | None = None

    def on_event(self, state: ZonesState, event: Event) -> tuple[Event, ...]:
        known, self.before = self.before is state, state
        return super().on_event(state, event) if known else ()


class Silent(Zones):
    """Does not say what it writes."""

    writes = ()


@pytest.mark.parametrize(
    ("kind", "finding"), [(Moody, "another output"), (Attached, "changed the output"), (Silent, "not declared")]
)
def test_the_laws_find_agents_that_break_them(kind: AgentType, finding: str) -> None:
    with pytest.raises(AssertionError, match=finding):
        obeys(trials()["zones"]._replace(kind=kind))
