"""A clock that was ahead: when the log's time goes back, what begins anew then, and that a replay sees the same."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.checkpoint import encode_mark
from streams.clock import BACK_MS, RUN_MS, STEP_MS
from streams.engine import Checkpoint, Engine, Output
from streams.events import AlertRaised, ClockSetBack, Event
from streams.ids import Seen
from streams.record import Record
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

E = TypeVar("E", bound=Event)

HOUR = 3600.0
IN_2099 = 4_070_908_800.0 - START_MS / 1000


def seconds(engine: Engine) -> float:
    """The engine's time, as the script counts it."""
    return (engine.time_ms - START_MS) / 1000


def kinds(outputs: list[Output]) -> list[str]:
    return [str(type(o.event).__name__) for o in outputs if o.event is not None]


def of(kind: type[E], outputs: list[Output]) -> list[E]:
    return [o.event for o in outputs if isinstance(o.event, kind)]


# -- when --------------------------------------------------------------------------------------------------------------


def test_time_goes_back_once_records_have_told_of_another_for_a_minute() -> None:
    """
    stamps    0 s   2 h   1 s  2 s ... 60 s   61 s
    time      0 s   2 h   2 h  2 h ... 2 h    61 s     late from 1 s to 60 s: a minute is 1 s to 61 s
    """
    script, engine = running("a")
    feed(engine, [script.tick(2 * HOUR)])
    late = feed(engine, [script.poke("a", at=at) for at in range(1, 61)])
    assert kinds(late) == ["Late"] * 60
    assert seconds(engine) == 2 * HOUR
    back = engine.process(script.poke("a", at=61))
    assert seconds(engine) == 61
    assert of(ClockSetBack, back) == [
        ClockSetBack(
            hall="a", at_ms=START_MS + 61_000, decided_at_ms=START_MS + 61_000, lane="sensing",
            from_ms=START_MS + 7_200_000, first_offset=2, next_offset=62,
        )
    ]  # fmt: skip
    assert "Late" not in kinds(back + engine.process(script.poke("a", at=62)))


def test_people_are_told() -> None:
    script, engine = running("a")
    outputs = feed(engine, [script.tick(2 * HOUR), *(script.tick(at) for at in range(1, 62))])
    (alert,) = of(AlertRaised, outputs)
    assert alert.alert == "clock_set_back"
    assert "from 2023-11-15T00:13:20+00:00 to 2023-11-14T22:14:21+00:00" in alert.detail
    assert "Records 2 to 61 of hall.observations/0" in alert.detail
    assert engine.counts["clock_set_back"] == 1


def test_behind_by_two_minutes_time_stands() -> None:
    """A clock that is put right by a little: as long as it takes to catch up, nothing begins anew."""
    script, engine = running("a")
    feed(engine, [script.tick(200), *(script.tick(at) for at in range(80, 200))])
    assert (seconds(engine), engine.era) == (200, START_MS)


def test_one_record_of_the_old_time_in_between_and_the_minute_begins_again() -> None:
    """
    stamps    2 h   1 s ... 60 s   2 h - 2 min   61 s ... 120 s   121 s
    time      2 h   2 h ...  2 h   2 h           2 h  ... 2 h     121 s
    """
    script, engine = running("a")
    first = [script.tick(2 * HOUR), *(script.tick(at) for at in range(1, 61)), script.tick(2 * HOUR - 120)]
    feed(engine, [*first, *(script.tick(at) for at in range(61, 121))])
    assert seconds(engine) == 2 * HOUR
    engine.process(script.tick(121))
    assert seconds(engine) == 121


def test_stray_rows_prove_nothing_however_far_apart_they_are() -> None:
    """Two rows of last week and one of yesterday in a topic of producer time: days apart, and ten seconds of proof each."""
    script, engine = running("a", at=0)
    week = [-7 * 24 * HOUR, -6 * 24 * HOUR, -24 * HOUR, -23 * HOUR, -22 * HOUR, -21 * HOUR]
    feed(engine, [script.poke("a", at=at) for at in week])
    assert (seconds(engine), engine.era) == (0, START_MS)


def test_rows_that_tremble_prove_no_more_than_the_time_they_tell_of() -> None:
    """Stamps of several producers, half a second to and fro, a thousand times: half a second and the ten that passed."""
    script, engine = running("a")
    feed(engine, [script.tick(2 * HOUR), *(script.tick(n / 100 + (n % 2) / 2) for n in range(1000))])
    assert seconds(engine) == 2 * HOUR


def test_one_row_of_the_year_2099_costs_a_minute() -> None:
    script, engine = running("a")
    outputs = feed(engine, [script.tick(IN_2099), *(script.poke("a", at=at) for at in range(1, 200))])
    assert len([o for o in outputs if o.topic == "hall.late"]) == 60
    assert seconds(engine) == 199


def test_two_of_them_cost_no_more() -> None:
    script, engine = running("a")
    rows = [script.tick(IN_2099), script.tick(IN_2099 - HOUR), *(script.poke("a", at=at) for at in range(1, 200))]
    assert len([o for o in feed(engine, rows) if o.topic == "hall.late"]) == 60
    assert engine.counts["clock_set_back"] == 1


def test_a_stamp_that_is_no_date_can_be_said() -> None:
    script, engine = running("a")
    far = script.tick(0)._replace(timestamp_ms=2**62)
    (alert,) = of(AlertRaised, feed(engine, [far, *(script.tick(at) for at in range(1, 62))]))
    assert f"from {2**62} ms to" in alert.detail


# -- what begins anew --------------------------------------------------------------------------------------------------


