"""A clock that was ahead, in a lane below: it believes the lane above, and neither itself nor what was said before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.engine import Engine
from streams.events import AlertRaised, ClockSetBack, Configured
from streams.ids import Seen
from streams.record import Record
from tests.support.script import Script, again, counted, feed, letter, running, service, states, told
from tests.support.toy import SERVICE, START_MS, files

HOUR = 3600.0


def seconds(engine: Engine) -> float:
    """The engine's time, as the script counts it."""
    return (engine.time_ms - START_MS) / 1000


def set_back(script: Script, era: int, *, at: float, offset: int = 9, from_s: float = 3 * HOUR) -> Record:
    event = ClockSetBack(
        hall="a", at_ms=START_MS, decided_at_ms=START_MS, lane="sensing", from_ms=START_MS + round(from_s * 1000),
        first_offset=1, next_offset=2,
    )  # fmt: skip
    return script.named(f"a:sensing:engine:{era}:{offset}:1", event, at=at)


def said_above(script: Script, era: int, at: int) -> Record:
    """Something that the lane above concluded at this second."""
    return script.named(f"a:sensing:counter:{era}:{at + 10}:0", counted(), at=at)


def test_a_lane_below_believes_the_one_above_at_once() -> None:
    """
                 said at 2 h    clock_set_back, stamped 61 s    said at 62 s
    time         2 h            61 s                            62 s           nothing of the new time is forgotten
    """
    script, engine = service("a")
    feed(engine, [script.named("a:sensing:counter:5:7:0", counted(count=1), at=2 * HOUR)])
    outputs = feed(engine, [set_back(script, 6, at=61), script.named("a:sensing:counter:6:9:0", counted(), at=62)])
    assert seconds(engine) == 62
    assert told(outputs)[-1] == "a tally said 2", "the configuration, and what was counted since"
    assert not any(isinstance(output.event, AlertRaised) for output in outputs), "the lane above has told people"


def test_a_lane_below_whose_time_went_back_first_still_begins_anew_with_the_one_above() -> None:
    """What the lane above had in hand from the old time may stand behind the moment at which the lane below went back."""
    script, engine = service("a")
    feed(engine, [script.tick(2 * HOUR), *(said_above(script, 5, at) for at in range(1, 62))])
    assert (seconds(engine), engine.counts["clock_set_back"]) == (61, 1)
    feed(engine, [said_above(script, 5, 62), set_back(script, 6, at=63)])
    assert engine.counts["clock_set_back"] == 1
    assert told(engine.process(script.named("a:sensing:counter:6:9:0", counted()))) == ["a tally said 2"]


def test_told_twice_it_begins_anew_once() -> None:
    script, engine = service("a")
    feed(engine, [set_back(script, 6, at=0), script.named("a:sensing:counter:6:9:0", counted())])
    before = states(engine)
    assert feed(engine, [set_back(script, 6, at=1)]) == []
    assert states(engine) == before


def test_what_the_lane_above_says_again_after_a_crash_is_no_other_clock() -> None:
    """In topics of producer time it bears the stamps of then, and so do its ticks: five minutes that were lived through.

    stamps    1 s ... 300 s    1 s ... 300 s, the same ids    301 s
    time      1 s ... 300 s    300 s                          301 s
    """
    script, engine = service("a")
    lived = [(n, "tick" if n % 2 else "said") for n in range(1, 301)]
    for _ in range(2):
        feed(engine, [script.tick(n) if kind == "tick" else said_above(script, 5, n) for n, kind in lived])
        assert seconds(engine) == 300
    feed(engine, [said_above(script, 5, 301)])
    assert (seconds(engine), engine.counts["clock_set_back"]) == (301, 0)


def test_nor_is_its_word_when_the_time_has_gone_on_since() -> None:
    script, engine = service("a")
    word = [set_back(script, 6, at=61, offset=50, from_s=2 * HOUR)]
    feed(engine, [*word, *(said_above(script, 6, n) for n in range(62, 400))])
    before = states(engine)
    feed(engine, [set_back(script, 6, at=61, offset=50, from_s=2 * HOUR)])
    assert (seconds(engine), states(engine)) == (399, before)


def test_but_it_is_where_the_old_time_was_told_again_as_well() -> None:
    """The lane above was killed after the way back, and said both again: else time would be two hours ahead once more."""
    script, engine = service("a")
    feed(engine, [script.tick(2 * HOUR), set_back(script, 6, at=61, from_s=2 * HOUR), said_above(script, 6, 62)])
    feed(engine, [script.tick(2 * HOUR)])
    assert seconds(engine) == 2 * HOUR
    feed(engine, [set_back(script, 6, at=61, from_s=2 * HOUR)])
    assert seconds(engine) == 61


