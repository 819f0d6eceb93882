"""The real day in the forum, by its tracker's own ids: nobody knows who was who, but sums can be held against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.accuracy.crowds import absent
from benchmarks.accuracy.ledger import Ledger, ledger_of
from benchmarks.accuracy.recordings import Moments, people_of, read_mot
from benchmarks.accuracy.scoring import Crossings, drift
from benchmarks.accuracy.seconds import compared, told
from benchmarks.accuracy.street_view import SHARED
from benchmarks.figures import Figure, Options
from config.geometry import Point, apply_homography, cross, inside, segments_meet
from config.hall import Hall, Line
from config.homography import camera_homography
from config.loading import load_files, read_dir
from streams.events import Frame, Person

DAY = SHARED / "hall-day" / "tracks.mot.txt"
FORUM = Path(__file__).parents[2] / "config" / "examples" / "forum"
FPS = 9.0
STARTS = datetime(2020, 1, 1, 9)


def measure(_: Options) -> Iterator[Figure]:
    if not DAY.is_file():
        yield absent(DAY, "the real day")
        return
    files = read_dir(FORUM)
    hall = load_files(files).hall
    moments = read_mot(DAY, FPS, world=False)
    ledger = ledger_of(hall.id, files, _frames(hall, moments))
    ids = people_of(moments)
    yield Figure("tracks", str(ledger.started), "", f"{len(ids)} ids; {ledger.joins} joins")
    yield from _doors(hall, moments, ledger)
    yield from compared(seconds_by_points(hall, moments), told(ledger), [zone.id for zone in hall.zones])


def _frames(hall: Hall, moments: Moments) -> Iterator[Frame]:
    camera, start_ms = hall.cameras[0].id, round(STARTS.replace(tzinfo=hall.tz).timestamp() * 1000)
    for number, (at_ms, people) in enumerate(moments):
        yield Frame(
            hall=hall.id, at_ms=start_ms + at_ms, camera=camera, people=people, source=camera, boot="1", seq=number
        )


def _doors(hall: Hall, moments: Moments, ledger: Ledger) -> Iterator[Figure]:
    doors = [line for line in hall.lines if line.entrance]
    got = Crossings(*(sum(ledger.crossed[door.id, way] for door in doors) for way in ("forward", "backward")))
    true = crossings_by_points(hall, doors, moments)
    yield Figure("over the entrances", str(got), "", f"by the points {true}")
    yield drift(got, true)


def crossings_by_points(hall: Hall, lines: Sequence[Line], moments: Moments) -> Crossings:
    """Every step between two points of an id that changes a line's side and meets it."""
    met = Counter[bool]()
    before: dict[str, Point] = {}
    for moment in moments:
        for person in moment.people:
            at = floor_point(hall, person)
            was = before.get(person.track)
            if at and was:
                met.update(forward for line in lines if (forward := crossed(line, was, at)) is not None)
            if at:
                before[person.track] = at
    return Crossings(met[True], met[False])


def crossed(line: Line, was: Point, at: Point) -> bool | None:
    """True: forward; False: backward; None: not at all."""
    before, after = (cross(*line.from_m, *line.to_m, *point) > 0 for point in (was, at))
    return before if before != after and segments_meet(was, at, line.from_m, line.to_m) else None


def seconds_by_points(hall: Hall, moments: Moments) -> dict[str, float]:
    """By zone, the time between a point of the file that lies in it and the next one of the same id."""
    spent_ms = Counter[str]()
    before: dict[str, tuple[int, list[str]]] = {}
    for moment in moments:
        for person in moment.people:
            if person.track in before:
                since_ms, zones = before[person.track]
                spent_ms.update(dict.fromkeys(zones, moment.at_ms - since_ms))
            before[person.track] = moment.at_ms, zones_of(hall, person)
    return {zone: ms / 1000 for zone, ms in spent_ms.items()}


def zones_of(hall: Hall, person: Person) -> list[str]:
    point = floor_point(hall, person)
    return [zone.id for zone in hall.zones if point and inside(*point, zone.polygon_m)]


def floor_point(hall: Hall, person: Person) -> Point | None:
    """Where the bottom centre of the box stands, seen by the hall's only camera."""
    px, py = person.left_px + person.width_px / 2, person.top_px + person.height_px
    return apply_homography(camera_homography(hall.cameras[0]), px, py)
