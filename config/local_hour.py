"""Hours and days as the clock on the hall's wall shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_hour(tz: ZoneInfo, at_ms: int) -> tuple[int, int]:
    """The hour of the wall clock that ``at_ms`` (Unix milliseconds) lies in: its start, and its end, not with it.

    Hours start where the local minute is 0, in zones with half-hour offsets too. A change of the offset inside an hour
    (Lord Howe moves its clocks by 30 minutes) cuts it in two, so that hours never overlap and leave no gap.
    """
    offset = _offset_ms(tz, at_ms)
    start = at_ms - (at_ms + offset) % HOUR_MS
    end = start + HOUR_MS
    if _offset_ms(tz, start) != offset:
        start = _change(tz, start, at_ms)
    if _offset_ms(tz, end - 1) != offset:
        end = _change(tz, at_ms, end - 1)
    return start, end


def local_day(tz: ZoneInfo, at_ms: int) -> int:
    """The day of the wall clock that ``at_ms`` lies in, as a number that grows by one a day."""
    return (at_ms + _offset_ms(tz, at_ms)) // DAY_MS


def _offset_ms(tz: ZoneInfo, at_ms: int) -> int:
    # Not fromtimestamp(): it refuses times that this arithmetic takes, and an agent must not raise on odd ones.
    try:
        offset = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(tz).utcoffset()
    except (OverflowError, ValueError):
        offset = None
    return 0 if offset is None else offset // timedelta(milliseconds=1)


def _change(tz: ZoneInfo, before: int, after: int) -> int:
    """The first millisecond in (before, after] with the offset of ``after``, by halving."""
    offset = _offset_ms(tz, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset_ms(tz, middle) == offset:
            after = middle
        else:
            before = middle
    return after
