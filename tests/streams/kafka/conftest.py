"""One real broker for the tests of this folder. Each test has topics of its own, or a broker of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kafka_broker import KafkaBroker, require_jars, running


@pytest.fixture(scope="session")
def jars() -> None:
    require_jars()


@pytest.fixture(scope="module")
def broker(jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
def own_broker(jars: None, tmp_path: Path) -> Iterator[KafkaBroker]:
    """For a test that breaks it, or needs the engine's topics for itself."""
    with running(tmp_path / "kafka") as started:
        yield started
