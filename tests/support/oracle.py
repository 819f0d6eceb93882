"""The figures of a recording by brute force, from their definitions alone.

Nothing of the engine is used but the hall's plain numbers: its own reading, its own arithmetic. The floor point is
computed in doubles, as it is defined; every comparison after that is exact, in fractions, so there is no rounding to
agree about. Slow, and simple enough to be checked by reading:

* point: bottom centre of the box through the homography;
* inside: even-odd rule, an edge a-b counts when (ay > y) != (by > y), and the point lies to the left of it;
* a track first seen inside enters; it leaves at its first point outside, or, after its last point, when last seen;
* crossing: cross(to - from, point - from) > 0 changes between two consecutive points of a track and the closed segment
  between them meets the closed line; from positive to not positive is forward;
* occupancy: distinct ids inside in a frame; person_frames: rows inside; percentiles by nearest rank;
* at_ms = start + round((frame - first) * 1000 / fps).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from config.hall import Hall


class Seen(NamedTuple):
    """One row of the recording on the floor."""

    frame: int
    at_ms: int
    track: str
    x: Fraction
    y: Fraction


def oracle(rows: Iterable[str], hall: Hall, *, fps: float) -> dict[str, Any]:
    """``rows``: good MOTChallenge lines, of a hall with one camera. The result is a summary's, without its ``more``."""
    seen = _floor_rows(rows, hall, fps)
    tracks: dict[str, list[Seen]] = defaultdict(list)
    for row in seen:
        tracks[row.track].append(row)
    return {
        "frames": len({row.frame for row in seen}),
        "tracks": len(tracks),
        "zones": {zone.id: _zone(_exact(zone.polygon_m), seen, tracks) for zone in hall.zones},
        "lines": {line.id: _line(_exact((line.from_m, line.to_m)), tracks) for line in hall.lines},
    }


Place = tuple[Fraction, Fraction]


def _exact(points: Iterable[tuple[float, float]]) -> list[Place]:
    return [(Fraction(x), Fraction(y)) for x, y in points]


def _floor_rows(rows: Iterable[str], hall: Hall, fps: float) -> list[Seen]:
    (camera,) = hall.cameras
    assert camera.homography is not None
    (a, b, c), (d, e, f), (g, h, i) = camera.homography
    cells = [line.split(",") for line in rows]
    cells.sort(key=lambda row: int(row[0]))  # stable: rows of a frame stay in the order of the file
    first = int(cells[0][0])
    seen = []
    for frame, track, left, top, width, height in (row[:6] for row in cells):
        px, py = float(left) + float(width) / 2, float(top) + float(height)
        w = g * px + h * py + i
        point = Fraction((a * px + b * py + c) / w), Fraction((d * px + e * py + f) / w)
        seen.append(Seen(int(frame), round((int(frame) - first) * 1000 / fps), track, *point))
    return seen


def _zone(polygon: list[Place], seen: list[Seen], tracks: dict[str, list[Seen]]) -> dict[str, Any]:
    is_in = {id(row): _inside(row, polygon) for row in seen}
    together: dict[int, set[str]] = defaultdict(set)
    for row in seen:
        if is_in[id(row)]:
            together[row.frame].add(row.track)
    stays = [stay for rows in tracks.values() for stay in _stays(rows, [is_in[id(row)] for row in rows])]
    return {
        "entries": len(stays),
        "exits": len(stays),
        "max_occupancy": max((len(ids) for ids in together.values()), default=0),
        "person_frames": sum(is_in.values()),
        "dwell_s": {"p50": _percentile(stays, 50), "p90": _percentile(stays, 90)},
    }


def _stays(rows: list[Seen], inside: list[bool]) -> list[float]:
    """Seconds of each run of points inside: to the first point outside, or to the last point there is."""
    stays, since = [], None
    for row, now in zip(rows, inside, strict=True):
        if now and since is None:
            since = row.at_ms
        if not now and since is not None:
            stays.append((row.at_ms - since) / 1000)
            since = None
    return stays if since is None else [*stays, (rows[-1].at_ms - since) / 1000]


def _inside(p: Seen, polygon: list[Place]) -> bool:
    """Whether the ray from p to the right meets an odd number of edges."""
    met = 0
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (ay > p.y) == (by > p.y) or p.x >= max(ax, bx):
            continue
        met += p.x < min(ax, bx) or p.x - ax < (p.y - ay) * (bx - ax) / (by - ay)
    return met % 2 == 1


def _line(ends: list[Place], tracks: dict[str, list[Seen]]) -> dict[str, int]:
    start, end = ends
    count = {"forward": 0, "backward": 0}
    for rows in tracks.values():
        positive = [_turn(start, end, (row.x, row.y)) > 0 for row in rows]
        for k in range(1, len(rows)):
            if positive[k] != positive[k - 1]:
                p, q = ((r.x, r.y) for r in rows[k - 1 : k + 1])
                if _meet(p, q, start, end):
                    count["forward" if positive[k - 1] else "backward"] += 1
    return count


def _turn(o: Place, a: Place, b: Place) -> Fraction:
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def _meet(p: Place, q: Place, a: Place, b: Place) -> bool:
    """Whether p-q, whose ends lie on different sides of the line through a and b, goes through it between a and b.

    One end is strictly on the positive side and the other is not, so p-q is not parallel to a-b and meets the line
    through it in one point p + t (q - p), t in [0, 1]: solve for it, and see whether it lies between a and b.
    """
    t = _turn(a, b, p) / (_turn(a, b, p) - _turn(a, b, q))
    x, y = p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])
    return min(a[0], b[0]) <= x <= max(a[0], b[0]) and min(a[1], b[1]) <= y <= max(a[1], b[1])


def _percentile(values: list[float], percent: int) -> float | None:
    """Nearest rank: the ceil(percent / 100 * n)-th smallest."""
    return sorted(values)[math.ceil(Fraction(percent * len(values), 100)) - 1] if values else None
