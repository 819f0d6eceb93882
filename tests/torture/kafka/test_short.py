"""Short ordeals, the same every time: the long one is ``make torture-kafka``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.clocks import shifted_clock
from tests.torture.kafka.faults import FAULTS, Fault
from tests.torture.kafka.run import drawn, ordeal

BY_NAME = {fault.name: fault for fault in FAULTS}


def faults(*names: str) -> list[Fault]:
    return [BY_NAME[name] for name in names]


@pytest.mark.live
@pytest.mark.torture
@pytest.mark.timeout(300)
def test_two_workers_leave_what_a_replay_gives(jars: None, tmp_path: Path) -> None:
    chosen = faults(
        "kill -9", "transactions", "SIGSTOP past the session", "answers lost", "transaction left open", "worker added"
    )
    result = ordeal(tmp_path, chosen, 7, workers=2, rest_s=1.0)
    assert result.lost_answers > 0
    assert result.compared > 20
    assert result.states == 12  # six halls in two lanes
    assert result.entries > 0


@pytest.mark.live
@pytest.mark.torture
@pytest.mark.timeout(300)
def test_one_worker_with_a_name_and_a_wrong_clock_does_too(jars: None, tmp_path: Path) -> None:
    chosen = faults("clock an hour off", "kill -9", "requests torn", "sends refused", "retention")
    result = ordeal(tmp_path, chosen, 2, workers=1, named=True, rest_s=1.0)
    assert result.compared > 20
    assert result.states == 12


@pytest.mark.live
@pytest.mark.torture
@pytest.mark.timeout(300)
def test_a_state_topic_that_goes_again_and_again_does_too(jars: None, tmp_path: Path) -> None:
    """Once while nobody runs, once under a worker, whichever the seed says; with a kill between."""
    chosen = faults("state topic gone", "kill -9", "state topic gone")
    result = ordeal(tmp_path, chosen, 6, workers=2, rest_s=1.0)
    assert result.compared > 20
    assert result.states == 12


def test_a_seed_names_the_same_faults_again() -> None:
    assert drawn(50, 3) == drawn(50, 3) != drawn(50, 4)
    assert {fault.name for fault in drawn(500, 1)} == set(BY_NAME)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_shifted_clock_is_so_far_off_and_still_runs(tmp_path: Path, hours: int) -> None:
    env = shifted_clock(tmp_path, hours * 3_600_000)
    code = "import time; print(time.time(), time.time_ns())"
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    seconds, ns = map(float, said.split())
    assert seconds - time.time() == pytest.approx(hours * 3600, abs=60)
    assert ns / 1e9 - time.time() == pytest.approx(hours * 3600, abs=60)
