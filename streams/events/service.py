"""The service lane: limits, hourly statistics and the reconciliation of counts."""

from __future__ import annotations

from typing import Literal

from streams.events.base import Conclusion, Integer, Row

Metric = Literal["occupancy", "density", "dwell", "inside", "odd_input"]


class AlarmRaised(Conclusion, frozen=True, kw_only=True, gc=False):
    """A condition that people should know of; ``at_ms`` is since when it has held without a break.

    It is about a zone, about a person in it (``track``), about the hall, or about its camera ``subject``; ``detail``
    says in words what a number does not.
    """

    alarm: str
    zone: str = ""
    metric: Metric
    value: float
    limit: float
    severity: Literal["info", "warning", "critical"]
    track: str | None = None
    subject: str = ""
    detail: str = ""


class AlarmCleared(Conclusion, frozen=True, kw_only=True, gc=False):
    alarm: str
    zone: str = ""
    metric: Metric
    value: float
    raised_ms: Integer
    reason: Literal["cleared", "config"] = "cleared"
    track: str | None = None
    subject: str = ""


class ZoneHour(Conclusion, frozen=True, kw_only=True, gc=False):
    """One zone in one hour of the hall's clock, from ``at_ms`` on, over the ``seconds`` of it that were observed.

    ``person_s`` is the time that people spent in it, and ``occupancy_mean`` that by ``seconds``. Dwell percentiles
    (nearest rank) are of the stays that ended in it, other than by a change of configuration.
    """

    zone: str
    seconds: Integer
    entries: Integer
    exits: Integer
    occupancy_mean: float
    occupancy_max: Integer
    dwell_p50_s: float | None
    dwell_p90_s: float | None
    person_s: float = 0.0


class LineHour(Conclusion, frozen=True, kw_only=True, gc=False):
    """Crossings of one line in one hour of the hall's clock, from ``at_ms`` on."""

    line: str
    forward: Integer
    backward: Integer


class TripCount(Row, frozen=True, array_like=True, gc=False):
    from_zone: str | None
    to_zone: str | None
    trips: Integer


class TripsHour(Conclusion, frozen=True, kw_only=True, gc=False):
    """Origin-destination counts of the trips that ended in one hour."""

    trips: tuple[TripCount, ...]


class PeopleInside(Conclusion, frozen=True, kw_only=True, gc=False):
    """People in the hall by its entrances: those there at ``since_ms``, plus entries, minus exits; never below 0.

    ``seen`` is how many the cameras saw at that moment, ``drift`` is ``inside - seen``.
    """

    inside: Integer
    seen: Integer
    drift: Integer
    since_ms: Integer = 0


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
