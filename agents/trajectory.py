"""Trajectory: boxes in, tracks on the floor out.

The floor point of a person (given by the camera, or the box's bottom centre through the homography) is smoothed; speed,
standing and walking follow from it. **Who somebody is, is judged**; a camera's id is a strong hint, not the answer:

    camera's ids    7 7 7 7 . . 9 9 9 9          9 appears near where 7 was, or was going, soon after, and moves as 7
    track        c1/7 7 7 7 . . 7 7 7 7          could: it is 7 (track_joined), and goes by its name from here on

    camera's ids    7 7 7 7 . . . . . .          nobody appears: it ended where it was last seen,
    track        c1/7 7 7 7            | ended   and that is known (track_ended) once no join is possible any more

    camera's ids    7 7 7 7 . 7 7 7              7 is suddenly 12 m away, or the camera was started anew (``boot``) and
    track        c1/7 7 7 7 . . . | c1/7@...     counts from the beginning: somebody else, unless place and movement fit

**A new id is believed once it was seen for ``confirm_s``**; most false boxes do not last so long. What it did until then
is told when it is believed, with the true times, so nobody loses their first steps: ``track_started`` with the time of
the first, and the positions held back.

**One id twice in a frame** is two people (``agents.twins``). With ``join_within_m`` 0 none of this is done: ids are taken
at their word, and figures can be compared with a count by hand.

**Entrances are judged here**, because who was counted out over one is gone and nobody's continuation. The judgement
(``EntrancePassed``, inside the pass) is what ``flow`` publishes as ``line_crossed``: the two cannot differ.

When something happened is said in the camera's time. That a track is gone is judged by the log's time (ticks), because
a camera's clock may be off by a minute or jump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Literal

import msgspec

from agents.crossing import Corners, Crossing
from agents.doorways import come_in, gone_out, is_somebody
from agents.floor_index import FloorIndex
from agents.joining import Pair
from agents.lines import PlanLine
from agents.newcomers import CANDIDATE_LIVES_MS, Newcomers
from agents.tracks import Candidate, Motion, New, Track, Tracks, begin, path_length_m, stand
from agents.twins import told_apart
from agents.views import Odd, Spot, camera_view
from config.geometry import Point
from config.hall import Hall
from config.rules import Rules
from streams.events import (
    Configured,
    EntrancePassed,
    Event,
    Frame,
    OddRows,
    Position,
    Positions,
    Tick,
    TrackEnded,
    TrackJoined,
    TrackStarted,
)

SECOND_MS = 1000
Judgement = Callable[[Iterable[PlanLine], FloorIndex | None, Point, Point], str | None]
SLACK_MS = 500
"""A join is decided when the newcomer is believed; a frame or two that miss it may delay that."""


class TrajectoryState(msgspec.Struct):
    """``tick_ms``: the last tick, -1 before the first. By camera: ``cameras``: its ids' tracks; ``parted``: tracks, by
    name, that no id stands for any more; ``candidates``: ids that are not believed yet; ``boots``: its latest boot;
    ``odd``: what was odd about its rows, to be told with the next tick. ``corners``: where the entrances are that the
    tracks' strips speak of.
    """

    tick_ms: int = -1
    cameras: dict[str, Tracks] = {}
    parted: dict[str, Tracks] = {}
    candidates: dict[str, dict[str, Candidate]] = {}
    boots: dict[str, str] = {}
    odd: dict[str, Odd] = {}
    corners: dict[str, Corners] = {}


class Trajectory:
    name: ClassVar[str] = "trajectory"
    reads: ClassVar[tuple[type[Event], ...]] = (Frame, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (
        Positions, TrackStarted, TrackJoined, TrackEnded, EntrancePassed, OddRows,
    )  # fmt: skip

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._motion = Motion(hall, rules)
        self._entrances = self._motion.entrances
        self._newcomers = Newcomers(hall, rules, self._motion)
        self._judges = rules.trajectory.judges_identity
        self._late_join_ms = self._newcomers.confirm_ms and self._newcomers.confirm_ms + SLACK_MS
        self._views = {camera.id: camera_view(camera) for camera in hall.cameras}

    def initial(self) -> TrajectoryState:
        return TrajectoryState(corners=self._entrances.corners())

    def on_event(self, state: TrajectoryState, event: Event) -> tuple[Event, ...]:
        if isinstance(event, Frame):
            return self._frame(state, event)
        if isinstance(event, Tick):
            return self._tick(state, event)
        return self._configured(state, event)

    # -- frames ----------------------------------------------------------------------------------------------------

    def _frame(self, state: TrajectoryState, frame: Frame) -> tuple[Event, ...]:
        camera, people = frame.camera, frame.people
        view = self._views.get(camera)
        if view is None:
            return ()
        odd = state.odd.get(camera)
        if odd is None:
            odd = state.odd[camera] = Odd()
        odd.rows += len(people)
        new = New([], [], odd)
        out: list[Event] = []
        tracks = self._tracks_of(state, frame, odd)
        if (twice := len(people) - len({person.track for person in people})) and self._judges:
            people = told_apart(view, people, self._last_places(state, tracks, camera), odd)
        elif twice:
            odd.note("same_id_twice", twice)
        rows = self._motion.follow(view, tracks, people, frame.at_ms, state.tick_ms, new)
        if new.strangers:
            self._part(state, tracks, camera, new.strangers)
            rows += self._meet(state, tracks, frame, new.strangers, rows, out)
        if new.passed:
            out += self._passages(new.passed, frame.at_ms)
        out.append(Positions(hall=self._hall, at_ms=frame.at_ms, camera=camera, rows=tuple(rows)))
        return tuple(out)

    def _tracks_of(self, state: TrajectoryState, frame: Frame, odd: Odd) -> Tracks:
        """The camera's tracks by its ids; after another start of the camera its ids stand for nobody known."""
        camera = frame.camera
        tracks = state.cameras.get(camera)
        if tracks is None:
            tracks = state.cameras[camera] = {}
        if state.boots.get(camera) != frame.boot:
            if camera in state.boots:
                state.parted.setdefault(camera, {}).update((track.name, track) for track in tracks.values())
                tracks.clear()
                for candidate in state.candidates.pop(camera, {}).values():
                    odd.note("unconfirmed", len(candidate.points))
            state.boots[camera] = frame.boot
        return tracks

    def _last_places(self, state: TrajectoryState, tracks: Tracks, camera: str) -> dict[str, Point]:
        """By id, where it was last."""
        hopeful = {id_: candidate.points[-1][1:] for id_, candidate in state.candidates.get(camera, {}).items()}
        return hopeful | {id_: track.seen_at for id_, track in tracks.items()}

    def _part(self, state: TrajectoryState, tracks: Tracks, camera: str, strangers: list[Spot]) -> None:
        """The ids of tracks that cannot be where their id is now do not stand for them any more."""
        for id_, _, _, _ in strangers:
            if id_ in tracks:
                track = tracks.pop(id_)
                state.parted.setdefault(camera, {})[track.name] = track

    # -- new ids ---------------------------------------------------------------------------------------------------

    def _meet(
        self, state: TrajectoryState, tracks: Tracks, frame: Frame, strangers: list[Spot], seen: list[Position],
        out: list[Event],
    ) -> list[Position]:  # fmt: skip
        """Give the ids that are believed now a track, that of somebody lost or a new one; returns where they are.

        ``seen``: the frame's rows of tracks that are known.
        """
        camera = frame.camera
        candidates = state.candidates.setdefault(camera, {})
        ready = self._newcomers.note(candidates, strangers, frame.at_ms, state.tick_ms)
        if not ready:
            return []
        parted, present = state.parted.setdefault(camera, {}), {row[0] for row in seen}
        lost = {t.name: id_ for id_, t in tracks.items() if t.name not in present and t.at_ms < frame.at_ms}
        pairs = self._newcomers.pairs([*(tracks[id_] for id_ in lost.values()), *parted.values()], candidates)
        alone = [id_ for id_, believed in ready.items() if believed and id_ not in pairs]
        self._newcomers.begun_before(candidates, alone, frame.at_ms)
        rows: list[Position] = []
        for id_, believed in ready.items():
            candidate, pair = candidates[id_], pairs.get(id_)
            if pair is None and not believed:
                continue
            del candidates[id_]
            if pair:
                track = tracks.pop(lost[pair.name]) if pair.name in lost else parted.pop(pair.name)
                out.append(self._joined(frame, id_, track, candidate, pair))
            else:
                track = self._new(frame, id_, candidate, {*(t.name for t in tracks.values()), *parted}, state.tick_ms)
                out += self._started(frame, track)
            tracks[id_] = track
            rows += self._catch_up(track, candidate, frame, state.tick_ms, out)
        return rows

    def _passer(self, state: TrajectoryState, now: Frame, id_: str, candidate: Candidate) -> list[Event]:
        """The whole track of an id that was not seen for long enough to be believed, but walked through an entrance."""
        known = [*state.cameras.get(now.camera, {}).values(), *state.parted.get(now.camera, {}).values()]
        track = self._new(now, id_, candidate, {track.name for track in known}, state.tick_ms)
        out = self._started(now, track)
        rows = self._catch_up(track, candidate, now, state.tick_ms, out)
        out.append(Positions(hall=self._hall, at_ms=track.at_ms, camera=now.camera, rows=tuple(rows)))
        return [*out, *self._ended(now.camera, track, now.at_ms)]

    def _catch_up(
        self, track: Track, candidate: Candidate, frame: Frame, tick_ms: int, out: list[Event]
    ) -> list[Position]:
        """Tell what was held back, with its true times; returns the last of it, which belongs to the frame itself."""
        rows: list[Position] = []
        for number, (at_ms, x, y) in enumerate(candidate.points, 1):
            rows, passed = self._motion.step(track, x, y, at_ms, tick_ms)
            if passed:
                out += self._passages(passed, frame.at_ms)
            if number < len(candidate.points):
                out.append(Positions(hall=self._hall, at_ms=at_ms, camera=frame.camera, rows=tuple(rows)))
        return rows

    def _new(self, frame: Frame, id_: str, candidate: Candidate, names: set[str], tick_ms: int) -> Track:
        track = begin(_free_name(names, f"{frame.camera}/{id_}", candidate.first_ms), candidate, tick_ms)
        self._entrances.start(track.strips, (track.x_m, track.y_m))
        return track

    def _started(self, frame: Frame, track: Track) -> list[Event]:
        unseen = self._unseen(come_in, frame.camera, track)
        started = TrackStarted(
            hall=self._hall, at_ms=track.first_ms, decided_at_ms=frame.at_ms, camera=frame.camera, track=track.name,
            x_m=track.x_m, y_m=track.y_m,
        )  # fmt: skip
        return [started, *self._passages(unseen, frame.at_ms)]

    def _joined(self, frame: Frame, id_: str, track: Track, candidate: Candidate, pair: Pair) -> TrackJoined:
        return TrackJoined(
            hall=self._hall, at_ms=candidate.first_ms, decided_at_ms=frame.at_ms, camera=frame.camera,
            track=track.name, source_track=id_, gap_ms=candidate.first_ms - track.at_ms, distance_m=pair.distance_m,
        )  # fmt: skip

    # -- the end of tracks -----------------------------------------------------------------------------------------

    def _tick(self, state: TrajectoryState, tick: Tick) -> tuple[Event, ...]:
        if state.tick_ms < 0:  # what was seen before the first tick was seen just now
            _seen_now(state, tick.at_ms)
        state.tick_ms = max(state.tick_ms, tick.at_ms)
        ended: list[Event] = []
        # Seen up to a second after the tick that it remembers: whoever may still have been in view is no question.
        unseen_ms = tick.at_ms - 2 * SECOND_MS
        for among in (state.cameras, state.parted):
            for camera, tracks in among.items():
                unseen = [(id_, track) for id_, track in tracks.items() if track.seen_ms <= unseen_ms]
                for id_ in [id_ for id_, track in unseen if self._is_gone(track, tick.at_ms - SECOND_MS)]:
                    ended += self._ended(camera, tracks.pop(id_), tick.at_ms)
        ended += self._tell_odd(state, tick.at_ms)
        return tuple(ended)

    def _is_gone(self, track: Track, since_ms: int) -> bool:
        """Whether it is not waited for any more, if it was not seen for as long as to ``since_ms``."""
        if self._judges and track.walking and self._motion.has_left(track):
            return True
        patience = self._newcomers.waiting.patience(track)
        return since_ms - track.seen_ms >= max(patience.hold_ms, patience.join_ms + self._late_join_ms)

    def _tell_odd(self, state: TrajectoryState, now_ms: int) -> list[Event]:
        """What was odd since it was last told. Ids that were not seen again before they were believed are nobody."""
        out: list[Event] = []
        for camera, odd in state.odd.items():
            candidates = state.candidates.get(camera, {})
            for id_ in [id_ for id_, c in candidates.items() if now_ms - c.seen_ms - SECOND_MS >= CANDIDATE_LIVES_MS]:
                candidate = candidates.pop(id_)
                if self._judges and is_somebody(self._entrances.index.all, self._floor(camera), candidate.points):
                    now = Frame(hall=self._hall, at_ms=now_ms, camera=camera, people=())
                    out += self._passer(state, now, id_, candidate)
                else:
                    odd.note("unconfirmed", len(candidate.points))
            if odd.rows or odd.kinds:
                kinds = tuple(sorted(odd.kinds.items()))
                out.append(OddRows(
                    hall=self._hall, at_ms=now_ms, camera=camera, rows=odd.rows, kinds=kinds, extent=odd.extent,
                ))  # fmt: skip
                state.odd[camera] = Odd()
        return out

    def _configured(self, state: TrajectoryState, event: Event) -> tuple[Event, ...]:
        """What a camera saw that is gone has ended; what tracks were doing at entrances that moved is not true now."""
        out: list[Event] = []
        for among in (state.cameras, state.parted):
            for camera in [camera for camera in among if camera not in self._views]:
                out += [self._end(camera, track, event.at_ms, "config") for track in among.pop(camera).values()]
            for tracks in among.values():
                for track in tracks.values():
                    track.strips = self._entrances.still_true(track.strips, state.corners)
        for camera in [camera for camera in state.boots if camera not in self._views]:
            state.boots.pop(camera)
            state.odd.pop(camera, None)
            state.candidates.pop(camera, None)
        state.corners = self._entrances.corners()
        return tuple(out)

    def _ended(self, camera: str, track: Track, decided_at_ms: int) -> list[Event]:
        passed = [(track.name, crossing) for crossing in self._motion.last_step(track)]
        left = self._motion.has_left(track)
        if not left:
            unseen = self._unseen(gone_out, camera, track)
            passed, left = passed + unseen, bool(unseen)
        reason: Literal["left", "lost"] = "left" if left else "lost"
        return [*self._passages(passed, decided_at_ms), self._end(camera, track, decided_at_ms, reason)]

    def _unseen(self, judged: Judgement, camera: str, track: Track) -> list[tuple[str, Crossing]]:
        """The entrance that a track passed before it was first seen, or after it was last seen."""
        if not self._judges:
            return []
        line = judged(self._entrances.index.all, self._floor(camera), track.seen_at, (track.vx_mps, track.vy_mps))
        return [(track.name, Crossing(line, judged is come_in, track.at_ms))] if line else []

    def _floor(self, camera: str) -> FloorIndex | None:
        view = self._views.get(camera)
        return view and view.floor

    def _end(
        self, camera: str, track: Track, decided_at_ms: int, reason: Literal["lost", "left", "config"]
    ) -> TrackEnded:
        if not track.walking:
            stand(track)
        x, y = track.seen_at
        return TrackEnded(
            hall=self._hall, at_ms=track.at_ms, decided_at_ms=decided_at_ms, camera=camera, track=track.name,
            first_ms=min(track.first_ms, track.at_ms), path_m=path_length_m(track), standing_ms=track.standing_ms,
            x_m=x, y_m=y, reason=reason,
        )  # fmt: skip

    def _passages(self, passed: list[tuple[str, Crossing]], decided_ms: int) -> list[Event]:
        return [
            EntrancePassed(
                hall=self._hall, at_ms=one.at_ms, decided_at_ms=max(decided_ms, one.at_ms), line=one.line, track=track,
                forward=one.forward,
            )
            for track, one in passed
        ]  # fmt: skip


def _seen_now(state: TrajectoryState, at_ms: int) -> None:
    for tracks in state.cameras.values():
        for track in tracks.values():
            track.seen_ms = at_ms
    for candidates in state.candidates.values():
        for candidate in candidates.values():
            candidate.seen_ms = at_ms


def _free_name(names: set[str], plain: str, at_ms: int) -> str:
    """``plain``, unless somebody goes by it who lives on under another of the camera's ids, or is waited for."""
    while plain in names:
        plain = f"{plain}@{at_ms}"
    names.add(plain)
    return plain
