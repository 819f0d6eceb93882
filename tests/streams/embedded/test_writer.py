"""Group commit: all or nothing of each append, in order, and nothing after a loss."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from streams.embedded import writer as module
from streams.embedded.errors import LogFull
from streams.embedded.log import Log
from streams.embedded.port import EmbeddedPort
from streams.embedded.transport import EmbeddedLog
from streams.embedded.writer import Writer
from streams.engine import Output
from streams.log import Append, TopicSpec
from streams.topics import GROUP
from streams.worker.port import StateRow
from tests.support.embedded import TOPIC, everything, values

STATE = "state"


class SlowLog:
    """Keeps what is appended, one transaction at a time, each when the test lets it; ``full``: no more room."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []
        self.full = False
        self.go = threading.Semaphore(0)

    def append(self, rows: Sequence[Append], *, positions: Mapping[Any, int]) -> list[tuple[int, int]]:
        assert self.go.acquire(timeout=30)
        if self.full:
            raise LogFull("no room")
        first = sum(map(len, self.transactions))
        self.transactions.append([(row.value or b"").decode() for row in rows])
        return [(first + n, 1_000) for n in range(len(rows))]


def rows(*names: str) -> list[Append]:
    return [Append(TOPIC, 0, b"k", name.encode()) for name in names]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 30))


def test_what_comes_while_a_transaction_is_written_goes_into_the_next_one_together() -> None:
    async def work() -> None:
        log = SlowLog()
        writer = Writer(log)  # type: ignore[arg-type]
        first = writer.append(rows("a"))
        await asyncio.sleep(0.01)  # it is being written
        others = [writer.append(rows("b", "c")), writer.append(rows("d")), writer.append([])]
        log.go.release(2)
        assert await first == [(0, 1_000)]
        assert [[at for at, _ in await other] for other in others] == [[1, 2], [3], []]
        assert log.transactions == [["a"], ["b", "c", "d"]]
        await writer.close()

    run(work())


def test_an_append_is_never_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_MOST", 3)

    async def work() -> None:
        log = SlowLog()
        log.go.release(100)
        writer = Writer(log)  # type: ignore[arg-type]
        for names in ("ab", "cd", "efghi", "j"):
            writer.append(rows(*names))
        assert writer.backlog == 10
        await writer.settle()
        assert log.transactions == [["a", "b"], ["c", "d"], ["e", "f", "g", "h", "i"], ["j"]]
        assert writer.backlog == 0
        await writer.close()

    run(work())


def test_readers_are_woken_by_every_commit() -> None:
    async def work() -> None:
        log = SlowLog()
        writer = Writer(log)  # type: ignore[arg-type]
        placed = writer.append(rows("a"))
        assert not writer.grew.is_set()
        log.go.release()
        await placed
        assert writer.grew.is_set()
        await writer.close()

    run(work())


def test_after_one_failure_all_that_waits_and_all_that_comes_fails_and_nothing_more_is_written() -> None:
    """Although there is room again: a reader that saw a later output would drop the earlier one's repeat."""

    async def work() -> None:
        log = SlowLog()
        writer = Writer(log)  # type: ignore[arg-type]
        first = writer.append(rows("a"))
        await asyncio.sleep(0.01)
        second = writer.append(rows("b"))
        log.full = True
        log.go.release(100)
        for placed in (first, second):
            with pytest.raises(LogFull):
                await placed
        log.full = False
        with pytest.raises(LogFull, match="no room"):
            await writer.append(rows("c"))
        await writer.settle()
        assert log.transactions == []
        await writer.close()

    run(work())


def test_who_stops_waiting_does_not_stop_the_others() -> None:
    async def work() -> None:
        log = SlowLog()
        writer = Writer(log)  # type: ignore[arg-type]
        first, second = writer.append(rows("a")), writer.append(rows("b"))
        first.cancel()
        log.go.release(2)
        assert await second == [(1, 1_000)]
        await writer.close()

    run(work())


# -- on a real log -----------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Any:
    with Log.open(tmp_path / "hall.db") as made:
        made.create_topic(TopicSpec(TOPIC))
        made.create_topic(TopicSpec(STATE, compact=True))
        yield made


def test_a_hundred_appends_at_once_stand_in_order_with_their_offsets(log: Log) -> None:
    async def work() -> None:
        writer = Writer(log)
        placed = await asyncio.gather(*(writer.append(rows(str(n)), {("g", TOPIC, 0): n + 1}) for n in range(100)))
        assert [at for [(at, _)] in placed] == list(range(100))
        await writer.close()

    run(work())
    assert values(log, TOPIC) == [str(n).encode() for n in range(100)]
    assert log.position("g", TOPIC, 0) == 100


def output(name: str) -> Output:
    return Output(TOPIC, 0, 5_000, b"hall", name.encode())


def state_of(log: Log) -> list[bytes | None]:
    return [record.key for record in everything(log, STATE) if record.value is not None]


def test_a_checkpoint_is_halls_then_mark_and_the_position_with_them(log: Log) -> None:
    async def work() -> None:
        port = EmbeddedPort(EmbeddedLog(log))
        port.publish([output("a"), output("b")])
        await port.settle()
        halls = [StateRow(b"w/a", b"1"), StateRow(b"w/b", b"2")]
        await port.write_state(STATE, 0, halls, StateRow(b"w", b"mark"), TOPIC, 2)
        assert (await port.start(TOPIC, 0), await port.written(TOPIC, 0)) == (0, 2)
        assert (await port.read_one(TOPIC, 0, 1) or output("")).value == b"b"
        assert await port.read_one(TOPIC, 0, 2) is None

    run(work())
    assert values(log, TOPIC) == [b"a", b"b"]
    assert state_of(log) == [b"w/a", b"w/b", b"w"]
    assert log.position(GROUP, TOPIC, 0) == 2


def test_forgotten_keys_are_gone(log: Log) -> None:
    async def work() -> None:
        port = EmbeddedPort(EmbeddedLog(log))
        await port.write_state(STATE, 0, [StateRow(b"old/a", b"1")], StateRow(b"old", b"mark"), TOPIC, 0)
        await port.forget(STATE, 0, [b"old/a", b"old"])

    run(work())
    assert state_of(log) == []


def test_an_output_that_was_lost_is_told_when_it_is_asked_for_and_no_later_one_is_sent(
    tmp_path: Path, log: Log
) -> None:
    async def work() -> None:
        embedded = EmbeddedLog(log)
        port = EmbeddedPort(embedded)
        port.publish([output("a")])
        await port.settle()
        port.publish([Output("no such topic", 0, 5_000, b"hall", b"lost")])
        port.publish([output("c")])
        for _ in range(2):
            with pytest.raises(Exception, match="no such topic"):
                await port.settle()
        port.publish([output("d")])
        with pytest.raises(Exception, match="no such topic"):
            await port.write_state(STATE, 0, [], StateRow(b"w", b"mark"), TOPIC, 4)

    run(work())
    assert values(log, TOPIC) == [b"a"]
    assert state_of(log) == []
    assert log.position(GROUP, TOPIC, 0) is None
