"""One pass: every agent in its order, over the event and what was concluded above it."""

from __future__ import annotations

import math
from typing import ClassVar

import msgspec
import pytest

from config.loading import load_files
from streams.codec import encode
from streams.engine.passes import AgentFailed, HallAgents, Made, told
from streams.events import Event, Tick
from streams.lane import Lane
from tests.support.toy import SENSING, START_MS, Breaker, Counted, Counter, CounterState, Echo, Poke, Summer, files

LOADED = load_files(files("a"))
NOBODY: frozenset[str] = frozenset()


def agents(lane: Lane = SENSING) -> HallAgents:
    return HallAgents(lane, LOADED.hall, LOADED.rules)


def poke(order: str = "") -> Poke:
    return Poke(hall="a", at_ms=START_MS, order=order)


def made(event: Event, *, skip: frozenset[str] = NOBODY, lane: Lane = SENSING) -> list[Made]:
    run = agents(lane)
    return run.run(run.initial(), event, skip)


def kinds(made: list[Made]) -> list[str]:
    return [f"{agent}:{type(event).__name__}" for agent, event, _ in made]


def failure(order: str) -> AgentFailed:
    with pytest.raises(AgentFailed) as caught:
        made(poke(order))
    return caught.value


def test_agents_run_in_the_lanes_order_each_over_all_that_was_concluded_above() -> None:
    """
    poke -> counter -> echo, counted
                       echo -> breaker -> summed
                               counted, summed -> summer -> summed (for counted only)
    """
    assert kinds(made(poke())) == ["counter:Echo", "counter:Counted", "breaker:Summed", "summer:Summed"]


def test_nobody_hears_what_is_concluded_below() -> None:
    upside_down = Lane("sensing", SENSING.topic, SENSING.carries, (Summer, Breaker, Counter))
    run = agents(upside_down)
    states = run.initial()
    assert kinds(run.run(states, poke(), NOBODY)) == ["counter:Echo", "counter:Counted"]
    assert states[0].by == {"Poke": 1}


def test_the_source_event_comes_first_to_everyone() -> None:
    run = agents()
    states = run.initial()
    run.run(states, poke(), NOBODY)
    assert list(states[2].by) == ["Poke", "Counted", "Summed"]


def test_an_agent_is_offered_only_what_it_reads() -> None:
    run = agents()
    states = run.initial()
    assert run.run(states, Tick(hall="a", at_ms=START_MS), NOBODY) == []
    assert (states[0].ticks, states[1].seen, states[2].by) == (1, 1, {})


def test_who_is_passed_over_says_nothing_and_learns_nothing() -> None:
    run = agents()
    states = run.initial()
    assert kinds(run.run(states, poke(), frozenset({"counter"}))) == []
    assert states[0] == CounterState()
    assert states[1].seen == 1


def test_what_stays_inside_is_not_encoded_and_what_leaves_is() -> None:
    raw = {type(event): raw for _, event, raw in made(poke())}
    assert raw[Echo] is None
    assert raw[Counted] == encode(Counted(hall="a", at_ms=START_MS, decided_at_ms=START_MS, count=4))


@pytest.mark.parametrize(
    ("order", "agent", "said"),
    [
        ("counter:raise", "counter", r"Trouble: ordered by Poke \(toy\.py:\d+\)"),
        ("breaker:raise", "breaker", "Trouble: ordered by Poke"),
        ("counter:stray", "counter", r"returned Stray, which it does not declare to write \(Counted, Echo, Summed\)"),
        ("breaker:nan", "breaker", "returned a Summed that cannot be written: .*expected a finite number, got nan"),
        ("breaker:infinity", "breaker", "expected a finite number, got inf"),
        ("breaker:half", "breaker", "returned a Summed that cannot be written: UnicodeEncodeError"),
        ("summer:list", "summer", "returned list, expected a tuple of events"),
        ("summer:nothing", "summer", "returned NoneType, expected a tuple of events"),
    ],
)
def test_an_agent_that_misbehaves_has_failed_and_it_is_said_how(order: str, agent: str, said: str) -> None:
    failed = failure(order)
    assert failed.agent == agent
    with pytest.raises(AgentFailed, match=said):
        raise failed


@pytest.mark.parametrize(
    ("order", "error"), [("memory", MemoryError), ("recursion", RecursionError), ("disk", OSError)]
)
def test_what_would_not_repeat_on_replay_is_no_failure_of_the_agent(order: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        made(poke(f"counter:{order}"))


def test_what_is_said_of_an_error_is_the_same_in_every_process() -> None:
    """No addresses, which change with every start; and nothing that could not be published."""
    thing = object()
    assert told(ValueError(f"odd: {thing}"), 99) == "ValueError: odd: <object object at 0x...>"
    assert told(ValueError("half \ud800"), 99) == "ValueError: half ?"
    assert len(told(ValueError("x" * 1000), 300)) == 300


class Nan(Counter):
    name: ClassVar[str] = "nan"

    def on_event(self, state: CounterState, event: Event) -> tuple[Event, ...]:
        return (Echo(hall="a", at_ms=1, amount=math.nan),)


def test_what_stays_inside_may_be_anything() -> None:
    """It costs nothing per frame; the agents that read it share their process and their tests."""
    assert kinds(made(poke(), lane=Lane("l", "t", (Poke,), (Nan,)))) == ["nan:Echo"]


# -- states ------------------------------------------------------------------------------------------------------------


def test_states_come_back_from_their_bytes() -> None:
    run = agents()
    states = run.initial()
    run.run(states, poke(), NOBODY)
    saved = {name: msgspec.Raw(msgspec.msgpack.encode(state)) for name, state in zip(run.names, states, strict=True)}
    assert run.decode(saved) == states


def test_an_agent_that_is_new_starts_afresh_and_one_that_is_gone_is_dropped() -> None:
    run = agents()
    saved = {"counter": msgspec.Raw(msgspec.msgpack.encode(CounterState(pokes=7))), "retired": msgspec.Raw(b"\x01")}
    assert run.decode(saved) == [CounterState(pokes=7), *run.initial()[1:]]


def test_a_state_that_cannot_be_decoded_is_never_replaced_by_a_fresh_one() -> None:
    with pytest.raises(msgspec.ValidationError):
        agents().decode({"counter": msgspec.Raw(b"\x01")})


class Watch:
    """A meter that writes down when it was asked."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def begin(self) -> None:
        self.log.append("begin")

    def end(self, agent: str) -> None:
        self.log.append(agent)


def test_a_meter_takes_the_time_of_each_agent() -> None:
    run, watch = agents(), Watch()
    run.run(run.initial(), poke(), frozenset({"breaker"}), watch)
    assert watch.log == ["begin", "counter", "begin", "summer"]


def test_a_number_beyond_64_bits_does_not_stop_checkpoints() -> None:
    """Absurd but well-formed input can add up to one; msgpack has none, and the hall would never be saved again."""
    run = agents()
    states = run.initial()
    states[0].pokes = -(2**70)
    states[2].by = {"Poke": 2**64}
    assert run.decode(run.encode(states)) == states
    assert run.encode(run.decode(run.encode(states))) == run.encode(states)
