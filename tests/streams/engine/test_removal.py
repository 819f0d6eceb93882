"""A hall that is removed: closed by its agents, forgotten by the engine, and not brought back by repeats."""

from __future__ import annotations

from streams.checkpoint import Mark, encode_mark, hall_key, restore
from streams.engine import Engine, Output
from streams.engine.removal import RemovedHalls
from streams.engine.windows import Window
from streams.events import HallRemoved
from streams.record import Record
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
from tests.support.toy import SENSING, SERVICE, START_MS

HOUR_S = 3600


def removed(hall: str = "a") -> HallRemoved:
    return HallRemoved(hall=hall, at_ms=START_MS)


def remove(script: Script, hall: str = "a", *, at: float | None = None) -> Record:
    return script.put(removed(hall), at=at)


def test_what_the_agents_have_to_say_stands_before_the_removal_that_is_passed_on() -> None:
    script, engine = running("a", "b")
    outputs = engine.process(remove(script))
    # the counter speaks on every configuration: here on the one that clears the plan; behind it, the engine
    assert told(outputs) == ["a counter counted 0", "a summer summed 0", "a engine hall_removed"]
    assert outputs[-1].topic == "hall.journal"
    assert [hall.hall.id for hall in engine.halls.values()] == ["b"]


def test_its_frames_are_dead_from_then_on_and_others_are_not() -> None:
    script, engine = running("a", "b")
    engine.process(remove(script))
    assert letter(engine.process(script.poke("a"))).reason == "no_such_hall"
    assert told(engine.process(script.poke("b"))) != []


def test_it_is_removed_at_the_log_s_time_whatever_the_asker_s_clock_says() -> None:
    script, engine = running("a")
    wrong = HallRemoved(hall="a", at_ms=2**53)
    assert engine.process(script.put(wrong, at=7))[-1].event == HallRemoved(hall="a", at_ms=START_MS + 7000)


def test_a_hall_that_is_not_there_can_be_removed_without_any_effect() -> None:
    script, engine = running("a")
    before = states(engine)
    assert engine.process(remove(script, "c")) == []
    assert states(engine) == before


def test_configured_again_it_begins_with_nothing() -> None:
    script, engine = running("a")
    fresh = states(engine)
    feed(engine, [script.poke("a"), script.poke("a"), remove(script), script.configure("a")])
    assert states(engine) == fresh


def test_a_frame_that_was_counted_before_is_a_repeat_in_the_new_life_too() -> None:
    # poke 1 | removed | restarted | configured | poke 1, sent again | poke 2
    script, engine = running("a")
    feed(engine, [script.poke("a", source="cam", boot="x", seq=1), remove(script)])
    engine = again(engine)
    engine.process(script.configure("a"))
    assert engine.process(script.poke("a", source="cam", boot="x", seq=1)) == []
    assert engine.process(script.poke("a", source="cam", boot="x", seq=2)) != []


def test_what_is_remembered_of_removed_halls_fits_into_a_mark_however_many_there_are() -> None:
    halls, window = RemovedHalls({}), [Window("boot", 1)]
    for number in range(5000):
        halls.add(f"hall-{number}", {f"camera-{n}": window for n in range(50)}, None)
    assert len(encode_mark(Mark(0, False, 0, 0, 0, "", 0, (), removed=halls.known()))) < 200_000
    # the last ones are remembered best: their names longest, and the numbers of the very last
    assert list(halls) == [f"hall-{number}" for number in range(4000, 5000)]
    assert halls.take("hall-4000") == {}
    assert halls.take("hall-4999")["camera-49"][0].highest == 1


# -- checkpoints -------------------------------------------------------------------------------------------------------


def test_the_next_checkpoint_is_without_it_and_names_what_can_be_taken_away() -> None:
    script, engine = running("a", "b")
    assert engine.checkpoint().gone == ()
    engine.process(remove(script))
    checkpoint = engine.checkpoint()
    assert checkpoint.gone == ("a",)
    assert engine.mark().halls == ("b",)
    assert engine.checkpoint().gone == ()


def test_a_hall_that_is_there_again_by_the_next_checkpoint_keeps_its_record() -> None:
    script, engine = running("a")
    engine.checkpoint()
    feed(engine, [remove(script), script.configure("a")])
    checkpoint = engine.checkpoint()
    assert checkpoint.gone == ()
    assert engine.mark().halls == ("a",)


