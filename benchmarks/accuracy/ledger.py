"""What the engine said, written down: which of the cameras' ids each of its tracks consists of, and its sums.

Only published events are read, in the order in which they were published. A camera's id is called ``camera/id``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agents.topology import SENSING, TOPOLOGY
from streams.driver import Driver, lay_out
from streams.events import (
    DwellEnded,
    Event,
    Frame,
    LineCrossed,
    TrackJoined,
    TrackStarted,
    ZoneEntered,
    ZoneHour,
    ZoneLeft,
)

Files = Mapping[str, str]


class Link(NamedTuple):
    """From ``at_ms`` on, ``source`` is ``track``: a number of its own for every track, as names may be used again."""

    at_ms: int
    source: str
    track: int
    joined: bool


class Entry(NamedTuple):
    """A zone was entered by a track that was called ``source`` by its camera then."""

    zone: str
    source: str


class Ledger:
    """Give it every published event of one hall."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.started = 0
        self.entries: list[Entry] = []
        self.crossed = Counter[tuple[str, str]]()
        self.stays_ms, self.dwells_ms, self.hours_ms = Counter[str](), Counter[str](), Counter[str]()
        self._tracks: dict[str, Link] = {}  # by name; kept past the end, as zones are left only after it
        self._inside: dict[tuple[str, str], int] = {}

    def observe(self, event: Event) -> None:
        match event:
            case TrackStarted():
                self._link(event.track, _source(event), event.at_ms, joined=False)
            case TrackJoined():
                source = f"{event.camera}/{event.source_track}"
                self._link(event.track, source, event.at_ms, joined=True)
            case ZoneEntered():
                self._inside[event.zone, event.track] = event.at_ms
                self.entries.append(Entry(event.zone, self._source_of(event.track)))
            case ZoneLeft():
                entered_ms = self._inside.pop((event.zone, event.track), event.entered_ms)
                self.stays_ms[event.zone] += event.at_ms - entered_ms
            case DwellEnded():
                self.dwells_ms[event.zone] += event.dwell_ms
            case ZoneHour():
                self.hours_ms[event.zone] += round(event.occupancy_mean * event.seconds * 1000)
            case LineCrossed():
                self.crossed[event.line, event.direction] += 1

    @property
    def joins(self) -> int:
        return sum(link.joined for link in self.links)

    def _link(self, name: str, source: str, at_ms: int, *, joined: bool) -> None:
        before = self._tracks.get(name)
        if joined and before is not None:
            number = before.track
        else:
            number, self.started = self.started, self.started + 1
        link = self._tracks[name] = Link(at_ms, source, number, joined)
        self.links.append(link)

    def _source_of(self, track: str) -> str:
        link = self._tracks.get(track)
        return link.source if link else track


def _source(event: TrackStarted) -> str:
    """A track's name is the id it began with, and ``@`` and a time if that name was taken."""
    return event.track.split("@")[0]


def ledger_of(hall: str, files: Files, frames: Iterable[Frame]) -> Ledger:
    """Run the whole engine over the frames of one hall, closing ticks included."""
    ledger = Ledger()
    for output in Driver(TOPOLOGY).run(lay_out(SENSING.topic, {hall: files}, frames)):
        if output.event is not None:
            ledger.observe(output.event)
    return ledger
