"""The service lane: limits, hourly statistics and the reconciliation of counts."""

from __future__ import annotations

from typing import Literal

from streams.events.base import Conclusion, Integer, Row

Metric = Literal["occupancy", "density", "dwell"]


class AlarmRaised(Conclusion, frozen=True, kw_only=True, gc=False):
    """A condition that people should know of; ``at_ms`` is since when it has held without a break."""

    alarm: str
    zone: str
    metric: Metric
    value: float
    limit: float
    severity: Literal["info", "warning", "critical"]
    track: str | None = None


class AlarmCleared(Conclusion, frozen=True, kw_only=True, gc=False):
    alarm: str
    zone: str
    metric: Metric
    value: float
    raised_ms: Integer
    reason: Literal["cleared", "config"] = "cleared"
    track: str | None = None


class ZoneHour(Conclusion, frozen=True, kw_only=True, gc=False):
    """One zone in one hour of the hall's clock, from ``at_ms`` on, over the ``seconds`` of it that were observed.

    Dwell percentiles (nearest rank) are of the stays that ended in it.
    """

    zone: str
    seconds: Integer
    entries: Integer
    exits: Integer
    occupancy_mean: float
    occupancy_max: Integer
    dwell_p50_s: float | None
    dwell_p90_s: float | None


class TripCount(Row, frozen=True, array_like=True, gc=False):
    from_zone: str | None
    to_zone: str | None
    trips: Integer


class TripsHour(Conclusion, frozen=True, kw_only=True, gc=False):
    """Origin-destination counts of the trips that ended in one hour."""

    trips: tuple[TripCount, ...]


class CountDrift(Conclusion, frozen=True, kw_only=True, gc=False):
    """Entries minus exits over the entrances, since ``since_ms``, do not agree with the people seen.

    ``expected`` is the people there were at ``since_ms``, plus ``entries``, minus ``exits``; ``drift`` is ``expected -
    people``. Above 0: exits were missed, or cameras lost people; below 0: entries were missed, or tracks are broken.
    """

    entries: Integer
    exits: Integer
    expected: Integer
    people: Integer
    drift: Integer
    since_ms: Integer = 0
