"""The tracks: everyone's way over the floor, in the colour of the time at which it began."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

from commands.drawing.fonts import Lettering
from commands.drawing.letters import Letters
from commands.drawing.palette import FLOOR, SOFT, rgb
from commands.drawing.plan import Plan, draw_plan
from commands.drawing.ramp import HOURS, Bytes, Colour, Scale, colour_at, ramp, with_bar
from commands.drawing.times import caption, time_labels, time_range
from config.geometry import Point
from config.hall import Hall
from streams.events import Event, Positions

STEP_M = 0.05
"""Points nearer to the one before are not kept: nothing of them would be seen."""
GAP_MS = 30_000
"""Over a longer time out of sight no line is drawn: nobody knows the way."""
SUPERSAMPLING = 3
LINE_PX, MARK_PX, ALPHA = 1.5, 3.2, 215


class Stretch:
    """A track without a long gap, from ``from_ms`` on: 16 bytes a point. Its last point is always kept, near or not."""

    def __init__(self, at_ms: int, x_m: float, y_m: float) -> None:
        self.from_ms = self.seen_ms = at_ms
        self.x_m, self.y_m = array("d", (x_m, x_m)), array("d", (y_m, y_m))

    def add(self, at_ms: int, x_m: float, y_m: float) -> None:
        """The last place is the one before last for good once the track is a step away from that."""
        self.seen_ms, self.x_m[-1], self.y_m[-1] = at_ms, x_m, y_m
        if abs(x_m - self.x_m[-2]) + abs(y_m - self.y_m[-2]) >= STEP_M:
            self.x_m.append(x_m)
            self.y_m.append(y_m)

    def points(self) -> list[Point]:
        return list(zip(self.x_m, self.y_m, strict=True))


class TracksPicture:
    """Collects the ``positions`` of the passes and draws them over the plan. Memory: 16 bytes for every 5 cm walked."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._tracks: dict[str, Stretch] = {}
        self._stretches: list[Stretch] = []
        self._from_ms: int | None = None
        self._to_ms = 0

    def observe(self, event: Event) -> None:
        """Add one frame's positions; other events say nothing here."""
        if not isinstance(event, Positions):
            return
        for track, x_m, y_m, _, _ in event.rows:
            stretch = self._tracks.get(track)
            if stretch is None or event.at_ms - stretch.seen_ms > GAP_MS:
                self._tracks[track] = stretch = Stretch(event.at_ms, x_m, y_m)
                self._stretches.append(stretch)
            else:
                stretch.add(event.at_ms, x_m, y_m)
        if event.rows:
            self._from_ms = event.at_ms if self._from_ms is None else min(self._from_ms, event.at_ms)
            self._to_ms = max(self._to_ms, event.at_ms)

    def save(self, path: Path) -> None:
        """Draw the tracks so far and write the picture, as the type that the file's name says."""
        self.draw().save(path)

    def draw(self, *, px_per_m: float | None = None) -> Image.Image:
        lettering = Lettering()
        plan = draw_plan(self._hall, px_per_m=px_per_m, faint=True, lettering=lettering)
        colours = ramp(HOURS)
        _Pen(plan, self._hall).draw(self._coloured(colours))
        letters = Letters(plan, lettering, faint=True)
        for zone in self._hall.zones:
            letters.zone(zone, self._hall.lines)
        what = f"{len(self._tracks)} tracks, {time_range(self._hall, self._from_ms, self._to_ms)}"
        caption(plan, self._hall, what, lettering)
        _key(plan, self._hall, lettering)
        labels = () if self._from_ms is None else time_labels(self._hall, self._from_ms, self._to_ms)
        top, bottom = plan.to_px(0, 0)[1], plan.to_px(0, self._hall.size_m[1])[1]
        return with_bar(plan.image, colours, Scale(("time",), labels), top, bottom, lettering)

    def _coloured(self, colours: Bytes) -> Iterator[tuple[Colour, list[Point]]]:
        """Stretches with their colours, in the order of time, as the later lies over the earlier."""
        start, span = self._from_ms or 0, max(1, self._to_ms - (self._from_ms or 0))
        for stretch in sorted(self._stretches, key=lambda one: one.from_ms):
            yield colour_at(colours, (stretch.from_ms - start) / span), stretch.points()


class _Pen:
    """Draws lines enlarged and lays them, smaller and slightly transparent, over the floor of a plan."""

    def __init__(self, plan: Plan, hall: Hall) -> None:
        self._plan, self._scale = plan, plan.px_per_m * SUPERSAMPLING
        (x, y), (right, bottom) = plan.to_px(0, 0), plan.to_px(*hall.size_m)
        self._place = round(x), round(y)
        self._size = max(1, round(right - x)), max(1, round(bottom - y))
        # White, but fully transparent: the rim of a line fades into the floor and not into black.
        large = self._size[0] * SUPERSAMPLING, self._size[1] * SUPERSAMPLING
        self._image = Image.new("RGBA", large, (255, 255, 255, 0))
        self._draw = ImageDraw.Draw(self._image)

    def draw(self, stretches: Iterator[tuple[Colour, list[Point]]]) -> None:
        for colour, points in stretches:
            self._stretch(colour, [(x * self._scale, y * self._scale) for x, y in points])
        layer = self._image.resize(self._size, Image.Resampling.BOX)
        self._plan.image.paste(layer, self._place, layer)

    def _stretch(self, colour: Colour, points: list[Point]) -> None:
        ink = (*colour, ALPHA)
        self._draw.line(points, fill=ink, width=round(LINE_PX * SUPERSAMPLING), joint="curve")
        _mark(self._draw, points[0], MARK_PX * SUPERSAMPLING, ink, (*rgb(FLOOR), 255), SUPERSAMPLING)
        _mark(self._draw, points[-1], MARK_PX * SUPERSAMPLING, ink, (*colour, 255), SUPERSAMPLING)


Ink = tuple[int, ...]


def _mark(draw: ImageDraw.ImageDraw, at: Point, radius: float, rim: Ink, fill: Ink, rim_px: int) -> None:
    x, y = at
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=rim, width=rim_px)


def _key(plan: Plan, hall: Hall, lettering: Lettering) -> None:
    """What the marks mean, below the plan's right corner."""
    x, y = plan.to_px(*hall.size_m)
    x, y, draw, font, soft = x, y + 26, ImageDraw.Draw(plan.image), lettering.font(14), rgb(SOFT)
    for text, fill in (("last seen", soft), ("first seen", rgb(FLOOR))):
        draw.text((x, y), text, font=font, fill=soft, anchor="rm")
        x -= font.getlength(text) + 12
        _mark(draw, (x, y), MARK_PX + 1, soft, fill, 1)
        x -= 22
