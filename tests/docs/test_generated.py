"""What in docs/ follows from the code is as the code has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.generate import ROOT, TABLES, filled, generated


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_it_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generated()[path], f"{path.relative_to(ROOT)} is old: run `make docs`"


def test_only_what_stands_between_the_marks_is_written() -> None:
    text = "before\n<!-- exits: made by make docs -->\nold\n<!-- end -->\nafter\n"
    new = filled(text)
    assert new.startswith("before\n<!-- exits: made by make docs -->\n| code |")
    assert new.endswith("|\n<!-- end -->\nafter\n")
    assert "old" not in new
    assert filled(new) == new


def test_every_table_has_its_place() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert all(text.count(f"<!-- {name}: ") == 1 for name in TABLES)
