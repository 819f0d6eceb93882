"""Events for the agents below Trajectory and Zones, in seconds and metres; ``service_lane.Rig`` takes them."""

from __future__ import annotations

from collections.abc import Mapping

from config.hall import Camera, Hall, Line, PointM, Zone, ZoneKind
from streams.events import EntrancePassed, Positions, TrackEnded, TrackStarted
from tests.support.service_lane import EYE, HALL, ms


def plan(
    zones: Mapping[str, tuple[PointM, ...]] | None = None, lines: Mapping[str, tuple[PointM, PointM]] | None = None,
    entrances: tuple[str, ...] = (),
) -> Hall:  # fmt: skip
    """``entrances``: the zones of that kind, and the lines that lead into the hall."""
    return Hall(
        id=HALL, name="Hall", size_m=(30, 20),
        zones=tuple(
            Zone(id=i, name=i, kind=ZoneKind.ENTRANCE if i in entrances else ZoneKind.OPEN, polygon_m=p)
            for i, p in (zones or {}).items()
        ),
        lines=tuple(
            Line(id=i, name=i, from_m=a, to_m=b, entrance=i in entrances) for i, (a, b) in (lines or {}).items()
        ),
        cameras=(Camera(id="cam", size_px=(640, 480), homography=EYE),),
    )  # fmt: skip


def seen(at_s: float, people: Mapping[str, PointM], camera: str = "cam") -> Positions:
    """One frame: where each track is."""
    rows = tuple((track, x, y, 0.0, False) for track, (x, y) in people.items())
    return Positions(hall=HALL, at_ms=ms(at_s), camera=camera, rows=rows)


def track_started(at_s: float, track: str, at: PointM) -> TrackStarted:
    return TrackStarted(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), camera="cam", track=track, x_m=at[0], y_m=at[1]
    )


def passed(at_s: float, track: str, line: str, *, forward: bool) -> EntrancePassed:
    """``forward``: in."""
    return EntrancePassed(hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s), line=line, track=track, forward=forward)


def track_ended(
    at_s: float, track: str, first_s: float = 0.0, decided_s: float | None = None, at: PointM = (0.0, 0.0)
) -> TrackEnded:
    """``at_s``, ``at``: when and where last seen."""
    return TrackEnded(
        hall=HALL, at_ms=ms(at_s), decided_at_ms=ms(at_s if decided_s is None else decided_s), camera="cam",
        track=track, first_ms=ms(first_s), path_m=0.0, standing_ms=0, x_m=at[0], y_m=at[1],
    )  # fmt: skip
