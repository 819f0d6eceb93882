"""An agent that fails has not seen the event; everybody else has, and nothing of it shows in their state.

record    1     2     3     4            breaker fails on 3:
counter   +4    +4    +4    +4           its state is that of 1, 2, 4
breaker   +2    +2     !    +2           its outputs for 3 do not exist, nor for the part of 3 that it had done
summer    sees  sees  sees  sees         sees of 3 what the counter said, and nothing of the breaker
"""

from __future__ import annotations

from copy import deepcopy
from typing import ClassVar

import pytest

from streams.codec import encode
from streams.engine import Engine
from streams.engine.hall import FAILURES_TO_STOP, ROOM_BYTES
from streams.events import AlertRaised, Configured, Dead, Event
from streams.lane import Lane
from tests.support.faults import undisturbed
from tests.support.script import Script, Store, again, counted, feed, restart, running, service, states, told, write
from tests.support.toy import SENSING, START_MS, Breaker, BreakerState, Counter, CounterState, Poke, Summer, SummerState

AGENTS = ("counter", "breaker", "summer")
BAD_ORDERS = ("raise", "nan", "infinity", "stray", "list", "nothing", "half")
FAILED = ["a engine dead agent_failed", "a engine alert_raised agent_failed"]
STOPPED = ["a engine dead agent_failed", "a engine alert_raised agent_stopped"]


def state_of(engine: Engine, agent: str, hall: str = "a") -> object:
    """A copy of it as it is now."""
    return deepcopy(engine.halls[hall.encode()]._states[AGENTS.index(agent)])


# -- one failure -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", BAD_ORDERS)
def test_an_agent_that_fails_has_not_seen_the_event(what: str) -> None:
    script, engine = running("a")
    feed(engine, [script.poke("a"), script.poke("a")])
    before = state_of(engine, "breaker")
    assert before == BreakerState(seen=4)
    engine.process(script.poke("a", f"breaker:{what}"))
    assert state_of(engine, "breaker") == before
    assert told(engine.process(script.poke("a")))[1] == "a breaker summed 6"


@pytest.mark.parametrize("what", BAD_ORDERS)
@pytest.mark.parametrize("agent", AGENTS)
def test_its_outputs_for_the_record_do_not_exist_and_people_are_told(agent: str, what: str) -> None:
    script, engine = running("a")
    outputs = engine.process(script.poke("a", f"{agent}:{what}"))
    assert [o for o in outputs if o.id and o.id.agent == agent] == []
    assert told(outputs)[-2:] == FAILED
    dead, alert = outputs[-2].event, outputs[-1].event
    assert isinstance(dead, Dead)
    assert isinstance(alert, AlertRaised)
    assert (dead.agent, dead.raw, dead.offset) == (agent, script.records[-1].value, 1)
    assert (alert.title, alert.severity) == (f"Agent {agent} failed", "warning")
    assert alert.detail == f"{dead.detail}; record hall.observations/0/1"
    assert (outputs[-2].topic, outputs[-1].topic) == ("hall.dead", "hall.alerts")
    assert engine.counts["agent_failures"] == 1


def test_the_place_of_the_error_is_told() -> None:
    script, engine = running("a")
    dead = engine.process(script.poke("a", "breaker:raise"))[-2].event
    assert isinstance(dead, Dead)
    assert dead.detail.startswith("Trouble: ordered by Poke (toy.py:")


def test_agents_above_and_below_go_on_without_it() -> None:
    """Above: as ever. Below: with what is left, the poke itself and what the counter said."""
    script, engine = running("a")
    calm_script, calm = running("a")
    engine.process(script.poke("a", "breaker:raise"))
    calm.process(calm_script.poke("a", "breaker:raises not"))
    assert state_of(engine, "counter") == CounterState(pokes=4, configured=1, last_order="breaker:raise")
    assert state_of(engine, "summer") == SummerState(total=4.0, by={"Counted": 2, "Poke": 1})
    assert state_of(calm, "summer") == SummerState(total=5.0, by={"Counted": 2, "Poke": 1, "Summed": 1})


