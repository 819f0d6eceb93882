"""Event types: one frozen msgspec Struct each, a tagged union by ``type``, JSON on the wire."""

from streams.events.alerts import AlertRaised
from streams.events.base import Conclusion, EdgeEvent, Event, Row, snake_case
from streams.events.engine import ClockSetBack, Configured, Dead, DeadReason, HallRemoved, Late, LogLost, Tick
from streams.events.sensing import (
    DensityChanged,
    DwellEnded,
    DwellExceeded,
    EntrancePassed,
    Extent,
    Frame,
    FramesShed,
    FruinLevel,
    HeatAdded,
    HeatCell,
    InputOdd,
    LineCrossed,
    OddKind,
    OddRows,
    Person,
    Position,
    Positions,
    Presence,
    TrackEnded,
    TrackJoined,
    TrackStarted,
    TripEnded,
    ZoneEntered,
    ZoneLeft,
    ZonesSettled,
)
from streams.events.service import (
    AlarmCleared,
    AlarmRaised,
    CountDrift,
    LineHour,
    Metric,
    PeopleInside,
    TripCount,
    TripsHour,
    ZoneHour,
)

__all__ = [
    "AlarmCleared", "AlarmRaised", "AlertRaised", "ClockSetBack", "Conclusion", "Configured", "CountDrift",
    "Dead", "DeadReason", "DensityChanged", "DwellEnded", "DwellExceeded", "EdgeEvent", "EntrancePassed", "Event", "Extent",
    "Frame", "FramesShed",
    "FruinLevel", "HallRemoved", "HeatAdded", "HeatCell", "InputOdd", "Late", "LineCrossed", "LineHour", "LogLost", "Metric",
    "OddKind", "OddRows", "PeopleInside", "Person", "Position", "Positions", "Presence", "Row", "Tick", "TrackEnded",
    "TrackJoined", "TrackStarted", "TripCount", "TripEnded", "TripsHour", "ZoneEntered", "ZoneHour", "ZoneLeft",
    "ZonesSettled", "snake_case",
]  # fmt: skip
