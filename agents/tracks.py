"""One camera's tracks: what is known of a person, and how a new floor point changes it."""

from __future__ import annotations

from math import exp, sqrt

import msgspec

from agents.crossing import Crossing, Crossings, Strip
from agents.lines import ROWS, STEP_M
from config.geometry import Point
from config.rules import TrajectoryRules
from streams.events import Position

LEAST_SPEED_OVER_S = 0.5
"""Speed is averaged over this time at least: over one frame's step it would be the box's jitter."""
STRIDE_M = 0.25
"""The path is measured in steps of this length: who stands does not walk metres a minute by jitter."""
JUMP_M = 2.0
WALK_MPS = 2.5
"""The same person is not found farther away than a box may jump, and a person may walk at a jog since last seen."""


class Track(msgspec.Struct, array_like=True, gc=False):
    """One person, as far as one camera can tell. Written for every row of every frame: flat, and no more than needed.

    ``seen_ms`` is the last tick before it was last seen (log time); ``at_ms`` is when that was (camera time), and
    ``seen_x_m, seen_y_m`` where, before smoothing. The path is ``path_m`` up to the point ``path_x_m``, ``path_y_m``; it
    stood for ``standing_ms`` up to ``stood_ms``, and if not ``walking`` has stood since then. ``left``: it went out over
    an entrance, and has not come back in; ``strips``: those of entrances that it is in.
    """

    name: str
    x_m: float
    y_m: float
    at_ms: int
    seen_ms: int
    first_ms: int
    stood_ms: int
    path_x_m: float
    path_y_m: float
    path_m: float = 0.0
    vx_mps: float = 0.0
    vy_mps: float = 0.0
    walking: bool = False
    standing_ms: int = 0
    seen_x_m: float | None = None
    seen_y_m: float | None = None
    left: bool = False
    strips: dict[str, Strip] = {}

    @property
    def seen_at(self) -> Point:
        """Where it was last seen; states of older versions know the smoothed point only."""
        x, y = self.seen_x_m, self.seen_y_m
        return (self.x_m, self.y_m) if x is None or y is None else (x, y)


class Candidate(msgspec.Struct, array_like=True, gc=False):
    """An id that is not believed yet: everything it did, as (at_ms, x_m, y_m), and the last tick before it was seen."""

    points: list[tuple[int, float, float]]
    seen_ms: int

    @property
    def first_ms(self) -> int:
        return self.points[0][0]

    @property
    def last_ms(self) -> int:
        return self.points[-1][0]


Tracks = dict[str, Track]
Step = tuple[Track, float, float]
"""A track and its new point, in metres."""
Passed = list[tuple[str, Crossing]]
"""Entrances that were passed: by which track, and how."""


def begin(name: str, candidate: Candidate, tick_ms: int) -> Track:
    """A track where the candidate was first seen, with the velocity that it has had since."""
    at_ms, x, y = candidate.points[0]
    vx, vy = drift_of(candidate.points) or (0.0, 0.0)
    return Track(name, x, y, at_ms, tick_ms, at_ms, at_ms, x, y, vx_mps=vx, vy_mps=vy, seen_x_m=x, seen_y_m=y)


def too_far(track: Track, x_m: float, y_m: float, at_ms: int) -> bool:
    """Whether nobody could be there now who was where the track was last seen then."""
    seen_x, seen_y = track.seen_at
    x, y = x_m - seen_x, y_m - seen_y
    reach = JUMP_M + WALK_MPS * max(0, at_ms - track.at_ms) / 1000
    return x * x + y * y > reach * reach


