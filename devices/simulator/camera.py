"""What a camera reports of people: boxes where they stand, with the faults of real detectors and trackers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from config.geometry import Homography, Point
from config.hall import Camera
from config.homography import camera_homography, on_floor
from devices.simulator.cells import Cells
from devices.simulator.chance import between, geometric, stream
from streams.events import Frame, Person


@dataclass(frozen=True)
class Noise:
    """The faults. ``Noise.none()`` has none.

    jitter           standard deviation of the box's bottom centre, and half that of its sides, as a share of its height
    miss_rate        share of frames in which a person in view is not reported; at most miss_run / (miss_run + 1)
    miss_run         mean length of such a gap, in frames
    break_every_s    mean time until the tracker loses a person and gives a new id; infinity: never
    break_gap        mean number of frames lost with it
    false_per_hour   tracks of nobody per camera and hour
    false_s          mean duration of one
    """

    jitter: float = 0.02
    miss_rate: float = 0.04
    miss_run: float = 3.0
    break_every_s: float = 90.0
    break_gap: float = 4.0
    false_per_hour: float = 12.0
    false_s: float = 0.6

    @classmethod
    def none(cls) -> Noise:
        return cls(jitter=0.0, miss_rate=0.0, break_every_s=math.inf, false_per_hour=0.0)


FORGOTTEN_AFTER_S = 1.0
"""Out of view for longer, a tracker gives a new id."""


class View:
    """A camera's image of the floor: where it puts a floor point, how large a person is there, and whether it sees it.

    Without knowing lens and mounting, size and tilt are read off the homography: at a floor point, the larger singular
    value of its derivative is the scale across the line of sight (px/m), the ratio of the two is the sine of the angle
    at which the camera looks down; a body's height is foreshortened by that angle's cosine, and its depth adds to it.
    """

    def __init__(self, camera: Camera) -> None:
        self.id = camera.id
        self.size_px = camera.size_px
        self._to_floor = camera_homography(camera)
        # Its sign makes the third coordinate positive where the camera sees floor; the exact inverse keeps that.
        self._m = _inverse(self._to_floor)
        self._cells = Cells([camera.floor_m] if camera.floor_m else [])
        self._all = camera.floor_m is None
        self._sizes: dict[tuple[int, int], tuple[float, float]] = {}

    def floor_at(self, u_px: float, v_px: float) -> Point | None:
        """The floor point that pixel shows, if the camera answers for it."""
        spot = on_floor(self._to_floor, u_px, v_px)
        return spot if spot and self.see(*spot) else None

    def see(self, x: float, y: float) -> tuple[float, float, float, float] | None:
        """Bottom centre, width and height for a body of 1 m, in pixels; None outside its image or its floor."""
        a, b, c = self._m
        w = c[0] * x + c[1] * y + c[2]
        if w <= 0:
            return None
        u, v = (a[0] * x + a[1] * y + a[2]) / w, (b[0] * x + b[1] * y + b[2]) / w
        if not (0 <= u < self.size_px[0] and 0 <= v < self.size_px[1]):
            return None
        if not self._all and not self._cells.zones(x, y):
            return None
        width, height = self._size(x, y)
        return u, v, width, height

    def _size(self, x: float, y: float) -> tuple[float, float]:
        key = (math.floor(x * 2), math.floor(y * 2))
        if (known := self._sizes.get(key)) is None:
            across, tilt = self._scale(x, y)
            known = self._sizes[key] = 0.3 * across, across * (math.sqrt(1 - tilt * tilt) + 0.27 * tilt)
        return known

    def _scale(self, x: float, y: float) -> tuple[float, float]:
        """px/m across the line of sight, and the sine of the angle below the horizon."""
        a, b, c = self._m
        w = c[0] * x + c[1] * y + c[2]
        u, v = (a[0] * x + a[1] * y + a[2]) / w, (b[0] * x + b[1] * y + b[2]) / w
        ux, uy = (a[0] - u * c[0]) / w, (a[1] - u * c[1]) / w
        vx, vy = (b[0] - v * c[0]) / w, (b[1] - v * c[1]) / w
        both, det = ux * ux + uy * uy + vx * vx + vy * vy, abs(ux * vy - uy * vx)
        larger = math.sqrt((both + math.sqrt(max(both * both - 4 * det * det, 0.0))) / 2)
        return larger, min(det / (larger * larger), 1.0)


def _inverse(m: Homography) -> Homography:
    """Scaled by nothing: a homography's scale is free, its sign is not."""
    (a, b, c), (d, e, f), (g, h, i) = m
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if det == 0:
        raise ValueError(
            "the homography has no inverse: all of the image falls on one line of the floor; check its points"
        )
    return (
        ((e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det),
        ((f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det),
        ((d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det),
    )


@dataclass
class Span:
    """A tracker id and whom it followed: ``visitor`` None is nobody."""

    camera: str
    track: str
    visitor: str | None
    first_ms: int
    last_ms: int


class Eye:
    """How one camera follows one visitor: the id it has given, and when it will next fail. Counted in frames."""

    __slots__ = ("blind", "breaks_in", "misses_in", "seen_ms", "span")

    def __init__(self, misses_in: int, breaks_in: int) -> None:
        self.span: Span | None = None
        self.seen_ms = 0
        self.blind = 0
        self.misses_in, self.breaks_in = misses_in, breaks_in


class CameraProcess:
    """One camera with its detector and tracker. Ids count from 1 and are never used twice."""

    def __init__(self, hall: str, camera: Camera, *, seed: int, fps: float, boot: str, noise: Noise) -> None:
        self.view = View(camera)
        self._hall, self._boot, self._fps, self._noise = hall, boot, fps, noise
        self._rng = stream(seed, hall, "noise", camera.id)
        self._ghost_rng = stream(seed, hall, "false", camera.id)
        # A gap begins so often that with its mean length the asked share of frames is missed.
        rate, run = noise.miss_rate, max(noise.miss_run, 1.0)
        self._miss_every = run * (1 - rate) / rate if rate > 0 else math.inf
        self._break_every = noise.break_every_s * fps
        self._ghost_every = 3600 * fps / noise.false_per_hour if noise.false_per_hour > 0 else math.inf
        self._ghost_in = geometric(self._ghost_rng, self._ghost_every)
        self._ghosts: list[tuple[Span, int, Point, float]] = []
        self._eyes: dict[str, Eye] = {}
        self._tracks = self._seq = 0
        self.spans: list[Span] = []
        """The ids given since ``take_spans``."""

    @property
    def frames(self) -> int:
        """How many there have been."""
        return self._seq

    def take_spans(self) -> list[Span]:
        """The ids given since the last call; their ends go on moving while they are followed."""
        taken, self.spans = self.spans, []
        return taken

    def frame(self, at_ms: int, people: Iterable[tuple[str, float, float, float]]) -> tuple[Frame, list[str]]:
        """The frame of ``people`` (visitor, x_m, y_m, height_m), and who of them is in view, reported or not."""
        rows: list[Person] = []
        in_view: list[str] = []
        for visitor, x, y, height in people:
            seen = self.view.see(x, y)
            if seen is None:
                continue
            in_view.append(visitor)
            track = self._follow(visitor, at_ms)
            if track is not None:
                rows.append(self._row(track, seen, height, 0.86))
        rows += self._false_rows(at_ms)
        seq, self._seq = self._seq, self._seq + 1
        frame = Frame(
            hall=self._hall,
            at_ms=at_ms,
            source=self.view.id,
            boot=self._boot,
            seq=seq,
            camera=self.view.id,
            people=tuple(rows),
        )
        return frame, in_view

    def forget(self, visitor: str) -> None:
        """The visitor has left."""
        self._eyes.pop(visitor, None)

    def _follow(self, visitor: str, at_ms: int) -> str | None:
        """The id under which the visitor is reported in this frame; None: missed."""
        eye = self._eyes.get(visitor)
        if eye is None:
            eye = self._eyes[visitor] = Eye(
                geometric(self._rng, self._miss_every), geometric(self._rng, self._break_every)
            )
        if eye.span is not None:
            eye.breaks_in -= 1
            if eye.breaks_in <= 0:
                eye.span, eye.blind = None, geometric(self._rng, self._noise.break_gap)
                eye.breaks_in = geometric(self._rng, self._break_every)
        if eye.blind > 0:
            eye.blind -= 1
            return None
        eye.misses_in -= 1
        if eye.misses_in < 0:
            eye.misses_in = geometric(self._rng, self._miss_every)
            eye.blind = geometric(self._rng, self._noise.miss_run) - 1
            return None
        if eye.span is None or at_ms - eye.seen_ms > 1000 * FORGOTTEN_AFTER_S + 1000 * self._noise.miss_run / self._fps:
            eye.span = self._new_span(visitor, at_ms)
        eye.seen_ms = eye.span.last_ms = at_ms
        return eye.span.track

    def _new_span(self, visitor: str | None, at_ms: int) -> Span:
        self._tracks += 1
        span = Span(self.view.id, str(self._tracks), visitor, at_ms, at_ms)
        self.spans.append(span)
        return span

    def _row(self, track: str, seen: tuple[float, float, float, float], height_m: float, score: float) -> Person:
        u, v, width, height = seen
        width, height = width * height_m, height * height_m
        if jitter := self._noise.jitter * height:
            gauss = self._rng.gauss
            u, v = u + gauss(0, jitter), v + gauss(0, jitter)
            grown = gauss(0, jitter / 2)
            width, height = max(width + grown / 2, 1.0), max(height + grown, 1.0)
            score = min(max(gauss(score, 0.05), 0.3), 0.99)
        left, top = round(u - width / 2, 1), round(v - height, 1)
        return Person(track, left, top, round(width, 1), round(height, 1), round(score, 2))

    def _false_rows(self, at_ms: int) -> list[Person]:
        self._ghost_in -= 1
        while self._ghost_in <= 0:
            self._ghost_in += geometric(self._ghost_rng, self._ghost_every)
            self._raise_ghost(at_ms)
        rows = []
        for span, until, spot, height_m in self._ghosts:
            if at_ms <= until and (seen := self.view.see(*spot)):
                span.last_ms = at_ms
                rows.append(self._row(span.track, seen, height_m, 0.5))
        self._ghosts = [g for g in self._ghosts if g[1] > at_ms]
        return rows

    def _raise_ghost(self, at_ms: int) -> None:
        """Somewhere in the image where there is floor in view; nowhere, if twenty random pixels have none."""
        rng = self._ghost_rng
        for _ in range(20):
            spot = self.view.floor_at(between(rng, 0, self.view.size_px[0]), between(rng, 0, self.view.size_px[1]))
            if spot:
                until = at_ms + round(1000 * rng.expovariate(1 / self._noise.false_s))
                self._ghosts.append((self._new_span(None, at_ms), until, spot, between(rng, 0.8, 1.7)))
                return
