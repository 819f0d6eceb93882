"""What is wrong with a hall's files, in words that say where, what was expected, what was found and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
Loc = tuple[str | int, ...]
"""The way from a file's top to a value: ``("zones", 2, "polygon_m")``."""


@dataclass(frozen=True)
class Problem:
    """One thing to fix. ``line`` counts from 1; None where there is none (a missing file, the environment)."""

    file: str
    line: int | None
    key: str
    expected: str
    got: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        mark = "warning: " if self.severity == "warning" else ""
        key = f"{self.key}: " if self.key else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}: {mark}{key}expected {self.expected}, got {self.got}{hint}"


class ConfigError(ValueError):
    """A configuration that cannot be used; ``problems`` holds everything that is wrong with it, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Finding:
    """A problem found in the checked models, which know a value's way from the top but not its line."""

    file: str
    loc: Loc
    expected: str
    got: str
    hint: str = ""
    severity: Severity = "error"

    def located(self, lines: Mapping[Loc, int]) -> Problem:
        """The problem at the line of the value, or of the nearest thing around it that has one."""
        line = next((lines[self.loc[:n]] for n in range(len(self.loc), -1, -1) if self.loc[:n] in lines), None)
        return Problem(self.file, line, dotted(self.loc), self.expected, self.got, self.hint, self.severity)


def dotted(loc: Loc) -> str:
    """``("zones", 2, "polygon_m")`` -> ``zones[2].polygon_m``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shortened(part)}" for part in loc)
    return text.removeprefix(".")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be."""
    matches = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    match = nearest(word, known)
    return f"did you mean {match}?" if match else otherwise


def shown(value: object) -> str:
    """A value of a file as its writer knows it: ``nothing``, ``true``, ``'text'``, ``[1, 2]``, ``{over: 3}``."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return shortened("{" + ", ".join(f"{key}: {shown(item)}" for key, item in list(value.items())[:8]) + "}")
    if isinstance(value, list | tuple):
        return shortened("[" + ", ".join(shown(item) for item in value[:8]) + "]")
    return shortened(repr(value))


def shortened(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