class Motion:
    """Moves tracks under a hall's rules, and judges its entrances on the way."""

    def __init__(self, rules: TrajectoryRules, entrances: Crossings) -> None:
        self._rules, self.entrances = rules, entrances
        self._speed_over_s = max(rules.smoothing_s, LEAST_SPEED_OVER_S)

    def move(self, steps: list[Step], at_ms: int, seen_ms: int, passed: Passed) -> list[Position]:
        """Move each track to its new point; entrances that were passed are added to ``passed``.

        This loop runs for every person of every frame: it is kept flat, on local names.
        """
        above, below = self._rules.walking_above_mps, self._rules.standing_below_mps
        near, cell_m, doors = self.entrances.index.near, self.entrances.index.cell_m, self.entrances.any
        rows_, reach, last_ms, keep, keep_v, per_s, dt_s = ROWS, STEP_M, None, 0.0, 0.0, 0.0, 0.0
        rows = []
        for track, raw_x, raw_y in steps:
            if track.at_ms != last_ms:
                last_ms = track.at_ms
                keep, keep_v, per_s, dt_s = self._weights(at_ms - last_ms)
            old_x, old_y, x, y = track.x_m, track.y_m, raw_x, raw_y
            if keep:  # without smoothing it is the raw point, to the last bit
                x += keep * (old_x + track.vx_mps * dt_s - raw_x)
                y += keep * (old_y + track.vy_mps * dt_s - raw_y)
            dx, dy = x - old_x, y - old_y
            if doors:
                if -reach <= dx <= reach and -reach <= dy <= reach:
                    lines = near.get(x // cell_m * rows_ + y // cell_m)
                else:
                    lines = self.entrances.index.all
                if lines:
                    for line in lines:
                        found = self.entrances.step(track.strips, line, (old_x, old_y), (x, y), at_ms)
                        if found:
                            track.left = not found.forward
                            passed.append((track.name, found))
            vx = track.vx_mps = keep_v * track.vx_mps + per_s * dx
            vy = track.vy_mps = keep_v * track.vy_mps + per_s * dy
            speed = sqrt(vx * vx + vy * vy)
            track.x_m, track.y_m, track.at_ms, track.seen_ms = x, y, at_ms, seen_ms
            track.seen_x_m, track.seen_y_m = raw_x, raw_y
            if track.walking:
                _walk(track)
                if speed < below:
                    track.walking, track.stood_ms = False, at_ms
            elif speed > above:
                stand(track)
                track.walking = True
            rows.append(Position(track.name, x, y, speed, track.walking))
        return rows

    def _weights(self, dt_ms: int) -> tuple[float, float, float, float]:
        """After ``dt_ms``: what is kept of where a person was expected, and of the velocity; what a step of 1 m adds to
        the velocity, in m/s; and the time that a person had to walk, s.

        Exponential smoothing with a time constant, for uneven steps, about where the velocity leads: so who walks
        steadily is not behind (an alpha-beta filter, nearly critically damped at the usual frame rates). A camera whose
        clock stands still or goes back leaves smoothed points where they are, for that one frame.
        """
        over_s = self._rules.smoothing_s
        if dt_ms <= 0:
            return (1.0 if over_s else 0.0), 1.0, 0.0, 0.0
        dt_s = dt_ms / 1000
        keep_v = exp(-dt_s / self._speed_over_s)
        return (exp(-dt_s / over_s) if over_s else 0.0), keep_v, (1.0 - keep_v) / dt_s, dt_s

    def last_step(self, track: Track) -> list[Crossing]:
        """The entrances that a track has passed if it is not seen again."""
        if not self.entrances.any:
            return []
        return self.entrances.end(track.strips, (track.x_m, track.y_m), track.seen_at, track.at_ms)

    def has_left(self, track: Track) -> bool:
        """Whether it is out of the hall if it is not seen again."""
        last = self.last_step(track)
        return not last[-1].forward if last else track.left


def _walk(track: Track) -> None:
    """Add a stride to the path, once it is one."""
    x, y = track.x_m - track.path_x_m, track.y_m - track.path_y_m
    length2 = x * x + y * y
    if length2 >= STRIDE_M * STRIDE_M:
        track.path_m += sqrt(length2)
        track.path_x_m, track.path_y_m = track.x_m, track.y_m


def stand(track: Track) -> None:
    """Add to the time of standing what has passed since it began; a camera's clock may have gone back."""
    track.standing_ms += max(0, track.at_ms - track.stood_ms)


def path_length_m(track: Track) -> float:
    """The way walked up to where it is now."""
    x, y = track.x_m - track.path_x_m, track.y_m - track.path_y_m
    return track.path_m + sqrt(x * x + y * y)


def drift_of(points: list[tuple[int, float, float]]) -> tuple[float, float] | None:
    """The velocity, m/s, that fits the points best (least squares); None: they are too few, or of one moment."""
    count = len(points)
    mean_t = sum(at_ms for at_ms, _, _ in points) / count
    spread = sum((at_ms - mean_t) * (at_ms - mean_t) for at_ms, _, _ in points)
    if spread <= 0:
        return None
    vx = sum((at_ms - mean_t) * x for at_ms, x, _ in points) / spread
    vy = sum((at_ms - mean_t) * y for at_ms, _, y in points) / spread
    return vx * 1000, vy * 1000

