"""The real data beside the project, if it is there."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"


def shared(*parts: str) -> Path:
    """The file of the shared data, or a skip that says what is missing."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data absent: {'/'.join(parts)} is not in ../shared/data beside the project")
    return path
