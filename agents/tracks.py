"""One camera's tracks: what is known of a person, and how a new floor point changes it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

import msgspec

from agents.crossing import Crossing, Crossings, Strip
from agents.lines import ROWS, STEP_M, PlanLine
from agents.views import FAR_M, TINY_PX, Odd, Spot, View, blur_m, is_there
from config.geometry import Point
from config.hall import Hall
from config.rules import Rules
from streams.events import Person, Position

LEAST_SPEED_OVER_S = 0.5
"""Speed is averaged over this time at least: over one frame's step it would be the box's jitter."""
STRIDE_M = 0.25
"""The path is measured in steps of this length: who stands does not walk metres a minute by jitter."""
STEP_S = 0.3
"""In less time nobody steps over a line from beyond its surroundings to beyond them."""
LEAST_POINTS = 4
"""Beside a line through fewer points lie their steps as much as their jitter."""
JUMP_M = 2.0
WALK_MPS = 2.5
"""The same person is not found farther away than a box may jump, and a person may walk at a jog since last seen."""
JUMPS = 5.0
"""A box may jump by five times its blur: by about a third of its height, where legs are hidden or are seen again."""


Sighting = tuple[int, float, float]
"""Where somebody was when: at_ms, x_m, y_m."""


class Track(msgspec.Struct, array_like=True, gc=False):
    """One person, as far as one camera can tell. Written for every row of every frame: flat, and no more than needed.

    ``seen_ms`` is the last tick before it was last seen (log time); ``at_ms`` is when that was (camera time), and
    ``seen_near_line`` when and where it was last seen near a line, before smoothing. The path is ``path_m`` up to the point
    ``path_x_m``, ``path_y_m``; it stood for ``standing_ms`` up to ``stood_ms``, and if not ``walking`` has stood since
    then. ``left``: it went out over an entrance, and has not come back in; ``strips``: those of entrances that it is in.
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
    seen_near_line: Sighting | None = None
    left: bool = False
    strips: dict[str, Strip] = {}

    @property
    def seen_at(self) -> Point:
        """Where it was last seen: before smoothing if that was near a line, elsewhere smoothed."""
        near = self.seen_near_line
        return near[1:] if near is not None and near[0] == self.at_ms else (self.x_m, self.y_m)

    @property
    def last_seen(self) -> Sighting:
        """``seen_at``, and when that was."""
        x, y = self.seen_at
        return self.at_ms, x, y


class Candidate(msgspec.Struct, array_like=True, gc=False):
    """An id that is not believed yet: everything it did, and the last tick before it was seen.

    ``tried``: whether it was compared with the lost ones before. ``blur_m``: of its first point.
    """

    points: list[Sighting]
    seen_ms: int
    tried: bool = False
    blur_m: float = 0.0

    @property
    def first_ms(self) -> int:
        return self.points[0][0]

    @property
    def last_ms(self) -> int:
        return self.points[-1][0]


Tracks = dict[str, Track]
Passed = list[tuple[str, Crossing]]
"""Entrances that were passed: by which track, and how."""


def begin(name: str, candidate: Candidate, tick_ms: int) -> Track:
    """A track where the candidate was first seen, with the velocity that it has had since."""
    at_ms, x, y = candidate.points[0]
    vx, vy = drift_of(candidate.points) or (0.0, 0.0)
    return Track(name, x, y, at_ms, tick_ms, at_ms, at_ms, x, y, vx_mps=vx, vy_mps=vy)


def too_far(before: Sighting, now: Sighting, blur_m: float = 0.0) -> bool:
    """Whether nobody could be there now who was there before. ``blur_m``: of the point that is seen now."""
    (seen_ms, seen_x, seen_y), (at_ms, x_m, y_m) = before, now
    x, y = x_m - seen_x, y_m - seen_y
    reach = max(JUMP_M, JUMPS * blur_m) + WALK_MPS * max(0, at_ms - seen_ms) / 1000
    return x * x + y * y > reach * reach


@dataclass(slots=True)
class New:
    """What a frame has beside the next points of tracks. ``strangers``: ids without a track, or far from where theirs
    can be; ``passed``: entrances that were passed; ``odd``: rows that are odd, by kind.
    """

    strangers: list[Spot]
    passed: Passed
    odd: Odd


ANYWHERE = View(
    (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), None, (-FAR_M, -FAR_M, FAR_M, FAR_M), (0.0, 0.0, 0.0, 0.0)
)
"""The view of points that have been judged before."""


