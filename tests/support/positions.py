"""Files of positions, read for tests as camera ``overhead`` of hall ``forum`` saw them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streams.recordings import Options, PositionsFile, Seen, read_positions

START_MS = 1000
Box = tuple[float, float, float, float]


def read(path: Path, content: str | bytes, *, size_px: tuple[int, int] | None = None, **options: Any) -> PositionsFile:
    """Write ``content`` to ``path`` and read it, at 9 frames a second unless told otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return reread(path, size_px=size_px, **{"fps": 9.0, **options})


def reread(path: Path, *, size_px: tuple[int, int] | None = None, **options: Any) -> PositionsFile:
    return read_positions(path, Seen("forum", "overhead", START_MS, size_px), Options(**options))


def boxes(found: PositionsFile) -> list[tuple[str, Box]]:
    """Everybody's id and box, in the order of the frames."""
    return [(p.track, (p.left_px, p.top_px, p.width_px, p.height_px)) for f in found for p in f.people]


def ids(found: PositionsFile) -> list[list[str]]:
    return [[p.track for p in f.people] for f in found]


def points(found: PositionsFile) -> list[tuple[float | None, float | None]]:
    return [(p.x_m, p.y_m) for f in found for p in f.people]
