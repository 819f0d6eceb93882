"""The formats by name, as ``--format`` takes them, and which options go with which."""

from __future__ import annotations

from streams.recordings.cells import is_rate
from streams.recordings.layouts import FORCED, MOT
from streams.recordings.model import Options, OptionsError

NAMES = (*FORCED, "coco", "jsonl")


def check_options(options: Options) -> None:
    """Raises OptionsError for options that contradict each other, and for a frame rate that is none."""
    if options.fps is not None and not is_rate(options.fps):
        raise OptionsError(f"fps: expected frames a second from 0.01 to 1000, got {options.fps}")
    if options.format is not None and options.format not in NAMES:
        raise OptionsError(f"--format: expected one of {', '.join(NAMES)}; got {options.format!r}")
    if options.format is not None and options.columns is not None:
        raise OptionsError("expected --format or --columns, got both: --columns says all about a table")
    if options.world and (options.columns is not None or options.format not in (None, MOT.name)):
        raise OptionsError("--world is for MOTChallenge text; with --columns name the columns x_m and y_m")
