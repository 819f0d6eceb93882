"""A short ordeal, the same every time: the long one is ``make torture``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.faults import FAULTS
from tests.torture.run import ordeal

SEED = 223


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_eight_faults_leave_what_a_replay_gives(tmp_path: Path) -> None:
    kept = tuple(fault for fault in FAULTS if not fault.forgets)  # so that in the end everything can be counted
    result = ordeal(tmp_path / "ordeal", 8, SEED, only=kept)
    assert result.faults.total() == 8
    assert len(result.faults) >= 5, "several kinds"
    assert set(result.faults) <= {fault.name for fault in FAULTS}
    assert result.frames > 100
    assert result.compared > 20
    assert result.states == 4  # two halls in two lanes
    assert result.entries > 0  # and nothing was lost, so that they can be counted