def test_when_the_first_fails_those_below_still_see_the_event_itself() -> None:
    script, engine = running("a")
    assert told(engine.process(script.poke("a", "counter:raise"))) == FAILED
    assert state_of(engine, "counter") == CounterState(configured=1)
    assert state_of(engine, "breaker") == BreakerState(seen=1)
    assert state_of(engine, "summer") == SummerState(by={"Counted": 1, "Poke": 1})


def test_a_second_agent_may_fail_on_the_same_record() -> None:
    """The counter goes wrong; without it, so does the summer, which otherwise would not."""

    class Picky(Summer):
        def on_event(self, state: SummerState, event: Event) -> tuple[Event, ...]:
            state.by["tried"] = state.by.get("tried", 0) + 1
            if isinstance(event, Poke) and event.order == "counter:raise":
                raise KeyError("counted")
            return ()

    lane = Lane("sensing", SENSING.topic, SENSING.carries, (Counter, Breaker, Picky), origin=True)
    script, engine = Script(), Engine(lane)
    feed(engine, [script.configure("a"), script.poke("a")])
    before = state_of(engine, "counter"), state_of(engine, "summer")
    outputs = engine.process(script.poke("a", "counter:raise"))
    assert told(outputs) == FAILED * 2
    assert [o.event.agent for o in outputs if isinstance(o.event, Dead)] == ["counter", "summer"]
    assert (state_of(engine, "counter"), state_of(engine, "summer")) == before
    assert state_of(engine, "breaker") == BreakerState(seen=3), "who did not fail has seen it, once"


def test_other_halls_notice_nothing() -> None:
    """The same log with and without poison for hall a: hall b's outputs and state are the same, byte for byte."""

    def log(order: str) -> Script:
        script = Script()
        for hall in "ab":
            script.configure(hall)
        for n in range(30):
            script.poke("ab"[n % 2], order if n % 2 == 0 else "", at=n / 4)
        return script

    poisoned, ill = undisturbed(SENSING, log("breaker:raise").records)
    calm, well = undisturbed(SENSING, log("").records)
    assert [o for o in poisoned if o.key == b"b"] == [o for o in calm if o.key == b"b"]
    assert states(ill)["b"] == states(well)["b"]
    assert states(ill)["a"] != states(well)["a"]


@pytest.mark.parametrize("marked", range(8))
def test_it_goes_back_to_the_same_state_wherever_the_last_mark_was(marked: int) -> None:
    """The hall goes back to the mark and forward again, muted: through ticks, a configuration and an earlier failure."""
    script = Script()
    script.configure("a", at=0)
    script.poke("a", at=0.5)
    script.poke("a", "summer:raise", at=1.5)
    script.tick(2.5)
    script.poke("a")
    script.configure("a", "Other hall")
    script.poke("a", source="cam", seq=1)
    script.poke("a", "breaker:raise", at=3.5)
    expected, calm = undisturbed(SENSING, script.records)

    engine = Engine(SENSING)
    outputs = feed(engine, script.records[:marked])
    engine.checkpoint()
    assert outputs + feed(engine, script.records[marked:]) == expected
    assert states(engine) == states(calm)


def test_what_the_hall_has_seen_stays_seen() -> None:
    """Going back is for agents: a retry of the poisoned record is a repeat, before and after a restart."""
    script, engine = running("a")
    assert told(engine.process(script.poke("a", "breaker:raise", source="cam-1", seq=1)))[-2:] == FAILED
    assert engine.process(script.poke("a", "breaker:raise", source="cam-1", seq=1)) == []
    assert again(engine).process(script.poke("a", "breaker:raise", source="cam-1", seq=1)) == []


def test_an_agent_may_fail_on_a_tick() -> None:
    script, engine = running("a", "b")
    feed(engine, [script.poke("a", "breaker:arm"), script.poke("b")])
    outputs = engine.process(script.tick(1))
    assert told(outputs) == FAILED
    dead = outputs[0].event
    assert isinstance(dead, Dead)
    assert dead.raw == script.records[-1].value
    assert state_of(engine, "breaker") == BreakerState(seen=2, armed=True)
    assert state_of(engine, "breaker", "b") == BreakerState(seen=3)


