"""Two trees side by side: a tree beside itself takes as long as itself, and says the same."""

from pathlib import Path

import pytest

from benchmarks.beside import main

ROOT = Path(__file__).resolve().parents[2]


def test_a_tree_beside_itself(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(ROOT), "--count", "5000"])
    old, new, ratio, same = capsys.readouterr().out.splitlines()
    assert old.endswith(str(ROOT))
    assert new.endswith(str(ROOT))
    assert 0.2 < float(ratio.split()[0]) < 5
    assert same.strip() == "the same bytes came out"
