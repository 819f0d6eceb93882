"""The first lane says again what its halls have in force, so that the lane below needs no memory that can be lost.

sensing   configured A .. | 10:00 A | .. configured B .. | 11:00 B | .. reset, new era: B | ..
service                      A        (lost)                B  cured           (dropped)  B  cured
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.checkpoint import HallRecord, Restored
from streams.codec import MAX_OUTPUT_BYTES, TICK, encode
from streams.engine import Engine, Output
from streams.engine.hall import Body
from streams.events import Configured, Dead
from streams.record import Record
from streams.topics import HOUR_MS
from tests.support.faults import undisturbed
from tests.support.script import (
    Script,
    Store,
    again,
    counted,
    feed,
    letter,
    restart,
    running,
    service,
    states,
    told,
    write,
)
from tests.support.toy import SENSING, SERVICE, START_MS, files

TO_THE_HOUR_S = (HOUR_MS - START_MS % HOUR_MS) / 1000
"""From START_MS on; a whole number."""


def body(output: Output) -> dict[str, str]:
    assert isinstance(output.event, Configured)
    return output.event.files


def next_era(engine: Engine) -> Engine:
    """What ``hall reset`` makes of it when the state fits."""
    mark = msgspec.structs.replace(engine.mark(), era=engine.era + 1, pending=True)
    halls = {h.hall.id: HallRecord(engine.next_offset, h.encode()) for h in engine.halls.values()}
    return Engine(engine.lane, restored=Restored(mark, halls, frozenset()))


# -- when --------------------------------------------------------------------------------------------------------------


def test_every_whole_hour_each_hall_says_once_what_it_has_in_force() -> None:
    script, engine = running("b", "a")
    assert told(engine.process(script.tick(TO_THE_HOUR_S - 0.001))) == []
    outputs = engine.process(script.tick(TO_THE_HOUR_S))
    assert told(outputs) == ["a engine configured", "b engine configured"]
    assert [body(o) for o in outputs] == [files("a"), files("b")]
    now = START_MS + round(TO_THE_HOUR_S * 1000)
    assert {(o.topic, o.timestamp_ms, o.event.at_ms) for o in outputs if o.event} == {("hall.journal", now, now)}
    assert [str(o.id) for o in outputs] == [f"{hall}:sensing:engine:{START_MS}:3:0" for hall in "ab"]
    assert told(engine.process(script.tick(TO_THE_HOUR_S + 3599.999))) == []


def test_many_hours_at_once_are_one() -> None:
    script, engine = running("a")
    assert told(engine.process(script.tick(TO_THE_HOUR_S + 9 * 3600))) == ["a engine configured"]
    assert told(engine.process(script.tick(TO_THE_HOUR_S + 8 * 3600))) == [], "the broker's clock was put back"


def test_any_record_brings_the_hour_and_the_files_come_before_all_that_follows_from_it() -> None:
    """Five ticks, and on the fifth the counter speaks: by then the lane below must know whose count that is."""
    script, engine = running("a")
    feed(engine, [script.tick(second) for second in range(1, 5)])
    outputs = engine.process(script.poke("a", at=TO_THE_HOUR_S))
    assert told(outputs)[:3] == ["a engine configured", "a counter counted 0", "a summer summed 0"]
    assert told(again(engine).process(script.raw(b"a", b"junk", at=TO_THE_HOUR_S + 3600))) == [
        "a engine configured", "a engine dead undecodable",
    ]  # fmt: skip


def test_it_comes_before_what_was_lost_too() -> None:
    script, engine = running("a")
    engine.skip_to(script.offset + 5, lost=True)
    script.offset += 5
    outputs = engine.process(script.tick(TO_THE_HOUR_S))
    assert told(outputs) == ["a engine configured", "a engine log_lost 1"]
    assert [o.id.ordinal for o in outputs if o.id] == [0, 1]


def test_a_new_era_begins_with_it() -> None:
    script, engine = running("a", "b")
    engine = next_era(engine)
    outputs = engine.process(script.poke("a", at=0.5))
    assert told(outputs)[:3] == ["a engine configured", "b engine configured", "a counter counted 4"]
    assert [str(o.id) for o in outputs[:2]] == [f"{hall}:sensing:engine:{START_MS + 500}:2:0" for hall in "ab"]
    assert told(engine.process(script.poke("a")))[0] == "a counter counted 8", "once"


def test_neither_a_restart_nor_the_same_files_applied_again_is_a_reason() -> None:
    script, engine = running("a")
    engine = again(engine)
    assert told(engine.process(script.configure("a"))) == []
    assert told(engine.process(script.configure("a", at=TO_THE_HOUR_S))) == ["a engine configured"]


def test_the_lane_below_says_nothing() -> None:
    script, engine = service("a")
    assert told(engine.process(script.tick(TO_THE_HOUR_S))) == []
    assert told(next_era(engine).process(script.tick(TO_THE_HOUR_S + 3600))) == []


def test_a_record_that_brings_the_hour_and_other_files_says_the_old_ones_first() -> None:
    script, engine = running("a")
    outputs = engine.process(script.configure("a", "Other", at=TO_THE_HOUR_S))
    assert [body(o) for o in outputs[:2]] == [files("a"), files("a", "Other")]
    assert [o.id.ordinal for o in outputs[:2] if o.id] == [0, 1]


def test_a_hall_that_is_ahead_of_its_mark_has_said_it_already() -> None:
    """Its record in the checkpoint is younger than the mark, and was written after what it published."""
    script, engine = running("a", "b")
    mark = engine.mark()
    engine.process(script.tick(TO_THE_HOUR_S))
    halls = {"a": HallRecord(3, engine.halls[b"a"].encode()), "b": HallRecord(2, engine.halls[b"b"].encode())}
    restored = Engine(SENSING, restored=Restored(mark, halls, frozenset()))
    assert told(restored.process(script.records[-1])) == ["b engine configured"]


# -- what it leaves as it was ------------------------------------------------------------------------------------------


def test_it_changes_no_state_of_the_hall_that_says_it() -> None:
    script, engine = running("a")
    store: Store = {}
    write(store, "w", engine.whole())
    silent = restart(store, replace(SENSING, origin=False))
    tick = script.tick(TO_THE_HOUR_S)
    assert told(engine.process(tick)) == ["a engine configured"]
    assert told(silent.process(tick)) == []
    assert states(engine) == states(silent)
    assert engine.counts["configured"] == 1


def test_an_agent_that_fails_on_the_tick_of_the_hour_changes_nothing_of_it() -> None:
    """The hall goes back and forward again, muted: what the engine itself says is none of that."""
    script, engine = running("a")
    engine.process(script.poke("a", "breaker:arm"))
    outputs = engine.process(script.tick(TO_THE_HOUR_S))
    assert told(outputs) == ["a engine configured", "a engine dead agent_failed", "a engine alert_raised agent_failed"]
    assert [o.id.ordinal for o in outputs if o.id] == [0, 1, 2]


def test_whoever_says_it_says_the_same_bytes() -> None:
    """The files' order in the first event is the sender's, that in a checkpoint is not."""
    script, engine = Script(), Engine(SENSING)
    upside_down = dict(sorted(files("a").items(), reverse=True))
    engine.process(script.put(Configured(hall="a", at_ms=START_MS, files=upside_down)))
    restored, tick = again(engine), script.tick(TO_THE_HOUR_S)
    assert engine.process(tick) == restored.process(tick) != []


@pytest.mark.parametrize("spare", [0, -1])
def test_what_can_be_passed_on_at_first_can_be_said_at_any_time(spare: int) -> None:
    """At the hour its time takes more characters than the 1 of the first."""
    script, engine = Script(), Engine(SENSING)
    longest = Configured(hall="a", at_ms=-(2**53), files=files("a", rules="#"))
    padding = "#" * (1 + MAX_OUTPUT_BYTES - len(encode(longest)) - spare)
    first = engine.process(script.put(Configured(hall="a", at_ms=1, files=files("a", rules=padding))))
    if spare < 0:
        assert letter(first).reason == "bad_config"
    else:
        assert told(first)[0] == "a engine configured"
        assert told(engine.process(script.tick(TO_THE_HOUR_S))) == ["a engine configured"]


# -- what the lane below makes of it -----------------------------------------------------------------------------------


def said_again(name: str = "Hall", offset: int = 100) -> tuple[str, Configured]:
    return f"a:sensing:engine:5:{offset}:0", Configured(hall="a", at_ms=START_MS, files=files("a", name))


def kept(engine: Engine) -> Body:
    return msgspec.msgpack.decode(engine.halls[b"a"].encode(), type=Body)


def test_files_that_it_has_in_force_change_nothing_there() -> None:
    """Nothing but the place up to which it has heard the lane above."""
    script, engine = service("a")
    agents, before = engine.halls[b"a"].agents, kept(engine)
    assert engine.process(script.named(*said_again())) == []
    assert engine.halls[b"a"].agents is agents, "nobody was built anew"
    assert kept(engine) == msgspec.structs.replace(before, seen={"sensing:engine": (5, 100, 0)})
    assert engine.counts["configured"] == 1


def test_an_agent_that_is_off_stays_off() -> None:
    script, engine = service("a")
    feed(engine, [script.named(f"a:sensing:counter:5:{n}:0", counted(order="tally:raise")) for n in range(2, 12)])
    assert kept(engine).off == ["tally"]
    engine.process(script.named(*said_again()))
    assert kept(engine).off == ["tally"]


def test_a_hall_that_it_has_forgotten_is_there_again_and_what_came_before_is_dead() -> None:
    script, engine = Script(SERVICE), Engine(SERVICE)
    (dead,) = engine.process(script.named("a:sensing:counter:5:99:0", counted()))
    assert isinstance(dead.event, Dead)
    assert dead.event.reason == "no_such_hall"
    assert "says it again at the next whole hour" in dead.event.detail
    assert told(engine.process(script.named(*said_again()))) == ["a tally said 1"]
    assert told(engine.process(script.named("a:sensing:counter:5:100:0", counted()))) == ["a tally said 2"]


def test_a_change_that_it_missed_reaches_it() -> None:
    script, engine = service("a")
    assert told(engine.process(script.named(*said_again("Other")))) == ["a tally said 2"]
    assert engine.halls[b"a"].files == files("a", "Other")
    assert engine.process(script.named(*said_again("Hall", offset=99))) == [], "older, said by a worker that stalled"
    assert engine.halls[b"a"].files == files("a", "Other")


@st.composite
def sensed(draw: st.DrawFn) -> list[Record]:
    """What the lane above reads: configurations, good and bad, pokes, times that pass; and, an hour later, a tick."""
    script = Script()
    for _ in range(draw(st.integers(1, 20))):
        script.now_ms += draw(st.sampled_from([0, 700, 61_000, HOUR_MS]))
        hall, name = draw(st.sampled_from("abc")), draw(st.sampled_from(["", "Hall", "Other", "broken"]))
        if name:
            script.configure(hall, name)
        else:
            script.poke(hall)
    script.now_ms += HOUR_MS
    script.raw(None, TICK)
    return script.records


@settings(max_examples=100, deadline=None)
@given(log=sensed(), data=st.data())
def test_whatever_it_missed_an_hour_later_it_has_in_force_what_the_lane_above_has(
    log: list[Record], data: st.DataObject
) -> None:
    """From its first record on, or in mid-log: journal | 0 .. gone | lost .. next | next .. the last tick |"""
    outputs, above = undisturbed(SENSING, log)
    journal = Script(SERVICE)
    for output in outputs:
        if output.topic == SERVICE.topic:
            journal.now_ms = output.timestamp_ms
            journal.raw(output.key, output.value)
    before = sum(record.timestamp_ms < log[-1].timestamp_ms for record in journal.records)
    gone = data.draw(st.integers(0, before))
    found = data.draw(st.integers(gone, before))
    below = Engine(SERVICE)
    feed(below, journal.records[:gone])
    below.skip_to(found, lost=found > gone)
    feed(below, journal.records[found:])
    assert in_force(below) == in_force(above)


def in_force(engine: Engine) -> dict[str, dict[str, str]]:
    return {hall.hall.id: hall.files for hall in engine.halls.values()}
