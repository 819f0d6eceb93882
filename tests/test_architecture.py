"""The architecture, held by tests: who may import whom, that our names are ours, and how long a file may get.

hall.py -> commands -> agents | vision | devices -> streams -> config
"""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("commands", "agents", "vision", "devices", "streams", "config")
NO_PACKAGES = ("tests", "benchmarks", "docker", "docs")
"""Folders with Python in them that nobody imports (tests/ and docker/ have no ``__init__.py`` at their top)."""

OUTSIDE_OF_AGENTS = {"msgspec", "config", "streams", "agents"}
PURE_STREAMS = {"agent", "codec", "events", "ids", "lane", "topics"}
CONFIG_PURE = {
    "config.hall",
    "config.rules",
    "config.patience",
    "config.local_hour",
    "config.geometry",
    "config.homography",
    "config.image_sizes",
}


def sources(*folders: str) -> list[Path]:
    """Python files of these folders, of all our own if none is named."""
    found = [file for folder in folders or (*PACKAGES, *NO_PACKAGES) for file in (ROOT / folder).rglob("*.py")]
    return sorted(found if folders else [*found, *ROOT.glob("*.py")])


def imports(file: Path) -> Iterator[str]:
    """Dotted names of all that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: expected absolute imports, got a relative one in line {node.lineno}"
            yield f"{node.module}"


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


# -- layers ------------------------------------------------------------------------------------------------------------


def test_import_linter_is_content() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    said = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}
    )  # fmt: skip
    assert said.returncode == 0, said.stdout[said.stdout.find("Contracts") :] + said.stderr


def test_every_folder_has_a_place() -> None:
    """A new top-level folder with Python in it belongs into .importlinter, or into the list above."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / ".importlinter")
    placed = settings["importlinter"]["root_packages"].split()
    assert sorted(placed) == sorted(PACKAGES)
    folders = {
        folder.name
        for folder in ROOT.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and any(folder.rglob("*.py"))
    }
    assert folders - {"build", "var"} <= {*PACKAGES, *NO_PACKAGES}
    assert all((ROOT / package / "__init__.py").is_file() for package in PACKAGES)
    assert not any((ROOT / folder / "__init__.py").exists() for folder in NO_PACKAGES)


def test_nobody_imports_the_command_line() -> None:
    """hall.py is the composition root; a module, which import-linter cannot place."""
    assert [name_of(file) for file in sources(*PACKAGES) if "hall" in imports(file)] == []
    own = {name.split(".")[0] for name in imports(ROOT / "hall.py")} & {*PACKAGES, *NO_PACKAGES}
    assert own <= {"commands", "config", "streams"}


@pytest.mark.parametrize("file", sources("agents"), ids=name_of)
def test_agents_import_nothing_but_events_the_contract_config_types_and_the_standard_library(file: Path) -> None:
    for name in imports(file):
        top, _, rest = name.partition(".")
        assert top in OUTSIDE_OF_AGENTS or top in sys.stdlib_module_names, f"an agent may not import {name}"
        assert top != "streams" or rest.split(".")[0] in PURE_STREAMS, f"an agent may not import {name}"
        assert top != "config" or name in CONFIG_PURE, f"an agent may not import {name}"


def test_the_product_does_not_import_its_tests() -> None:
    for file in sources(*PACKAGES):
        assert not {name.split(".")[0] for name in imports(file)} & {"tests", "benchmarks", "pytest", "hypothesis"}


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hall", *PACKAGES])
def test_no_installed_distribution_but_ours_has_one_of_our_names(name: str) -> None:
    """``agents`` is openai-agents' as well, ``config`` several others': the first on the path would win."""
    others = set(importlib.metadata.packages_distributions().get(name, [])) - {"hallstream"}
    assert not others, f"{', '.join(sorted(others))} provides a top-level {name!r} too: uninstall it"


# -- size --------------------------------------------------------------------------------------------------------------

LONGEST_FILE = 400
LONGEST_FUNCTION = 50


@pytest.mark.parametrize("file", sources(), ids=name_of)
def test_no_file_and_no_function_is_longer_than_one_can_read(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"
