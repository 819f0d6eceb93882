"""``hall simulate``: what it writes, and how it says no."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.simulate import command
from config.loading import load_dir
from devices.simulator import truth
from streams.recording import read_header, read_recording
from tests.support.simhall import EXAMPLES


def simulate(out: Path, *options: str) -> Result:
    return CliRunner().invoke(command, ["--out", str(out), *options])


def files(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def test_it_writes_recording_truth_and_halls(tmp_path: Path) -> None:
    result = simulate(tmp_path / "day", "--halls", "2", "--hours", "0.05", "--seed", "7")
    assert result.exit_code == 0, result.output
    assert sorted(files(tmp_path / "day")) == [
        "halls/demo-1/hall.yaml", "halls/demo-1/rules.yaml", "halls/demo-2/hall.yaml", "halls/demo-2/rules.yaml",
        "recording.jsonl.gz", "truth/demo-1.json", "truth/demo-2.json",
    ]  # fmt: skip
    assert load_dir(tmp_path / "day/halls/demo-2").hall.id == "demo-2"
    found = truth.load(tmp_path / "day/truth/demo-2.json")
    assert (found.hall, found.seed, found.end_ms - found.start_ms) == ("demo-2", 7, 180_000)
    recording = tmp_path / "day/recording.jsonl.gz"
    assert read_header(recording).about["halls"] == "demo-1, demo-2"
    records = list(read_recording(recording))
    assert {r.key for r in records} == {None, b"demo-1", b"demo-2"}
    frames = [json.loads(r.value or b"") for r in records if r.key == b"demo-2"][1:]
    assert len(frames) == sum(found.frames.values())
    assert "demo-1" in result.output
    assert f"hall replay {recording}" in result.output


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert simulate(tmp_path / name, "--hours", "0.1", "--seed", seed).exit_code == 0
    a, b, c = (files(tmp_path / name) for name in "abc")
    assert a == b
    assert a["recording.jsonl.gz"] != c["recording.jsonl.gz"]
    assert a["truth/demo.json"] != c["truth/demo.json"]


def test_one_hall_keeps_its_id_and_its_files_byte_for_byte(tmp_path: Path) -> None:
    """So its recording can be fed into the log where that hall is in force."""
    assert simulate(tmp_path / "day", "--hours", "0.01").exit_code == 0
    assert (tmp_path / "day/halls/demo/hall.yaml").read_bytes() == (EXAMPLES / "demo" / "hall.yaml").read_bytes()
    first = next(iter(read_recording(tmp_path / "day/recording.jsonl.gz")))
    assert first.key == b"demo"
    assert json.loads(first.value or b"")["files"]["hall.yaml"] == (EXAMPLES / "demo" / "hall.yaml").read_text()


def test_another_hall_keeps_its_name(tmp_path: Path) -> None:
    result = simulate(tmp_path / "day", "--hours", "0.05", "--hall", str(EXAMPLES / "forum"), "--fps", "2")
    assert result.exit_code == 0, result.output
    found = truth.load(tmp_path / "day/truth/forum.json")
    assert (found.timezone, found.fps, found.frames) == ("Europe/London", 2.0, {"overhead": 361})


@pytest.mark.parametrize(
    ("start", "start_ms"),
    [
        ("2026-03-02T08:30", 1_772_411_400_000),  # in Shanghai, where the demo hall is
        ("2026-03-02T00:30Z", 1_772_411_400_000),
        ("2026-03-02T01:30+01:00", 1_772_411_400_000),
    ],
)
def test_start_is_the_halls_time_unless_it_says_otherwise(tmp_path: Path, start: str, start_ms: int) -> None:
    assert simulate(tmp_path / "day", "--hours", "0.001", "--start", start).exit_code == 0
    assert truth.load(tmp_path / "day/truth/demo.json").start_ms == start_ms


def test_level_zero_is_an_empty_hall(tmp_path: Path) -> None:
    result = simulate(tmp_path / "day", "--hours", "0.05", "--level", "0")
    assert result.exit_code == 0, result.output
    assert truth.load(tmp_path / "day/truth/demo.json").visitors == ()


class TestErrors:
    def test_a_directory_with_files_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("keep me")
        result = simulate(tmp_path)
        assert result.exit_code == 64
        assert "expected a new or empty directory" in result.output
        assert list(files(tmp_path)) == ["mine.txt"]

    @pytest.mark.parametrize("start", ["monday", "0001-01-01T00:00"])
    def test_a_start_that_is_no_time(self, tmp_path: Path, start: str) -> None:
        result = simulate(tmp_path / "day", "--start", start)
        assert result.exit_code == 64
        assert "expected a date and time of 1971 to 9000, such as 2026-03-02T08:30" in result.output
        assert f"'{start}'" in result.output
        assert not (tmp_path / "day").exists()

    def test_a_hall_that_is_not_sound(self, tmp_path: Path) -> None:
        (tmp_path / "hall").mkdir()
        (tmp_path / "hall" / "hall.yaml").write_text("id: x\nname: X\nsize_m: [1, 1]\nzones: []\nwalls: []\n")
        result = simulate(tmp_path / "day", "--hall", str(tmp_path / "hall"))
        assert result.exit_code == 1
        assert "walls" in result.output
        assert not (tmp_path / "day").exists()

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        result = simulate(tmp_path / "file" / "day", "--hours", "0.01")
        assert result.exit_code == 1
        assert "cannot write to" in result.output
