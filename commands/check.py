"""``hall check``: read a hall's files, say all that is wrong with them, and draw the plan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click
from rich.table import Table

from commands.console import Console
from config.geometry import area
from config.hall import Camera, Hall, Line
from config.homography import coverage_m, residuals_m, rms
from config.loading import KNOWN_FILES, HallFiles, examine, hall_dirs, load_halls, read_dir
from config.problems import ConfigError, Problem, nearest
from config.rules import Rules
from config.settings import Settings

Column = tuple[str, str]
"""Heading, and "left" or "right"."""


@click.command("check")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--rules", type=click.Path(path_type=Path), metavar="FILE", help="Check with these rules, not rules.yaml."
)
@click.option("--plan", type=click.Path(path_type=Path, dir_okay=False), metavar="PNG", help="Draw the hall's plan.")
def command(directory: Path | None, rules: Path | None, plan: Path | None) -> None:
    """Check the files of a hall, or of all halls in a directory.

    Reads hall.yaml and rules.yaml and reports every problem at once, each with file, line and key, what was expected,
    what is there, and what to do. A hall with an error is not put in force, one with a warning is. Calibrations are
    judged: docs/calibration.md says how to measure, and what each message means. Then prints what the files say, so
    that a wrong corner or a badly measured camera can be seen.

    DIR is a hall's directory or a directory of them; without it, HALL_CONFIG is checked.

    \b
    Examples:
      hall check config/examples/demo                    one hall
      hall check config/examples/demo --plan plan.png    and a picture of it
      hall check config/examples                         all halls; --plan then writes plan-<id>.png for each
      hall check config/examples/forum --rules config/examples/forum/rules.raw.yaml

    Exit code: 0 if the halls can be put in force, with or without warnings, 1 if there is an error.
    """
    try:
        root = directory or Settings.from_env(os.environ).hall_config()
        directories = hall_dirs(root)
    except ConfigError as error:
        _report(error.problems)
        raise SystemExit(1) from None
    found = [_checked(path, rules) for path in directories]
    halls = [loaded.hall for loaded, _ in found if loaded]
    failed = len(halls) < len(found)
    twice = not failed and not _ids_unique(root)
    if plan:
        _draw(halls, plan, several=len(directories) > 1)
    click.echo("the halls cannot be used together: correct the errors above" if twice else _summary(found))
    raise SystemExit(1 if failed or twice else 0)


Checked = tuple[HallFiles | None, int]
"""A hall's models, None with an error, and how many warnings there were."""


def _summary(found: list[Checked]) -> str:
    """Nothing is called sound that has a warning: a calibration in doubt is one."""
    usable = [warnings for loaded, warnings in found if loaded]
    sound, doubtful = usable.count(0), len(usable) - usable.count(0)
    if len(found) > 1:
        also = f", {doubtful} can be used: read the warnings above" if doubtful else ""
        return f"{sound} of {len(found)} halls are sound{also}"
    if not usable:
        return "the hall cannot be used: correct the errors above"
    if sound:
        return "the hall is sound"
    return f"the hall can be used, but read the {f'{usable[0]} warnings' if usable[0] > 1 else 'warning'} above"


def _checked(directory: Path, rules: Path | None) -> Checked:
    """Examine one hall, print what was found, and return it if it can be used."""
    try:
        loaded, problems = examine(read_dir(directory, rules))
    except ConfigError as error:
        loaded, problems = None, error.problems
    # A problem names the hall's file; where that is, and whether rules came from elsewhere, is known only here.
    places = {name: str(directory / name) for name in KNOWN_FILES} | ({"rules.yaml": str(rules)} if rules else {})
    told = [*(replace(p, file=places.get(p.file, p.file)) for p in problems), *misnamed(directory)]
    _report(told)
    if loaded:
        _print_hall(loaded, directory)
    return loaded, sum(problem.severity == "warning" for problem in told)


def misnamed(directory: Path) -> Iterator[Problem]:
    """Files named nearly as a hall's files: they are not read, which their writer may not have noticed."""
    for path in sorted(directory.glob("*.y*ml")):
        known = nearest(path.name, KNOWN_FILES)
        variant = path.name.startswith(tuple(f"{Path(name).stem}." for name in KNOWN_FILES)) and path.suffix == ".yaml"
        if path.name not in KNOWN_FILES and known and not variant:
            hint = f"it is not read: did you mean {known}?"
            yield Problem(str(path), None, "", f"files named {', '.join(KNOWN_FILES)}", path.name, hint, "warning")


