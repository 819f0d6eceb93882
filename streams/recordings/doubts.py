"""What a file looks like as a whole: corners in place of sizes, fractions in place of pixels, another image, other columns.

No single row shows it, and every figure would be wrong; so it is said, with the option that reads the file right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from streams.events import Frame, Person
from streams.recordings.model import PositionsError

NEARLY_ALL = 0.95
MANY = 0.2
"""Of the boxes reach out of the image: people at its edge do, but not a fifth of all."""
FRACTIONS_TO = 1.5
"""A box at the edge may reach a little over 1."""
ENOUGH_IDS = 20
"""With fewer ids it may be chance that nobody is seen twice."""
STEADIER = 2.0
"""So much less than its second edge a moving box's size changes."""
MOVED_PX = 20.0
"""Less movement in all shows nothing."""

Size = tuple[int, int]


def check_pixels(frames: Sequence[Frame], size: Size | None, where: str) -> None:
    """Raises PositionsError when all coordinates are fractions of the image."""
    values = [value for p in _boxed(frames) for value in (p.left_px, p.top_px, p.width_px, p.height_px)]
    if not values or max(map(abs, values)) > FRACTIONS_TO or all(value.is_integer() for value in values):
        return
    image = f"the image is {size[0]} x {size[1]} pixels" if size else "the image's size in pixels"
    raise PositionsError(
        f"{where}: expected boxes in pixels, got none beyond {max(map(abs, values)):.2f}: these are fractions of the image. "
        f"Multiply left and width by its width, top and height by its height ({image})"
    )


def warnings(frames: Sequence[Frame], camera: Size | None, said: Size | None, as_corners: str) -> Iterator[str]:
    """``camera``: its image in pixels; ``said``: the file's own. ``as_corners``: what to do if sizes are corners."""
    if camera and said and camera != said:
        yield (
            f"the file is of an image of {said[0]} x {said[1]}, the camera's is {camera[0]} x {camera[1]}: positions on the "
            "floor will be wrong unless the tracker's boxes were scaled"
        )
    if _nobody_seen_twice(frames):
        yield (
            "nearly every id is seen once only, so nobody moves: is the first column the frame and the second the person's id? "
            "If not, name them with --columns"
        )
    if as_corners and _looks_like_corners(list(_boxed(frames)), said or camera):
        yield f"width and height of the boxes look like their right and bottom edges: {as_corners}"


def _nobody_seen_twice(frames: Sequence[Frame]) -> bool:
    seen = Counter(person.track for frame in frames for person in frame.people)
    return len(seen) >= ENOUGH_IDS and sum(count == 1 for count in seen.values()) >= NEARLY_ALL * len(seen)


def _boxed(frames: Iterable[Frame]) -> Iterator[Person]:
    return (p for frame in frames for p in frame.people if p.width_px or p.height_px)


def _looks_like_corners(people: Sequence[Person], size: Size | None) -> bool:
    """Right is right of left in nearly every row; and the edges move together, or only as corners they fit the image."""
    if not people:
        return False
    beyond = sum(p.width_px > p.left_px and p.height_px > p.top_px for p in people)
    return beyond >= NEARLY_ALL * len(people) and (_move_together(people) or (size is not None and _fits(people, size)))


def _fits(people: Sequence[Person], size: Size) -> bool:
    """Taken as sizes many reach out of the image, taken as corners hardly any."""
    width, height = size
    out = sum(p.left_px + p.width_px > width * 1.02 or p.top_px + p.height_px > height * 1.02 for p in people)
    corners_out = sum(p.width_px > width * 1.02 or p.height_px > height * 1.02 for p in people)
    return out >= MANY * len(people) and corners_out <= (1 - NEARLY_ALL) * len(people)


def _move_together(people: Sequence[Person]) -> bool:
    """
    sizes                         corners
    left   285 290 295 300        left  285 290 295 300
    width   40  41  40  40        right 325 331 335 340     right - left changes less than right
    """
    tracks: dict[str, list[Person]] = {}
    for person in people:
        tracks.setdefault(person.track, []).append(person)
    second = apart = 0.0
    for before, after in (pair for track in tracks.values() for pair in pairwise(track)):
        dx, dy = after.left_px - before.left_px, after.top_px - before.top_px
        dw, dh = after.width_px - before.width_px, after.height_px - before.height_px
        second += abs(dw) + abs(dh)
        apart += abs(dw - dx) + abs(dh - dy)
    return second > MOVED_PX and second > STEADIER * apart
