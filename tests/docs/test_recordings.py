"""Every example on the page of formats is read, as the format under which it stands, without an option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commands.replay import command
from streams.recordings.columns import OTHERS, PLACES
from streams.recordings.formats import NAMES
from tests.support.positions import ids, read

PAGE = (Path(__file__).parents[2] / "docs" / "recordings.md").read_text(encoding="utf-8")
EXAMPLES = {
    name: text for name, text in re.findall(r"^```([\w-]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) if name != "sh"
}
TITLES = {
    "mot": "MOTChallenge text,", "mot-gt": "MOTChallenge ground truth,", "visdrone": "VisDrone ground truth,", "kitti": "KITTI",
    "obsmat": "obsmat,", "coco": "COCO json", "jsonl": "JSON lines", "header": "table with the columns of line 1,",
}  # fmt: skip


def test_every_format_has_an_example() -> None:
    assert EXAMPLES.keys() == {*NAMES, "header"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read(tmp_path: Path, name: str) -> None:
    found = read(tmp_path / "example", EXAMPLES[name])
    assert TITLES[name] in found.about[0] + ","
    assert (len([i for each in ids(found) for i in each]), found.bad, found.warnings) == (1, (), ())


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n not in ("header", "obsmat")])
def test_an_example_is_read_as_the_same_thing_when_its_format_is_given(tmp_path: Path, name: str) -> None:
    found, forced = read(tmp_path / "a", EXAMPLES[name]), read(tmp_path / "a", EXAMPLES[name], format=name)
    assert found.frames == forced.frames


def test_every_role_and_every_option_is_on_the_page() -> None:
    assert [role for group in PLACES for role in group if role not in PAGE] == []
    assert [role for role in OTHERS if f"`{role}`" not in PAGE] == []
    said = {f"--{name}" for name in ("format", "columns", "fps", "start", "world", "classes", "min-score", "allow-bad")}
    assert said <= {option for parameter in command.params for option in parameter.opts}
    assert [option for option in said if option not in PAGE] == []