def test_what_it_says_itself_is_no_word_of_a_lane_above() -> None:
    """Anybody may write to the journal; and in the lane above it is no event at all."""
    script, engine = running("a")
    feed(engine, [script.tick(2 * HOUR)])
    assert letter(engine.process(set_back(script, 6, at=61))).reason == "undecodable"
    assert seconds(engine) == 2 * HOUR


def test_conclusions_of_an_era_that_was_named_by_a_clock_ahead_are_heard() -> None:
    """The era began two hours ahead, and the next has a number one above: neither is dead, though both are still to come."""
    script, engine = service("a")
    ahead = START_MS + 7_200_000
    first = script.named(f"a:sensing:counter:{ahead}:1:0", counted(), at=2 * HOUR)
    rest = [set_back(script, ahead + 1, at=61), script.named(f"a:sensing:counter:{ahead + 1}:9:0", counted(), at=62)]
    assert [o for o in feed(engine, [first, *rest]) if o.topic == "hall.dead"] == []


def test_an_era_beyond_all_that_is_known_is_still_dead() -> None:
    script, engine = service("a")
    invented = script.named(f"a:sensing:counter:{START_MS + 7_200_000}:1:0", counted(), at=1)
    assert "has not begun" in letter(engine.process(invented)).detail


def test_what_a_lane_said_itself_moves_its_time_by_no_more_than_two_minutes() -> None:
    """In topics of producer time it bears the stamp of its cause: said at two hours, it may stand behind the way back.

    stamps    2 h   clock_set_back, 61 s   said by itself, 2 h   62 s
    time      2 h   61 s                   61 s                  62 s
    """
    script, engine = service("a")
    own = "a:service:tally:7:3:0"
    feed(engine, [script.tick(2 * HOUR), set_back(script, 6, at=61), script.named(own, counted(), at=2 * HOUR)])
    assert seconds(engine) == 61
    feed(engine, [script.tick(62)])
    assert (seconds(engine), engine.counts["clock_set_back"]) == (62, 1)


def test_nor_does_it_prove_that_a_clock_was_ahead_or_that_none_was() -> None:
    """What it says of an hour ago while it catches up is no other clock; what it says now does not contradict one."""
    script, engine = service("a")

    def own(number: int, at: float) -> Record:
        return script.named(f"a:service:tally:7:{number}:0", counted(), at=at)

    feed(engine, [script.tick(2 * HOUR), *(own(n, at=n * 10.0) for n in range(200))])
    assert seconds(engine) == 2 * HOUR
    feed(engine, [r for n in range(1, 62) for r in (said_above(script, 5, n), own(200 + n, at=2 * HOUR))])
    assert (seconds(engine), engine.counts["clock_set_back"]) == (61, 1)


def test_files_said_again_in_the_new_time_change_nothing_below() -> None:
    script, engine = service("a")
    feed(engine, [script.tick(2 * HOUR), set_back(script, 6, at=61)])
    before = states(engine)
    said = Configured(hall="a", at_ms=START_MS, files=files("a"))
    assert feed(engine, [script.named("a:sensing:engine:6:9:2", said, at=62)]) == []
    assert {hall: len(state) for hall, state in states(engine).items()} == {h: len(s) for h, s in before.items()}


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["tick", "said", "again", "own", "word"]), st.sampled_from([1, 20, -200, 200, 7200, -7200])
    ),
    max_size=40,
)


def below_of(words: list[tuple[str, int]]) -> list[Record]:
    """What the lane below may find: the lane above, in its order or once more, its word, ticks, and what it said itself."""
    script, at = service("a")[0], 0
    for n, (kind, by) in enumerate(words):
        at += by
        if kind == "tick":
            script.tick(at)
        elif kind == "word":
            set_back(script, 5 + n, at=at, offset=n)
        else:
            lane, offset = "service" if kind == "own" else "sensing", n // 2 if kind == "again" else n
            script.named(f"a:{lane}:counter:{5 + n}:{offset}:0", counted(), at=at)
    return script.records


@given(WORDS, st.integers(1, 40))
def test_so_does_one_of_the_lane_below(words: list[tuple[str, int]], at: int) -> None:
    records, whole, first = below_of(words), Engine(SERVICE), Engine(SERVICE)
    expected = feed(whole, records)
    said = feed(first, records[:at])
    second = again(first)
    assert said + feed(second, records[at:]) == expected
    assert states(second) == states(whole)
    seen = Seen()
    assert all(seen.is_new(o.id) for o in expected if o.id is not None)
