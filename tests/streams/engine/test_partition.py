"""A partition: what is let in and what is not, what time it is, which era, what is missing, and which rules are in force."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from streams.checkpoint import Mark, Restored, StateUnreadable
from streams.codec import MAX_OUTPUT_BYTES, encode, id_of
from streams.engine import Engine, Gap, OtherLog, Output
from streams.engine.admission import WRITERS
from streams.engine.letters import RAW_KEPT
from streams.events import Configured, Dead, DeadReason, Late, LogLost
from streams.partitioner import partition_of
from streams.record import Record
from tests.support.toy import (
    SENSING,
    SERVICE,
    START_MS,
    Poke,
    Said,
    Script,
    Store,
    again,
    counted,
    feed,
    files,
    restart,
    states,
    told,
    write,
)


def running(*halls: str, at: float = 0.0) -> tuple[Script, Engine]:
    """An engine with these halls, and the script that goes on."""
    script, engine = Script(), Engine(SENSING)
    for hall in halls:
        script.configure(hall, at=at)
    feed(engine, script.records)
    return script, engine


def service(*halls: str) -> tuple[Script, Engine]:
    script, engine = Script(SERVICE), Engine(SERVICE)
    for n, hall in enumerate(halls):
        configured = Configured(hall=hall, at_ms=START_MS, files=files(hall))
        script.named(f"{hall}:sensing:engine:5:{n}:0", configured)
    feed(engine, script.records)
    return script, engine


def letter(outputs: list[Output]) -> Dead:
    """The one output, a dead letter."""
    (output,) = outputs
    assert isinstance(output.event, Dead)
    assert output.topic == "hall.dead"
    return output.event


# -- names and eras ----------------------------------------------------------------------------------------------------


def test_an_output_is_named_by_its_cause_and_carries_its_causes_time() -> None:
    script, engine = running("a")
    outputs = engine.process(script.poke("a", at=0.25))
    assert [str(o.id) for o in outputs] == [f"a:sensing:{agent}:{START_MS}:1:0" for agent in ("counter", "breaker", "summer")]
    assert {(o.topic, o.partition, o.timestamp_ms, o.key) for o in outputs} == {("hall.journal", 0, START_MS + 250, b"a")}
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
    assert Engine(SENSING, restored=reset(START_MS + 1)).process(first)[0].id == ("a", "sensing", "engine", START_MS + 1, 0, 0)
    assert Engine(SENSING, restored=reset(7)).process(first)[0].id == ("a", "sensing", "engine", START_MS - 50_000, 0, 0)


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
    expected = [f"{hall} {agent} {said} 0" for hall in "abc" for agent, said in (("counter", "counted"), ("summer", "summed"))]
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


# -- what is not let in ------------------------------------------------------------------------------------------------

POKE = encode(Poke(hall="a", at_ms=START_MS))
RUBBISH: list[tuple[DeadReason, bytes | None, bytes | None, str, str]] = [
    ("no_key", None, POKE, "~0", "expected the hall's id as the key"),
    ("no_key", None, None, "~0", "only ticks have none"),
    ("undecodable", b"a", b"\xff", "a", "malformed"),
    ("undecodable", b"a", None, "a", "no value at all"),
    ("undecodable", b"zz", b"{}", "~0", "missing required field"),
    ("undecodable", b"a", b'{"type":"counted","hall":"a","at_ms":1,"decided_at_ms":1,"count":1}', "a", "Invalid value 'counted'"),
    ("undecodable", b"a", POKE[:-1] + b',"seq":99999999999999999999}', "a", "Expected `int`"),
    ("wrong_hall", b"b", POKE, "b", "the event says hall 'a', its key says b'b'"),
    ("wrong_hall", b"\xff", POKE, "~0", "its key says b'\\xff'"),
    ("wrong_hall", b"", POKE, "~0", "its key says b''"),
    ("no_such_hall", b"zz", POKE.replace(b'"a"', b'"zz"'), "~0", "hall 'zz' is not configured; `hall config apply`"),
    ("unknown_camera", b"a", POKE[:-1] + b',"camera":"cellar"}', "a", "camera 'cellar' is not in the hall's configuration (cam)"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "key", "value", "hall", "said"), RUBBISH)
def test_what_cannot_be_used_is_kept_as_a_dead_letter(
    reason: DeadReason, key: bytes | None, value: bytes | None, hall: str, said: str
) -> None:
    script, engine = running("a", "b")
    before = states(engine)
    outputs = engine.process(script.raw(key, value))
    dead = letter(outputs)
    assert (dead.reason, dead.hall, dead.agent) == (reason, hall, None)
    assert (dead.source_topic, dead.partition, dead.offset) == ("hall.observations", 0, 2)
    assert (dead.raw, dead.raw_size) == (value or b"", len(value or b""))
    assert said in dead.detail
    assert outputs[0].key == hall.encode()
    assert str(outputs[0].id) == f"{hall}:sensing:engine:{START_MS}:2:0"
    assert states(engine) == before


def test_each_reason_for_a_dead_letter_has_a_test() -> None:
    """Those not above are for configuration (below), partitions (below) and agents (test_poison)."""
    elsewhere = {"bad_config", "wrong_partition", "agent_failed", "oversized_output"}
    assert {reason for reason, *_ in RUBBISH} | elsewhere == set(get_args(DeadReason))


def test_a_record_in_the_wrong_partition_is_dead_whatever_it_says() -> None:
    right = partition_of(b"a", 4)
    wrong = (right + 1) % 4
    configure = Script(partition=wrong).configure("a")
    dead = letter(Engine(SENSING, wrong, partitions=4).process(configure))
    assert (dead.reason, dead.hall) == ("wrong_partition", f"~{wrong}")
    assert f"belongs into partition {right} (murmur2)" in dead.detail

    script = Script(partition=right)
    assert told(Engine(SENSING, right, partitions=4).process(script.configure("a")))[0] == "a engine configured"


def test_a_large_dead_record_is_cut_and_still_fits_into_an_output() -> None:
    script, engine = running("a")
    (output,) = engine.process(script.raw(b"a", b"\x01" * 1_000_000))
    assert isinstance(output.event, Dead)
    assert (len(output.event.raw), output.event.raw_size) == (RAW_KEPT, 1_000_000)
    assert len(output.value) < MAX_OUTPUT_BYTES


@pytest.mark.parametrize(("behind_ms", "late"), [(60_000, False), (60_001, True), (-60_000, False), (-60_001, True)])
def test_input_from_the_edge_is_judged_against_the_halls_own_time(behind_ms: int, late: bool) -> None:
    script, engine = running("a", at=100)
    before = engine.halls[b"a"]._states[0].pokes
    outputs = engine.process(script.poke("a", at_ms=script.now_ms - behind_ms))
    assert (engine.halls[b"a"]._states[0].pokes == before) == late
    assert [type(o.event) is Late for o in outputs] == ([True] if late else [False] * 3)
    if late:
        event = outputs[0].event
        assert isinstance(event, Late)
        assert (outputs[0].topic, event.behind_ms, event.raw) == ("hall.late", behind_ms, script.records[-1].value)


@pytest.mark.parametrize("at_ms", [2**53, -(2**53), 0])
def test_no_clock_is_too_wrong_to_be_told(at_ms: int) -> None:
    script, engine = running("a")
    assert told(engine.process(script.poke("a", at_ms=at_ms))) == [f"a engine late {START_MS - at_ms}"]


def test_repeats_from_the_edge_are_dropped_by_source_boot_and_number() -> None:
    script, engine = running("a", "b")

    def accepted(hall: str, boot: str, seq: int) -> bool:
        return bool(engine.process(script.poke(hall, source="cam-1", boot=boot, seq=seq)))

    assert [accepted("a", "mon", seq) for seq in (1, 2, 2, 4, 3, 3, 1)] == [True, True, False, True, True, False, False]
    assert accepted("a", "tue", 1), "the camera was restarted"
    assert accepted("b", "mon", 1), "another hall's"
    assert not accepted("a", "mon", 4)
    assert engine.counts["repeats"] == 4


def test_a_late_repeat_is_a_repeat_and_says_nothing() -> None:
    script, engine = running("a")
    poke = {"source": "cam-1", "seq": 1, "at_ms": 0}
    assert told(engine.process(script.poke("a", **poke))) == [f"a engine late {START_MS}"]
    assert engine.process(script.poke("a", **poke)) == []


# -- what the lane above concluded -------------------------------------------------------------------------------------


def test_repeats_from_the_lane_above_are_dropped_by_their_ids() -> None:
    script, engine = service("a", "b")

    def heard(event_id: str, hall: str = "a") -> bool:
        return bool(engine.process(script.named(event_id, counted(hall))))

    sent = ["5:2:0", "5:2:1", "5:2:0", "5:2:1", "5:4:0", "5:3:9", "6:0:0", "5:9:9"]
    assert [heard(f"a:sensing:counter:{n}") for n in sent] == [True, True, False, False, True, False, True, False]
    assert heard("a:sensing:breaker:5:2:0"), "another agent's"
    assert heard("b:sensing:counter:5:2:0", "b"), "another hall's"
    assert engine.counts["repeats"] == 4


def test_a_lane_does_not_listen_to_itself() -> None:
    script, engine = service("a")
    before = states(engine)
    said = Said(hall="a", at_ms=START_MS, decided_at_ms=START_MS, heard=9)
    assert engine.process(script.named(f"a:service:tally:{START_MS}:1:0", said)) == []
    assert states(engine) == before


@pytest.mark.parametrize(
    ("event_id", "reason"),
    [
        ("", "undecodable"), ("a:sensing:counter:5:2", "undecodable"), ("a:sensing:counter:5:2:-1", "undecodable"),
        ("a:sensing:counter:5:" + "9" * 30 + ":0", "undecodable"), ("b:sensing:counter:5:2:0", "wrong_hall"),
    ],
)  # fmt: skip
def test_a_conclusion_without_the_halls_own_id_is_dead(event_id: str, reason: str) -> None:
    script, engine = service("a")
    assert letter(engine.process(script.named(event_id, counted()))).reason == reason
    assert letter(engine.process(script.put(counted()))).reason == "undecodable"
    assert told(engine.process(script.named("a:sensing:counter:5:2:0", counted()))) == ["a tally said 2"]


def test_inventing_agents_does_not_fill_the_state() -> None:
    script, engine = service("a")
    for n in range(WRITERS + 20):
        engine.process(script.named(f"a:sensing:agent-{n}:5:2:0", counted()))
    assert len(engine.halls[b"a"].seen) == WRITERS
    dead = letter(engine.process(script.named("a:sensing:one-more:5:2:0", counted())))
    assert "expected at most 256 agents" in dead.detail
    assert engine.process(script.named("a:sensing:agent-3:5:3:0", counted())), "who was known before is still heard"


def test_the_lane_below_hears_what_was_lost_above() -> None:
    script, engine = service("a")
    lost = LogLost(hall="a", at_ms=START_MS, decided_at_ms=START_MS, lane="sensing", first_offset=1, next_offset=5)
    assert told(engine.process(script.named("a:sensing:engine:5:9:0", lost))) == ["a tally said 2"]


def test_nothing_the_engine_published_is_ever_late() -> None:
    script, engine = service("a")
    engine.process(script.tick(86_400))
    assert told(engine.process(script.named("a:sensing:counter:5:2:0", counted()))) == ["a tally said 2"]


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
    assert [(e.hall, e.lane, e.first_offset, e.next_offset) for e in lost] == [("a", "sensing", 2, 42), ("b", "sensing", 2, 42)]
    assert [o.topic for o in outputs[:2]] == ["hall.journal"] * 2
    assert engine.counts["lost"] == 40
    assert not any(isinstance(o.event, LogLost) for o in engine.process(script.poke("b"))), "said once"


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


# -- configuration -----------------------------------------------------------------------------------------------------


def test_the_first_configuration_makes_the_hall_and_is_passed_on_first() -> None:
    script, engine = Script(), Engine(SENSING)
    record = script.configure("a")
    outputs = engine.process(record)
    assert told(outputs) == ["a engine configured", "a counter counted 0", "a summer summed 0"]
    passed_on = outputs[0]
    assert (passed_on.topic, str(passed_on.id)) == ("hall.journal", f"a:sensing:engine:{START_MS}:0:0")
    assert passed_on.event == Configured(hall="a", at_ms=START_MS, files=files("a"))


def test_the_lane_below_takes_it_from_there_and_passes_nothing_on() -> None:
    outputs = Engine(SENSING).process(Script().configure("a"))
    below, script = Engine(SERVICE), Script(SERVICE)
    assert told(feed(below, [script.raw(outputs[0].key, outputs[0].value)])) == ["a tally said 1"]
    assert below.process(script.raw(outputs[0].key, outputs[0].value)) == []


def test_a_body_already_in_force_is_ignored() -> None:
    script, engine = running("a")
    before = states(engine)
    assert engine.process(script.configure("a")) == []
    assert states(engine) == before
    assert engine.counts["configured"] == 1


def test_a_new_body_makes_new_agents_over_the_old_state() -> None:
    script, engine = running("a")
    engine.process(script.poke("a"))
    assert told(engine.process(script.configure("a", "Twelve chars"))) == [
        "a engine configured", "a counter counted 4", "a summer summed 8",
    ]  # fmt: skip
    assert told(engine.process(script.poke("a")))[0] == "a counter counted 16"
    assert told(again(engine).process(script.poke("a")))[0] == "a counter counted 28"


def test_going_back_to_an_earlier_body_is_a_change_like_any_other() -> None:
    script, engine = running("a")
    for name in ("Other", "Hall"):
        assert told(engine.process(script.configure("a", name)))[0] == "a engine configured"
    assert engine.counts["configured"] == 3


BAD: list[tuple[dict[str, str], str]] = [
    ({}, "hall.yaml"),
    ({"hall.yaml": "id: ["}, "hall.yaml:1"),
    ({"hall.yaml": "id: a\n"}, "zones"),
    (files("b"), "hall.yaml: id: expected 'a', the hall these files were sent to; got 'b'"),
    (files("a", "broken"), "Trouble: cannot be built for a"),
    (files("a", rules="engine: {late_after_s: -1}"), "rules.yaml:1"),
    ({**files("a"), "extra.yaml": ""}, "extra.yaml"),
    ({"hall.yaml": "[" * 10_000}, "hall.yaml"),
    ({"hall.yaml": "a: &x [*x]"}, "hall.yaml"),
    ({"hall.yaml": files("a")["hall.yaml"] + "timezone: ../../etc/passwd\n"}, "timezone"),
    ({"hall.yaml": files("a")["hall.yaml"] + "timezone: America\n"}, "timezone"),  # a directory of time zones
    ({"hall.yaml": files("a")["hall.yaml"] + f"timezone: {'x' * 5000}\n"}, "timezone"),
    ({"hall.yaml": files("a")["hall.yaml"] + 'timezone: "A\\0B"\n'}, "timezone"),
    ({"hall.yaml": '"\\uD83D": 1'}, "hall.yaml"),
    ({"hall.yaml": "\x00\x07"}, "hall.yaml"),
    ({**files("a"), "rules.yaml": f"# {'x' * 1_000_000}"}, "expected files of at most 1000000 bytes, which can be passed on"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "said"), BAD)
def test_a_body_that_cannot_be_used_is_dead_and_the_old_one_stays(body: dict[str, str], said: str) -> None:
    script, engine = running("a")
    engine.process(script.poke("a"))
    before = states(engine)
    dead = letter(engine.process(script.put(Configured(hall="a", at_ms=START_MS, files=body))))
    assert (dead.reason, dead.hall) == ("bad_config", "a")
    assert said in dead.detail
    assert states(engine) == before
    assert told(engine.process(script.poke("a")))[0] == "a counter counted 8"


def test_a_hall_whose_first_body_is_bad_is_not_there() -> None:
    script, engine = Script(), Engine(SENSING)
    assert letter(engine.process(script.configure("a", "broken"))).hall == "~0"
    assert engine.halls == {}
    assert letter(engine.process(script.poke("a"))).reason == "no_such_hall"
    assert told(engine.process(script.configure("a")))[0] == "a engine configured"


def test_a_constructor_out_of_memory_ends_the_process() -> None:
    """It would not repeat: the body may be good."""
    script, engine = running("a")
    with pytest.raises(MemoryError):
        engine.process(script.configure("a", "too big"))


def test_cameras_and_limits_are_those_in_force() -> None:
    script, engine = running("a")
    assert told(engine.process(script.poke("a", camera="cam2"))) == ["a engine dead unknown_camera"]
    engine.process(script.configure("a", cameras=("cam", "cam2"), rules="engine: {late_after_s: 1}"))
    assert told(engine.process(script.poke("a", camera="cam2")))[0] == "a counter counted 4"
    assert told(engine.process(script.poke("a", at_ms=script.now_ms - 1001))) == ["a engine late 1001"]


def test_memory_of_repeats_survives_a_configuration() -> None:
    script, engine = running("a")
    engine.process(script.poke("a", source="cam-1", seq=1))
    engine.process(script.configure("a", "Other"))
    assert engine.process(script.poke("a", source="cam-1", seq=1)) == []


# -- what cannot be gone on from ---------------------------------------------------------------------------------------


def test_a_state_that_cannot_be_gone_on_from_stops_with_advice() -> None:
    _, engine = running("a")
    good = again(engine)
    record = good.halls[b"a"]
    for written in (b"", b"\xff" * 9, (record.written or b"").replace(b"pokes", b"pokeX").replace(b"\x00", b"\xa0", 1)):
        store: Store = {}
        checkpoint = engine.whole()
        value = checkpoint.halls[0][1].replace(record.written or b"?", b"") if not written else None
        write(store, "w", checkpoint)
        store[b"w/a"] = value or _record(engine.next_offset, written)
        with pytest.raises(StateUnreadable, match=r"hall.*`hall reset`"):
            restart(store)


def _record(offset: int, body: bytes) -> bytes:
    from streams.checkpoint import encode_hall
    from streams.engine.hall import HallRecord

    return encode_hall(HallRecord(offset, body))


def test_a_configuration_that_newer_code_refuses_stops_with_advice() -> None:
    """The checkpoint holds the body; newer code may be stricter, or have an agent that cannot live with it."""
    _, engine = running("a")
    hall = engine.halls[b"a"]
    hall._packed = _packed(files("a", "broken"))
    store: Store = {}
    write(store, "w", engine.whole())
    with pytest.raises(StateUnreadable, match=r"lane sensing: the state of hall a cannot be gone on from \(Trouble: cannot"):
        restart(store)


def _packed(body: dict[str, str]) -> bytes:
    from streams.engine.hall import pack_files

    return pack_files(body)


def test_records_may_come_as_any_tuple_of_a_log() -> None:
    """The engine asks a record for its fields only; a log may have a richer one."""

    class Row(Record):
        __slots__ = ()

    script, engine = running("a")
    assert engine.process(Row(*script.poke("a")))