def test_every_hall_begins_anew_under_the_files_it_has() -> None:
    """As if it had just been configured: the counter counts from 0, and has heard of its configuration once."""
    script, engine = running("a", "b")
    feed(engine, [script.poke("a", at=1), script.poke("b"), script.tick(2 * HOUR)])
    outputs = feed(engine, [script.tick(at) for at in range(1, 62)])
    assert told(outputs) == [
        "a engine configured", "b engine configured",
        "a engine clock_set_back 5", "a engine alert_raised clock_set_back", "a counter counted 0", "a summer summed 0",
        "b engine clock_set_back 5", "b engine alert_raised clock_set_back", "b counter counted 0", "b summer summed 0",
    ]  # fmt: skip
    fresh = Script()
    other = Engine(SENSING)
    feed(other, [fresh.configure("a", at=61), fresh.configure("b")])
    assert states(engine) == states(other)


def test_a_repeat_is_one_in_any_time() -> None:
    script, engine = running("a")
    feed(engine, [script.poke("a", at=1, source="door", boot="1", seq=1), script.tick(2 * HOUR)])
    feed(engine, [script.tick(at) for at in range(1, 62)])
    assert engine.process(script.poke("a", at=62, source="door", boot="1", seq=1)) == []


def test_the_new_era_is_above_the_old_even_if_that_has_a_time_to_come() -> None:
    """The engine started while the clock was ahead: its era has a number that no clock will show for two hours."""
    script, engine = running("a", at=2 * HOUR)
    feed(engine, [script.tick(at) for at in range(1, 62)])
    assert engine.era == START_MS + 7_200_001
    assert again(engine).era == engine.era


def test_an_era_of_the_right_time_is_followed_by_one_of_the_right_time() -> None:
    script, engine = running("a")
    feed(engine, [script.tick(2 * HOUR), *(script.tick(at) for at in range(1, 62))])
    assert engine.era == START_MS + 61_000


def test_time_can_go_back_twice() -> None:
    script, engine = running("a")
    feed(engine, [script.tick(2 * HOUR), *(script.tick(at) for at in range(1, 62))])
    first = engine.era
    feed(engine, [script.tick(2 * HOUR), *(script.tick(at) for at in range(-200, -100))])
    assert (seconds(engine), engine.era) == (-101, first + 1)


def test_a_reset_in_the_middle_begins_something_of_its_own() -> None:
    """What `hall reset` begins cannot be computed from before, also when time goes back with its first record."""
    script, engine = running("a")
    feed(engine, [script.tick(2 * HOUR), *(script.tick(at) for at in range(1, 61))])
    store: Store = {}
    write(store, "w", engine.whole())
    mark = replace(engine.mark(), era=engine.era + 1, pending=True)
    write(store, "w", Checkpoint([], encode_mark(mark), engine.next_offset))
    after = restart(store)
    after.process(script.tick(61))
    assert after.counts["clock_set_back"] == 1
    assert after.mark().root_era == after.era > engine.era


# -- a function of the records -----------------------------------------------------------------------------------------

STAMPS = st.lists(
    st.sampled_from([0.5, 1.0, 9.0, 30.0, 119.0, -1.0, -119.0, -121.0, -HOUR, HOUR, 2 * HOUR]).map(
        lambda s: round(s * 1000)
    ),
    max_size=60,
)


def records_of(moves: list[int]) -> list[Record]:
    """A hall, pokes and ticks, each so much later (or earlier) than the one before."""
    script, at = Script(), 0
    script.configure("a")
    for n, by in enumerate(moves):
        at += by
        if n % 2:
            script.tick(at / 1000)
        else:
            script.poke("a", at=at / 1000)
    return script.records


def expected_times(stamps: list[int]) -> list[int]:
    """The rule once more, from the whole list of the records that wait to be believed."""
    now, waiting, times = stamps[0], list[int](), list[int]()
    for stamp in stamps:
        if stamp >= now - BACK_MS:
            now, waiting = max(now, stamp), []
        else:
            waiting.append(stamp)
            clock = [waiting[0]]
            for late in waiting[1:]:
                clock.append(clock[-1] if clock[-1] - BACK_MS <= late <= clock[-1] else late)
            if sum(min(max(b - a, 0), STEP_MS) for a, b in pairwise(clock)) >= RUN_MS:
                now, waiting = clock[-1], []
        times.append(now)
    return times


@given(STAMPS)
def test_time_goes_back_under_the_rule_and_never_else(moves: list[int]) -> None:
    records, engine = records_of(moves), Engine(SENSING)
    times = []
    for record in records:
        engine.process(record)
        times.append(engine.time_ms)
    assert times == expected_times([record.timestamp_ms for record in records])
    backs = sum(b < a for a, b in pairwise(times))
    assert engine.counts["clock_set_back"] == backs


@given(STAMPS, st.integers(1, 60))
def test_an_engine_that_starts_again_anywhere_says_the_same(moves: list[int], at: int) -> None:
    """Also in the minute in which the records wait to be believed."""
    records, whole = records_of(moves), Engine(SENSING)
    expected = feed(whole, records)
    first = Engine(SENSING)
    said = feed(first, records[:at])
    second = again(first)
    assert said + feed(second, records[at:]) == expected
    assert states(second) == states(whole)
    assert second.mark() == whole.mark() or at >= len(records)


@given(STAMPS)
def test_no_id_stands_for_two_things_and_readers_drop_none(moves: list[int]) -> None:
    seen, engine = Seen(), Engine(SENSING)
    outputs = feed(engine, records_of(moves))
    assert all(seen.is_new(o.id) for o in outputs if o.id is not None)
    assert len({json.loads(o.value)["id"] for o in outputs if o.id is not None}) == len(outputs)
