"""Moments on the command line: 09:30 of today, a date and time, or so long ago; local time unless they say otherwise."""

from __future__ import annotations

import re
from datetime import datetime

import click

from commands.common import now_ms

UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_AGO = re.compile(r"([0-9]{1,6})\s*([smhd])")
EXPECTED = "expected a time such as 09:30, 2026-03-02T09:30, 2026-03-02T09:30Z, or 15m (s, m, h, d) for so long ago"


def moment_ms(text: str, now: int) -> int:
    """Unix milliseconds. Raises ValueError that says what was expected."""
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * UNITS_MS[ago[2]]
    today = datetime.fromtimestamp(now / 1000).date().isoformat()
    try:
        at = datetime.fromisoformat(f"{today}T{text}" if re.fullmatch(r"\d{1,2}:.*", text) else text)
        return round(at.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{EXPECTED}; got {text!r}") from None


class Moment(click.ParamType):
    """Unix milliseconds of what was typed."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return moment_ms(str(value), now_ms())
        except ValueError as e:
            self.fail(str(e), param, ctx)
