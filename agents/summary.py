"""The figures of a whole recording: what ``hall replay --summary`` writes.

Not an agent but a tap: it sees the events of the passes, the internal ones too, and decides nothing. It holds the
length of every stay of the recording, so it is for recordings, not for a hall that never closes. What the engine says
itself (late, dead, lost) is in no pass: give it that as well.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from agents.percentile import nearest_rank
from config.hall import Hall
from streams.events import (
    AlarmCleared,
    AlarmRaised,
    CountDrift,
    Dead,
    DensityChanged,
    DwellExceeded,
    Event,
    Frame,
    FramesShed,
    HeatAdded,
    Late,
    LineCrossed,
    LogLost,
    OddRows,
    Positions,
    Presence,
    TrackJoined,
    TrackStarted,
    TripEnded,
    ZoneEntered,
    ZoneLeft,
)

NOWHERE = "-"
"""Stands for "never in a zone" in the names of trips."""


class ZoneFigures:
    """One zone. ``dwell_ms``: of the stays that people ended; ``person_ms``: of all, whatever ended them."""

    def __init__(self) -> None:
        self.entries = self.exits = self.person_frames = self.max_occupancy = self.person_ms = 0
        self.dwell_ms: list[int] = []

    def result(self) -> dict[str, Any]:
        ordered = sorted(self.dwell_ms)
        dwell = {f"p{p}": _seconds(nearest_rank(ordered, p)) for p in (50, 90)}
        return {
            "entries": self.entries, "exits": self.exits, "max_occupancy": self.max_occupancy,
            "person_frames": self.person_frames, "dwell_s": dwell,
        }  # fmt: skip


class FrameNow(NamedTuple):
    """One frame: the tracks that it had inside, by zone."""

    camera: str
    at_ms: int
    inside: dict[str, set[str]]


class Together:
    """How many people were in each zone at once, over all cameras, each with its last frame.

    What a new track did before it was believed is told later, with the times of earlier frames: so the last seconds of
    frames are kept, and looked at when nothing can be added to them any more.
    """

    KEPT_MS = 10_000
    """As long as anything that was seen may be held back: a track is believed after 5 s at most, and a gap in its sight."""

    def __init__(self, zones: Mapping[str, ZoneFigures]) -> None:
        self._zones = zones
        self._frames: deque[FrameNow] = deque()
        self._now: dict[str, dict[str, set[str]]] = {}

    def begin(self, camera: str, at_ms: int) -> None:
        self._frames.append(FrameNow(camera, at_ms, {}))
        while self._frames and abs(at_ms - self._frames[0].at_ms) > self.KEPT_MS:
            self._look(self._frames.popleft())

    def add(self, camera: str, at_ms: int, track: str, zones: Iterable[str]) -> None:
        """The track was in ``zones`` in the camera's frame of that moment."""
        for frame in reversed(self._frames):
            if frame.camera == camera and frame.at_ms == at_ms:
                for zone in zones:
                    frame.inside.setdefault(zone, set()).add(track)
                return

    def finish(self) -> None:
        while self._frames:
            self._look(self._frames.popleft())

    def _look(self, frame: FrameNow) -> None:
        self._now[frame.camera] = frame.inside
        for zone in frame.inside:
            if zone in self._zones:
                people = sum(len(inside.get(zone, ())) for inside in self._now.values())
                self._zones[zone].max_occupancy = max(self._zones[zone].max_occupancy, people)


