"""What a journal says of each hall right now: people per zone, entries and exits, dwell, density, alarms.

A viewer: it reads what was published, drops repeats by id, and can be made anew at any time from the journal.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from config.hall import Hall
from streams.clock import stamp_after
from streams.events import (
    AlarmCleared,
    AlarmRaised,
    ClockSetBack,
    DensityChanged,
    DwellEnded,
    Event,
    LineCrossed,
    PeopleInside,
    TrackEnded,
    TrackStarted,
    ZoneEntered,
    ZoneLeft,
)

STAYS_KEPT = 200


@dataclass
class ZoneView:
    people: int = 0
    entries: int = 0
    exits: int = 0
    level: str = "A"
    since_ms: dict[str, int] = field(default_factory=dict)
    """By track, since when it is in the zone."""
    stays_s: deque[float] = field(default_factory=lambda: deque(maxlen=STAYS_KEPT))

    def longest_now_s(self, now_ms: int) -> float:
        """How long whoever has been in the zone for longest has been there; 0 if nobody is."""
        return max(0, now_ms - min(self.since_ms.values(), default=now_ms)) / 1000

    @property
    def median_stay_s(self) -> float | None:
        return median(self.stays_s) if self.stays_s else None


@dataclass
class LineView:
    forward: int = 0
    backward: int = 0


@dataclass
class AlarmView:
    alarm: str
    zone: str
    severity: str
    value: float
    limit: float
    since_ms: int
    detail: str = ""


@dataclass
class HallView:
    """One hall. ``at_ms`` is the log's time."""

    hall: Hall
    zones: dict[str, ZoneView]
    lines: dict[str, LineView]
    alarms: dict[tuple[str, str], AlarmView] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    visits: int = 0
    at_ms: int = 0
    inside: PeopleInside | None = None


def new_view(hall: Hall) -> HallView:
    return HallView(hall, {z.id: ZoneView() for z in hall.zones}, {line.id: LineView() for line in hall.lines})


class Board:
    """Fed with published events; ``halls`` is the picture.

    ``counted``: by (kind, hall, zone or line, and a line's direction) how many *new* events there were. It starts at 0 with
    the process and only grows, as a counter of Prometheus must; the picture begins with what the journal still holds.
    """

    def __init__(self) -> None:
        self.halls: dict[str, HallView] = {}
        self.counted: Counter[tuple[str, ...]] = Counter()

    def configure(self, hall: Hall) -> None:
        """Start, or go on, with this floor plan; what stands for zones and lines that remain is kept."""
        view, old = new_view(hall), self.halls.get(hall.id)
        if old is not None:
            view.zones.update({k: v for k, v in old.zones.items() if k in view.zones})
            view.lines.update({k: v for k, v in old.lines.items() if k in view.lines})
            view.people, view.visits, view.alarms, view.at_ms = old.people, old.visits, old.alarms, old.at_ms
            view.inside = old.inside
        self.halls[hall.id] = view

    def remove(self, hall: str) -> None:
        """It is no more; what was counted of it stays counted."""
        self.halls.pop(hall, None)

    def tell_time(self, at_ms: int) -> None:
        """The log's time, which goes on in a quiet hall too, and back where a clock was set back."""
        for view in self.halls.values():
            view.at_ms = stamp_after(view.at_ms, at_ms)

    def observe(self, event: Event, *, new: bool = True) -> None:
        """Take one event; those of halls and kinds it does not show are passed over. ``new``: it is counted as well."""
        view, show, count = self.halls.get(event.hall), SHOW.get(type(event)), COUNT.get(type(event))
        if view is not None and show is not None:
            show(view, event)
        if view is not None and count is not None and new:
            self.counted[count(event)] += 1


def _set_back(view: HallView, event: ClockSetBack) -> None:
    """The engine forgot what it had in mind of the hall, and begins anew; so does its picture."""
    fresh = new_view(view.hall)
    view.zones, view.lines, view.alarms, view.people = fresh.zones, fresh.lines, fresh.alarms, fresh.people
    view.visits, view.at_ms, view.inside = 0, event.at_ms, None


def _entered(view: HallView, event: ZoneEntered) -> None:
    if (zone := view.zones.get(event.zone)) is not None:
        zone.people, zone.entries = event.occupancy, zone.entries + 1
        zone.since_ms[event.track] = event.at_ms


def _left(view: HallView, event: ZoneLeft) -> None:
    if (zone := view.zones.get(event.zone)) is not None:
        zone.people, zone.exits = event.occupancy, zone.exits + (event.reason != "config")
        zone.since_ms.pop(event.track, None)


def _stayed(view: HallView, event: DwellEnded) -> None:
    if (zone := view.zones.get(event.zone)) is not None:
        zone.stays_s.append(event.dwell_ms / 1000)


def _denser(view: HallView, event: DensityChanged) -> None:
    if (zone := view.zones.get(event.zone)) is not None:
        zone.level = event.level


def _crossed(view: HallView, event: LineCrossed) -> None:
    if (line := view.lines.get(event.line)) is not None:
        setattr(line, event.direction, getattr(line, event.direction) + 1)


def _started(view: HallView, event: TrackStarted) -> None:
    view.people.add(event.track)
    view.visits += 1


def _ended(view: HallView, event: TrackEnded) -> None:
    view.people.discard(event.track)


def _raised(view: HallView, event: AlarmRaised) -> None:
    view.alarms[event.alarm, event.track or event.subject] = AlarmView(
        event.alarm, event.zone or event.subject, event.severity, event.value, event.limit, event.at_ms, event.detail
    )  # fmt: skip


def _cleared(view: HallView, event: AlarmCleared) -> None:
    view.alarms.pop((event.alarm, event.track or event.subject), None)


def _inside(view: HallView, event: PeopleInside) -> None:
    view.inside = event


SHOW: dict[type[Event], Callable[[HallView, Any], None]] = {
    ZoneEntered: _entered, ZoneLeft: _left, DwellEnded: _stayed, DensityChanged: _denser, LineCrossed: _crossed,
    TrackStarted: _started, TrackEnded: _ended, AlarmRaised: _raised, AlarmCleared: _cleared,
    PeopleInside: _inside, ClockSetBack: _set_back,
}  # fmt: skip

COUNT: dict[type[Event], Callable[[Any], tuple[str, ...]]] = {
    ZoneEntered: lambda event: ("entries", event.hall, event.zone),
    ZoneLeft: lambda event: ("closed" if event.reason == "config" else "exits", event.hall, event.zone),
    LineCrossed: lambda event: ("crossings", event.hall, event.line, event.direction),
}
