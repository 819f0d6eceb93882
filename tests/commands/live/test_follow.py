"""The live picture: read from the journal as it grows, whatever else stands there; and its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from rich.console import Console

from agents.topology import SERVICE
from commands.live.board import Board
from commands.live.follow import Follower
from commands.live.metrics import BoardMetrics
from commands.live.table import render
from streams.codec import encode
from streams.embedded.log import Log
from streams.events import Configured, HallRemoved, LineCrossed, ZoneEntered, ZoneLeft
from streams.log import Append
from streams.topics import JOURNAL
from tests.support.hall_files import FILES, hall_with
from tests.support.operating import HALL, START_MS, Box

AT: dict[str, Any] = {"hall": HALL, "at_ms": START_MS, "decided_at_ms": START_MS}
ENTERED = encode(ZoneEntered(**AT, zone="west", track="7", occupancy=1))
LEFT = encode(ZoneLeft(**AT, zone="west", track="7", entered_ms=START_MS, occupancy=0))
CROSSED = encode(LineCrossed(**AT, line="door", track="7", direction="forward"))


def configured(files: dict[str, str] = FILES) -> bytes:
    return encode(Configured(hall=HALL, at_ms=START_MS, files=files))


def named(raw: bytes, number: int) -> bytes:
    return b'{"id":"small:sensing:zones:0:%d:0",%s' % (number, raw[1:])


class Wall:
    """A journal, and what a board tells of it."""

    def __init__(self, log: Log) -> None:
        self.log, self.board, self.registry = log, Board(), CollectorRegistry()
        self.put(configured())
        self.look()

    def look(self) -> None:
        """As a process that has just started."""
        self.board, self.registry = Board(), CollectorRegistry()
        self.follower = Follower(self.log, SERVICE, self.board)
        self.registry.register(BoardMetrics(self.board))

    def put(self, *values: bytes) -> None:
        self.log.append([Append(JOURNAL, 0, HALL.encode(), value) for value in values])

    def counted(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"hall_{name}_total", {"hall": HALL, **labels})


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Wall]:
    with Box(tmp_path).made().log() as log:
        yield Wall(log)


def test_a_hall_that_is_removed_is_shown_no_more_until_it_is_configured_again(wall: Wall) -> None:
    wall.put(named(ENTERED, 1))
    wall.follower.catch_up()
    assert wall.registry.get_sample_value("hall_zone_people", {"hall": HALL, "zone": "west"}) == 1
    wall.put(encode(HallRemoved(hall=HALL, at_ms=START_MS)))
    wall.follower.catch_up()
    assert wall.board.halls == {}
    assert wall.registry.get_sample_value("hall_zone_people", {"hall": HALL, "zone": "west"}) is None
    wall.put(configured())
    wall.follower.catch_up()
    assert wall.board.halls[HALL].zones["west"].people == 0


@pytest.mark.parametrize(
    "junk",
    [
        b"junk",
        b'{"id":"x",' + ENTERED[1:],
        b'{"id":7,' + ENTERED[1:],
        b'{"type":"zone_entered"}',
        configured({"hall.yaml": "id: [", "rules.yaml": ""}),
        configured({}),
    ],
)
def test_one_record_that_is_none_does_not_end_the_viewer(wall: Wall, junk: bytes) -> None:
    wall.put(junk, named(ENTERED, 1))
    assert wall.follower.catch_up() == 3
    assert wall.board.halls[HALL].zones["west"].entries == 1


def test_a_repeat_is_shown_once(wall: Wall) -> None:
    wall.put(named(ENTERED, 1), named(LEFT, 2), named(ENTERED, 1))
    wall.follower.catch_up()
    west = wall.board.halls[HALL].zones["west"]
    assert (west.entries, west.exits, west.people) == (1, 1, 0)


def test_fetching_leaves_the_board_alone_and_what_was_not_shown_is_fetched_again(wall: Wall) -> None:
    wall.put(named(ENTERED, 1))
    wall.follower.fetch()
    assert wall.board.halls == {}
    assert wall.follower.show(wall.follower.fetch()) == 2
    assert wall.follower.fetch() == []
    assert wall.board.halls[HALL].zones["west"].entries == 1


def test_counters_count_from_the_start_of_the_process_and_the_table_from_what_the_journal_holds(wall: Wall) -> None:
    wall.put(named(ENTERED, 1), named(LEFT, 2), named(CROSSED, 3))
    wall.look()
    wall.follower.catch_up()
    assert wall.board.halls[HALL].zones["west"].entries == wall.board.halls[HALL].lines["door"].forward == 1
    assert wall.counted("zone_entries", zone="west") == wall.counted("zone_exits", zone="west") == 0
    wall.put(named(ENTERED, 4), named(ENTERED, 5), named(LEFT, 6), named(CROSSED, 7))
    wall.follower.catch_up()
    assert wall.board.halls[HALL].zones["west"].entries == 3
    assert wall.counted("zone_entries", zone="west") == 2
    assert wall.counted("zone_exits", zone="west") == 1
    assert wall.counted("line_crossings", line="door", direction="forward") == 1
    assert wall.counted("line_crossings", line="door", direction="backward") == 0


def test_counters_go_on_over_a_new_configuration(wall: Wall) -> None:
    wall.put(named(ENTERED, 1), configured(hall_with("West", "Waiting")), named(ENTERED, 2))
    wall.follower.catch_up()
    assert wall.counted("zone_entries", zone="west") == 2


@pytest.mark.parametrize("old", ["Small hall", "West", "Door"])
def test_a_name_is_text_and_not_markup(wall: Wall, old: str) -> None:
    wall.put(configured(hall_with(f"name: {old}", f'name: "{old} [/A] [red]"')))
    wall.follower.catch_up()
    console = Console(width=120, file=StringIO())
    console.print(render(wall.board, "up 1 s"))
    assert isinstance(console.file, StringIO)
    assert f"{old} [/A] [red]" in console.file.getvalue()
