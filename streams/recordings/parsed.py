"""What a reader of one format hands back, before it becomes frames."""

from __future__ import annotations

from typing import NamedTuple

from streams.recordings.collecting import Collected

AS_CORNERS = "write left, top, width and height"


class Parsed(NamedTuple):
    """``name``: of the format; ``title``: for people. ``by_frames``: moments are frame numbers, else milliseconds.

    ``fps``, ``size_px``: if the file says so itself. ``details``, ``hint``: more words about it. ``as_corners``: what to do
    if its sizes turn out to be corners; nothing where they cannot be.
    """

    name: str
    title: str
    found: Collected
    by_frames: bool = True
    fps: float | None = None
    size_px: tuple[int, int] | None = None
    details: str = ""
    hint: str = ""
    as_corners: str = ""
