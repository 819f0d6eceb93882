"""Newcomers: ids that have no track yet, until they are believed; and whose way they continue, if anybody's."""

from __future__ import annotations

from collections.abc import Iterable

from agents.crossing import Crossings
from agents.floor_index import floor_index
from agents.joining import Lost, Newcomer, Pair, pair_up
from agents.tracks import Candidate, Motion, Sighting, Track, drift_of, jitter_m, too_far
from agents.views import Spot
from config.hall import Hall
from config.patience import Patience, hall_patience, zone_patience
from config.rules import Rules

OUTSIDE_M = 2.0
"""How far in front of an entrance somebody is about to come in, and not simply on that side of its line."""
CANDIDATE_LIVES_MS = 2000
JOIN_AFTER_MS = 300
"""After this long it is clear enough where a newcomer is going to tell if it continues somebody: a broken id is healed
before it is believed, and its person is out of sight for less time."""
POINTS_AT_MOST = 600

Candidates = dict[str, Candidate]


class Waiting:
    """How long the hall waits for whom: by the zone where a track was last seen."""

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self.general = hall_patience(rules.trajectory)
        self._zones = {zone.id: zone_patience(zone, rules.trajectory) for zone in hall.zones}
        self._index = floor_index(tuple((zone.id, zone.polygon_m) for zone in hall.zones))
        self._known: dict[tuple[tuple[str, ...], bool], Patience] = {}

    def patience(self, track: Track) -> Patience:
        """The most patient zone that it stood in counts; who was walking is waited for as everywhere in the hall.

        A zone with a word of its own has it, also where it is less patient than the hall.
        """
        x, y = track.seen_at
        where = self._index.at(x, y), track.walking
        found = self._known.get(where)
        if found is None:
            found = self._known[where] = self._in_zones(*where)
        return found

    def _in_zones(self, zones: tuple[str, ...], walking: bool) -> Patience:
        here = [self._zones[zone] for zone in zones]
        if not here:
            return self.general
        join_m = max(p.join_m for p in here)
        join_ms, hold_ms = max(p.join_ms for p in here), max(p.hold_ms for p in here)
        if walking:
            join_ms = min(join_ms, self.general.join_ms)
            hold_ms = join_ms
        return Patience(join_ms, max(join_ms, hold_ms), join_m)


class Newcomers:
    """Holds what a hall's rules say of newcomers; everything that changes is passed in."""

    def __init__(self, hall: Hall, rules: Rules, motion: Motion) -> None:
        self.waiting = Waiting(hall, rules)
        self._motion = motion
        self._entrances: Crossings = motion.entrances
        self._judges = rules.trajectory.judges_identity
        self.confirm_ms = round(rules.trajectory.believed_after_s * 1000)

    def note(self, candidates: Candidates, strangers: Iterable[Spot], at_ms: int, seen_ms: int) -> dict[str, bool]:
        """Write down where ids without a track are.

        Returns those that are to be judged now, in their order: whether each is believed, or only known well enough to
        see if it continues somebody.
        """
        ready: dict[str, bool] = {}
        for id_, x, y, blur in strangers:
            candidate = candidates.get(id_)
            if candidate is None or at_ms < candidate.last_ms or self._jumped(candidate, (at_ms, x, y)):
                candidate = candidates[id_] = Candidate([], seen_ms, blur_m=blur)
            candidate.points.append((at_ms, x, y))
            candidate.seen_ms = seen_ms
            age_ms = at_ms - candidate.first_ms
            if age_ms >= self.confirm_ms or len(candidate.points) >= POINTS_AT_MOST:
                ready[id_] = True
            elif age_ms >= JOIN_AFTER_MS and not candidate.tried:
                ready[id_] = False
                candidate.tried = True
        return ready

    def _jumped(self, candidate: Candidate, now: Sighting) -> bool:
        return self._judges and too_far(candidate.points[-1], now, candidate.blur_m)

    def pairs(self, lost: Iterable[Track], candidates: Candidates) -> dict[str, Pair]:
        """Of all candidates, whom each of them continues: all together, so that none takes what is another's."""
        if not self._judges:
            return {}
        firsts = [candidate.points[0] for candidate in candidates.values()]
        near = [track for track in lost if any(not too_far(track.last_seen, first) for first in firsts)]
        gone = [self._lost(track) for track in near]
        return pair_up(gone, [self._newcomer(id_, c) for id_, c in candidates.items()]) if gone else {}

    def begun_before(self, candidates: Candidates, ready: Iterable[str], at_ms: int) -> None:
        """Give newcomers that are believed now, and continue nobody, what they did under an id that broke before it was
        believed: at a door that may be all that was seen outside.
        """
        # By place only: since it was seen first it may have turned, as people do behind a door.
        news = [self._newcomer(id_, candidates[id_])._replace(velocity=None) for id_ in ready] if self._judges else []
        given_up = [self._given_up(id_, c) for id_, c in candidates.items() if len(c.points) > 1 and c.last_ms < at_ms]
        for id_, pair in (pair_up(given_up, news) if news and given_up else {}).items():
            candidates[id_].points[:0] = candidates.pop(pair.name).points

    def _given_up(self, id_: str, candidate: Candidate) -> Lost:
        (at_ms, x, y), patience = candidate.points[-1], self.waiting.general
        vx, vy = drift_of(candidate.points) or (0.0, 0.0)
        return Lost(id_, at_ms, x, y, vx, vy, patience.join_ms, patience.join_ms, patience.join_m, self._outside(x, y))

    def _lost(self, track: Track) -> Lost:
        patience, (x, y) = self.waiting.patience(track), track.seen_at
        return Lost(
            track.name, track.at_ms, x, y, track.vx_mps, track.vy_mps, patience.join_ms,
            min(patience.join_ms, self.waiting.general.join_ms), patience.join_m,
            self._outside(x, y), self._left_by(track),
        )  # fmt: skip

    def _newcomer(self, id_: str, candidate: Candidate) -> Newcomer:
        at_ms, x, y = candidate.points[0]
        beyond = frozenset(line.id for line in self._entrances.index.all if line.positive(x, y))
        drift = drift_of(candidate.points)
        jitter = jitter_m(candidate.points) if candidate.blur_m else 0.0
        return Newcomer(id_, at_ms, x, y, drift, self._outside(x, y), candidate.blur_m, jitter, beyond)

    def _left_by(self, track: Track) -> str | None:
        """The entrance that somebody who is out of the hall went out over: the nearest."""
        if not self._motion.has_left(track):
            return None
        x, y = track.seen_at
        return min(self._entrances.index.all, key=lambda line: line.distance_m(x, y)).id

    def _outside(self, x_m: float, y_m: float) -> frozenset[str]:
        """The entrances in front of which a point is, outside the hall."""
        return frozenset(
            line.id
            for line in self._entrances.index.all
            if line.positive(x_m, y_m) and line.distance_m(x_m, y_m) <= OUTSIDE_M
        )
