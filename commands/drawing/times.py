"""Times on pictures, by the hall's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PIL import ImageDraw

from commands.drawing.fonts import Lettering
from commands.drawing.frame import MARGIN_PX, Plan
from commands.drawing.palette import SOFT, rgb
from config.hall import Hall

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
STEPS_MS = tuple(m * MINUTE_MS for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)) + tuple(
    days * DAY_MS for days in (1, 2, 7, 14, 28, 91, 364)
)
MOST_LABELS = 8


def local(hall: Hall, at_ms: int) -> datetime:
    return (EPOCH + timedelta(milliseconds=at_ms)).astimezone(hall.tz)


def time_range(hall: Hall, from_ms: int | None, to_ms: int) -> str:
    """``1 Aug 2009, 09:00 to 14:02``, or both days where they differ."""
    if from_ms is None:
        return "nothing recorded"
    start, end = local(hall, from_ms), local(hall, to_ms)
    day = "" if start.date() == end.date() else f"{_day(end)}, "
    return f"{_day(start)}, {start:%H:%M} to {day}{end:%H:%M}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def time_labels(hall: Hall, from_ms: int, to_ms: int) -> tuple[tuple[float, str], ...]:
    """Round times of the hall's clock between two, as shares of the way from one to the other; at most about eight."""
    span = max(1, to_ms - from_ms)
    step = next((s for s in STEPS_MS if span / s <= MOST_LABELS), STEPS_MS[-1])
    offset = (local(hall, from_ms).utcoffset() or timedelta()) // timedelta(milliseconds=1)
    first = -(-(from_ms + offset) // step) * step - offset
    # A label for every step that is left; a recording of centuries gets none but the first ones.
    times = [first + k * step for k in range(min(4 * MOST_LABELS, (to_ms - first) // step + 1))]
    form = "%H:%M" if span <= DAY_MS else "%d %b %H:%M" if step < DAY_MS else "%d %b"
    return tuple(((at - from_ms) / span, f"{local(hall, at):{form}}") for at in times)


def caption(plan: Plan, hall: Hall, text: str, lettering: Lettering) -> None:
    """What the picture shows, above the plan's right corner."""
    x = plan.to_px(hall.size_m[0], 0)[0]
    draw = ImageDraw.Draw(plan.image)
    draw.text((x, MARGIN_PX / 2), text, font=lettering.font(15), fill=rgb(SOFT), anchor="rm")
