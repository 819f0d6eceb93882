"""Which rules are in force: from the log, from a checkpoint, and not at all."""

from __future__ import annotations

import msgspec
import pytest

from streams.checkpoint import HallRecord, Mark, Restored, StateUnreadable
from streams.engine import Engine
from streams.engine.hall import Body, pack_files
from streams.events import Configured
from streams.lane import Lane
from tests.support.script import (
    Script,
    Store,
    again,
    feed,
    letter,
    restart,
    running,
    states,
    told,
    write,
)
from tests.support.toy import SENSING, SERVICE, START_MS, Counter, files

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
        "a engine configured", "a counter counted 4", "a summer summed 9",
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
    ({"hall.yaml": "id: ["}, "hall.yaml:2"),
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


def body(**changes: object) -> bytes:
    """What is kept of hall a, with changes."""
    _, engine = running("a")
    kept = msgspec.msgpack.decode(engine.halls[b"a"].encode(), type=Body)
    return msgspec.msgpack.encode(msgspec.structs.replace(kept, **changes))


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (b"", "truncated"),
        (b"\xff" * 9, "ValidationError"),
        (body()[:-3], "truncated"),
        (body(files=b"not zlib"), "error: Error -3"),
        (body(states={"counter": msgspec.Raw(b"\x01")}), "Expected `object`"),
        (body(states={"counter": msgspec.Raw(b"\x81\xa5pokes\xa1x")}), "Expected `int`"),
        (body(files=pack_files(files("a", "broken"))), "Trouble: cannot be built for a"),  # the new code's agent
        (body(files=pack_files({"hall.yaml": "id: a"})), "ConfigError"),  # the new code is stricter
        (body(files=pack_files(files("b"))), "expected 'a', the hall these files were sent to"),
    ],
)
def test_a_state_that_cannot_be_gone_on_from_stops_with_advice_and_never_resets(kept: bytes, said: str) -> None:
    _, engine = running("a")
    restored = Restored(msgspec.msgpack.decode(engine.whole().mark, type=Mark), {"a": HallRecord(1, kept)}, frozenset())
    with pytest.raises(StateUnreadable, match=r"(?s)state of hall a cannot be gone on from .*`hall reset`") as e:
        Engine(SENSING, restored=restored)
    assert said in str(e.value)


def test_running_out_of_memory_while_restoring_says_nothing_about_the_state() -> None:
    _, engine = running("a")
    kept = HallRecord(1, body(files=pack_files(files("a", "too big"))))
    restored = Restored(msgspec.msgpack.decode(engine.whole().mark, type=Mark), {"a": kept}, frozenset())
    with pytest.raises(MemoryError):
        Engine(SENSING, restored=restored)


def test_the_state_of_newer_code_is_taken_over_agent_by_agent() -> None:
    """An agent that is new starts afresh; what is kept of one that is gone is dropped."""
    script, engine = running("a")
    engine.process(script.poke("a"))
    fewer = Lane("sensing", SENSING.topic, SENSING.carries, (Counter,), origin=True)
    store: Store = {}
    write(store, "w", engine.whole())
    without = restart(store, fewer)
    assert told(without.process(script.poke("a"))) == ["a counter counted 8"]
    write(store, "x", without.whole())
    whole = restart(store)
    assert told(whole.process(script.poke("a"))) == ["a counter counted 12", "a breaker summed 2", "a summer summed 12"]
