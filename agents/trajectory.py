"""Trajectory: boxes in, tracks on the floor out.

The floor point of a person (given by the camera, or the box's bottom centre through the homography) is smoothed; speed,
standing and walking follow from it. A track that is not seen lives on for ``join_within_s``:

    camera's ids    7 7 7 7 . . 9 9 9 9          9 appears near where 7 was, or was going, soon after:
    track        c1/7 7 7 7 . . 7 7 7 7          it is 7 (track_joined), and goes by its name from here on

    camera's ids    7 7 7 7 . . . . . .          nobody appears: it ended where it was last seen,
    track        c1/7 7 7 7            | ended   and that is known (track_ended) once no join is possible any more

When something happened is said in the camera's time. That a track is gone is judged by the log's time (ticks), because
a camera's clock may be off by a minute or jump.
"""

from __future__ import annotations

from math import dist, exp, sqrt
from typing import ClassVar, Literal, NamedTuple

import msgspec

from agents.floor_index import FloorIndex, floor_index
from agents.joining import Lost, Newcomer, pair_up
from config.geometry import Point
from config.hall import Camera, Hall
from config.homography import camera_homography
from config.rules import Rules
from streams.events import (
    Configured,
    Event,
    Frame,
    Person,
    Position,
    Positions,
    Tick,
    TrackEnded,
    TrackJoined,
    TrackStarted,
)

SECOND_MS = 1000
FAR_M = 1e5
FAR_M2 = FAR_M * FAR_M
"""What is more than 100 km from the plan's origin comes from a point just below the horizon, not from a person."""
LEAST_SPEED_OVER_S = 0.5
"""Speed is averaged over this time at least: over one frame's step it would be the box's jitter."""
STRIDE_M = 0.25
"""The path is measured in steps of this length: who stands does not walk metres a minute by jitter."""


