"""The log of a worker stays readable when a library says the same thing twenty times a second."""

from __future__ import annotations

import logging

from commands.logs import AGAIN_S, Sparing


class Said:
    """Lines that come through a filter, as time passes."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._filter = Sparing(lambda: self.now_s)

    def line(self, logger: str, message: str, *args: object) -> str | None:
        record = logging.LogRecord(logger, logging.WARNING, "", 0, message, args, None)
        return record.getMessage() if self._filter.filter(record) else None


def test_the_same_again_comes_through_after_a_while_with_a_count() -> None:
    said = Said()
    assert said.line("aiokafka.conn", "cannot connect to %s", "a") == "cannot connect to a"
    for _ in range(20):
        said.now_s += 0.05
        assert said.line("aiokafka.conn", "cannot connect to %s", "b") is None
    said.now_s += AGAIN_S
    assert said.line("aiokafka.conn", "cannot connect to %s", "c") == "cannot connect to c (and 20 times more)"


def test_something_else_is_not_held_back() -> None:
    said = Said()
    assert said.line("aiokafka.conn", "cannot connect") == "cannot connect"
    assert said.line("aiokafka.conn", "request failed") == "request failed"
    assert said.line("faust.app", "cannot connect") == "cannot connect"


def test_what_we_say_ourselves_always_comes_through() -> None:
    said = Said()
    assert [said.line("streams.worker.lanes", "fetching again") for _ in range(3)] == ["fetching again"] * 3
