"""THE law: whatever is killed, stopped, repeated or half written, what comes out is what an undisturbed run puts out.

    log       | c c p p t p ! p c t p ~ p p t p |      c configured  p poke  t tick  ! poison  ~ junk
    worker 1  +=====M=====h           dies                M checkpoint: outputs, halls, mark
    worker 2        +======M====M==   stalls ....====h    h the same, cut off before its mark
    worker 3              +======M=========== to the end
                    ^ from the highest mark that is whole

Outputs without repeats are equal byte for byte, and so is the state of every hall.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.checkpoint import restore
from streams.engine import Engine
from streams.events import Configured, Dead, HallRemoved
from streams.lane import Lane
from streams.record import Record
from streams.snapshot import latest, snapshot_outputs
from tests.support.faults import Worker, World, step, undisturbed, without_repeats
from tests.support.script import Script, counted, states
from tests.support.toy import SENSING, SERVICE, Counted, Said, Summed

HALLS = ("a", "b", "c")
ORDERS = (
    "", "", "", "", "counter:raise", "breaker:raise", "summer:raise", "breaker:arm", "breaker:disarm", "summer:nan",
    "counter:stray", "breaker:large", "tally:raise", "breaker:list",
)  # fmt: skip
JUNK = (
    (None, b"junk"), (b"a", b"\xff"), (b"b", None), (b"zz", b'{"type":"poke","hall":"zz","at_ms":1}'),
    (b"a", b'{"type":"poke","hall":"b","at_ms":1}'), (b"\xff", b'{"type":"poke","hall":"b","at_ms":1}'),
    (b"a", b'{"type":"poke","hall":"a","at_ms":1}' * 2),
)  # fmt: skip

# -- logs --------------------------------------------------------------------------------------------------------------

Action = Callable[[Script], object]
halls = st.sampled_from(HALLS)
seconds = st.sampled_from([0, 0, 0, 0.3, 0.9, 1.0, 2.5, 61, 3700, -3])


def poke(hall: str, order: str, seq: int, wait: float) -> Action:
    def act(script: Script) -> None:
        script.now_ms += round(wait * 1000)
        script.poke(hall, order, source="s" if seq else "", boot=str(seq % 3), seq=seq)

    return act


def storm(hall: str, order: str) -> Action:
    """Ten failures in a minute: the agent is switched off."""
    return lambda script: [script.poke(hall, order) for _ in range(10)]


def configure(hall: str, name: str) -> Action:
    return lambda script: script.configure(hall, name)


def remove(hall: str) -> Action:
    return lambda script: script.put(HallRemoved(hall=hall, at_ms=script.now_ms))


def tick(wait: float) -> Action:
    return lambda script: script.tick((script.now_ms - 1_700_000_000_000) / 1000 + wait)


def junk(number: int) -> Action:
    return lambda script: script.raw(*JUNK[number])


def gap(size: int) -> Action:
    """Offsets that never were: compaction, a transaction's marker."""

    def act(script: Script) -> None:
        script.offset += size

    return act


def late(hall: str, by: int) -> Action:
    return lambda script: script.poke(hall, at_ms=script.now_ms - by)


SENSING_ACTION = st.one_of(
    st.builds(poke, halls, st.sampled_from(ORDERS), st.integers(0, 9), seconds),
    st.builds(poke, halls, st.sampled_from(ORDERS), st.integers(0, 90), seconds),
    st.builds(storm, halls, st.sampled_from(["breaker:raise", "summer:nan"])),
    st.builds(configure, halls, st.sampled_from(["Hall", "Other hall", "broken"])),
    st.builds(tick, seconds), st.builds(tick, st.just(1.0)), st.builds(junk, st.integers(0, len(JUNK) - 1)),
    st.builds(remove, halls), st.builds(gap, st.integers(1, 3)), st.builds(late, halls, st.sampled_from([60_001, -60_001, 10**9])),
)  # fmt: skip


@st.composite
def sensing_logs(draw: st.DrawFn) -> list[Record]:
    script = Script(SENSING)
    for hall in draw(st.permutations(HALLS)):
        script.configure(hall)
    for action in draw(st.lists(SENSING_ACTION, max_size=40)):
        action(script)
    return script.records


@st.composite
def service_logs(draw: st.DrawFn) -> list[Record]:
    """What a sensing lane published, disturbed: repeats, what the service lane itself said, and junk in between."""
    outputs, _ = undisturbed(SENSING, draw(sensing_logs()))
    journal = [o for o in outputs if o.topic == SERVICE.topic]
    script = Script(SERVICE)
    at = 0
    while at < len(journal):
        end = draw(st.integers(at + 1, min(len(journal), at + 12)))
        for o in journal[max(0, at - draw(st.integers(0, 3))) : end]:
            script.now_ms = max(script.now_ms, o.timestamp_ms)
            script.raw(o.key, o.value)
        at = end
        draw(st.sampled_from(SERVICE_NOISE))(script)
    return script.records