def test_an_agent_may_fail_on_the_configuration() -> None:
    class Fussy(Breaker):
        reads: ClassVar[tuple[type[Event], ...]] = (Poke, Configured)

        def on_event(self, state: BreakerState, event: Event) -> tuple[Event, ...]:
            state.seen += 1
            if isinstance(event, Configured):
                raise LookupError("zone")  # noqa: TRY004 - any error will do
            return ()

    lane = Lane("sensing", SENSING.topic, SENSING.carries, (Counter, Fussy), origin=True)
    script, engine = Script(), Engine(lane)
    assert told(engine.process(script.configure("a"))) == ["a engine configured", "a counter counted 0", *FAILED]
    assert state_of(engine, "breaker") == BreakerState()
    engine.process(script.poke("a"))
    assert state_of(engine, "breaker") == BreakerState(seen=1)


def test_the_lane_below_has_its_own_poison() -> None:
    script, engine = service("a")
    assert told(engine.process(script.named("a:sensing:counter:5:2:0", counted(order="tally:raise")))) == FAILED
    assert told(engine.process(script.named("a:sensing:counter:5:3:0", counted()))) == ["a tally said 2"]


# -- many failures -----------------------------------------------------------------------------------------------------


def fail(script: Script, engine: Engine, times: int, *, every_s: float = 1.0, agent: str = "breaker") -> list[str]:
    said = []
    for _ in range(times):
        at = (script.now_ms - START_MS) / 1000 + every_s
        said += [line for line in told(engine.process(script.poke("a", f"{agent}:raise", at=at))) if "engine" in line]
    return said


def test_ten_failures_in_a_minute_switch_an_agent_off() -> None:
    script, engine = running("a")
    assert fail(script, engine, FAILURES_TO_STOP) == FAILED * (FAILURES_TO_STOP - 1) + STOPPED
    stopped = state_of(engine, "breaker")
    assert told(engine.process(script.poke("a", "breaker:raise")))[1:] == ["a summer summed 316"]
    assert state_of(engine, "breaker") == stopped, "it is no longer asked"
    assert fail(script, engine, 20) == []


def test_the_alert_says_that_it_is_off_and_until_when() -> None:
    script, engine = running("a")
    fail(script, engine, FAILURES_TO_STOP - 1)
    alert = engine.process(script.poke("a", "breaker:raise"))[-1].event
    assert isinstance(alert, AlertRaised)
    assert (alert.severity, alert.title) == ("critical", "Agent breaker was switched off")
    assert alert.detail.endswith("switched off for this hall until the configuration or the code changes")


def test_nine_a_minute_do_not() -> None:
    """Ten within 60 s; the failure of exactly a minute ago no longer counts."""
    script, engine = running("a")
    assert fail(script, engine, 60, every_s=60 / 9) == FAILED * 60


def test_a_failure_of_exactly_a_minute_ago_no_longer_counts() -> None:
    script, engine = running("a")
    fail(script, engine, 9)  # at 1, 2, ... 9 s
    assert fail(script, engine, 1, every_s=52.0) == FAILED  # at 61 s
    assert fail(script, engine, 1, every_s=0.999) == STOPPED  # and within a minute of 2, 3, ... 9 and 61 s


def test_what_it_saw_before_it_was_switched_off_stays_seen() -> None:
    script, engine = running("a")
    fail(script, engine, 9)
    engine.process(script.poke("a"))
    before = state_of(engine, "breaker")
    assert fail(script, engine, 1, every_s=0.0) == STOPPED
    assert state_of(engine, "breaker") == before


def test_each_agent_of_each_hall_has_failures_of_its_own() -> None:
    script, engine = running("a", "b")
    assert fail(script, engine, 9) == FAILED * 9
    assert fail(script, engine, 9, agent="summer") == FAILED * 9
    assert told(engine.process(script.poke("b", "breaker:raise")))[-1] == "b engine alert_raised agent_failed"
    assert fail(script, engine, 1) == STOPPED


