"""Reads a journal as it grows, each event once, and shows it to a board."""

from __future__ import annotations

from commands.live.board import Board
from config.loading import load_files
from streams.codec import BadRecord, Decoder, id_of
from streams.embedded.log import Log
from streams.embedded.reading import offset_at
from streams.events import Configured
from streams.ids import Seen, parse_id
from streams.lane import Lane
from streams.record import Record

BATCH = 1000


class Follower:
    """Follows the journal of an embedded log, from the first record not older than ``since_ms``."""

    def __init__(self, log: Log, lane: Lane, board: Board) -> None:
        self._log, self._lane, self._board = log, lane, board
        self._decoder, self._seen = Decoder(lane.carries), Seen()
        self._next = [log.start(lane.topic, p) for p in range(log.partitions(lane.topic))]

    def skip_before(self, at_ms: int) -> None:
        """Begin at the first record of that time or later."""
        topic = self._lane.topic
        self._next = [offset_at(self._log, topic, p, at_ms) for p in range(len(self._next))]

    def catch_up(self) -> int:
        """Show what has come since the last time; how many records it was."""
        count = 0
        for partition in range(len(self._next)):
            while records := self._log.read(self._lane.topic, partition, self._next[partition], limit=BATCH):
                for record in records:
                    self._show(record)
                self._board.tell_time(records[-1].timestamp_ms)
                self._next[partition] = records[-1].offset + 1
                count += len(records)
        return count

    def _show(self, record: Record) -> None:
        if record.key is None or record.value is None:
            return
        try:
            name = id_of(record.value)
            event = self._decoder.decode(record.value)
        except BadRecord:
            return  # not for a viewer to judge: the engine dead-letters it
        if name is not None and not self._seen.is_new(parse_id(name)):
            return
        if isinstance(event, Configured):
            self._board.configure(load_files(event.files).hall)
        self._board.observe(event)
