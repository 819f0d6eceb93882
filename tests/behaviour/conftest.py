"""The logs there are. A behaviour is written once, against ``tests.support.system.System``, and runs on each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.kafka_broker import KafkaBroker, running
from tests.support.kafka_hall import KafkaHall
from tests.support.strolls import FILES
from tests.support.system import Halls, System
from tests.torture.system import EmbeddedSystem


def _on_kafka(directory: Path, halls: Halls, request: pytest.FixtureRequest) -> System:
    broker: KafkaBroker = request.getfixturevalue("broker")
    return KafkaHall(directory, halls, broker.servers)


LOGS: dict[str, Callable[[Path, Halls, pytest.FixtureRequest], System]] = {
    "embedded": lambda directory, halls, request: EmbeddedSystem(directory, halls),
    "kafka": _on_kafka,
}


@pytest.fixture
def halls() -> Halls:
    """The halls of the system; a module with a fixture of this name has others."""
    return {"hall-1": FILES}


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A real Kafka, one after another's: whoever takes it finds it empty."""
    with running(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.live] * (name == "kafka")) for name in sorted(LOGS)])
def system(request: pytest.FixtureRequest, tmp_path: Path, halls: Halls) -> Iterator[System]:
    """An engine that has not been started yet, and its log."""
    made = LOGS[request.param](tmp_path, halls, request)
    yield made
    made.close()


@pytest.fixture
def embedded(tmp_path: Path, halls: Halls) -> Iterator[EmbeddedSystem]:
    """For what only the embedded log can do, or suffer."""
    made = EmbeddedSystem(tmp_path, halls)
    yield made
    made.close()
