"""Snapshots: a partition's whole state among the topics, to replay and to explain from."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from streams.engine import Engine, Output
from streams.record import Record
from streams.snapshot import SnapshotName, latest, names, parse_name, snapshot_outputs
from tests.support.script import Script, Store, feed, restart, running, states, told, write
from tests.support.toy import SENSING, START_MS


def topic(outputs: Iterable[Output]) -> list[Record]:
    return [Record(o.topic, o.partition, n, o.timestamp_ms, o.key, o.value) for n, o in enumerate(outputs)]


def three_hours() -> tuple[Script, list[Record]]:
    """Snapshots after 3, 5 and 7 records."""
    script, engine = running("a", "b")
    pieces: list[Output] = []
    for hour in range(1, 4):
        engine.process(script.poke("a", at=hour * 3600))
        pieces += snapshot_outputs(engine)
        engine.process(script.poke("b"))
    return script, topic(pieces)


def place(records: Iterable[Record], **where: int) -> int | None:
    restored = latest(lambda: records, "sensing", where.pop("partition", 0), **where)
    return restored.mark.next_offset if restored and restored.mark else None


def test_a_snapshot_is_every_hall_and_then_the_mark() -> None:
    _, engine = running("a", "b")
    pieces = snapshot_outputs(engine)
    name = f"sensing.{START_MS}.2".encode()
    assert [piece.key for piece in pieces] == [name + b"/a", name + b"/b", name]
    assert {(p.topic, p.partition, p.timestamp_ms, p.id, p.event) for p in pieces} == {
        ("hall.snapshots", 0, START_MS, None, None)
    }


def test_from_a_snapshot_the_engine_goes_on_as_it_did() -> None:
    script, engine = running("a", "b")
    feed(engine, [script.poke("a"), script.poke("b", "breaker:arm")])
    snapshot = topic(snapshot_outputs(engine))
    replayed = Engine(SENSING, restored=latest(lambda: snapshot, "sensing", 0))
    rest = [script.tick(1), script.poke("a", "summer:raise"), script.configure("b", "Other")]
    assert feed(replayed, rest) == feed(engine, rest)
    assert states(replayed) == states(engine)


def test_taking_one_changes_neither_the_engine_nor_its_next_checkpoint() -> None:
    script, engine = running("a", "b")
    engine.checkpoint()
    engine.process(script.poke("a"))
    before = states(engine), engine.mark()
    snapshot_outputs(engine)
    assert (states(engine), engine.mark()) == before
    assert [hall for hall, _ in engine.checkpoint().halls] == ["a"]


def test_of_an_engine_whose_halls_are_ahead_of_its_mark_it_is_true_as_well() -> None:
    script, engine = running("a", "b")
    store: Store = {}
    write(store, "w", engine.whole())
    poke = script.poke("b")
    engine.process(poke)
    write(store, "w", engine.checkpoint(), mark=False)
    pieces = topic(snapshot_outputs(restart(store)))
    replayed = Engine(SENSING, restored=latest(lambda: pieces, "sensing", 0))
    assert replayed.process(poke) == []
    assert told(replayed.process(script.poke("b")))[0] == "b counter counted 8"


def test_the_newest_before_the_event_is_found() -> None:
    _, records = three_hours()
    assert place(records) == 7
    assert [place(records, before=offset) for offset in (2, 3, 4, 5, 6, 7, 8)] == [None, 3, 3, 5, 5, 7, 7]


def test_one_without_its_mark_or_a_hall_is_none() -> None:
    _, records = three_hours()
    assert place(records[:-1]) == 5
    assert place([r for r in records if r.key != f"sensing.{START_MS}.7/a".encode()]) == 5
    assert place(records[:2]) is None


def test_each_lane_partition_and_era_has_its_own() -> None:
    _, records = three_hours()
    assert place(records, partition=1) is None
    assert place(records, era=START_MS) == 7
    assert place(records, era=START_MS + 1) is None
    assert latest(lambda: records, "service", 0) is None


def test_a_new_era_is_newer_whatever_its_offsets() -> None:
    _, records = three_hours()
    script, engine = Script(), Engine(SENSING)
    engine.process(script.configure("a", at=99_999))
    assert place([*topic(snapshot_outputs(engine)), *records]) == 1


def test_what_is_no_snapshot_is_passed_over() -> None:
    _, records = three_hours()
    junk = [
        Record("hall.snapshots", 0, 0, 0, key, value)
        for key in (None, b"", b"\xff", b"demo", b"sensing.x.y", b"a.1.2.3", "sensing.٣.٤".encode(), b"sensing.-1.2")
        for value in (None, b"junk")
    ]
    assert place([*junk, *records, *junk]) == 7
    assert place([*records, records[-1]._replace(value=None)]) == 7
    assert [name.next_offset for name in names([*junk, *records], "sensing")] == [3, 5, 7]


def test_a_name_is_text_and_back() -> None:
    name = SnapshotName("sensing", 1_700_000_000_000, 42)
    assert str(name) == "sensing.1700000000000.42"
    assert parse_name(str(name)) == name
    with pytest.raises(ValueError, match=r"expected lane\.era\.offset, such as sensing\.0\.42; got 'sensing'"):
        parse_name("sensing")
