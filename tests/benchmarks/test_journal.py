"""What a reader of the journal calls new: repeats, ticks and what other lanes say are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agents.topology import TOPOLOGY
from benchmarks.journal import Journal, LogReader
from streams.codec import TICK
from streams.embedded.log import Log
from streams.embedded.topics import ensure_topics
from streams.log import Append
from streams.record import Record
from streams.topics import JOURNAL


def event(name: str) -> bytes:
    return b'{"id":"%b","type":"zone_entered"}' % name.encode()


class Told:
    """A reader that finds these, a look at a time."""

    def __init__(self, *looks: Sequence[tuple[int, bytes]]) -> None:
        self._looks = iter(looks)

    def look(self) -> list[Record]:
        return [Record(JOURNAL, partition, 0, 0, b"h", value) for partition, value in next(self._looks, ())]


def test_news_are_events_of_the_sensing_lane_with_partition_and_offset_of_their_frame() -> None:
    journal = Journal(Told([(3, event("h:sensing:zones:0:42:0")), (3, event("h:service:limits:0:9:0")), (3, TICK)]))
    [news] = journal.advance()
    assert (news.partition, news.offset) == (3, 42)


def test_what_is_published_once_more_after_a_crash_is_not_new_and_what_follows_it_is() -> None:
    #  published   42 43 44  crash, back to the last mark:  43 44 45
    #  new          *  *  *                                        *
    first = [(0, event(f"h:sensing:zones:0:{offset}:0")) for offset in (42, 43, 44)]
    again = [(0, event(f"h:sensing:zones:0:{offset}:0")) for offset in (43, 44, 45)]
    journal = Journal(Told(first, again))
    assert [news.offset for news in journal.advance()] == [42, 43, 44]
    assert [news.offset for news in journal.advance()] == [45]


def test_each_hall_and_agent_has_an_order_of_its_own() -> None:
    names = ["a:sensing:zones:0:9:0", "b:sensing:zones:0:8:0", "a:sensing:flow:0:7:0"]
    journal = Journal(Told([(0, event(name)) for name in names]))
    assert [news.offset for news in journal.advance()] == [9, 8, 7]


def test_what_was_caught_up_with_is_known_and_not_told() -> None:
    known = [(0, event("h:sensing:zones:0:1:0"))], [(0, event("h:sensing:zones:0:2:0"))]
    journal = Journal(Told(*known, [], [(0, event("h:sensing:zones:0:2:0")), (0, event("h:sensing:zones:0:3:0"))]))
    journal.catch_up()
    assert [news.offset for news in journal.advance()] == [3]


def test_an_embedded_log_is_read_from_its_beginning_and_then_as_it_grows(tmp_path: Path) -> None:
    with Log.open(tmp_path / "hall.db") as log:
        ensure_topics(log, TOPOLOGY)
        log.append([Append(JOURNAL, 0, b"h", b"1")])
        reader = LogReader(log)
        assert [record.value for record in reader.look()] == [b"1"]
        assert list(reader.look()) == []
        log.append([Append(JOURNAL, 0, b"h", b"2")])
        assert [record.value for record in reader.look()] == [b"2"]