class Track(msgspec.Struct, array_like=True, gc=False):
    """One person, as far as one camera can tell. Written for every row of every frame: flat, and no more than needed.

    ``seen_ms`` is the last tick before it was last seen (log time); ``at_ms`` is when that was (camera time). The path
    is ``path_m`` up to the point ``path_x_m``, ``path_y_m``; it stood for ``standing_ms`` up to ``stood_ms``, and if
    not ``walking`` has stood since then.
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


Tracks = dict[str, Track]
"""Of one camera: the id it gives a person now -> what is known of that person."""


class TrajectoryState(msgspec.Struct):
    """``tick_ms``: the last tick, -1 before the first; ``cameras``: camera -> its tracks."""

    tick_ms: int = -1
    cameras: dict[str, Tracks] = {}


Box = tuple[float, float, float, float]


class View(NamedTuple):
    """How a camera's pixels become floor points: its homography row by row; the floor it answers for, if limited.

    ``certain`` (left, near, right, far): inside this box a point is on that floor, without a look at its outline.
    """

    matrix: tuple[float, ...]
    floor: FloorIndex | None
    certain: Box


class Trajectory:
    name: ClassVar[str] = "trajectory"
    reads: ClassVar[tuple[type[Event], ...]] = (Frame, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (Positions, TrackStarted, TrackJoined, TrackEnded)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._rules = rules.trajectory
        self._join_ms = round(rules.trajectory.join_within_s * 1000)
        self._speed_over_s = max(rules.trajectory.smoothing_s, LEAST_SPEED_OVER_S)
        self._views = {camera.id: _view(camera) for camera in hall.cameras}

    def initial(self) -> TrajectoryState:
        return TrajectoryState()

    def on_event(self, state: TrajectoryState, event: Event) -> tuple[Event, ...]:
        if isinstance(event, Frame):
            return self._frame(state, event)
        if isinstance(event, Tick):
            return self._tick(state, event)
        return self._close_cameras(state, event)

    # -- frames ----------------------------------------------------------------------------------------------------

    def _frame(self, state: TrajectoryState, frame: Frame) -> tuple[Event, ...]:
        view = self._views.get(frame.camera)
        if view is None:
            return ()
        tracks = state.cameras.get(frame.camera)
        if tracks is None:
            tracks = state.cameras[frame.camera] = {}
        met: list[Event] = []
        rows = self._follow(view, tracks, frame, state.tick_ms, met)
        return (*met, Positions(hall=self._hall, at_ms=frame.at_ms, camera=frame.camera, rows=tuple(rows)))

    def _follow(self, view: View, tracks: Tracks, frame: Frame, tick_ms: int, met: list[Event]) -> list[Position]:
        """Move each track to its new point; what is new is added to ``met``.

        This loop runs for every person of every frame: it is kept flat, on local names.
        """
        (h00, h01, h02, h10, h11, h12, h20, h21, h22), floor, (left, near, right, far) = view
        above, below = self._rules.walking_above_mps, self._rules.standing_below_mps
        at_ms, last_ms, keep, keep_v, per_s = frame.at_ms, None, 0.0, 0.0, 0.0
        rows = []
        for person in frame.people:
            x, y = person.x_m, person.y_m
            if x is None or y is None:  # what _floor_point computes
                px, py = person.left_px + person.width_px / 2, person.top_px + person.height_px
                w = h20 * px + h21 * py + h22
                if w <= 0:
                    continue
                x, y = (h00 * px + h01 * py + h02) / w, (h10 * px + h11 * py + h12) / w
            if not ((left < x < right and near < y < far) or _is_there(floor, x, y)):
                continue
            track = tracks.get(person.track)
            if track is None:
                met += self._meet(view, tracks, frame, tick_ms)
                track = tracks[person.track]
            if track.at_ms != last_ms:
                last_ms = track.at_ms
                keep, keep_v, per_s = self._weights(at_ms - last_ms)
            old_x, old_y = track.x_m, track.y_m
            if keep:  # else the raw point, to the last bit
                x += keep * (old_x - x)
                y += keep * (old_y - y)
            vx = track.vx_mps = keep_v * track.vx_mps + per_s * (x - old_x)
            vy = track.vy_mps = keep_v * track.vy_mps + per_s * (y - old_y)
            speed = sqrt(vx * vx + vy * vy)
            track.x_m, track.y_m, track.at_ms, track.seen_ms = x, y, at_ms, tick_ms
            if track.walking:
                _walk(track)
                if speed < below:
                    track.walking, track.stood_ms = False, at_ms
            elif speed > above:
                _stand(track)
                track.walking = True
            rows.append(Position(track.name, x, y, speed, track.walking))
        return rows

    def _weights(self, dt_ms: int) -> tuple[float, float, float]:
        """What is kept of a point and of a velocity after ``dt_ms``; what a step of 1 m adds to the velocity, in m/s.

        Exponential smoothing with a time constant, for uneven steps. A camera whose clock stands still or goes back
        leaves smoothed points where they are, for that one frame.
        """
        over_s = self._rules.smoothing_s
        if dt_ms <= 0:
            return (1.0 if over_s else 0.0), 1.0, 0.0
        dt_s = dt_ms / 1000
        keep_v = exp(-dt_s / self._speed_over_s)
        return (exp(-dt_s / over_s) if over_s else 0.0), keep_v, (1.0 - keep_v) / dt_s

    # -- new ids ---------------------------------------------------------------------------------------------------

    def _meet(self, view: View, tracks: Tracks, frame: Frame, tick_ms: int) -> list[Event]:
        """Give every id of the frame that has no track one: that of somebody lost nearby, or a new one."""
        new: dict[str, Point] = {}
        for person in frame.people:
            if person.track not in tracks and (point := _floor_point(view, person)):
                new.setdefault(person.track, point)
        found = self._join(tracks, frame, new)
        names = {track.name for track in tracks.values()}
        met: list[Event] = []
        for id_, point in new.items():
            if id_ in found:
                met.append(self._joined(tracks, frame, id_, *found[id_]))
            else:
                name = _free_name(names, f"{frame.camera}/{id_}", frame.at_ms)
                met.append(self._started(tracks, frame, id_, name, point, tick_ms))
        return met

    def _join(self, tracks: Tracks, frame: Frame, new: dict[str, Point]) -> dict[str, tuple[str, float]]:
        """New id -> the lost id it continues, and how far from its way it appeared."""
        if not self._rules.join_within_m:
            return {}
        present = {person.track for person in frame.people}
        lost = [
            Lost(id_, t.at_ms, t.x_m, t.y_m, t.vx_mps, t.vy_mps)
            for id_, t in tracks.items()
            if id_ not in present and 0 < frame.at_ms - t.at_ms <= self._join_ms
        ]
        newcomers = [Newcomer(id_, x, y) for id_, (x, y) in new.items()]
        return pair_up(lost, newcomers, frame.at_ms, self._rules.join_within_m)

    def _joined(self, tracks: Tracks, frame: Frame, id_: str, lost: str, distance_m: float) -> TrackJoined:
        track = tracks[id_] = tracks.pop(lost)
        return TrackJoined(
            hall=self._hall, at_ms=frame.at_ms, decided_at_ms=frame.at_ms, camera=frame.camera, track=track.name,
            source_track=id_, gap_ms=frame.at_ms - track.at_ms, distance_m=distance_m,
        )  # fmt: skip

    def _started(self, tracks: Tracks, frame: Frame, id_: str, name: str, point: Point, tick_ms: int) -> TrackStarted:
        x, y = point
        tracks[id_] = Track(name, x, y, frame.at_ms, tick_ms, frame.at_ms, frame.at_ms, x, y)
        return TrackStarted(
            hall=self._hall, at_ms=frame.at_ms, decided_at_ms=frame.at_ms, camera=frame.camera, track=name, x_m=x, y_m=y
        )

    # -- the end of tracks -----------------------------------------------------------------------------------------

    def _tick(self, state: TrajectoryState, tick: Tick) -> tuple[Event, ...]:
        if state.tick_ms < 0:  # what was seen before the first tick was seen just now
            for tracks in state.cameras.values():
                for track in tracks.values():
                    track.seen_ms = tick.at_ms
        state.tick_ms = max(state.tick_ms, tick.at_ms)
        # Seen up to a second after the tick it remembers: until this time a join may still come.
        gone_ms = tick.at_ms - self._join_ms - SECOND_MS
        ended: list[Event] = []
        for camera, tracks in state.cameras.items():
            gone = [id_ for id_, track in tracks.items() if track.seen_ms <= gone_ms]
            ended += [self._ended(camera, tracks.pop(id_), tick.at_ms, "lost") for id_ in gone]
        return tuple(ended)

    def _close_cameras(self, state: TrajectoryState, event: Event) -> tuple[Event, ...]:
        vanished = [(camera, state.cameras.pop(camera)) for camera in list(state.cameras) if camera not in self._views]
        return tuple(
            self._ended(camera, track, event.at_ms, "config")
            for camera, tracks in vanished
            for track in tracks.values()
        )

    def _ended(self, camera: str, track: Track, decided_at_ms: int, reason: Literal["lost", "config"]) -> TrackEnded:
        if not track.walking:
            _stand(track)
        path_m = track.path_m + dist((track.path_x_m, track.path_y_m), (track.x_m, track.y_m))
        return TrackEnded(
            hall=self._hall, at_ms=track.at_ms, decided_at_ms=decided_at_ms, camera=camera, track=track.name,
            first_ms=min(track.first_ms, track.at_ms), path_m=path_m, standing_ms=track.standing_ms, x_m=track.x_m,
            y_m=track.y_m, reason=reason,
        )  # fmt: skip


def _walk(track: Track) -> None:
    """Add a stride to the path, once it is one."""
    x, y = track.x_m - track.path_x_m, track.y_m - track.path_y_m
    length2 = x * x + y * y
    if length2 >= STRIDE_M * STRIDE_M:
        track.path_m += sqrt(length2)
        track.path_x_m, track.path_y_m = track.x_m, track.y_m


def _stand(track: Track) -> None:
    """Add to the time of standing what has passed since it began; a camera's clock may have gone back."""
    track.standing_ms += max(0, track.at_ms - track.stood_ms)


