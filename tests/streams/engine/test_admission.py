"""What a lane lets in, and what becomes of the rest."""

from __future__ import annotations

from typing import get_args

import pytest

from streams.codec import MAX_OUTPUT_BYTES, encode
from streams.engine import Engine
from streams.engine.admission import WRITERS
from streams.engine.letters import RAW_KEPT
from streams.events import Configured, Dead, DeadReason, Late, LogLost
from streams.partitioner import partition_of
from tests.support.script import (
    Script,
    counted,
    letter,
    running,
    service,
    states,
    told,
)
from tests.support.toy import SENSING, START_MS, Poke, Said, files

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
    assert told(engine.process(script.poke("a", source="cam-1", seq=1, at_ms=0))) == [f"a engine late {START_MS}"]
    assert engine.process(script.poke("a", source="cam-1", seq=1, at_ms=0)) == []


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


def test_what_was_heard_stays_heard_over_a_configuration() -> None:
    script, engine = service("a")
    heard = script.named("a:sensing:counter:5:2:0", counted())
    first = script.records[0]
    changed = Configured(hall="a", at_ms=START_MS, files=files("a", "Other"))
    assert engine.process(heard)
    assert told(engine.process(script.named("a:sensing:engine:5:3:0", changed))) == ["a tally said 3"]
    for repeat in (heard, first):
        assert engine.process(script.raw(repeat.key, repeat.value)) == []
    assert engine.counts["repeats"] == 2


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
        (f"a:sensing:counter:{START_MS + 86_400_000}:1:0", "undecodable"),  # an era to come would silence the one that is
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