class Motion:
    """Moves tracks under a hall's rules, and judges its entrances on the way.

    The loop of ``follow`` runs for every person of every frame: it is kept flat, on local names.
    """

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._rules = rules.trajectory
        self.entrances = Crossings([line for line in hall.lines if line.entrance], rules.flow)
        self._lines = Crossings(hall.lines, rules.flow).index
        self._speed_over_s = max(rules.trajectory.smoothing_s, LEAST_SPEED_OVER_S)
        self._judges = rules.trajectory.judges_identity
        self._about_lines = *self._lines.reach(2 * STEP_M), self._lines.cell_m, self._lines.about

    def follow(
        self, view: View, tracks: Tracks, people: tuple[Person, ...], at_ms: int, tick_ms: int, new: New
    ) -> list[Position]:
        """Move each track to its new point; what else the frame has is added to ``new``."""
        (h00, h01, h02, h10, h11, h12, h20, h21, h22), _, (left, near, right, far), _ = view
        lines_left, lines_near, lines_right, lines_far, cell_m, cells = self._about_lines
        min_score, above, step2 = self._rules.min_score, self._rules.walking_above_mps, STEP_M * STEP_M
        last_ms, keep, keep_v, per_s, dt_s, slow = None, 0.0, 0.0, 0.0, 0.0, False
        rows: list[Position] = []
        for person in people:
            if person.score < min_score and new.odd.is_nobody(person):
                continue
            raw_x, raw_y = person.x_m, person.y_m
            if raw_x is None or raw_y is None:
                width, height = person.width_px, person.height_px
                px, py = person.left_px + width * 0.5, person.top_px + height
                w = h20 * px + h21 * py + h22
                if w <= 0.0 or width <= TINY_PX or height <= TINY_PX:  # on or beyond the horizon; or no box
                    new.odd.refuse("off_floor" if width > TINY_PX and height > TINY_PX else "no_size", person)
                    continue
                raw_x, raw_y = (h00 * px + h01 * py + h02) / w, (h10 * px + h11 * py + h12) / w
            if not (left < raw_x < right and near < raw_y < far) and not is_there(view, person, raw_x, raw_y, new.odd):
                continue
            track = tracks.get(person.track)
            if track is None:
                new.strangers.append((person.track, raw_x, raw_y, blur_m(view, person)))
                continue
            if track.at_ms is not last_ms:  # nearly all were last seen in one frame: comparing identities is enough
                last_ms = track.at_ms
                keep, keep_v, per_s, dt_s, slow = self._weights(at_ms - last_ms)
            old_x, old_y, old_vx = track.x_m, track.y_m, track.vx_mps
            # From where it is to where it was expected: kept in part it smooths, else the point stays as it is.
            off_x, off_y = old_x + old_vx * dt_s - raw_x, old_y + track.vy_mps * dt_s - raw_y
            x, y = raw_x + keep * off_x, raw_y + keep * off_y
            dx, dy = x - old_x, y - old_y
            if slow or off_x * off_x + off_y * off_y > step2:
                if not self._leap(track, (x, y), (raw_x, raw_y), (view, person), at_ms, new):
                    continue
            elif (lines_near < raw_y < lines_far and lines_left < raw_x < lines_right) and (
                raw_x // cell_m * ROWS + raw_y // cell_m in cells or dx * dx + dy * dy > step2
            ):
                self._pass_lines(track, (x, y), (raw_x, raw_y), at_ms, new.passed)
            vx, vy = keep_v * old_vx + per_s * dx, keep_v * track.vy_mps + per_s * dy
            speed = sqrt(vx * vx + vy * vy)
            track.x_m, track.y_m, track.at_ms = x, y, at_ms
            track.vx_mps, track.vy_mps, track.seen_ms = vx, vy, tick_ms
            if track.walking or speed > above:
                self._walk_or_stand(track, speed, at_ms)
            rows.append((track.name, x, y, speed, track.walking))
        return rows

    def _leap(
        self, track: Track, to: Point, seen: Point, by: tuple[View, Person], at_ms: int, new: New
    ) -> bool:  # fmt: skip
        """Whether a step that is long, or took long, may be the same person's; else its id stands for a stranger now."""
        at = at_ms, *seen
        if self._judges and too_far(track.last_seen, at) and too_far(track.last_seen, at, blur := blur_m(*by)):
            new.strangers.append((by[1].track, *seen, blur))
            return False
        self._pass_lines(track, to, seen, at_ms, new.passed)
        return True

    def _walk_or_stand(self, track: Track, speed: float, at_ms: int) -> None:
        if not track.walking:
            stand(track)
            track.walking = True
            return
        x, y = track.x_m - track.path_x_m, track.y_m - track.path_y_m
        length2 = x * x + y * y
        if length2 >= STRIDE_M * STRIDE_M:  # else it is not a stride yet
            track.path_m += sqrt(length2)
            track.path_x_m, track.path_y_m = track.x_m, track.y_m
        if speed < self._rules.standing_below_mps:
            track.walking, track.stood_ms = False, at_ms

    def step(self, track: Track, x_m: float, y_m: float, at_ms: int, tick_ms: int) -> tuple[list[Position], Passed]:
        """Move one track to one point, which is known to be on the floor and within its reach."""
        new = New([], [], Odd())
        person = Person("", 0.0, 0.0, 0.0, 0.0, 1.0, x_m, y_m)
        return self.follow(ANYWHERE, {"": track}, (person,), at_ms, tick_ms, new), new.passed

    def _pass_lines(self, track: Track, to: Point, seen: Point, at_ms: int, passed: Passed) -> None:
        """The step of a track that may be about lines, to a point that was seen at ``seen``."""
        (x, y), (seen_x, seen_y), at = to, seen, (track.x_m, track.y_m)
        lines: tuple[PlanLine, ...] | None = self._lines.all
        if -STEP_M <= x - at[0] <= STEP_M and -STEP_M <= y - at[1] <= STEP_M:
            near, cell_m = self._lines.near, self._lines.cell_m
            lines = near.get(x // cell_m * ROWS + y // cell_m) or near.get(seen_x // cell_m * ROWS + seen_y // cell_m)
        if not lines:
            return
        track.seen_near_line = at_ms, seen_x, seen_y
        for line in lines:
            found = line.entrance and self.entrances.step(track.strips, line, at, to, at_ms)
            if found:
                track.left = not found.forward
                passed.append((track.name, found))

    def _weights(self, dt_ms: int) -> tuple[float, float, float, float, bool]:
        """After ``dt_ms``: what is kept of where a person was expected, and of the velocity; what a step of 1 m adds to
        the velocity, in m/s; the time that a person had to walk, s; and whether that is enough to step over a line unseen.

        Exponential smoothing with a time constant, for uneven steps, about where the velocity leads: so who walks
        steadily is not behind (an alpha-beta filter, nearly critically damped at the usual frame rates). A camera whose
        clock stands still or goes back leaves smoothed points where they are, for that one frame.
        """
        over_s = self._rules.smoothing_s
        if dt_ms <= 0:
            return (1.0 if over_s else 0.0), 1.0, 0.0, 0.0, False
        dt_s = dt_ms / 1000
        keep_v = exp(-dt_s / self._speed_over_s)
        return (exp(-dt_s / over_s) if over_s else 0.0), keep_v, (1.0 - keep_v) / dt_s, dt_s, dt_s > STEP_S

    def last_step(self, track: Track) -> list[Crossing]:
        """The entrances that a track has passed if it is not seen again."""
        if not self.entrances.any or (track.seen_at == (track.x_m, track.y_m) and not track.strips):
            return []
        return self.entrances.end(track.strips, (track.x_m, track.y_m), track.seen_at, track.at_ms)

    def has_left(self, track: Track) -> bool:
        """Whether it is out of the hall if it is not seen again."""
        last = self.last_step(track)
        return not last[-1].forward if last else track.left


def stand(track: Track) -> None:
    """Add to the time of standing what has passed since it began; a camera's clock may have gone back."""
    track.standing_ms += max(0, track.at_ms - track.stood_ms)


def path_length_m(track: Track) -> float:
    """The way walked up to where it is now."""
    x, y = track.x_m - track.path_x_m, track.y_m - track.path_y_m
    return track.path_m + sqrt(x * x + y * y)


def drift_of(points: list[Sighting]) -> tuple[float, float] | None:
    """The velocity, m/s, that fits the points best (least squares); None: they are too few, or of one moment."""
    mean_t = sum([at_ms for at_ms, _, _ in points]) / len(points)
    spread = sum_x = sum_y = 0.0
    for at_ms, x, y in points:
        t = at_ms - mean_t
        spread += t * t
        sum_x += t * x
        sum_y += t * y
    return (sum_x / spread * 1000, sum_y / spread * 1000) if spread > 0 else None


def jitter_m(points: list[Sighting]) -> float:
    """How far points lie beside the steady walk that fits them best, root mean square; 0 where they are too few to tell."""
    if len(points) < LEAST_POINTS:
        return 0.0
    vx, vy = drift_of(points) or (0.0, 0.0)
    mean_t, mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    off = 0.0
    for at_ms, x, y in points:
        seconds = (at_ms - mean_t) / 1000
        dx, dy = x - mean_x - vx * seconds, y - mean_y - vy * seconds
        off += dx * dx + dy * dy
    return sqrt(off / (len(points) - 2))
