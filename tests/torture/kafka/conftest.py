"""The ordeal brings a broker of its own."""

from __future__ import annotations

import pytest

from tests.support.kafka_broker import require_jars


@pytest.fixture(scope="session")
def jars() -> None:
    require_jars()
