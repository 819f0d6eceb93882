"""``hall init``: a commented hall to start from."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from config.hall import Id
from config.loading import KNOWN_FILES
from config.reading import scalar


@click.command("init")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
def command(directory: Path) -> None:
    """Write a commented starter hall into DIR.

    DIR is made if need be; files that are there are never overwritten. The hall takes its id from DIR's name and
    passes `hall check` as it is: change it step by step to yours, and check after each.

    \b
    Examples:
      hall init halls/my-hall
      hall check halls/my-hall --plan plan.png
    """
    taken = [directory / name for name in KNOWN_FILES if (directory / name).exists()]
    if taken:
        raise click.ClickException(
            f"expected a directory without a hall, got one with {' and '.join(str(path) for path in taken)}: "
            "nothing was written; give another directory, or move these away"
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in KNOWN_FILES:
            # "x": should another process have made the file since, it is kept.
            with (directory / name).open("x", encoding="utf-8") as file:
                file.write(starter_text(name, directory))
    except OSError as error:
        raise click.ClickException(f"cannot write a hall into {directory}: {error.strerror or error}") from None
    click.echo(f"wrote {' and '.join(str(directory / name) for name in KNOWN_FILES)}")
    click.echo(f"next: hall check {directory} --plan plan.png")


def starter_text(name: str, directory: Path) -> str:
    """The starter file, with the directory's name as the hall's id where that makes a good one."""
    text = resources.files("config").joinpath("starter", name).read_text(encoding="utf-8")
    hall_id = directory.resolve().name.lower().replace(" ", "-")
    try:
        TypeAdapter(Id).validate_python(hall_id)
    except ValidationError:
        return text
    # An id such as 007 or true is a text only in quotes.
    quoted = hall_id if scalar(hall_id) == hall_id else f'"{hall_id}"'
    return re.sub(r"^id: .*$", f"id: {quoted}", text, count=1, flags=re.MULTILINE)
