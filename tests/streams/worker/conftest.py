"""Time for partitions at work, as it is told."""

from __future__ import annotations

import pytest

from streams.worker import partition
from tests.support.lane_port import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(partition, "monotonic", made)
    return made
