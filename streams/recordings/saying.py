"""What a file was taken for, in words: whoever reads it can see whether that is what it is."""

from __future__ import annotations

from streams.recordings.opening import Opened
from streams.recordings.parsed import Parsed
from streams.recordings.rate import Clock


def about(file: Opened, parsed: Parsed, when: Clock, size: tuple[int, int] | None) -> tuple[str, ...]:
    """Two lines: the format and the rows; the time, the image and the classes."""
    found = parsed.found
    first, last = min(found.people), max(found.people)
    ids = len({person.track for people in found.people.values() for person in people})
    moments = f"frames {first} to {last}" if parsed.by_frames else f"{(last - first) / 1000:.1f} s"
    packed = "gzip, " if file.packed else ""
    taken = ", ".join(filter(None, (f"{file.path}: {packed}{parsed.title}", parsed.details)))
    rows = f"{found.used:,} rows, ids: {ids:,}, {moments}"
    image = f"image {size[0]} x {size[1]}" if size else ""
    hint = (parsed.hint,) if parsed.hint else ()
    return taken, "; ".join(filter(None, (rows, when.said, image, found.selection.said()))), *hint
