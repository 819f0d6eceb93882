"""The engine against the truth of the simulator: what it says happened is what happened, as far as cameras can tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agents.summary import Summary
from agents.topology import TOPOLOGY
from config.loading import load_files, read_dir
from devices.simulator import Noise, Simulator, truth
from devices.simulator.recorder import records
from hall import main
from streams.driver import Driver, closing_ticks
from streams.record import Record

EXAMPLES = Path(__file__).parents[1] / "config" / "examples"
START_MS = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp() * 1000)
HALF_AN_HOUR_MS = 1_800_000
CERTAIN = {name: truth.TOLERANCES[name] for name in ("forward", "backward", "max_occupancy", "person_frames")}


def test_the_verbs_find_the_simulated_truth(tmp_path: Path) -> None:
    """``hall simulate`` and ``hall replay``, as a user would compare them: noise, misses, false boxes and id breaks in.

    visitors ──> cameras (noise, misses, broken ids) ──> engine ──> figures
        └──────────────────── truth ────────────────────────────────> figures
    """
    made, summary = tmp_path / "made", tmp_path / "summary.json"
    options = ["--halls", "1", "--hours", "0.5", "--seed", "5", "--start", "2026-03-02T09:00:00"]
    run(["simulate", *options, "--hall", str(EXAMPLES / "forum"), "--out", str(made)])
    recording, hall = str(made / "recording.jsonl.gz"), str(made / "halls" / "forum")
    run(["replay", recording, "--hall", hall, "--summary", str(summary)])
    assert truth.compare(truth.load(made / "truth" / "forum.json"), json.loads(summary.read_text())) == []


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_two_cameras_and_every_kind_of_zone(seed: int) -> None:
    """The demo hall, without false boxes: those stand for people to whoever sees nothing else of them.

    Entries and stays are left out: the truth counts every step over an edge, and inertia is there to count fewer.
    """
    files = read_dir(EXAMPLES / "demo")
    simulator = Simulator(
        load_files(files).hall, seed=seed, start_ms=START_MS, noise=Noise(false_per_hour=0), always_open=True
    )
    figures = summarised(
        list(records([(simulator, files)], start_ms=START_MS, end_ms=START_MS + HALF_AN_HOUR_MS)), files
    )
    assert truth.compare(simulator.truth(), figures, CERTAIN) == []


def summarised(log: list[Record], files: dict[str, str]) -> dict[str, Any]:
    hall = load_files(files).hall
    summary = Summary(hall)
    ends = enumerate(closing_ticks(log[-1].timestamp_ms, {hall.id: files}), log[-1].offset + 1)
    closing = [log[-1]._replace(offset=offset, timestamp_ms=at_ms) for offset, at_ms in ends]
    for _ in Driver(TOPOLOGY, tap=summary.observe).run([*log, *closing]):
        pass
    return summary.result()


def run(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
