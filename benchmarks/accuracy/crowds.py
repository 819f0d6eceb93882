"""Perfect tracks: every id is one person, so every join is false."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.accuracy import street_view
from benchmarks.accuracy.flat import flat_files, seen_flat
from benchmarks.accuracy.floors import CAMERA, HALL, NOWHERE, Ends, Extent, extent_of, hall_files, moved, moved_view
from benchmarks.accuracy.ledger import Files, Ledger, ledger_of
from benchmarks.accuracy.recordings import Moments, people_of, read_mot, read_obsmat, read_petrack, unscored
from benchmarks.accuracy.scoring import Crossings, drift, false_joins, splits
from benchmarks.figures import Figure, Options
from streams.events import Frame

START_MS = round(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp() * 1000)


class Crowd(NamedTuple):
    """A recording with true ids. ``entrances``: where across its floor, x in its own metres, people come and go."""

    name: str
    path: Path
    read: Callable[[Path], Moments]
    middle: float | None = None
    entrances: Ends = NOWHERE


class Scene(NamedTuple):
    """A recording on the plan of a hall around it. ``ends``: where its lines are, x in the plan's metres."""

    moments: Moments
    files: Files
    ends: Ends


def read_street(path: Path) -> Moments:
    return read_mot(path, street_view.FPS, world=True)


CORRIDOR = Crowd(
    "corridor", street_view.SHARED / "crowds" / "bi_corr_400_b_03.txt", read_petrack, -0.5, Ends(west=-4.8, east=3.8)
)  # fmt: skip
ETH = Crowd("ETH", street_view.SHARED / "crowds" / "eth_obsmat.txt", read_obsmat, 5.0, Ends(west=-1.0, east=12.0))
STREET = Crowd("street", street_view.TRUTH, read_street)
CROWDS = (CORRIDOR, ETH, STREET)


def measure(_: Options) -> Iterator[Figure]:
    for crowd in CROWDS:
        if not crowd.path.is_file():
            yield absent(crowd.path, crowd.name)
            continue
        moments = crowd.read(crowd.path)
        yield from _figures(crowd.name, scene_of(moments, Ends(middle=crowd.middle)))
        if crowd.entrances != NOWHERE:
            yield from _figures(f"{crowd.name}, entrances at its ends", scene_of(moments, crowd.entrances))
            yield from _figures(
                f"{crowd.name}, by a flat camera", Scene(seen_flat(moments), flat_files(moments), NOWHERE)
            )
    if STREET.path.is_file():
        yield from _figures("street, floor points by the homography", seen_street(true_boxes()))


def absent(path: Path, name: str) -> Figure:
    return Figure(name, "not measured", "", f"{path.name} is not in ../shared/data beside the project")


def scene_of(moments: Moments, ends: Ends) -> Scene:
    """``ends`` in the recording's own metres."""
    extent = extent_of(moments)
    return Scene(moved(moments, extent), hall_files(extent, ends), _moved_ends(ends, extent))


def _moved_ends(ends: Ends, extent: Extent) -> Ends:
    return Ends(*(None if x is None else x - extent.left for x in ends))


def street_scene(path: Path, extent: Extent) -> Scene:
    """A tracker's boxes of the street camera, for the engine to find the floor points by its homography."""
    return seen_street(read_mot(path, street_view.FPS, world=False), extent)


def true_boxes() -> Moments:
    return unscored(read_mot(STREET.path, street_view.FPS, world=False))


def seen_street(moments: Moments, extent: Extent | None = None) -> Scene:
    """Boxes of the street camera; their floor points are as its homography gives them, with the boxes' jitter."""
    extent = extent or extent_of(read_street(STREET.path))
    view = moved_view(street_view.VIEW, extent)
    return Scene(moments, hall_files(extent, view=view, size_px=street_view.SIZE_PX), NOWHERE)


def frames_of(moments: Moments) -> Iterator[Frame]:
    for number, (at_ms, people) in enumerate(moments):
        yield Frame(
            hall=HALL, at_ms=START_MS + at_ms, camera=CAMERA, people=people, source=CAMERA, boot="1", seq=number
        )


def run(scene: Scene) -> Ledger:
    return ledger_of(HALL, scene.files, frames_of(scene.moments))


def _figures(name: str, scene: Scene) -> Iterator[Figure]:
    people = people_of(scene.moments)
    ledger = run(scene)
    wrong = false_joins(ledger.links, {f"{CAMERA}/{id_}": id_ for id_ in people})
    yield Figure(
        f"{name}: false joins in 100 people", f"{100 * wrong / len(people):.1f}", "at most 1",
        f"{len(people)} people, {ledger.started} tracks, {ledger.joins} joins; {splits(ledger.links)} taken for two",
    )  # fmt: skip
    if scene.ends.west is not None or scene.ends.east is not None:
        got, true = _counted(ledger), _true(scene)
        yield Figure("  over the entrances", str(got), "", f"truth {true}")
        yield drift(got, true)


def _counted(ledger: Ledger) -> Crossings:
    return Crossings(*(sum(ledger.crossed[line, way] for line in ("west", "east")) for way in ("forward", "backward")))


def _true(scene: Scene) -> Crossings:
    """Who was first seen on one side of an entrance and last on the other."""
    entries = exits = 0
    for first, last in _first_and_last(scene.moments).values():
        for at, inwards in ((scene.ends.west, 1), (scene.ends.east, -1)):
            if at is not None:
                came, went = (first - at) * inwards > 0, (last - at) * inwards > 0
                entries += went and not came
                exits += came and not went
    return Crossings(entries, exits)


def _first_and_last(moments: Moments) -> dict[str, tuple[float, float]]:
    """By id, the x at which it was first and last seen."""
    found: dict[str, tuple[float, float]] = {}
    for moment in moments:
        for person in moment.people:
            assert person.x_m is not None
            found[person.track] = found.get(person.track, (person.x_m, 0.0))[0], person.x_m
    return found