@settings(max_examples=200, deadline=None)
@given(log=sensing_logs(), data=st.data())
def test_repeats_change_nothing_in_the_lane_below_whatever_was_removed_in_between(
    log: list[Record], data: st.DataObject
) -> None:
    # journal       1 2 3 4 5 6 7
    # with repeats  1 2 3 . 2 3 4 5 . 1 2 3 4 5 6 7       the lane above was started again from an older checkpoint
    outputs, _ = undisturbed(SENSING, log)
    journal = [o for o in outputs if o.topic == SERVICE.topic]
    once, repeated, at = Script(SERVICE), Script(SERVICE), 0
    for output in journal:
        once.now_ms = output.timestamp_ms
        once.raw(output.key, output.value)
    while at < len(journal):
        end = data.draw(st.integers(at + 1, len(journal)))
        for output in journal[data.draw(st.integers(0, at)) : end]:
            repeated.now_ms = max(repeated.now_ms, output.timestamp_ms)
            repeated.raw(output.key, output.value)
        at = end
    (_, first), (made, second) = undisturbed(SERVICE, once.records), undisturbed(SERVICE, repeated.records)
    assert states(second) == states(first)
    assert second.mark().removed == first.mark().removed
    assert [o.event for o in made if isinstance(o.event, Dead) and o.event.reason != "agent_failed"] == []


def own(script: Script) -> None:
    said = Said(hall="a", at_ms=1, decided_at_ms=1, heard=7)
    script.named(f"a:service:tally:0:{script.offset}:0", said)


SERVICE_NOISE: tuple[Action, ...] = (
    lambda script: None, own, tick(1.0), tick(61.0), gap(2), *(junk(n) for n in range(len(JUNK))),
    lambda script: script.put(counted("a")),  # no id
    lambda script: script.named("a:elsewhere:agent:1:2:3", counted("a", 5)),
    lambda script: script.named("b:elsewhere:agent:1:2:4", counted("a", 5)),  # another hall's id
)  # fmt: skip


# -- lives -------------------------------------------------------------------------------------------------------------


class Cut(TypedDict):
    """After how many hall records a checkpoint broke off (None: after all), and whether its mark was written."""

    halls: int | None
    mark: bool


WHOLE = Cut(halls=None, mark=True)


class Fate:
    """Drives workers by what hypothesis draws, until one has come to the end of the log."""

    def __init__(self, world: World, data: st.DataObject) -> None:
        self.world, self._data = world, data
        self._alive: list[Worker] = []

    def _pick(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))

    def _cut(self, worker: Worker) -> Cut:
        """Where a checkpoint breaks off, if it does."""
        how = self._pick(0, 3)
        return Cut(halls=self._pick(0, len(worker.engine.halls)) if how == 3 else None, mark=how < 2)

    def run(self, lives: int, *, overlapping: bool) -> Worker:
        for _ in range(lives):
            self._live(overlapping=overlapping)
        last = self.world.worker()
        last.begin()
        while last.work(1000):
            pass
        last.checkpoint()
        return last

    def _live(self, *, overlapping: bool) -> None:
        worker = self.world.worker()
        cut = self._cut(worker)
        worker.begin(forget=self._pick(0, 8), **cut)
        self._alive = [*self._alive, worker] if overlapping else [worker]
        if cut != WHOLE:
            self._alive.remove(worker)
        for _ in range(self._pick(0, 4)):
            if not self._alive:
                break
            current = self._alive[self._pick(0, len(self._alive) - 1)]
            current.hear_again(self._pick(0, 3))
            current.work(self._pick(0, 12))
            if self._pick(0, 2):
                self._checkpoint(current)
        if not overlapping:
            worker.lose_in_flight(self._pick(0, worker.pending))

    def _checkpoint(self, worker: Worker) -> None:
        """One that is cut off is that worker's last deed: any failure in it ends the process."""
        cut = self._cut(worker)
        worker.checkpoint(whole=self._pick(0, 4) == 0, **cut)
        if cut != WHOLE:
            self._alive.remove(worker)


