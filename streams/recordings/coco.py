"""COCO json with identities: the boxes of one video, as annotation tools and trackers export them.

    {"images": [{"id": 11, "frame_id": 0, "width": 1920, "height": 1080}],
     "annotations": [{"image_id": 11, "track_id": 3, "bbox": [285, 330, 40, 170], "category_id": 1, "score": 0.9}],
     "categories": [{"id": 1, "name": "person"}]}

A list of annotations alone (results) is read as well: then ``image_id`` is the frame number. A frame's number is ``frame_id``
or ``frame_index`` where every image has it, else its place in ``images``. An identity is ``track_id``, ``instance_id`` or
``attributes.track_id``. Crowd regions (``iscrowd``) are left out. ``fps`` is read from ``info`` or the one ``videos`` entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from streams.recordings import cells, classes
from streams.recordings.classes import Scheme, Selection
from streams.recordings.collecting import Collected
from streams.recordings.model import SHOWN, Bad, Options, PositionsError
from streams.recordings.parsed import AS_CORNERS, Parsed

Number = str | int | float
FRAME_NUMBERS = ("frame_id", "frame_index")


class Image(msgspec.Struct, frozen=True):
    id: str | int
    width: float | None = None
    height: float | None = None
    video_id: str | int | None = None
    frame_id: int | None = None
    frame_index: int | None = None


class Category(msgspec.Struct, frozen=True):
    id: int
    name: str


class Annotation(msgspec.Struct, frozen=True):
    """``id`` is the annotation's own, never the person's."""

    image_id: str | int
    bbox: tuple[float, float, float, float] | None = None
    category_id: int | None = None
    track_id: Number | None = None
    instance_id: Number | None = None
    attributes: dict[str, Any] | None = None
    score: float | None = None
    iscrowd: int | bool = False


class File(msgspec.Struct, frozen=True):
    annotations: tuple[msgspec.Raw, ...]
    images: tuple[Image, ...] = ()
    categories: tuple[Category, ...] = ()
    info: dict[str, Any] | None = None
    videos: tuple[dict[str, Any], ...] = ()


_file, _list = msgspec.json.Decoder(File), msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_annotation = msgspec.json.Decoder(Annotation)


def looks_like(data: bytes) -> bool:
    head = data.lstrip()[:1]
    return (head == b"{" and b'"annotations"' in data) or (head == b"[" and b'"image_id"' in data[:100_000])


def read(data: bytes, options: Options, where: str) -> Parsed:
    """Raises PositionsError where it is no COCO, or of several videos."""
    file = _decoded(data, where)
    videos = {image.video_id for image in file.images}
    if len(videos) > 1:
        raise PositionsError(
            f"{where}: expected the images of one video, got {len(videos)} videos: write one file each"
        )
    frames = _frames(file.images)
    found = _collected(file, frames, options)
    size = _size(file.images, where)
    return Parsed("coco", "COCO json", found, fps=_fps(file), size_px=size, as_corners=AS_CORNERS)


def _decoded(data: bytes, where: str) -> File:
    try:
        return File(_list.decode(data)) if data.lstrip().startswith(b"[") else _file.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PositionsError(f"{where}: expected COCO json (images, annotations, categories), {e}") from e


def _frames(images: Sequence[Image]) -> dict[str, int]:
    """The frame number of each image, by the image's id."""
    for name in FRAME_NUMBERS:
        numbers = [getattr(image, name) for image in images]
        if None not in numbers and len(set(numbers)) == len(numbers):
            return {str(image.id): number for image, number in zip(images, numbers, strict=True)}
    return {str(image.id): at for at, image in enumerate(images)}


def _collected(file: File, frames: Mapping[str, int], options: Options) -> Collected:
    rows = [(number, raw, _one(raw)) for number, raw in enumerate(file.annotations, 1)]
    names = {str(category.id): category.name for category in file.categories}
    labels = {_label(row) for _, _, row in rows if isinstance(row, Annotation)}
    found = Collected(Selection(_scheme(names, labels), labels, options.classes), options.min_score)
    for number, raw, row in rows:
        try:
            _take(found, frames, row)
        except Bad as e:
            found.refuse(number, bytes(raw)[: SHOWN * 4].decode("utf-8", "backslashreplace"), e)
    for moment in frames.values():
        if 0 <= moment <= cells.LAST_FRAME:
            found.moment(moment)
    return found


def _scheme(names: Mapping[str, str], labels: set[str]) -> Scheme:
    if not names:
        return classes.numbered(labels)
    people = frozenset(number for number, name in names.items() if classes.is_person(name))
    return Scheme("classes of its categories", names, people)


def _one(raw: msgspec.Raw) -> Annotation | Bad:
    try:
        return _annotation.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        return Bad("not readable", f"expected an annotation with image_id, track_id and bbox, {e}")


def _label(row: Annotation) -> str:
    return "" if row.category_id is None else str(row.category_id)


def _take(found: Collected, frames: Mapping[str, int], row: Annotation | Bad) -> None:
    if isinstance(row, Bad):
        raise row
    moment = _moment(frames, row)
    if row.iscrowd:
        found.left_out["crowd regions"] += 1
    elif not found.leaves_out(moment, _label(row)):
        if row.bbox is None:
            raise Bad("no place", "expected a bbox [left, top, width, height], got none")
        found.add(moment, cells.person((_track(row), *row.bbox, cells.score(row.score), None, None)))


def _moment(frames: Mapping[str, int], row: Annotation) -> int:
    if frames and str(row.image_id) not in frames:
        raise Bad(cells.NO_FRAME, f"image_id: expected one of the images, got {row.image_id!r}")
    return cells.frame(str(frames.get(str(row.image_id), row.image_id)))


def _track(row: Annotation) -> str:
    given = (row.track_id, row.instance_id, (row.attributes or {}).get("track_id"))
    found = next((value for value in given if value is not None), None)
    if found is None:
        raise Bad(
            cells.NO_ID, "track_id: expected the person's id, got none (detections without ids? run a tracker first)"
        )
    return cells.named_track(str(found))


def _size(images: Sequence[Image], where: str) -> tuple[int, int] | None:
    sizes = {(round(i.width), round(i.height)) for i in images if i.width and i.height}
    if len(sizes) > 1:
        raise PositionsError(f"{where}: expected images of one size, got {sorted(sizes)[:5]}: one camera sees one size")
    return next(iter(sizes), None)


def _fps(file: File) -> float | None:
    for about in (file.info or {}, *(file.videos if len(file.videos) == 1 else ())):
        for name in ("fps", "frame_rate"):
            value = about.get(name)
            if isinstance(value, int | float) and cells.is_rate(value):
                return float(value)
    return None
