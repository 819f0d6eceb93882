"""Event types: one frozen msgspec Struct each, a tagged union by ``type``, JSON on the wire."""

from streams.events.alerts import AlertRaised
from streams.events.base import Conclusion, EdgeEvent, Event, Row, snake_case
from streams.events.engine import Configured, Dead, DeadReason, Late, LogLost, Tick
from streams.events.sensing import (
    DensityChanged,
    DwellEnded,
    DwellExceeded,
    Frame,
    FramesShed,
    FruinLevel,
    HeatAdded,
    HeatCell,
    LineCrossed,
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
)
from streams.events.service import AlarmCleared, AlarmRaised, CountDrift, Metric, TripCount, TripsHour, ZoneHour

__all__ = [
    "AlarmCleared", "AlarmRaised", "AlertRaised", "Conclusion", "Configured", "CountDrift", "Dead", "DeadReason",
    "DensityChanged", "DwellEnded", "DwellExceeded", "EdgeEvent", "Event", "Frame", "FramesShed", "FruinLevel",
    "HeatAdded", "HeatCell", "Late", "LineCrossed", "LogLost", "Metric", "Person", "Position", "Positions", "Presence",
    "Row", "Tick", "TrackEnded", "TrackJoined", "TrackStarted", "TripCount", "TripEnded", "TripsHour", "ZoneEntered",
    "ZoneHour", "ZoneLeft", "snake_case",
]  # fmt: skip
