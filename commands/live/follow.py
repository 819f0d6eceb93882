"""Reads a journal as it grows, each event once, and shows it to a board."""

from __future__ import annotations

from typing import NamedTuple

from commands.live.board import Board
from config.hall import Hall
from config.loading import ConfigError, load_files
from streams.codec import BadRecord, Decoder, id_of
from streams.events import Configured, Event, HallRemoved
from streams.ids import EventId, Seen, parse_id
from streams.lane import Lane
from streams.log import EventLog
from streams.record import Record

BATCH = 1000


class Item(NamedTuple):
    """One event of the journal. ``hall``: what a ``Configured`` puts in force; ``new``: it was published since we look."""

    id: EventId | None
    event: Event
    hall: Hall | None
    new: bool


class News(NamedTuple):
    """What stands behind ``next`` of a partition, decoded: at most ``BATCH`` records."""

    partition: int
    next: int
    at_ms: int
    records: int
    items: list[Item]


class Follower:
    """Follows the journal of an embedded log, from its first record on.

    ``fetch`` reads and decodes, and may do so in a thread; ``show`` changes the board, and belongs to the thread that reads
    it. News that were fetched and never shown are fetched again.
    """

    def __init__(self, log: EventLog, lane: Lane, board: Board) -> None:
        self._log, self._lane, self._board = log, lane, board
        self._decoder, self._seen = Decoder(lane.carries), Seen()
        self._halls: dict[str, tuple[dict[str, str], Hall]] = {}
        partitions = range(log.partitions(lane.topic))
        self._next = [log.start(lane.topic, p) for p in partitions]
        self._found = [log.end(lane.topic, p) for p in partitions]

    def skip_before(self, at_ms: int) -> None:
        """Begin at the first record of that time or later."""
        topic = self._lane.topic
        self._next = [self._log.offset_at(topic, p, at_ms) for p in range(len(self._next))]

    def fetch(self) -> list[News]:
        """What is there behind what was shown, a piece of each partition; empty when everything was shown."""
        pieces = [
            (p, self._log.read(self._lane.topic, p, offset, limit=BATCH)) for p, offset in enumerate(self._next)
        ]  # fmt: skip
        return [
            News(
                p, piece[-1].offset + 1, piece[-1].timestamp_ms, len(piece), [i for r in piece if (i := self._item(r))]
            )
            for p, piece in pieces
            if piece
        ]

    def show(self, news: list[News]) -> int:
        """Put it on the board, repeats left out; how many records it was."""
        for piece in news:
            for item in piece.items:
                if item.id is None or self._seen.is_new(item.id):
                    self._show(item)
            self._board.tell_time(piece.at_ms)
            self._next[piece.partition] = piece.next
        return sum(piece.records for piece in news)

    def catch_up(self) -> int:
        """Show everything that has come since the last time; how many records it was."""
        count = 0
        while news := self.fetch():
            count += self.show(news)
        return count

    def _show(self, item: Item) -> None:
        if item.hall is not None:
            self._board.configure(item.hall)
        self._board.observe(item.event, new=item.new)
        if isinstance(item.event, HallRemoved):
            self._board.remove(item.event.hall)

    def _hall(self, event: Configured) -> Hall:
        """Said again every hour: what is known is not loaded again."""
        known = self._halls.get(event.hall)
        if known is None or known[0] != event.files:
            known = self._halls[event.hall] = event.files, load_files(event.files).hall
        return known[1]

    def _item(self, record: Record) -> Item | None:
        """None for ticks, and for what is not for a viewer to judge: the engine dead-letters it."""
        if record.key is None or record.value is None:
            return None
        try:
            name = id_of(record.value)
            event_id = parse_id(name) if name is not None else None
            event = self._decoder.decode(record.value)
            hall = self._hall(event) if isinstance(event, Configured) else None
        except (BadRecord, ValueError, ConfigError):
            return None
        return Item(event_id, event, hall, new=record.offset >= self._found[record.partition])
