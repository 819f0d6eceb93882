"""The logs there are. A behaviour is written once, against ``tests.support.system.System``, and runs on each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.strolls import FILES
from tests.support.system import Halls, System
from tests.torture.system import EmbeddedSystem

LOGS: dict[str, Callable[[Path, Halls], System]] = {"embedded": EmbeddedSystem}


@pytest.fixture
def halls() -> Halls:
    """The halls of the system; a module with a fixture of this name has others."""
    return {"hall-1": FILES}


@pytest.fixture(params=sorted(LOGS))
def system(request: pytest.FixtureRequest, tmp_path: Path, halls: Halls) -> Iterator[System]:
    """An engine that has not been started yet, and its log."""
    made = LOGS[request.param](tmp_path, halls)
    yield made
    made.close()


@pytest.fixture
def embedded(tmp_path: Path, halls: Halls) -> Iterator[EmbeddedSystem]:
    """For what only the embedded log can do, or suffer."""
    made = EmbeddedSystem(tmp_path, halls)
    yield made
    made.close()
