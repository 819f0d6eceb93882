"""When a frame was: by the file's own clock, or by its number and a frame rate, and who says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.recordings.cells import is_rate
from streams.recordings.model import Options, Seen
from streams.recordings.opening import SequenceInfo
from streams.recordings.parsed import Parsed

DEFAULT = 9.0
"""Frames a second of a file that nobody knows more about."""
SHOWS_A_STEP = 10
"""With fewer frames a step between their numbers may be chance; obsmat files always have one."""
ANNOTATED = 2.5
"""obsmat files have so many annotated frames a second, whatever the video had."""
YEAR_1971_MS = 31_536_000_000
"""Milliseconds from here on are taken for Unix time, less for a clock that began somewhere."""


class Clock(NamedTuple):
    """``fps`` 0: moments are milliseconds. ``said``: what is known of the rate, and by whom."""

    fps: float
    start_ms: int
    first: int
    said: str

    def at_ms(self, moment: int) -> int:
        since = moment - self.first
        return self.start_ms + (round(since * 1000 / self.fps) if self.fps else since)


def clock(parsed: Parsed, options: Options, seen: Seen, info: SequenceInfo | None) -> Clock:
    """``options``: checked before (``formats.check_options``)."""
    moments = sorted(parsed.found.people)
    if not parsed.by_frames:
        own = moments[0] >= YEAR_1971_MS and not seen.start_given
        unused = ", so --fps is not used" if options.fps is not None else ""
        return Clock(0, moments[0] if own else seen.start_ms, moments[0], f"times of its own{unused}")
    step = _step(moments) if parsed.name == "obsmat" or len(moments) >= SHOWS_A_STEP else 1
    fps, said = _rate(parsed, options, info, step)
    if step > 1:
        said += f", one frame in {step} has rows: {fps / step:g} a second"
    return Clock(fps, seen.start_ms, moments[0], said)


def _rate(parsed: Parsed, options: Options, info: SequenceInfo | None, step: int) -> tuple[float, str]:
    own = info.fps if info else None
    if options.fps is not None:
        other = f", {info.path} says {own:g}" if info and own and own != options.fps else ""
        return options.fps, f"{options.fps:g} frames a second (--fps{other})"
    if info and own and is_rate(own):
        return own, f"{own:g} frames a second ({info.path})"
    if parsed.fps is not None and is_rate(parsed.fps):
        return parsed.fps, f"{parsed.fps:g} frames a second (the file says so)"
    fps = ANNOTATED * step if parsed.name == "obsmat" else DEFAULT
    return fps, f"{fps:g} frames a second (ASSUMED: nothing in the file says it; --fps does)"


def _step(moments: Sequence[int]) -> int:
    """What most frame numbers go on by; a stretch without people is longer."""
    steps = Counter(after - before for before, after in pairwise(moments))
    return steps.most_common(1)[0][0] if steps else 1
