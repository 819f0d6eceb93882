"""Why an event was published: its record, the state before it, the rules in force, and the same event again."""

from __future__ import annotations

import pytest

from streams.checkpoint import restore
from streams.engine import Engine, Output
from streams.explain import Explanation, Unexplained, explain
from streams.ids import EventId
from tests.support.script import Script, Store, feed, write
from tests.support.toy import SENSING, START_MS


def lived() -> tuple[Script, list[Output]]:
    """A hall ``a`` that is poked four times; and one ``b``, in between. The rules of ``a`` change on the way."""
    log, engine = Script(), Engine(SENSING)
    log.configure("a", at=0)
    log.configure("b")
    log.poke("a", at=1)
    log.poke("b")
    log.poke("a", at=2)
    log.configure("a", "Another")
    log.poke("a", at=3)
    return log, feed(engine, log.records)


def of(outputs: list[Output], offset: int, agent: str = "counter", hall: str = "a") -> Output:
    return next(o for o in outputs if o.id and (o.id.hall, o.id.agent, o.id.offset) == (hall, agent, offset))


def told(log: Script, event_id: EventId | None) -> Explanation:
    assert event_id is not None
    return explain(event_id, SENSING, log.records, None, partition=0, partitions=1, topology=0)


def test_the_same_event_comes_again_byte_for_byte_with_all_that_came_with_it() -> None:
    log, outputs = lived()
    event = of(outputs, 4)
    found = told(log, event.id)
    assert found.replayed == event
    assert found.source == log.records[4]
    assert [o.id for o in found.made] == [o.id for o in outputs if o.id and o.id.offset == 4 and o.id.hall == "a"]
    assert found.records_replayed == 5


def test_the_state_is_that_before_the_record() -> None:
    """Steps of four, the length of the hall's name: 0, 4, 8."""
    log, outputs = lived()
    states = [told(log, of(outputs, offset).id).state for offset in (2, 4)]
    assert [state and state["pokes"] for state in states] == [0, 4]


def test_a_copy_of_the_state_is_told_and_not_the_state_itself() -> None:
    log, outputs = lived()
    found = told(log, of(outputs, 4).id)
    assert found.state is not None
    assert found.state["pokes"] == 4  # although the record was processed then


def test_the_configuration_is_the_one_that_was_in_force() -> None:
    log, outputs = lived()
    assert ["name: Hall" in told(log, of(outputs, n).id).files["hall.yaml"] for n in (2, 4, 6)] == [True, True, False]


def test_what_brought_a_hall_into_being_is_explained_without_a_state() -> None:
    log, outputs = lived()
    found = told(log, of(outputs, 0, agent="engine").id)
    assert found.state is None
    assert found.replayed == of(outputs, 0, agent="engine")
    assert "name: Hall" in found.files["hall.yaml"]


def test_from_a_snapshot_on_the_records_before_it_are_not_needed() -> None:
    log, outputs = lived()
    engine = Engine(SENSING)
    store: Store = {}
    feed(engine, log.records[:3])
    write(store, "w", engine.whole())
    event = of(outputs, 4)
    assert event.id is not None
    found = explain(event.id, SENSING, log.records[3:], restore(store), partition=0, partitions=1, topology=0)
    assert (found.replayed, found.records_replayed) == (event, 2)
    assert found.state is not None
    assert found.state["pokes"] == 4


def test_an_id_that_was_never_given_is_replayed_to_nothing() -> None:
    log, outputs = lived()
    event = of(outputs, 4)
    assert event.id is not None
    found = told(log, event.id._replace(ordinal=9))
    assert found.replayed is None
    assert found.made


def test_a_source_that_is_no_longer_there() -> None:
    log, outputs = lived()
    del log.records[4]
    with pytest.raises(
        Unexplained,
        match=r"hall\.observations/0: there is no record at offset 4: it has been removed, or its producer has taken it back",
    ):
        told(log, of(outputs, 4).id)


def test_an_offset_that_the_log_does_not_reach() -> None:
    log, _ = lived()
    with pytest.raises(Unexplained, match="ends before offset 99"):
        told(log, EventId("a", "sensing", "counter", START_MS, 99, 0))


def test_an_event_of_an_era_that_is_over() -> None:
    log, outputs = lived()
    event = of(outputs, 4)
    assert event.id is not None
    with pytest.raises(Unexplained, match=r"replays as era .*: either the era of the event began with a `hall reset`"):
        told(log, event.id._replace(era=START_MS - 1))
