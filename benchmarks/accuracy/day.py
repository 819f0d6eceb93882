"""The real day in the forum, by its tracker's own ids: nobody knows who was who, but sums can be held against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from benchmarks.accuracy.crowds import absent
from benchmarks.accuracy.ledger import Ledger, ledger_of
from benchmarks.accuracy.recordings import Moments, people_of, read_mot
from benchmarks.accuracy.seconds import compared, told
from benchmarks.accuracy.street_view import SHARED
from benchmarks.figures import Figure, Options
from config.geometry import apply_homography, inside
from config.hall import Hall
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
    yield _doors(hall, ledger)
    yield from compared(seconds_by_points(hall, moments), told(ledger), [zone.id for zone in hall.zones])


def _frames(hall: Hall, moments: Moments) -> Iterator[Frame]:
    camera, start_ms = hall.cameras[0].id, round(STARTS.replace(tzinfo=hall.tz).timestamp() * 1000)
    for number, (at_ms, people) in enumerate(moments):
        yield Frame(
            hall=hall.id, at_ms=start_ms + at_ms, camera=camera, people=people, source=camera, boot="1", seq=number
        )


def _doors(hall: Hall, ledger: Ledger) -> Figure:
    doors = [line.id for line in hall.lines if line.entrance]
    entries, exits = (sum(ledger.crossed[door, way] for door in doors) for way in ("forward", "backward"))
    drift = entries - exits
    return Figure(
        "entries minus exits, in 200", f"{200 * drift / max(1, entries):+.2f}", "below 1",
        f"{entries} in, {exits} out",
    )  # fmt: skip


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
    """Those in which the bottom centre of the box stands, seen by the hall's only camera."""
    px, py = person.left_px + person.width_px / 2, person.top_px + person.height_px
    point = apply_homography(camera_homography(hall.cameras[0]), px, py)
    return [zone.id for zone in hall.zones if point and inside(*point, zone.polygon_m)]
