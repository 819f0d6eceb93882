"""Every command that a page tells to type is one that there is, with options that it has; files it names are there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hall import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
MADE_BY_THE_READER = {"agents/first_visitor.py", "tests/agents/test_first_visitor.py"}
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:hall|make) [^`]+)`")
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
_FILE = re.compile(r"`((?:\w+/)+[\w.-]+\.(?:py|yaml|json|jsonl|md))`(?: `(\w+)(?:\.(\w+))?`)?")
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def typed(page: Path) -> Iterator[list[str]]:
    """The words of each ``hall`` and ``make`` command in a page's shell blocks and between backquotes."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()] + _INLINE.findall(text)
    for line in lines:
        for part in re.split(r"&&|\||;|&$", re.sub(r"(^|\s)#.*", "", line)):
            words = [word for word in shlex.split(part) if not re.fullmatch(r"[A-Z_]+=\S*|export", word)]
            if words and words[0] in ("hall", "make"):
                yield words


def wrong(words: list[str]) -> str | None:
    """What is not as typed; None if all is."""
    if words[0] == "make":
        targets = _TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
        return next((word for word in words[1:] if "=" not in word and word not in targets), None)
    command: click.Command = main
    for word in words[1:]:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(click.Context(command), word)
            if found is None:
                return word
            command = found
        elif word.startswith("-") and word != "-" and not re.fullmatch(r"-\d*", word):
            known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
            if word not in {*known, "--help", "--version"}:
                return word
    return None


@every_page
def test_commands_are_there(page: Path) -> None:
    mistakes = [(" ".join(words), found) for words in typed(page) if (found := wrong(words))]
    assert mistakes == []


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    gone = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert gone == []


@every_page
def test_files_and_what_is_in_them_are_there(page: Path) -> None:
    """`streams/lane.py` `Lane.decoder`: a file, and a name that is defined in it."""
    for file, name, member in _FILE.findall(page.read_text(encoding="utf-8")):
        if file not in MADE_BY_THE_READER:
            assert (ROOT / file).is_file(), file
            text = (ROOT / file).read_text(encoding="utf-8")
            missing = [one for one in (name, member) if one and not re.search(rf"\b(def|class) {one}\b", text)]
            assert missing == [], file


def test_a_mistake_would_be_seen() -> None:
    assert wrong(["hall", "log", "dog"]) == "dog"
    assert wrong(["hall", "feed", "x", "--sped", "10"]) == "--sped"
    assert wrong(["make", "tset"]) == "tset"
    assert sum(1 for page in PAGES for _ in typed(page)) > 40
