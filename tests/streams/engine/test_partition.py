"""A partition: how its outputs are named, which era it is, what time it is, and what is missing from its log."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from streams.checkpoint import Mark, Restored
from streams.codec import id_of
from streams.engine import Checkpoint, Engine, Gap, OtherLog
from streams.events import LogLost
from tests.support.script import (
    Script,
    Store,
    again,
    feed,
    restart,
    running,
    states,
    told,
    write,
)
from tests.support.toy import SENSING, START_MS

# -- names and eras ----------------------------------------------------------------------------------------------------


def test_an_output_is_named_by_its_cause_and_carries_its_causes_time() -> None:
    script, engine = running("a")
    outputs = engine.process(script.poke("a", at=0.25))
    assert [str(o.id) for o in outputs] == [
        f"a:sensing:{agent}:{START_MS}:1:0" for agent in ("counter", "breaker", "summer")
    ]
    assert {(o.topic, o.partition, o.timestamp_ms, o.key) for o in outputs} == {
        ("hall.journal", 0, START_MS + 250, b"a")
    }
    assert [id_of(o.value) for o in outputs] == [str(o.id) for o in outputs]
    assert json.loads(outputs[0].value) == {
        "id": f"a:sensing:counter:{START_MS}:1:0", "type": "counted", "hall": "a", "at_ms": START_MS + 250,
        "decided_at_ms": START_MS + 250, "count": 4, "order": "",
    }  # fmt: skip


def test_ordinals_count_what_an_agent_says_to_one_record_ticks_included() -> None:
    script, engine = running("a", "b")
    for second in range(1, 5):
        engine.process(script.tick(second))
    outputs = engine.process(script.poke("a", at=5))  # the fifth second for both halls, and a poke for one
    assert [(o.id.hall, o.id.agent, o.id.ordinal) for o in outputs if o.id] == [
        ("a", "counter", 0), ("a", "summer", 0), ("b", "counter", 0), ("b", "summer", 0),
        ("a", "counter", 1), ("a", "breaker", 0), ("a", "summer", 1),
    ]  # fmt: skip


def test_the_era_is_the_first_records_time_and_stays() -> None:
    script, engine = running("a", at=3)
    assert engine.era == START_MS + 3000
    engine.process(script.poke("a", at=9))
    assert engine.era == again(engine).era == START_MS + 3000


def reset(era: int, next_offset: int = 0) -> Restored:
    """What ``hall reset`` leaves: a mark of an era that begins with the next record."""
    mark = Mark(era, True, next_offset, 0, 0, "", 0, ())
    return Restored(mark, {}, frozenset())


def test_a_new_era_is_above_the_last_one_whatever_the_clock_says() -> None:
    script = Script()
    first = script.configure("a", at=-50)
    assert Engine(SENSING, restored=reset(START_MS + 1)).process(first)[0].id == (
        "a",
        "sensing",
        "engine",
        START_MS + 1,
        0,
        0,
    )
    assert Engine(SENSING, restored=reset(7)).process(first)[0].id == (
        "a",
        "sensing",
        "engine",
        START_MS - 50_000,
        0,
        0,
    )


def test_an_era_that_begins_in_mid_log_knows_no_record_before_it() -> None:
    script = Script()
    before, first = script.configure("a"), script.configure("b")
    engine = Engine(SENSING, restored=reset(7, next_offset=1))
    assert engine.process(before) == []  # not "another log"
    assert told(engine.process(first))[0] == "b engine configured"


def test_a_crash_before_the_first_record_leaves_the_era_open() -> None:
    store: Store = {}
    write(store, "w", Engine(SENSING).whole())
    assert restart(store).pending
    engine = restart(store)
    feed(engine, [Script().configure("a", at=1)])
    assert (engine.era, engine.pending) == (START_MS + 1000, False)


# -- time --------------------------------------------------------------------------------------------------------------


def ticked(engine: Engine) -> dict[str, int]:
    return {hall.hall.id: hall._states[0].ticks for hall in engine.halls.values()}


def test_every_hall_gets_a_tick_when_any_record_carries_the_time_over_a_second() -> None:
    script, engine = running("b", "a", "c")
    engine.process(script.poke("a", at=0.999))
    assert ticked(engine) == {"a": 0, "b": 0, "c": 0}
    engine.process(script.poke("a", at=1.0))
    assert ticked(engine) == {"a": 1, "b": 1, "c": 1}
    engine.process(script.raw(b"nobody", b"junk", at=2.5))  # junk has a time as well
    engine.process(script.tick(2.9))
    engine.process(script.tick(60))  # fifty-seven seconds at once: one tick
    assert ticked(engine) == {"a": 3, "b": 3, "c": 3}


def test_halls_tick_in_the_order_of_their_ids_whichever_way_they_came_to_be_here() -> None:
    script, engine = running("c", "a", "b")
    for second in range(1, 5):
        engine.process(script.tick(second))
    restored, last = again(engine), script.tick(5)
    expected = [
        f"{hall} {agent} {said} 0" for hall in "abc" for agent, said in (("counter", "counted"), ("summer", "summed"))
    ]
    assert told(engine.process(last)) == told(restored.process(last)) == expected


def test_the_tick_comes_before_the_record_that_brought_it() -> None:
    script, engine = running("a")
    for second in range(1, 5):
        engine.process(script.tick(second))
    assert told(engine.process(script.poke("a", at=5)))[0] == "a counter counted 0"


def test_time_is_a_running_maximum() -> None:
    script, engine = running("a")
    engine.process(script.poke("a", at=10))
    outputs = engine.process(script.poke("a", at=4))  # the broker's clock was put back
    assert {o.timestamp_ms for o in outputs} == {START_MS + 10_000}
    engine.process(script.tick(10.9))
    assert ticked(engine) == {"a": 1}
    assert again(engine).time_ms == engine.time_ms == START_MS + 10_900


def test_a_record_without_a_time_is_no_harm() -> None:
    engine = Engine(SENSING)
    feed(engine, [Script().configure("a")._replace(timestamp_ms=-1)])
    assert (engine.time_ms, engine.era) == (0, 0)


# -- contiguity --------------------------------------------------------------------------------------------------------


def test_a_jump_ahead_is_a_gap_and_changes_nothing() -> None:
    script, engine = running("a")
    before = states(engine), engine.mark(), dict(engine.counts)
    script.offset = 5
    with pytest.raises(Gap, match="expected offset 1, got 5") as caught:
        engine.process(script.poke("a", at=60))
    assert (caught.value.wanted, caught.value.got) == (1, 5)
    assert (states(engine), engine.mark(), dict(engine.counts)) == before


def test_a_record_seen_before_is_passed_over() -> None:
    script, engine = running("a")
    poke = script.poke("a")
    assert engine.process(poke)
    before = states(engine)
    assert engine.process(poke) == []
    assert feed(engine, script.records) == []
    assert states(engine) == before


def test_offsets_that_never_were_are_no_loss() -> None:
    script, engine = running("a")
    script.offset = 5
    engine.skip_to(5, lost=False)
    assert told(engine.process(script.poke("a"))) == ["a counter counted 4", "a breaker summed 2", "a summer summed 4"]
    assert engine.counts["lost"] == 0


def test_what_was_lost_is_published_for_every_hall_and_counted() -> None:
    script, engine = running("a", "b")
    script.offset = 42
    engine.skip_to(42, lost=True)
    outputs = engine.process(script.poke("b"))
    lost = [o.event for o in outputs if isinstance(o.event, LogLost)]
    assert [(e.hall, e.lane, e.first_offset, e.next_offset) for e in lost] == [
        ("a", "sensing", 2, 42),
        ("b", "sensing", 2, 42),
    ]
    assert [o.topic for o in outputs[:2]] == ["hall.journal"] * 2
    assert engine.counts["lost"] == 40
    assert not any(isinstance(o.event, LogLost) for o in engine.process(script.poke("b"))), "said once"


def test_a_loss_begins_a_new_era_for_what_comes_behind_it_may_have_been_published_before() -> None:
    """
    mark     published, then kill -9
    |1-------|-------- 5                 era E
    | lost . 4 --------5 ...             other events from the same records: era E + 1 at the least
    """
    script, engine = running("a", at=3)
    before = engine.era
    engine.skip_to(42, lost=True)
    assert engine.pending, "its number comes with the next record"
    script.offset = 42
    outputs = engine.process(script.poke("a", at=3))
    assert engine.era == before + 1, "also where that record has the time of the one that began the last era"
    assert {o.id.era for o in outputs if o.id} == {before + 1}
    engine.skip_to(50, lost=True)
    script.offset = 50
    engine.process(script.poke("a", at=9))
    assert engine.era == START_MS + 9000


# -- a copy that goes on by itself -------------------------------------------------------------------------------------
#
#   mark        published
#   |2----------|4------------      the era of the copied log up to 4, from there on one that nobody else can begin


LEAST = START_MS + 10**9


def test_in_a_copy_what_was_published_keeps_its_ids_and_the_rest_gets_a_new_era() -> None:
    script, engine = running("a", "b")
    before = engine.era
    engine.end_era(4, LEAST)
    eras = [{o.id.era for o in engine.process(script.poke("a", at=1)) if o.id} for _ in range(4)]
    assert eras == [{before}, {before}, {LEAST}, {LEAST}]


def test_where_nothing_was_published_the_new_era_begins_with_the_next_record() -> None:
    script, engine = running("a", "b")
    engine.end_era(0, LEAST)
    assert {o.id.era for o in engine.process(script.poke("a", at=1)) if o.id} == {LEAST}


def test_a_copy_whose_era_has_not_begun_does_not_begin_it_as_the_original_does() -> None:
    script = Script()
    first, engine = script.configure("a", at=3), Engine(SENSING)
    engine.end_era(0, LEAST)
    assert {o.id.era for o in engine.process(first) if o.id} == {LEAST}


def test_a_copy_that_shows_what_was_published_before_the_first_mark_repeats_that_under_its_ids() -> None:
    script = Script()
    records, engine = [script.configure("a", at=3), script.poke("a", at=3), script.poke("a", at=3)], Engine(SENSING)
    engine.end_era(2, LEAST)
    eras = [{o.id.era for o in engine.process(record) if o.id} for record in records]
    assert eras == [{START_MS + 3000}, {START_MS + 3000}, {LEAST}]


def test_where_a_copys_new_era_begins_outlives_a_crash() -> None:
    script, engine = running("a", "b")
    engine.end_era(4, LEAST)
    restored = again(engine)
    records = [script.poke("a", at=1) for _ in range(3)]
    assert [told(restored.process(r)) for r in records] == [told(engine.process(r)) for r in records]
    assert restored.era == engine.era == LEAST


def test_a_gap_that_is_the_logs_own_keeps_the_era() -> None:
    script, engine = running("a", at=3)
    before = engine.era
    engine.skip_to(42, lost=False)
    script.offset = 42
    engine.process(script.poke("a", at=9))
    assert engine.era == before


@pytest.mark.parametrize("encode", [Engine.checkpoint, Engine.whole])
def test_a_loss_that_was_not_told_before_the_end_is_told_by_who_goes_on(encode: Callable[[Engine], Checkpoint]) -> None:
    """
    |0-- a, b --|2 . . lost . . 42|  kill -9  |42-- told to both, under the era that began
    """
    script, engine = running("a", "b")
    store = dict[bytes, bytes]()
    write(store, "w", engine.whole())
    engine.skip_to(42, lost=True)
    write(store, "w", encode(engine))
    script.offset = 42
    poke = script.poke("b")
    restored = restart(store)
    lost = {
        e.hall: (e.first_offset, e.next_offset) for o in restored.process(poke) if isinstance(e := o.event, LogLost)
    }
    assert lost == {"a": (2, 42), "b": (2, 42)}
    engine.process(poke)
    assert (restored.mark(), states(restored)) == (engine.mark(), states(engine))


def test_a_second_loss_before_the_first_was_told_is_one_with_it() -> None:
    script, engine = running("a")
    before = engine.era
    engine.skip_to(10, lost=True)
    store = dict[bytes, bytes]()
    write(store, "w", engine.whole())
    restored = restart(store)
    restored.skip_to(42, lost=True)
    script.offset = 42
    outputs = restored.process(script.poke("a"))
    lost = [(e.first_offset, e.next_offset) for o in outputs if isinstance(e := o.event, LogLost)]
    assert lost == [(1, 42)]
    assert restored.era == before + 2


def test_a_hall_that_was_ahead_of_the_mark_has_lost_less() -> None:
    """
    mark      hall b      log's start
    |1--------|3----------|6---       lost to a: 1..5, to b: 3..5; a hall c at 6 or beyond lost nothing
    """
    script = Script()
    engine, store = Engine(SENSING), dict[bytes, bytes]()
    feed(engine, [script.configure(hall) for hall in "abc"])
    write(store, "w", engine.whole())
    feed(engine, [script.poke("b"), script.poke("b")])
    write(store, "w", engine.checkpoint(), mark=False)
    feed(engine, [script.poke("c"), script.poke("c"), script.poke("c")])
    write(store, "w", engine.checkpoint(), mark=False)
    restored = restart(store)
    script.offset = 8
    restored.skip_to(8, lost=True)
    outputs = restored.process(script.poke("a"))
    lost = {e.hall: (e.first_offset, e.next_offset) for o in outputs if isinstance(e := o.event, LogLost)}
    assert lost == {"a": (3, 8), "b": (5, 8)}


def test_another_log_is_known_by_the_record_before_the_mark() -> None:
    script, engine = running("a", "b")
    restored, last = again(engine), script.records[-1]
    assert restored.process(last) == []
    for other in (last._replace(value=b"{}"), last._replace(key=b"x"), last._replace(timestamp_ms=1)):
        with pytest.raises(OtherLog, match=r"hall.observations/0: the record at offset 1 is not the one.*`hall reset`"):
            restored.process(other)


def test_the_record_before_the_mark_is_remembered_over_restarts_without_input() -> None:
    script, engine = running("a")
    assert again(again(engine)).mark() == engine.mark()
    with pytest.raises(OtherLog):
        again(again(engine)).process(script.records[-1]._replace(value=b"{}"))
