"""Files of positions on the command line: the options that say what they are, and what is said about them.

``hall replay`` and ``hall feed`` take the same files with the same options, told in the same words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from commands.console import Console
from commands.showing import shortened
from config.hall import Hall
from streams.recordings import Options, PositionsFile, Seen, read_positions
from streams.recordings.columns import parse
from streams.recordings.formats import NAMES
from streams.recordings.usable import too_many

NOTHING_SAID = Options()
NOT_FOR_LOGS = ("format", "columns", "world", "classes", "min_score")
"""Options that would do nothing to a recording of frames, and so are refused there."""


@dataclass(frozen=True)
class Given:
    """What the command line says about a file of positions. ``camera``: which one saw it."""

    camera: str | None = None
    options: Options = NOTHING_SAID

    def refuse_for(self, recording: Path) -> None:
        """Raises UsageError for options that a recording made by Hallstream itself has no use for."""
        useless = [name for name in NOT_FOR_LOGS if getattr(self.options, name) != getattr(NOTHING_SAID, name)]
        if useless:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in useless)
            raise click.UsageError(f"{names}: for files of positions only; {recording} is a recording of frames")


class _Columns(click.ParamType):
    name = "columns"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return parse(str(value))
        except ValueError as e:
            self.fail(str(e), param, ctx)


class _Classes(click.ParamType):
    name = "classes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(item.strip() for item in str(value).split(",") if item.strip())


OPTIONS = (
    click.option("--camera", help="Positions: the camera that saw them [default: the hall's only one]."),
    click.option("--format", "format_", type=click.Choice(NAMES), help="Positions: the format [default: found by looking]."),
    click.option(
        "--columns", type=_Columns(),
        help="Positions: what the columns are, such as frame,id,x_m,y_m or frame,id,left,top,right,bottom; - skips one.",
    ),
    click.option("--fps", type=float, help="Positions: frames a second [default: what the file says, else 9]."),
    click.option("--world", is_flag=True, help="MOTChallenge: columns 8 and 9 are metres on the floor."),
    click.option(
        "--classes", type=_Classes(), default=(),
        help="Positions: classes to take, by name or number, or all [default: people].",
    ),
    click.option("--min-score", type=float, help="Positions: leave out rows with less."),
)  # fmt: skip


def position_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a file of positions; the command gets them as ``given``."""

    @wraps(command)
    def collected(
        *args: Any, camera: str | None, format_: str | None, columns: tuple[str, ...] | None, fps: float | None,
        world: bool, classes: tuple[str, ...], min_score: float | None, **others: Any,
    ) -> None:  # fmt: skip
        options = Options(format_, columns, fps, world, classes, min_score)
        command(*args, given=Given(camera, options), **others)

    for option in reversed(OPTIONS):
        option(collected)
    return collected


def positions_of(path: Path, hall: Hall, given: Given, start_ms: int, *, start_given: bool) -> PositionsFile:
    """The file as seen by one camera of the hall. Raises PositionsError, and UsageError when the camera is not clear."""
    cameras = {camera.id: camera for camera in hall.cameras}
    name = given.camera or (next(iter(cameras)) if len(cameras) == 1 else None)
    if name is None or name not in cameras:
        got = repr(name) if name else f"none, and the hall has {len(cameras)} cameras"
        raise click.UsageError(f"expected --camera with the one that saw this ({', '.join(cameras)}), got {got}")
    seen = Seen(hall.id, name, start_ms, cameras[name].size_px, start_given)
    return read_positions(path, seen, given.options)


def say(path: Path, positions: PositionsFile) -> None:
    """On stderr: what the file was taken for, what was left out, what could not be used, what looks wrong."""
    console = Console(stderr=True)

    def line(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    for text in positions.about:
        line(text)
    if positions.left_out:
        kinds = sorted(positions.left_out.items(), key=lambda row: (-row[1], row[0]))
        line("left out: " + "; ".join(f"{count:,} rows: {kind}" for kind, count in kinds), "yellow")
    bad = [f"could not be used: {path}:{bad.number}: {bad.why}: {bad.text!r}" for bad in positions.bad]
    for text in shortened(bad, "lines could not be used"):
        line(text, "yellow")
    for text in positions.warnings:
        line(f"WARNING: {text}", "bold red")


def too_bad(positions: PositionsFile, refused: Mapping[str, int] | None = None) -> str:
    """What to say when more than a tenth of the file could not be used; nothing otherwise.

    ``refused``: rows of the file that were read and that the engine could not use, by kind.
    """
    unusable = Counter(positions.unusable) + Counter(refused or {})
    return too_many(positions.understood - sum((refused or {}).values()), unusable)
