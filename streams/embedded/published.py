"""What a log shows of the outputs that were published behind a checkpoint: they are in it under ids of their own."""

from __future__ import annotations

from streams.checkpoint import Mark
from streams.codec import event_id_of
from streams.ids import EventId
from streams.log import EventLog, records_from
from streams.topics import PUBLISHED


def published_end(log: EventLog, lane: str, partition: int, mark: Mark) -> int:
    """The offset behind the last record on which the lane published anything in the mark's era, or in the one that it says
    is to begin; the mark's if nothing is behind it.

    Outputs carry the time of their cause, which is not before the mark's: that is where to begin to look.
    """
    places = (
        name.offset + 1
        for topic in PUBLISHED
        for record in records_from(log, topic, partition, log.offset_at(topic, partition, mark.time_ms))
        if (name := event_id_of(record)) is not None and name.lane == lane and _of(mark, name)
    )
    return max(places, default=mark.next_offset)


def _of(mark: Mark, name: EventId) -> bool:
    return name.offset >= mark.next_offset and (name.era >= mark.era if mark.pending else name.era == mark.era)
