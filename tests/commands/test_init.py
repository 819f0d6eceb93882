"""``hall init``: the hall it writes is sound as it is, and nothing is ever overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.check import command as check
from commands.init import command as init
from config.loading import load_dir, load_halls
from config.rules import Rules

run = CliRunner().invoke


def test_what_init_writes_passes_check_as_it_is(tmp_path: Path) -> None:
    hall = tmp_path / "halls" / "north"
    result = run(init, [str(hall)])
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == f"next: hall check {hall} --plan plan.png"
    assert run(check, [str(hall)]).exit_code == 0


def test_every_part_is_explained_in_comments(tmp_path: Path) -> None:
    run(init, [str(tmp_path / "north")])
    for name in ("hall.yaml", "rules.yaml"):
        text = (tmp_path / "north" / name).read_text(encoding="utf-8")
        assert text.count("#") > 10


def test_the_starters_rules_are_the_defaults_as_they_claim(tmp_path: Path) -> None:
    run(init, [str(tmp_path / "north")])
    rules = load_dir(tmp_path / "north").rules
    assert rules.model_copy(update={"limits": ()}) == Rules()


@pytest.mark.parametrize(
    ("directory", "hall_id"),
    [
        ("north", "north"),
        ("North Hall", "north-hall"),
        ("007", "007"),
        ("true", "true"),
        ("1e3", "1e3"),
        ("营业厅", "my-hall"),
    ],
)
def test_the_directory_gives_the_id_where_it_can(tmp_path: Path, directory: str, hall_id: str) -> None:
    run(init, [str(tmp_path / directory)])
    assert load_dir(tmp_path / directory).hall.id == hall_id


def test_several_starters_stand_beside_each_other(tmp_path: Path) -> None:
    for name in ("north", "south"):
        run(init, [str(tmp_path / name)])
    assert list(load_halls(tmp_path)) == ["north", "south"]


@pytest.mark.parametrize("name", ["hall.yaml", "rules.yaml"])
def test_nothing_is_overwritten_or_added_to(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    result = run(init, [str(tmp_path)])
    assert result.exit_code == 1
    assert f"got one with {tmp_path / name}: nothing was written" in result.output
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_place_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(init, [str(tmp_path / "file" / "hall")])
    assert result.exit_code == 1
    assert f"Error: cannot write a hall into {tmp_path / 'file' / 'hall'}: Not a directory" in result.output
