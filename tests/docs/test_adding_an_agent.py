"""docs/adding-an-agent.md, followed literally in a copy of the project: what it says works, or this fails.

A block of code belongs to the file named in bold above it: a whole file, a difference to one, or lines to add to one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-an-agent.md"
SECOND_HALF = "## If it says something new"
COPIED = ("agents", "commands", "config", "devices", "docs", "streams", "tests", "hall.py", "pyproject.toml")
_BLOCK = re.compile(r"^\*\*`(?P<file>\S+)`\*\*$|^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """``kind``: python, a new file; diff, a change; jsonl, lines to add."""

    file: str
    kind: str
    text: str


def steps(page: str) -> list[Step]:
    found, file = [], ""
    for block in _BLOCK.finditer(page):
        file = block["file"] or file
        if block["kind"] in ("python", "diff", "jsonl"):
            found.append(Step(file, block["kind"], block["text"]))
    return found


def follow(step: Step, root: Path) -> None:
    path = root / step.file
    if step.kind == "python":
        assert not path.exists(), f"{step.file}: the page makes a file that is there already"
        path.write_text(step.text, encoding="utf-8")
    elif step.kind == "jsonl":
        path.write_text(path.read_text(encoding="utf-8") + step.text, encoding="utf-8")
    else:
        before, after = (_side(step.text.splitlines(), mark) for mark in "-+")
        old = path.read_text(encoding="utf-8")
        assert old.count(before) == 1, f"{step.file}: the page changes this, found {old.count(before)} times:\n{before}"
        path.write_text(old.replace(before, after), encoding="utf-8")


def _side(lines: Iterable[str], mark: str) -> str:
    """One side of a difference: the lines that stay, and those with this mark."""
    return "".join(f"{line[1:]}\n" for line in lines if line[:1] in ("", " ", mark))


def run(root: Path, *command: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *command], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    return done.stdout


LAWS = "first_visitor or hash_seeds or golden"
QUICK = f"({LAWS}) and not time_grows and not alone_grow"


def prove(root: Path, followed: list[Step], picked: str) -> None:
    """What `make test` does, as far as it concerns the new agent."""
    files = sorted({step.file for step in followed if step.file.endswith(".py")})
    run(root, "-m", "ruff", "check", "--no-cache", *files)
    run(root, "-m", "ruff", "format", "--check", "--no-cache", *files)
    tests = [
        "tests/agents/test_first_visitor.py",
        "tests/agents/test_laws.py",
        "tests/golden",
        "tests/test_architecture.py",
    ]
    said = run(root, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests, "-k", picked)
    passed = re.search(r"(\d+) passed", said)
    assert passed, said
    assert int(passed[1]) > 40, f"the laws, the golden recordings and the agent's own tests are more than that: {said}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    return root


@pytest.mark.timeout(300)
def test_one_file_one_test_one_row(copy: Path) -> None:
    first, _, _ = PAGE.read_text(encoding="utf-8").partition(SECOND_HALF)
    assert {step.file for step in steps(first)} == {
        "agents/first_visitor.py", "tests/agents/test_first_visitor.py", "agents/topology.py",
    }  # fmt: skip
    for step in steps(first):
        follow(step, copy)
    shown = run(copy, "-m", "tests.golden.renew")
    assert "first_visitor" in shown, "`make golden` shows what is new"
    prove(copy, steps(first), LAWS)


@pytest.mark.timeout(300)
def test_a_type_of_its_own(copy: Path) -> None:
    """Goes on where the test above ends, as the page does."""
    _, _, second = PAGE.read_text(encoding="utf-8").partition(SECOND_HALF)
    for step in steps(second):
        follow(step, copy)
    shown = run(copy, "-m", "tests.golden.renew")
    assert "day_begun" in shown
    run(copy, "-m", "docs.generate")
    assert '"DayBegun"' in (copy / "docs" / "events" / "events.schema.json").read_text(encoding="utf-8")
    prove(copy, steps(second), QUICK)
