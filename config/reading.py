"""YAML text to plain data, with the line of every value.

A small, exact part of YAML 1.2: mappings with text keys, lists, texts, numbers, true, false and null. Anchors, aliases
and tags are refused (an alias of an alias can unfold to gigabytes), and so are keys given twice, which YAML readers
otherwise settle in silence. One pass over libyaml's events is quicker than a YAML library's own loader and keeps the
lines at no extra cost: there is no second, slower reading for the case of an error, to disagree with the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from config.problems import Loc, Problem, dotted, shortened

Data = bool | int | float | str | list[Any] | dict[str, Any] | None
Parsed = Any
"""An event of the parser, which has no types of its own."""

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 24
MAX_PROBLEMS = 100

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,400}|[0-9]{1,400}(\.[0-9]{0,400})?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

_TAB = "YAML allows no tab in front of a value: indent with spaces"

# What libyaml says, in part, and what its writer should look for.
_HINTS = (
    ("could not find expected ':'", "is there a key without its ':' on this line or the one above?"),
    ("mapping values are not allowed", "a text with ': ' in it needs quotes; or the indentation is off"),
    ("did not find expected key", "look for a wrong indentation or an unclosed quote on this line or above"),
    ("did not find expected '-' indicator", "look for a wrong indentation on this line or above"),
    ("unexpected end of stream", "a quote, '[' or '{' is opened and never closed"),
    ("did not find expected ',' or", "a '[' or '{' is not closed, or a ',' is missing"),
    ("did not find expected node content", "a '[' or '{' is not closed, or a ',' is one too many"),
    ("cannot start any token", "a text that starts with this character needs quotes"),
    ("undefined alias", "anchors and aliases (&, *) are not supported: write the value out, or put the text in quotes"),
)  # fmt: skip


@dataclass
class Document:
    """What a file says: its data, the line (from 1) of every key and list item, and what could not be read."""

    file: str
    data: Data = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_yaml(file: str, text: str) -> Document:
    """The text of ``file`` as data with lines. Never raises: what is wrong is in ``problems``, and ``data`` is None."""
    document = Document(file)
    document.lines[()] = 1
    if len(text) > MAX_CHARACTERS:
        got = f"{len(text):,}"
        document.problems.append(Problem(file, None, "", f"at most {MAX_CHARACTERS:,} characters", got))
        return document
    try:
        document.data = _Builder(document, yaml.CSafeLoader(text)).document()
    except yaml.MarkedYAMLError as error:
        document.problems.append(_syntax(file, text, error))
    except yaml.YAMLError as error:
        document.problems.append(_unreadable(file, text, error))
    except _Stop:
        pass  # nothing is lost: whoever raises it has noted the problem, and what follows from it is no news
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        document.problems.append(Problem(file, line, "", "text", f"half a character ({text[error.start]!r})"))
    if document.problems:
        document.data = None
    return document


class _Stop(Exception):
    """Reading on would make no sense; the problem is noted."""


class _Builder:
    """Builds the data of one document from the parser's events."""

    def __init__(self, document: Document, parser: yaml.CSafeLoader) -> None:
        self.file = document.file
        self.lines = document.lines
        self.problems = document.problems
        self.next: Callable[[], Parsed] = parser.get_event

    def document(self) -> Data:
        self.next()  # the stream's start
        if isinstance(self.next(), yaml.StreamEndEvent):
            return None
        data = self.node(self.next(), ())
        self.next()  # the document's end
        extra = self.next()
        if not isinstance(extra, yaml.StreamEndEvent):
            self.stop(extra, (), "one document", "a second one", "remove the '---' that starts it")
        return data

    def node(self, event: Parsed, loc: Loc) -> Data:
        if len(loc) > MAX_DEPTH:
            self.stop(event, loc[:3], f"at most {MAX_DEPTH} levels", "more", "is a '[' or '{' not closed?")
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, loc, "the value itself", f"the alias *{event.anchor}", "write the value out")
            return None
        if event.tag is not None:
            self.refuse(event, loc, "a value without a tag", f"the tag {event.tag}", "remove it; put a text in quotes")
        if event.anchor is not None:
            self.refuse(event, loc, "a value without an anchor", f"the anchor &{event.anchor}", "remove it")
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value) if event.implicit[0] else str(event.value)
        return self.mapping(loc) if isinstance(event, yaml.MappingStartEvent) else self.sequence(loc)

    def sequence(self, loc: Loc) -> list[Data]:
        items: list[Data] = []
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            here = (*loc, len(items))
            self.lines[here] = event.start_mark.line + 1
            items.append(self.node(event, here))
        return items

    def mapping(self, loc: Loc) -> dict[str, Data]:
        items: dict[str, Data] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.stop(event, loc, "a text as key", "a list, a mapping or an alias", "put the key in quotes")
            here = (*loc, event.value)
            if event.value in items:
                got = f"a second one after line {self.lines[here]}"
                self.refuse(event, here, "the key once", got, "remove one of the two")
            self.lines[here] = event.start_mark.line + 1
            items[event.value] = self.node(self.next(), here)
        return items

    def refuse(self, event: Parsed, loc: Loc, expected: str, got: str, hint: str) -> None:
        self.problems.append(Problem(self.file, event.start_mark.line + 1, dotted(loc), expected, shortened(got), hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Stop

    def stop(self, event: Parsed, loc: Loc, expected: str, got: str, hint: str) -> None:
        self.refuse(event, loc, expected, got, hint)
        raise _Stop


def scalar(text: str) -> Data:
    """A plain scalar by YAML 1.2's core schema: ``no`` and ``12:30`` are texts, as are numbers past a float's range."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and abs(number := float(text)) < 1e300:
        return number
    return text


def _syntax(file: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    said = " ".join(part for part in (error.context, error.problem) if part)
    # What was opened and never closed is noticed at the end of the file; its writer looks for where it was opened.
    opened = "quoted scalar" in said or "flow" in said
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    if mark is None:
        return Problem(file, None, "", "YAML", f"an error: {said}")
    tab = "\t" in "".join(text.split("\n")[mark.line : mark.line + 1])[: mark.column + 1]
    hint = _TAB if tab else next((hint for part, hint in _HINTS if part in said), "")
    return Problem(file, mark.line + 1, "", "YAML", f"an error: {shortened(said, 200)}", hint)


def _unreadable(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """libyaml names no line for a character it refuses: the first control character is what it means."""
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if found is None:
        return Problem(file, None, "", "YAML", shortened(str(error).replace("\n", " "), 200))
    line = text.count("\n", 0, found.start()) + 1
    return Problem(file, line, "", "text", f"the control character {found[0]!r}", "remove it")
