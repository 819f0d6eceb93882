"""The ground truth of a simulated hall: what really happened, in one JSON file, and how to hold an engine against it.

    {"hall", "timezone", "seed", "fps", "level", "start_ms", "end_ms", "frames": {camera: count},
     "arrivals": [{"hour_ms", "parties", "visitors"}],
     "visitors": [{"visitor", "party", "route", "entered_ms", "entered_by", "left_ms", "left_by", "walked_out",
                   "points": [[at_ms, x_m, y_m]], "stages": [[stage, phase, at_ms, zone]],
                   "stays": [{"zone", "enter_ms", "leave_ms", "last_ms",
                              "seen": [[camera, first_ms, last_ms, frames]]}],
                   "crossings": [{"line", "at_ms", "direction", "seen"}],
                   "tracks": [{"camera", "track", "first_ms", "last_ms"}]}],
     "false_tracks": [{"camera", "track", "first_ms", "last_ms"}]}

Times are Unix milliseconds, lengths metres. Stays and crossings are those of the exact path, without noise, sampled at
the frames' times: inside by ``config.geometry.inside``; a stay begins with the first frame inside and ends with the
first frame outside, or, where the visitor is gone, with the last frame inside; None: it had not ended. A crossing is a
change of ``cross(to - from, point - from) > 0`` between two frames whose way met the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

Direction = Literal["forward", "backward"]


class PathPoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    at_ms: int
    x_m: float
    y_m: float


class StagePoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    stage: str | None
    phase: str
    at_ms: int
    zone: str | None


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One camera had the visitor in view from ``first_ms`` to ``last_ms``, in ``frames`` of its frames."""

    camera: str
    first_ms: int
    last_ms: int
    frames: int


class Stay(msgspec.Struct, frozen=True, gc=False):
    """One visitor in one zone; ``seen`` by no camera: no engine can know of it."""

    zone: str
    enter_ms: int
    leave_ms: int | None
    last_ms: int
    seen: tuple[Seen, ...]


class Crossing(msgspec.Struct, frozen=True, gc=False):
    """``seen``: the same camera had the visitor in view before and after."""

    line: str
    at_ms: int
    direction: Direction
    seen: bool


class Track(msgspec.Struct, frozen=True, gc=False):
    camera: str
    track: str
    first_ms: int
    last_ms: int