class Summary:
    """Give it every event of one hall in the order of the passes, each once: what a lane reads of another is no news.

    What is said of zones and lines that the hall does not have is passed over.
    """

    def __init__(self, hall: Hall) -> None:
        self._zones = {zone.id: ZoneFigures() for zone in hall.zones}
        self._lines = {line.id: Counter[str]() for line in hall.lines}
        self._heat_ms = self._shed = self._lost = 0
        self._met = Counter[type[Event]]()
        self._together = Together(self._zones)
        self._positions: deque[Positions] = deque()
        """Those of this pass whose ``Presence`` is still to come, in the same order."""
        self._inputs: dict[str, Counter[str]] = {}
        self._rows = 0
        self._alarms: list[dict[str, str]] = []
        self._raised, self._cleared = Counter[str](), Counter[str]()
        self._dwell_exceeded: dict[str, Counter[float]] = {zone: Counter() for zone in self._zones}
        self._levels: dict[str, Counter[str]] = {zone: Counter() for zone in self._zones}
        self._trips = Counter[str]()
        self._drifts: list[dict[str, int]] = []
        self._takers: dict[type[Event], Callable[[Any], None]] = {
            Frame: self._frame, Positions: self._positions.append, Presence: self._presence, OddRows: self._odd,
            ZoneEntered: self._entered, ZoneLeft: self._left, LineCrossed: self._crossed, TripEnded: self._trip,
            DwellExceeded: self._exceeded, DensityChanged: self._level, HeatAdded: self._heat,
            AlarmRaised: self._alarm_raised, AlarmCleared: self._alarm_cleared, CountDrift: self._drift,
            FramesShed: self._frames_shed, LogLost: self._log_lost,
        }  # fmt: skip

    def observe(self, event: Event) -> None:
        """Count one event."""
        self._met[type(event)] += 1
        take = self._takers.get(type(event))
        if take:
            take(event)

    def result(self) -> dict[str, Any]:
        """Plain data in a fixed order, for JSON. All but ``more`` is defined so that any program can count it, too."""
        self._together.finish()
        return {
            "frames": self._met[Frame],
            "tracks": self._met[TrackStarted],
            "zones": {zone: figures.result() for zone, figures in self._zones.items()},
            "lines": {
                line: {"forward": met["forward"], "backward": met["backward"]} for line, met in self._lines.items()
            },
            "more": self._more(),
        }

    def _more(self) -> dict[str, Any]:
        return {
            "tracks_joined": self._met[TrackJoined],
            "dwell_exceeded": {
                zone: {f"{threshold_s:g}": met[threshold_s] for threshold_s in sorted(met)}
                for zone, met in self._dwell_exceeded.items()
            },
            "density_levels": {zone: dict(sorted(met.items())) for zone, met in self._levels.items()},
            "trips": dict(sorted(self._trips.items())),
            "heat_person_s": self._heat_ms / 1000,
            "alarms_raised": dict(sorted(self._raised.items())),
            "alarms_cleared": dict(sorted(self._cleared.items())),
            "count_drift": self._drifts,
            "person_s": {zone: figures.person_ms / 1000 for zone, figures in self._zones.items()},
            "rows": self._rows,
            "rows_odd": {
                camera: dict(sorted(kinds.items())) for camera, kinds in sorted(self._inputs.items()) if kinds
            },
            "alarms_said": self._alarms,
            "frames_shed": self._shed,
            "late": self._met[Late],
            "dead": self._met[Dead],
            "records_lost": self._lost,
        }

    # -- one taker per type ------------------------------------------------------------------------------------------

    def _frame(self, event: Frame) -> None:
        self._rows += len(event.people)
        self._together.begin(event.camera, event.at_ms)

    def _presence(self, event: Presence) -> None:
        rows = self._positions.popleft().rows if self._positions else ()
        for row, zones in zip(rows, event.zones, strict=False):
            for zone in zones:
                if zone in self._zones:
                    self._zones[zone].person_frames += 1
            if zones:
                self._together.add(event.camera, event.at_ms, row[0], zones)

    def _odd(self, event: OddRows) -> None:
        self._inputs.setdefault(event.camera, Counter()).update(dict(event.kinds))

    def _entered(self, event: ZoneEntered) -> None:
        if event.zone in self._zones:
            self._zones[event.zone].entries += 1

    def _left(self, event: ZoneLeft) -> None:
        """A stay that only a change of configuration ended is no exit and no stay, as in ``zone_hour``: nobody walked."""
        figures, dwell_ms = self._zones.get(event.zone), event.at_ms - event.entered_ms
        if figures is not None:
            figures.person_ms += dwell_ms
            if event.reason != "config":
                figures.exits += 1
                figures.dwell_ms.append(dwell_ms)

    def _crossed(self, event: LineCrossed) -> None:
        if event.line in self._lines:
            self._lines[event.line][event.direction] += 1

    def _trip(self, event: TripEnded) -> None:
        self._trips[f"{event.from_zone or NOWHERE} -> {event.to_zone or NOWHERE}"] += 1

    def _exceeded(self, event: DwellExceeded) -> None:
        if event.zone in self._zones:
            self._dwell_exceeded[event.zone][event.threshold_s] += 1

    def _level(self, event: DensityChanged) -> None:
        if event.zone in self._zones:
            self._levels[event.zone][event.level] += 1

    def _heat(self, event: HeatAdded) -> None:
        self._heat_ms += sum(round(cell.person_s * 1000) for cell in event.cells)

    def _alarm_raised(self, event: AlarmRaised) -> None:
        self._raised[event.alarm] += 1
        if event.detail:
            self._alarms.append({"alarm": event.alarm, "subject": event.subject, "detail": event.detail})

    def _alarm_cleared(self, event: AlarmCleared) -> None:
        self._cleared[event.alarm] += 1

    def _drift(self, event: CountDrift) -> None:
        self._drifts.append({"at_ms": event.at_ms, "since_ms": event.since_ms, "drift": event.drift})

    def _frames_shed(self, event: FramesShed) -> None:
        self._shed += event.count

    def _log_lost(self, event: LogLost) -> None:
        self._lost += event.next_offset - event.first_offset


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
