"""Every engine's own environment: made once, made anew when its versions change, and a reason when it cannot be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from benchmarks.peers.competitors import COMPETITORS
from benchmarks.peers.environments import MSGSPEC, PINS, Unavailable, python_of, ready


class Installer:
    """Notes what it was asked for, and makes a directory only."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, directory: Path, packages: Sequence[str]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.asked.append((directory.name, tuple(packages)))


def refuse(directory: Path, packages: Sequence[str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    raise Unavailable("no network")


def test_it_is_made_on_first_use_only(tmp_path: Path) -> None:
    install = Installer()
    first, again = (python_of(tmp_path, "quix", install) for _ in range(2))
    assert first == again == tmp_path / "quix" / "bin" / "python"
    assert install.asked == [("quix", PINS["quix"])]


def test_it_is_made_anew_when_it_stands_with_other_versions(tmp_path: Path) -> None:
    install = Installer()
    python_of(tmp_path, "quix", install)
    (tmp_path / "quix" / "pins.txt").write_text("quixstreams==2.0.0\n")
    python_of(tmp_path, "quix", install)
    assert len(install.asked) == 2
    assert ready(tmp_path, "quix")


def test_one_that_could_not_be_made_is_not_taken_for_ready(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no network"):
        python_of(tmp_path, "faust", refuse)
    assert not ready(tmp_path, "faust")


def test_every_version_is_pinned_and_the_job_s_own_is_ours_for_all() -> None:
    assert set(PINS) == {competitor.environment for competitor in COMPETITORS} - {None}
    for pins in PINS.values():
        assert MSGSPEC in pins
        assert all(re.fullmatch(r"[a-z-]+(\[[a-z]+])?==[0-9.]+", pin) for pin in pins)
    assert f"msgspec=={msgspec.__version__}" == MSGSPEC