class TrueVisitor(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    visitor: str
    party: str
    route: str
    entered_ms: int
    entered_by: str
    left_ms: int | None
    left_by: str | None
    walked_out: bool
    points: tuple[PathPoint, ...]
    stages: tuple[StagePoint, ...]
    stays: tuple[Stay, ...]
    crossings: tuple[Crossing, ...]
    tracks: tuple[Track, ...]


class Hour(msgspec.Struct, frozen=True, gc=False):
    """Arrivals in the hour from ``hour_ms`` on, by the hall's own clock."""

    hour_ms: int
    parties: int
    visitors: int


class Truth(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    hall: str
    timezone: str
    seed: int
    fps: float
    level: float
    start_ms: int
    end_ms: int
    frames: dict[str, int]
    arrivals: tuple[Hour, ...]
    visitors: tuple[TrueVisitor, ...]
    false_tracks: tuple[Track, ...]


def save(truth: Truth, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1) + b"\n")


def load(path: Path) -> Truth:
    """Raises ValueError naming the file when it is not a truth file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Truth)
    except msgspec.DecodeError as e:
        raise ValueError(f"{path}: expected the ground truth of a simulated hall (truth/HALL.json), {e}") from e


def summarise(truth: Truth, *, fused: bool = False) -> dict[str, Any]:
    """The truth in the shape of a replay's ``summary.json``: what a perfect engine would count over the same frames.

    ``fused`` False: each camera for itself, so that who walks within a zone from one camera to the next enters it
    twice. True: as people. Only what some camera had in view counts; who is still inside leaves with the last frame, as
    at the end of a replay.
    """
    stays: dict[str, list[_Interval]] = {}
    lines: dict[str, dict[str, int]] = {}
    for visitor in truth.visitors:
        for stay in visitor.stays:
            stays.setdefault(stay.zone, []).extend(_intervals(stay, fused=fused))
        for crossing in visitor.crossings:
            if crossing.seen:
                line = lines.setdefault(crossing.line, {"forward": 0, "backward": 0})
                line[crossing.direction] += 1
    return {
        "frames": sum(truth.frames.values()),
        "tracks": sum(bool(v.tracks) for v in truth.visitors),
        "zones": {zone: _zone(stays[zone]) for zone in sorted(stays) if stays[zone]},
        "lines": {line: lines[line] for line in sorted(lines)},
    }


class _Interval(NamedTuple):
    enter_ms: int
    last_ms: int
    leave_ms: int
    frames: int


def _intervals(stay: Stay, *, fused: bool) -> Iterator[_Interval]:
    left = stay.last_ms if stay.leave_ms is None else stay.leave_ms
    if fused and stay.seen:
        yield _Interval(stay.enter_ms, stay.last_ms, left, sum(s.frames for s in stay.seen))
    elif not fused:
        for seen in stay.seen:
            # What a camera sees to the end ends with the first frame outside; what it loses, with its last frame.
            end_ms = left if seen.last_ms == stay.last_ms else seen.last_ms
            yield _Interval(seen.first_ms, seen.last_ms, end_ms, seen.frames)


def _zone(stays: list[_Interval]) -> dict[str, Any]:
    dwells = sorted((s.leave_ms - s.enter_ms) / 1000 for s in stays)
    # Inside from the first frame to the last: of one moment, entries count before leaves.
    moves = sorted([(s.enter_ms, 0, 1) for s in stays] + [(s.last_ms, 1, -1) for s in stays])
    now = most = 0
    for _, _, by in moves:
        now += by
        most = max(most, now)
    return {
        "entries": len(stays),
        "exits": len(stays),
        "max_occupancy": most,
        "person_frames": sum(s.frames for s in stays),
        "dwell_s": {"p50": _percentile(dwells, 0.5), "p90": _percentile(dwells, 0.9)},
    }


def _percentile(ordered: list[float], share: float) -> float | None:
    """Nearest rank."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None


class Tolerance(msgspec.Struct, frozen=True):
    """How far a figure may be from the truth: the larger of ``share`` of it and ``least`` of its unit."""

    share: float
    least: float


# What is compared, by the last word of the figure's name. Noise at edges and false boxes add entries, misses take
# person-frames.
TOLERANCES: Mapping[str, Tolerance] = {
    "entries": Tolerance(0.10, 3),
    "exits": Tolerance(0.10, 3),
    "max_occupancy": Tolerance(0.15, 1),
    "person_frames": Tolerance(0.08, 50),
    "p50": Tolerance(0.20, 3),
    "p90": Tolerance(0.20, 5),
    "forward": Tolerance(0.05, 2),
    "backward": Tolerance(0.05, 2),
}


class Difference(msgspec.Struct, frozen=True):
    """A figure that is farther from the truth than it may be; None: the other side has no such figure."""

    figure: str
    truth: float | None
    got: float | None
    allowed: float

    def __str__(self) -> str:
        return f"{self.figure}: expected {self.truth} ± {self.allowed:g}, got {self.got}"


def compare(
    truth: Truth | Mapping[str, Any], summary: Mapping[str, Any], tolerances: Mapping[str, Tolerance] = TOLERANCES
) -> list[Difference]:
    """Hold a ``summary.json`` against the truth, figure by figure of its zones and lines; empty: all within tolerance.

    ``truth``: as it is (cameras then count each for itself), or what ``summarise`` made of it. A zone or line that one
    of the two does not name counts as nothing there (0 of everything). ``tolerances`` names the figures to look at;
    with all of them at zero the comparison is exact.
    """
    expected = dict(_figures(summarise(truth) if isinstance(truth, Truth) else truth))
    got = dict(_figures(summary))
    names = sorted(n for n in {*expected, *got} if n.rpartition(".")[2] in tolerances)
    differences = (_differ(n, expected.get(n), got.get(n), tolerances[n.rpartition(".")[2]]) for n in names)
    return [d for d in differences if d is not None]


def _figures(summary: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    for group in ("zones", "lines"):
        for name, figures in summary.get(group, {}).items():
            yield from _flat(f"{group}.{name}", figures)


def _flat(prefix: str, figures: Mapping[str, Any]) -> Iterable[tuple[str, float | None]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", value


def _differ(name: str, truth: float | None, got: float | None, tolerance: Tolerance) -> Difference | None:
    allowed = max(tolerance.share * abs(truth or 0.0), tolerance.least)
    return Difference(name, truth, got, allowed) if abs((truth or 0.0) - (got or 0.0)) > allowed else None
