"""The whole product on the real day: ``hall replay``, as a user calls it, against brute force from the definitions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.loading import load_dir
from hall import main
from tests.support.data import shared
from tests.support.oracle import oracle

FORUM = Path(__file__).parents[1] / "config" / "examples" / "forum"
RAW = FORUM / "rules.raw.yaml"


def replay(tmp_path: Path, *options: str) -> dict[str, object]:
    """The summary that the verb writes."""
    summary = tmp_path / "summary.json"
    day = str(shared("hall-day", "tracks.mot.txt"))
    done = CliRunner().invoke(main, ["replay", day, "--hall", str(FORUM), "--summary", str(summary), *options])
    assert done.exit_code == 0, done.output
    figures: dict[str, object] = json.loads(summary.read_text())
    return figures


def test_in_raw_rules_every_figure_equals_brute_force(tmp_path: Path) -> None:
    figures = replay(tmp_path, "--rules", str(RAW), "--fps", "9")
    more = figures.pop("more")
    rows = shared("hall-day", "tracks.mot.txt").read_text().splitlines()
    assert figures == oracle(rows, load_dir(FORUM, RAW).hall, fps=9)
    assert isinstance(more, dict)
    assert more["heat_person_s"] == pytest.approx(22_195 / 9, rel=0.05)


def test_smoothing_and_inertia_take_jitter_out_and_leave_the_picture(tmp_path: Path) -> None:
    """The ordinary rules see the same people go the same ways, with fewer flickers at the edges."""
    ordinary, raw = replay(tmp_path), replay(tmp_path, "--rules", str(RAW))
    assert isinstance(ordinary["zones"], dict)
    assert isinstance(raw["zones"], dict)
    for zone, figures in ordinary["zones"].items():
        assert 0.6 * raw["zones"][zone]["entries"] <= figures["entries"] <= raw["zones"][zone]["entries"], zone


def test_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    replay(tmp_path, "--out", str(first))
    replay(tmp_path, "--out", str(second))
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size > 100_000


def test_the_pictures_are_drawn(tmp_path: Path) -> None:
    heat, tracks = tmp_path / "heat.png", tmp_path / "tracks.png"
    replay(tmp_path, "--heatmap", str(heat), "--tracks", str(tracks))
    assert heat.read_bytes().startswith(b"\x89PNG")
    assert tracks.read_bytes().startswith(b"\x89PNG")