def _view(camera: Camera) -> View:
    a, b, c = camera_homography(camera)
    floor = floor_index(((camera.id, camera.floor_m),)) if camera.floor_m else None
    return View((*a, *b, *c), floor, _certain(camera))


def _certain(camera: Camera) -> Box:
    """A box whose inside is the camera's floor for certain, so that a point in it needs no further test."""
    if camera.floor_m is None:
        return -FAR_M / 2, -FAR_M / 2, FAR_M / 2, FAR_M / 2
    xs, ys = sorted({x for x, _ in camera.floor_m}), sorted({y for _, y in camera.floor_m})
    upright = len(camera.floor_m) == 4 and len(xs) == len(ys) == 2 and len(set(camera.floor_m)) == 4
    return (xs[0], ys[0], xs[1], ys[1]) if upright else (0.0, 0.0, 0.0, 0.0)


def _floor_point(view: View, person: Person) -> Point | None:
    """Where a person is, in metres, the same doubles as config.geometry.apply_homography; None: not on this floor."""
    x, y = person.x_m, person.y_m
    if x is None or y is None:
        h00, h01, h02, h10, h11, h12, h20, h21, h22 = view.matrix
        px, py = person.left_px + person.width_px / 2, person.top_px + person.height_px
        w = h20 * px + h21 * py + h22
        if w <= 0:  # on or beyond the horizon
            return None
        x, y = (h00 * px + h01 * py + h02) / w, (h10 * px + h11 * py + h12) / w
    return (x, y) if _is_there(view.floor, x, y) else None


def _is_there(floor: FloorIndex | None, x: float, y: float) -> bool:
    """Whether a point is of this world, and of the part of the floor that the camera answers for."""
    return x * x + y * y <= FAR_M2 and (floor is None or bool(floor.at(x, y)))


def _free_name(names: set[str], plain: str, at_ms: int) -> str:
    """``plain``, unless somebody goes by it who lives on under another of the camera's ids."""
    while plain in names:
        plain = f"{plain}@{at_ms}"
    names.add(plain)
    return plain