def assert_same_end(last: Worker, expected: Engine) -> None:
    assert states(last.engine) == states(expected)
    assert last.engine.mark() == expected.mark()
    assert states(Engine(last.world.lane, restored=restore(last.world.store))) == states(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lane", "logs"), [(SENSING, sensing_logs()), (SERVICE, service_logs())], ids=["sensing", "service"]
)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_lane_killed_at_any_record_goes_on_as_if_nothing_had_been(
    lane: Lane, logs: st.SearchStrategy[list[Record]], data: st.DataObject
) -> None:
    log = data.draw(logs)
    expected, engine = undisturbed(lane, log)
    world = World(lane, log)
    last = Fate(world, data).run(data.draw(st.integers(1, 4)), overlapping=False)
    assert without_repeats(world.published) == without_repeats(expected)
    assert_same_end(last, engine)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lane", "logs"), [(SENSING, sensing_logs()), (SERVICE, service_logs())], ids=["sensing", "service"]
)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_workers_that_stall_and_wake_up_do_no_harm(
    lane: Lane, logs: st.SearchStrategy[list[Record]], data: st.DataObject
) -> None:
    """Several at once: their outputs mix in the topics, but each agent's, read without repeats, are in order and whole."""
    log = data.draw(logs)
    expected, engine = undisturbed(lane, log)
    world = World(lane, log)
    last = Fate(world, data).run(data.draw(st.integers(1, 4)), overlapping=True)
    by_agent = lambda row: (row[0], row[2].split(b":")[0:4])  # noqa: E731 - topic, and the id up to the agent
    assert sorted(without_repeats(world.published), key=by_agent) == sorted(without_repeats(expected), key=by_agent)
    assert_same_end(last, engine)


@pytest.mark.parametrize(
    ("lane", "logs"), [(SENSING, sensing_logs()), (SERVICE, service_logs())], ids=["sensing", "service"]
)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_replay_from_a_snapshot_is_the_rest_of_the_run(
    lane: Lane, logs: st.SearchStrategy[list[Record]], data: st.DataObject
) -> None:
    log = data.draw(logs)
    at = data.draw(st.integers(0, len(log)))
    engine = Engine(lane)
    for record in log[:at]:
        step(engine, record)
    pieces = snapshot_outputs(engine)
    rest = [output for record in log[at:] for output in step(engine, record)]

    topic = [Record(o.topic, o.partition, n, o.timestamp_ms, o.key, o.value) for n, o in enumerate(pieces)]
    replayed = Engine(lane, restored=latest(lambda: topic, lane.name, 0))
    assert [output for record in log[at:] for output in step(replayed, record)] == rest
    assert states(replayed) == states(engine)


@settings(max_examples=50, deadline=None)
@given(log=sensing_logs(), places=st.sets(st.integers(0, 60)))
def test_checkpoints_change_nothing_of_what_they_keep(log: list[Record], places: set[int]) -> None:
    """Nor does going back to one: a hall that fails comes out the same wherever its last mark was."""
    expected, quiet = undisturbed(SENSING, log)
    engine = Engine(SENSING, log_id="log")
    outputs = []
    for number, record in enumerate(log):
        if number in places:
            engine.checkpoint()
        outputs += step(engine, record)
    assert outputs == expected
    assert states(engine) == states(quiet)


def test_a_hall_that_was_ahead_of_its_mark_is_still_ahead_under_the_next_owner() -> None:
    """
    x   mark 2    a . . 4         dies after the halls of its second checkpoint
    y   mark 2    a . . 4         takes over, writes everything under its own name, dies
    z             a skips 2 and 3, which its state holds already
    """
    script = Script()
    script.configure("a")
    for _ in range(4):
        script.poke("a")
    world = World(SENSING, script.records)
    x = world.worker()
    x.work(2)
    x.checkpoint(whole=True)
    x.work(2)
    x.checkpoint(mark=False)
    world.worker().begin()
    z = world.worker()
    z.work(9)
    _, engine = undisturbed(SENSING, script.records)
    assert states(z.engine) == states(engine)


def test_the_random_logs_hold_what_the_law_is_about() -> None:
    """A law over logs in which nothing happens would hold for any engine."""
    reasons: set[str] = set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(log=sensing_logs())
    def look(log: list[Record]) -> None:
        outputs, engine = undisturbed(SENSING, log)
        reasons.update(str(getattr(o.event, "reason", getattr(o.event, "alert", ""))) for o in outputs)
        reasons.update(kind for kind in ("repeats", "configured", "removed") if engine.counts[kind])
        if sum(isinstance(o.event, Configured) for o in outputs) > engine.counts["configured"]:
            reasons.add("said again")
        reasons.update(type(o.event).__name__ for o in outputs)

    look()
    assert reasons >= {
        "no_key", "undecodable", "no_such_hall", "wrong_hall", "bad_config", "agent_failed", "agent_stopped",
        "oversized_output", "repeats", "configured", "removed", "said again", "Late", Counted.__name__, Summed.__name__,
    }  # fmt: skip
