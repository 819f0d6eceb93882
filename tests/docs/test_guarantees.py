"""What docs/kafka.md promises names the tests that hold it: those that it names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISES = (ROOT / "docs" / "kafka.md").read_text().partition("## What is guaranteed")[2].partition("## What is not")[0]
NAMED = sorted(set(re.findall(r"`(test_[a-z0-9_]+(?:\.py)?)`", PROMISES)))


def test_there_is_something_to_look_for() -> None:
    assert len(NAMED) > 20


@pytest.mark.parametrize("name", NAMED)
def test_it_is_there(name: str) -> None:
    files = list((ROOT / "tests").rglob("test_*.py"))
    if name.endswith(".py"):
        assert any(file.name == name for file in files)
    else:
        assert any(f"def {name}(" in file.read_text() for file in files)