def _ids_unique(root: Path) -> bool:
    try:
        load_halls(root)
    except ConfigError as error:
        _report(error.problems)
        return False
    return True


def _report(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.secho(str(problem), fg="red" if problem.severity == "error" else "yellow")


def _draw(halls: list[Hall], plan: Path, several: bool) -> None:
    from commands.drawing.plan import draw_plan

    for hall in halls:
        path = plan.with_name(f"{plan.stem}-{hall.id}{plan.suffix}") if several else plan
        try:
            draw_plan(hall).image.save(path)
        except (OSError, ValueError) as error:
            raise click.ClickException(
                f"cannot write the plan {path}: {error} (give a .png file that can be written)"
            ) from None
        click.echo(f"plan of {hall.id}: {path}")


def _print_hall(loaded: HallFiles, directory: Path) -> None:
    hall, rules = loaded.hall, loaded.rules
    width, depth = hall.size_m
    console = Console(highlight=False, width=None if os.isatty(1) else 120)
    console.print(f"\n[bold]{hall.id}[/bold]  {hall.name}  {width:g} x {depth:g} m  {hall.timezone}  ({directory})")
    for title, columns, rows in (
        ("Zones", ZONE_COLUMNS, _zone_rows(hall)),
        ("Lines", LINE_COLUMNS, _line_rows(hall.lines)),
        ("Cameras", CAMERA_COLUMNS, _camera_rows(hall.cameras)),
        ("Limits", LIMIT_COLUMNS, _limit_rows(rules)),
    ):
        table = Table(
            title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
        )
        for heading, justify in columns:
            table.add_column(heading, justify="right" if justify == "right" else "left", header_style="dim")
        for row in rows:
            table.add_row(*row)
        if table.row_count:
            console.print(table)
            console.print()


ZONE_COLUMNS: tuple[Column, ...] = (
    ("id", "left"), ("name", "left"), ("kind", "left"), ("area m²", "right"), ("corners", "right"),
)  # fmt: skip
LINE_COLUMNS: tuple[Column, ...] = (
    ("id", "left"), ("name", "left"), ("from m", "right"), ("to m", "right"), ("forward leads", "left"),
)  # fmt: skip
CAMERA_COLUMNS: tuple[Column, ...] = (
    ("id", "left"), ("image px", "right"), ("floor m²", "right"), ("map", "left"), ("points off by cm", "left"),
)  # fmt: skip
LIMIT_COLUMNS: tuple[Column, ...] = (
    ("id", "left"), ("zone", "left"), ("raised when", "left"), ("for s", "right"), ("cleared at", "right"),
    ("severity", "left"),
)  # fmt: skip


def _zone_rows(hall: Hall) -> Iterator[tuple[str, ...]]:
    for zone in hall.zones:
        yield zone.id, zone.name, zone.kind.value, f"{area(zone.polygon_m):.1f}", str(len(zone.polygon_m))


def _line_rows(lines: tuple[Line, ...]) -> Iterator[tuple[str, ...]]:
    for line in lines:
        ends = (f"{x:g}, {y:g}" for x, y in (line.from_m, line.to_m))
        via = f", by {len(line.via_m)} points" if line.via_m else ""
        yield line.id, line.name, *ends, ("into the hall" if line.entrance else "from its right to its left") + via


def _camera_rows(cameras: tuple[Camera, ...]) -> Iterator[tuple[str, ...]]:
    for camera in cameras:
        size, floor = "{} x {}".format(*camera.size_px), f"{area(coverage_m(camera)):.1f}"
        off = residuals_m(camera)
        source = f"{len(off)} points, off by {100 * rms(off):.1f} cm" if off else "matrix"
        yield camera.id, size, floor, source, " ".join(f"{100 * value:.0f}" for value in off)


def _limit_rows(rules: Rules) -> Iterator[tuple[str, ...]]:
    units = {"occupancy": "people", "density": "people/m²", "dwell": "s", "inside": "people"}
    for limit in rules.limits:
        raised = f"{limit.metric} over {limit.over:g} {units[limit.metric]}"
        yield limit.id, limit.zone or "the hall", raised, f"{limit.for_s:g}", f"{limit.clears_at:g}", limit.severity
