"""Alerts: messages to people. Their life cycle grows with the notifier; the engine already speaks for itself here."""

from __future__ import annotations

from typing import ClassVar, Literal

from streams.events.base import Conclusion


class AlertRaised(Conclusion, frozen=True, kw_only=True, gc=False):
    topic: ClassVar[str | None] = "hall.alerts"
    alert: str
    severity: Literal["info", "warning", "critical"]
    title: str
    detail: str
