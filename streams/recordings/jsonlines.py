"""JSON lines: one object a frame, with the people in it; a frame without people is a frame.

    {"frame": 7, "people": [{"id": 3, "box": [285, 330, 40, 170], "score": 0.9, "class": "person"}]}
    {"at_ms": 1700000000700, "people": [{"id": "b", "at_m": [4.6, 1.9]}]}

``box`` is left, top, width and height in pixels; ``at_m`` the point on the floor in metres; one of them is needed, both
may be given. ``at_ms`` is Unix milliseconds, or milliseconds from any beginning. Other keys are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from streams.events import Person
from streams.recordings import cells, classes
from streams.recordings.classes import Selection
from streams.recordings.collecting import Collected
from streams.recordings.model import SHOWN, Bad, Options, PositionsError
from streams.recordings.parsed import AS_CORNERS, Parsed

NOT_JSON = "not readable"
LOOKED_AT = 20


class Somebody(msgspec.Struct, frozen=True, rename={"label": "class"}):
    id: str | int
    box: tuple[float, float, float, float] | None = None
    at_m: tuple[float, float] | None = None
    score: float | None = None
    label: str | int | None = None


class Scene(msgspec.Struct, frozen=True):
    """People are decoded one by one, so that one who cannot be read does not cost the others."""

    people: tuple[msgspec.Raw, ...]
    frame: int | float | None = None
    at_ms: float | None = None


_scene, _somebody = msgspec.json.Decoder(Scene), msgspec.json.Decoder(Somebody)
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)

Read = tuple[int, str, Scene]


def looks_like(data: bytes) -> bool:
    """One of the first lines is an object of its own, with people in it."""
    lines = [line.strip() for line in islice(data.splitlines(), LOOKED_AT)]
    return any(line.startswith(b"{") and b'"people"' in line and line.endswith(b"}") for line in lines)


def read(data: bytes, options: Options, where: str) -> Parsed:
    """Raises PositionsError where no line is a frame, or frames and times are mixed."""
    scenes: list[Read] = []
    refused: list[tuple[int, str, Bad]] = []
    for number, raw in enumerate(data.splitlines(), 1):
        if not raw.strip():
            continue
        text = raw[: SHOWN * 4].decode("utf-8", "backslashreplace")
        try:
            scenes.append((number, text, _scene_of(raw)))
        except Bad as e:
            refused.append((number, text, e))
    by_time = _by_time(scenes, refused, where)
    found = _collected(scenes, options, by_time)
    for row in refused:
        found.refuse(*row)
    found.bad.sort(key=lambda line: line.number)
    return Parsed("jsonl", "JSON lines", found, by_frames=not by_time, as_corners=AS_CORNERS)


def _scene_of(raw: bytes) -> Scene:
    try:
        scene = _scene.decode(raw)
    except UNREADABLE as e:
        raise Bad(NOT_JSON, f'expected {{"frame": 7, "people": [...]}}, {e}') from e
    if scene.frame is None and scene.at_ms is None:
        raise Bad(cells.NO_FRAME, 'expected "frame" or "at_ms", got neither')
    return scene


def _by_time(scenes: Sequence[Read], refused: Sequence[tuple[int, str, Bad]], where: str) -> bool:
    if not scenes:
        number, _, why = refused[0]
        raise PositionsError(f"{where}, line {number}: none of its lines is a frame: {why}")
    timed = [scene.at_ms is not None for _, _, scene in scenes]
    if any(timed) and not all(timed):
        odd = next(number for (number, _, _), has in zip(scenes, timed, strict=True) if has != timed[0])
        raise PositionsError(f'{where}, line {odd}: expected "at_ms" in every line or in none, got it in some only')
    return timed[0]


def _collected(scenes: Sequence[Read], options: Options, by_time: bool) -> Collected:
    people = [(number, text, scene, _people(scene)) for number, text, scene in scenes]
    labels = {label_of(p) for _, _, _, found in people for p in found if isinstance(p, Somebody)}
    scheme = classes.numbered(labels) if any(map(str.isdecimal, labels)) else classes.NAMED
    collected = Collected(Selection(scheme, labels, options.classes), options.min_score)
    for number, text, scene, found in people:
        try:
            moment = _moment(scene, by_time)
        except Bad as e:
            collected.refuse(number, text, e)
            continue
        collected.moment(moment)
        for somebody in found:
            _take(collected, moment, somebody, number, text)
    return collected


def _people(scene: Scene) -> list[Somebody | Bad]:
    return [somebody_of(raw) for raw in scene.people]


def somebody_of(raw: msgspec.Raw) -> Somebody | Bad:
    try:
        return _somebody.decode(raw)
    except UNREADABLE as e:
        return Bad(NOT_JSON, f'expected a person as {{"id": 3, "box": [left, top, width, height]}}, {e}')


def label_of(somebody: Somebody) -> str:
    return "" if somebody.label is None else str(somebody.label)


def _moment(scene: Scene, by_time: bool) -> int:
    if not by_time:
        return cells.frame(str(scene.frame))
    at_ms = scene.at_ms or 0.0
    if not 0 <= at_ms <= cells.LATEST_MS:
        raise Bad(cells.OUT_OF_RANGE, f"at_ms: expected milliseconds from 0 on, got {at_ms:g}")
    return round(at_ms)


def _take(collected: Collected, moment: int, somebody: Somebody | Bad, number: int, text: str) -> None:
    try:
        if isinstance(somebody, Bad):
            raise somebody
        if not collected.leaves_out(moment, label_of(somebody)):
            collected.add(moment, person_of(somebody))
    except Bad as e:
        collected.refuse(number, text, e)


def person_of(somebody: Somebody) -> Person:
    if somebody.box is None and somebody.at_m is None:
        raise Bad("no place", 'expected "box" or "at_m", got neither')
    box, place = somebody.box or (0.0, 0.0, 0.0, 0.0), somebody.at_m or (None, None)
    return cells.person((cells.named_track(str(somebody.id)), *box, cells.score(somebody.score), *place))
