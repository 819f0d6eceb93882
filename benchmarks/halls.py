"""As many halls as are wanted, each the demo hall under an id of its own."""

from __future__ import annotations

from pathlib import Path

from config.loading import read_dir

DEMO = Path(__file__).parents[1] / "config" / "examples" / "demo"
NAME = "id: demo\n"

Files = dict[str, str]


def many(count: int) -> dict[str, Files]:
    """The files of halls ``h0000``, ``h0001`` ... by id."""
    files = read_dir(DEMO)
    assert files["hall.yaml"].count(NAME) == 1
    return {name: _named(files, name) for name in (f"h{number:04}" for number in range(count))}


def _named(files: Files, name: str) -> Files:
    return files | {"hall.yaml": files["hall.yaml"].replace(NAME, f"id: {name}\n")}
