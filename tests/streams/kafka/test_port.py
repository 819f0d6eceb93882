"""The lanes' port on Kafka: who is asked for what, and when."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from faust.types import TP

from streams.kafka.errors import Unreachable
from streams.kafka.port import ID_FOR_S, KafkaPort
from streams.kafka.sender import Row
from streams.log import Place
from streams.record import Record
from streams.worker.port import StateRow


class FakeLog:
    def __init__(self) -> None:
        self.id: str | None = "id-1"
        self.asked = 0

    def identity(self, topic: str) -> str:
        self.asked += 1
        if self.id is None:
            raise Unreachable("nobody answers")
        return self.id


class Shelf:
    """A log that gives what stands there, and notes what it was asked for at once."""

    def __init__(self, *there: Place) -> None:
        self._there, self.readings = there, list[list[Place]]()
        self.broken: Exception | None = None

    def read_each(self, places: list[Place]) -> dict[Place, Record]:
        self.readings.append(places)
        time.sleep(0.02)  # as long as a fetch
        if self.broken is not None:
            raise self.broken
        return {place: Record(*place, 0, None, None) for place in places if place in self._there}


class FakeSender:
    def __init__(self, told: list[object]) -> None:
        self.told = told

    def append(self, tp: TP, rows: list[Row]) -> None:
        self.told.append([row.key for row in rows])

    async def settle(self, tp: TP | None = None) -> None:
        self.told.append("acknowledged")


def port(log: Any, told: list[object], generation: int | None = 7, accepted: bool = True) -> KafkaPort:
    async def commit(generation: int | None, tp: TP, offset: int) -> bool:
        told.append((generation, tp.topic, offset))
        return accepted

    sender: Any = FakeSender(told)
    return KafkaPort(sender, log, lambda: generation, commit)


@pytest.mark.parametrize("accepted", [True, False])
def test_halls_then_mark_then_acknowledged_then_the_position(accepted: bool) -> None:
    told: list[object] = []
    halls, mark = [StateRow(b"w/h1", b"1"), StateRow(b"w/h2", b"2")], StateRow(b"w", b"m")
    wrote = port(FakeLog(), told, accepted=accepted).write_state("state", 3, halls, mark, "source", 42)
    assert asyncio.run(wrote) == accepted
    assert told == [[b"w/h1", b"w/h2", b"w"], "acknowledged", (7, "source", 42)]


def test_all_partitions_that_mark_in_one_second_ask_once() -> None:
    async def scene() -> None:
        asked = port(log := FakeLog(), [])
        assert await asyncio.gather(*(asked.log_id("t") for _ in range(16))) == ["id-1"] * 16
        assert log.asked == 1

    asyncio.run(scene())


def test_a_leader_that_is_gone_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    asked ─┬─ nobody ── nobody ── "id-1"
           └─ after GONE_S: that nobody answers
    """
    monkeypatch.setattr("streams.kafka.port.AGAIN_S", 0.01)
    log = FakeLog()
    log.id = None

    async def scene() -> str:
        asking = asyncio.create_task(port(log, []).log_id("t"))
        while log.asked < 3:
            await asyncio.sleep(0.01)
        log.id = "id-1"
        return await asking

    assert asyncio.run(scene()) == "id-1"
    log.id = None
    monkeypatch.setattr("streams.kafka.port.GONE_S", 0.05)
    with pytest.raises(Unreachable):
        asyncio.run(port(log, []).log_id("t"))


def test_a_broker_that_is_away_leaves_the_answer_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr("streams.kafka.port.GONE_S", 0.0)
        asked = port(log := FakeLog(), [])
        log.id = None
        with pytest.raises(Unreachable):
            await asked.log_id("t")
        monkeypatch.setattr("streams.kafka.port.ID_FOR_S", -1.0)
        log.id = "id-1"
        assert await asked.log_id("t") == "id-1"
        log.id = None
        assert await asked.log_id("t") == "id-1"
        log.id = "id-2"
        assert await asked.log_id("t") == "id-2"

    assert ID_FOR_S > 0
    asyncio.run(scene())


async def _ask(asked: KafkaPort, *places: Place) -> list[Record | None]:
    return await asyncio.gather(*(asked.read_one(*place) for place in places))


def test_partitions_that_begin_together_are_read_together() -> None:
    """
    16 partitions ask      .    |. . . . . . . . . . . . . . .
    fetches             one     |    one for all the others
    """
    places = [Place("t", partition, 7) for partition in range(16)]
    shelf = Shelf(*places[1:])

    async def scene() -> list[Record | None]:
        one = port(shelf, [])
        first = asyncio.create_task(one.read_one(*places[0]))
        await asyncio.sleep(0.005)
        return [*await _ask(one, *places[1:]), await first]

    *found, first = asyncio.run(scene())
    assert first is None
    assert [record and record.partition for record in found] == list(range(1, 16))
    assert [len(reading) for reading in shelf.readings] == [1, 15]


def test_two_offsets_of_one_partition_are_read_one_after_the_other() -> None:
    places = Place("t", 0, 3), Place("t", 0, 4)
    shelf = Shelf(*places)
    found = asyncio.run(_ask(port(shelf, []), *places))
    assert [record and record.offset for record in found] == [3, 4]
    assert [len(reading) for reading in shelf.readings] == [1, 1]


def test_who_asked_hears_of_what_went_wrong_and_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.port.GONE_S", 0.0)
    place = Place("t", 0, 3)
    shelf = Shelf(place)

    async def scene() -> None:
        one, shelf.broken = port(shelf, []), Unreachable("nobody answers")
        with pytest.raises(Unreachable):
            await one.read_one(*place)
        shelf.broken = None
        assert await one.read_one(*place) is not None

    asyncio.run(scene())
