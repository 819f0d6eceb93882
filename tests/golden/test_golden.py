"""Yesterday's log under today's code: it is read, gives what it gave, and a state of then can be gone on from.

A utility upgrades the engine in the middle of a day, and explains an alarm of last month with the program of today.
So a field of an event is only ever added with a default; a state that was written can be read; and what follows from a
log changes only on purpose: then ``make golden`` shows what has changed and writes it down, and the topology's
``VERSION`` grows.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agents.topology import TOPOLOGY
from commands.replaying import replay_log
from commands.results import Results
from streams.codec import TICK, Decoder, encode
from streams.engine import Engine
from streams.events import Event
from streams.recording import read_recording
from streams.schema import carried, wire_name
from tests.golden.making import GONE_ON, HERE, WHOLE, inputs, lived, states, written_by

RECORDINGS = pytest.mark.parametrize("path", [WHOLE, GONE_ON], ids=lambda path: path.name)
EVENTS = (HERE / "events.jsonl").read_bytes().splitlines()
KINDS: dict[str, type[Event]] = {wire_name(kind): kind for kinds in carried(TOPOLOGY).values() for kind in kinds}

MEANT = (
    "the log gives something else than it gave. If that is meant: let VERSION in agents/topology.py grow, run "
    "`make golden`, and tell in CHANGELOG.md what it prints"
)
ONE_LINE = (
    "tests/golden/events.jsonl: expected one line of each type, as the first version with it wrote it; add a line for a "
    "new type, and never change one"
)


def type_of(line: bytes) -> str:
    return str(msgspec.json.decode(line)["type"])


# -- events ------------------------------------------------------------------------------------------------------------


def test_there_is_an_old_event_of_every_type() -> None:
    assert sorted(map(type_of, EVENTS)) == sorted(KINDS), ONE_LINE


@pytest.mark.parametrize("line", EVENTS, ids=type_of)
def test_an_event_as_it_was_written_is_read_and_means_the_same(line: bytes) -> None:
    """Every field of then is there and has its value; what came since has its default."""
    event = Decoder((KINDS[type_of(line)],)).decode(line)
    now = msgspec.json.decode(encode(event))
    then = msgspec.json.decode(line)
    then.pop("id", None)
    assert now | then == now


# -- logs --------------------------------------------------------------------------------------------------------------


@RECORDINGS
def test_what_followed_from_it_then_follows_from_it_now(path: Path) -> None:
    if written_by(path) != TOPOLOGY.version:
        pytest.fail(f"{path.name} is of topology version {written_by(path)}: {MEANT}")
    result = replay_log(path, Results(None, None, None, None), prove=True)
    assert result.compared > 100
    assert not result.differences, f"{MEANT}. First: {result.differences[0]}"


@RECORDINGS
def test_a_live_log_and_its_replay_are_one(path: Path) -> None:
    """What ``make golden`` would write is what is there: records of all topics, in order, byte for byte."""
    there = [record for record in read_recording(path) if record.topic != "hall.snapshots"]
    assert lived(inputs(path), states(path)).records == there


NOT_RECORDED = {"alert_raised", "clock_set_back", "hall_removed"}
"""No agent fails, no clock was ahead, and no hall is removed: those are the tests' of the engine."""


def test_between_them_they_hold_nearly_everything_that_there_is() -> None:
    values = [r.value or b"" for path in (WHOLE, GONE_ON) for r in read_recording(path) if r.key is not None]
    missing = {name for name in KINDS if not any(b'"type":"%s"' % name.encode() in value for value in values)}
    assert missing <= NOT_RECORDED


# -- states ------------------------------------------------------------------------------------------------------------


AGENTS_THEN = ("trajectory", "zones", "dwell", "flow", "density", "heat", "limits", "statistics", "reconcile")


def test_a_state_as_it_was_written_is_gone_on_from() -> None:
    """No matter how old: every agent of then that is still there remembers what it did, and none fails on it."""
    restored = states(GONE_ON)
    engines = [Engine(lane, topology=TOPOLOGY.version, restored=restored[lane.name]) for lane in TOPOLOGY.lanes]
    halls = [hall for engine in engines for hall in engine.halls.values()]
    agents = {
        agent.name: (hall.state_of(agent.name), agent.initial()) for hall in halls for agent in hall.agents.agents
    }
    assert [name for name in AGENTS_THEN if name in agents and agents[name][0] == agents[name][1]] == []
    log = lived(inputs(GONE_ON), restored)
    assert not any(engine.counts["agent_failures"] for engine in log.engines.values())
    assert sum(record.topic == "hall.journal" and record.value != TICK for record in log.records) > 50