def test_a_failure_on_a_tick_and_one_on_its_record_are_two() -> None:
    script, engine = running("a")
    engine.process(script.poke("a", "breaker:arm"))
    assert told(engine.process(script.poke("a", "breaker:raise", at=1)))[:2] == FAILED
    assert engine.counts["agent_failures"] == 2
    assert fail(script, engine, 4) == FAILED * 7 + STOPPED, "two at a time: one on the tick, one on the poke"


def test_off_is_off_after_a_restart_and_nine_are_still_nine() -> None:
    script, engine = running("a")
    fail(script, engine, 9)
    restarted = again(engine)
    assert fail(script, restarted, 1) == STOPPED
    assert fail(script, again(restarted), 5) == []


def test_a_new_configuration_gives_it_another_chance() -> None:
    script, engine = running("a")
    fail(script, engine, 10)
    engine.process(script.configure("a", "Other"))
    assert fail(script, engine, 1) == FAILED


def test_the_same_configuration_or_a_bad_one_does_not() -> None:
    script, engine = running("a")
    fail(script, engine, 10)
    feed(engine, [script.configure("a"), script.configure("a", "broken")])
    assert fail(script, engine, 1) == []


@pytest.mark.parametrize(("version", "said"), [(1, []), (2, FAILED)])
def test_newer_code_gives_it_another_chance(version: int, said: list[str]) -> None:
    script, engine = Script(), Engine(SENSING, topology=1)
    engine.process(script.configure("a"))
    fail(script, engine, 10)
    store: Store = {}
    write(store, "w", engine.whole())
    assert fail(script, restart(store, topology=version), 1) == said


def test_its_chance_is_written_down_at_once() -> None:
    """Otherwise it would be off again after the next restart, under the same new code."""
    script, engine = Script(), Engine(SENSING, topology=1)
    engine.process(script.configure("a"))
    fail(script, engine, 10)
    store: Store = {}
    write(store, "w", engine.whole())
    newer = restart(store, topology=2)
    write(store, "w", newer.checkpoint())
    assert fail(script, restart(store, topology=2), 1) == FAILED


# -- what is not poison ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "error"), [("memory", MemoryError), ("recursion", RecursionError), ("disk", OSError)])
@pytest.mark.parametrize("agent", AGENTS)
def test_what_would_not_repeat_on_replay_ends_the_process(agent: str, what: str, error: type[Exception]) -> None:
    script, engine = running("a")
    with pytest.raises(error):
        engine.process(script.poke("a", f"{agent}:{what}"))


def test_an_output_that_is_too_large_is_dead_and_the_agent_has_not_failed() -> None:
    script, engine = running("a")
    outputs = engine.process(script.poke("a", "breaker:large"))
    assert told(outputs) == [
        "a counter counted 4", "a breaker summed 1", "a engine dead oversized_output", "a breaker summed 2",
        "a breaker summed 2", "a summer summed 4",
    ]  # fmt: skip
    assert [o.id.ordinal for o in outputs if o.id and o.id.agent == "breaker"] == [0, 1, 2], "no number is left out"
    dead = outputs[2].event
    assert isinstance(dead, Dead)
    assert dead.agent == "breaker"
    assert "Summed of 1000116 bytes; at most 1000000 can be published" in dead.detail
    assert dead.raw_size == 1_000_116
    assert state_of(engine, "breaker") == BreakerState(seen=2)
    assert engine.counts["agent_failures"] == 0


def test_a_hall_that_makes_no_checkpoints_does_not_keep_all_it_has_seen() -> None:
    """A replay makes none: without a bound, a day would pile up in memory, waiting for a failure."""
    script, engine = running("a")
    hall = engine.halls[b"a"]
    kept = []
    for n in range(3000):
        engine.process(script.poke("a", at=n / 2))
        kept.append(sum(len(step) if isinstance(step, bytes) else len(encode(step)) for step in hall._since))
    assert max(kept) < ROOM_BYTES + 1000
    assert min(kept[2000:]) < ROOM_BYTES / 2
    before = state_of(engine, "breaker")
    assert told(engine.process(script.poke("a", "breaker:raise")))[-2:] == FAILED
    assert state_of(engine, "breaker") == before