def test_a_crash_at_any_step_around_a_removal_gives_what_an_engine_without_a_crash_has() -> None:
    # conf a, b | poke | CHECKPOINT | poke | remove a | poke b | conf a | poke a | CHECKPOINT: cut short in every place
    script = Script()
    head = [script.configure("a"), script.configure("b"), script.poke("a"), script.poke("b")]
    tail = [
        script.poke("a"), remove(script), script.poke("b", at=2), script.configure("a"), script.poke("a"),
        script.tick(HOUR_S), remove(script, "b"), script.poke("b"), script.tick(2 * HOUR_S),
    ]  # fmt: skip
    whole = Engine(SENSING)
    expected = [told(whole.process(record)) for record in [*head, *tail]]
    for cut in range(len(tail) + 1):
        for halls, mark in ((0, False), (1, False), (2, False), (None, True)):
            store: Store = {}
            engine = Engine(SENSING)
            feed(engine, head)
            write(store, "w", engine.checkpoint())
            feed(engine, tail[:cut])
            write(store, "w", engine.checkpoint(), halls=halls, mark=mark)
            after = restart(store)
            begin = after.next_offset
            outputs = [told(after.process(record)) for record in [*head, *tail][begin:]]
            # What a hall's own record has seen already is not said again: it was published before that was written.
            assert all(set(got) <= set(want) for got, want in zip(outputs, expected[begin:], strict=True))
            assert states(after) == states(whole)
            assert after.mark().removed == whole.mark().removed


def test_the_record_of_a_removed_hall_that_a_crash_left_behind_is_not_read() -> None:
    script, engine = running("a", "b")
    store: Store = {}
    write(store, "w", engine.checkpoint())
    engine.process(remove(script))
    write(store, "w", engine.checkpoint())
    assert hall_key("w", "a") in store
    assert list(restore(store).halls) == ["b"]


# -- the lane below ----------------------------------------------------------------------------------------------------


def journal(records: list[Record]) -> list[Output]:
    """What the first lane publishes for the second."""
    engine = Engine(SENSING)
    return [output for output in feed(engine, records) if output.topic == SERVICE.topic]


def below(engine: Engine, outputs: list[Output], script: Script) -> list[str]:
    records = [script.raw(o.key, o.value) for o in outputs]
    return told(feed(engine, records))


def test_the_lane_below_closes_and_forgets_it_when_it_is_told() -> None:
    script = Script()
    outputs = journal([script.configure("a"), script.poke("a"), remove(script)])
    engine, down = Engine(SERVICE), Script(SERVICE)
    said = below(engine, outputs, down)
    assert not any("dead" in line for line in said)
    assert engine.halls == {}


def test_repeats_of_what_stood_before_the_removal_neither_bring_it_back_nor_are_dead() -> None:
    # configured, counted, hall_removed | all of it once more, after a crash of the lane above
    script = Script()
    outputs = journal([script.configure("a"), script.poke("a"), remove(script)])
    engine, down = Engine(SERVICE), Script(SERVICE)
    below(engine, outputs, down)
    for one in (again(engine), engine):
        records = [record._replace(offset=one.next_offset + n) for n, record in enumerate(_of(outputs))]
        assert told(feed(one, records)) == []
        assert one.halls == {}


def test_nor_do_they_count_in_a_new_life() -> None:
    # configured, counted, hall_removed, configured | counted, hall_removed of the life before, once more
    script = Script()
    first = journal([script.configure("a"), script.poke("a"), script.poke("a"), remove(script), script.configure("a")])
    engine, down = Engine(SERVICE), Script(SERVICE)
    below(engine, first, down)
    fresh = states(engine)
    for one in (again(engine), engine):
        records = [record._replace(offset=one.next_offset + n) for n, record in enumerate(_of(first))]
        assert told(feed(one, records)) == []
        assert states(one) == fresh


def test_what_the_lane_itself_published_of_a_removed_hall_is_passed_over() -> None:
    script, engine = service("a")
    feed(engine, [script.named("a:sensing:engine:5:9:0", removed())])
    assert engine.process(script.named("a:service:tally:7:1:0", counted())) == []


def test_what_is_published_behind_the_removal_by_somebody_who_still_has_the_hall_is_dead() -> None:
    script, engine = service("a")
    feed(engine, [script.named("a:sensing:engine:5:9:0", removed())])
    assert letter(engine.process(script.named("a:sensing:counter:5:10:0", counted()))).reason == "no_such_hall"


def test_a_removal_is_said_again_at_every_hour_for_a_lane_that_has_lost_it() -> None:
    script, engine = running("a", "b")
    engine.process(remove(script))
    said = [line for line in told(engine.process(script.tick(HOUR_S))) if "engine" in line]
    assert said == ["b engine configured", "a engine hall_removed"]
    outputs = [output for output in engine.process(script.tick(2 * HOUR_S)) if output.topic == SERVICE.topic]
    down, lost = service("a", "b")
    below(lost, outputs, down)
    assert [hall.hall.id for hall in lost.halls.values()] == ["b"]


def test_until_it_is_configured_again() -> None:
    script, engine = running("a")
    feed(engine, [remove(script), script.configure("a")])
    assert [line for line in told(engine.process(script.tick(HOUR_S))) if "engine" in line] == ["a engine configured"]


def _of(outputs: list[Output]) -> list[Record]:
    return [Record(SERVICE.topic, 0, n, o.timestamp_ms, o.key, o.value) for n, o in enumerate(outputs)]
