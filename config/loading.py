"""A hall's files, read, checked and turned into models. Every problem is told at once, with its line.

``load_files`` is what the engine calls for every hall at its start: text in, models out, about a millisecond each. It
does the same on every machine: what it cannot accept here, it accepts nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from config.calibration_checks import same_orientation, true_calibrations
from config.camera_checks import sound_cameras
from config.checks import (
    HALL_FILE,
    RULES_FILE,
    Check,
    Plan,
    clearing_limits,
    known_lines,
    known_timezone,
    known_zones,
    sensible_limits,
    sound_zones,
    unique_ids,
)
from config.hall import Hall
from config.line_checks import entrances_lead_in, has_entrance, lines_seen, sound_lines
from config.problems import ConfigError, Finding, Problem, did_you_mean, shown
from config.reading import Document, read_yaml
from config.rules import Rules
from config.salvage import salvaged
from config.sight_checks import floors_apart, zones_seen
from config.validation import validate

__all__ = ["ConfigError", "HallFiles", "Problem", "examine", "load_dir", "load_files", "load_halls", "read_dir"]

M = TypeVar("M", bound=BaseModel)

KNOWN_FILES = (HALL_FILE, RULES_FILE)

CHECKS: tuple[Check, ...] = (
    unique_ids, known_timezone, sound_zones, sound_lines, sound_cameras, floors_apart, known_zones, known_lines,
    clearing_limits,
)  # fmt: skip
JUDGEMENTS: tuple[Check, ...] = (
    true_calibrations, same_orientation, has_entrance, entrances_lead_in, zones_seen, lines_seen, sensible_limits,
)  # fmt: skip


@dataclass(frozen=True)
class HallFiles:
    """One hall as its files describe it."""

    hall: Hall
    rules: Rules


def load_files(files: Mapping[str, str]) -> HallFiles:
    """The models of a hall's files, given as texts by name. Raises ConfigError with every problem there is."""
    loaded, problems = _examined(files, CHECKS)
    if loaded is None:
        raise ConfigError(problems)
    return loaded


def examine(files: Mapping[str, str]) -> tuple[HallFiles | None, tuple[Problem, ...]]:
    """As ``load_files``, without raising, and with what a person should hear before these files are put in force.

    No models if there is an error. Judgements may be errors too, where a calibration cannot be true: the engine goes on
    with such a hall if it has it, so that its log replays as it was, but it should not be given one.
    """
    return _examined(files, CHECKS + JUDGEMENTS)


def load_dir(path: Path, rules: Path | None = None) -> HallFiles:
    """The hall in a directory. Raises ConfigError."""
    return load_files(read_dir(path, rules))


def _examined(files: Mapping[str, str], checks: tuple[Check, ...]) -> tuple[HallFiles | None, tuple[Problem, ...]]:
    problems = [_unknown(name) for name in sorted(files) if name not in KNOWN_FILES]
    if HALL_FILE not in files:
        hint = "run `hall init DIR` for a commented one to start from"
        return None, (*problems, Problem(HALL_FILE, None, "", "the file", "none", hint))
    hall_doc, rules_doc = read_yaml(HALL_FILE, files[HALL_FILE]), _rules_document(files.get(RULES_FILE, ""))
    hall, findings = _model(hall_doc, Hall)
    rules, more = _model(rules_doc, Rules)
    loaded = HallFiles(hall, rules) if hall is not None and rules is not None else None
    plan = Plan.of(loaded.hall, loaded.rules) if loaded else salvaged(hall_doc, rules_doc)
    findings += [*more, *(finding for check in checks for finding in check(plan))]
    lines = {HALL_FILE: hall_doc.lines, RULES_FILE: rules_doc.lines}
    problems += [*hall_doc.problems, *rules_doc.problems]
    problems += [finding.located(lines[finding.file]) for finding in findings]
    problems.sort(key=lambda problem: (problem.file, problem.line or 0))
    sound = all(problem.severity == "warning" for problem in problems)
    return loaded if sound else None, tuple(problems)


@lru_cache(maxsize=256)
def _rules_document(text: str) -> Document:
    """Halls of one house share their rules: the same text is read once. A file of nothing but comments is no rules."""
    document = read_yaml(RULES_FILE, text)
    if document.data is None and not document.problems:
        document.data = {}
    return document


def _model(document: Document, model: type[M]) -> tuple[M | None, list[Finding]]:
    if document.problems:
        return None, []
    if not isinstance(document.data, dict):
        required = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
        got = shown(document.data) if document.data is not None else "an empty file"
        expected = f"keys with values{f' ({required}, ...)' if required else ''}"
        return None, [Finding(document.file, (), expected, got)]
    return validate(document, model)


def _unknown(name: str) -> Problem:
    expected = f"one of {', '.join(KNOWN_FILES)}"
    return Problem(name, None, "", expected, "an unknown file", did_you_mean(name, KNOWN_FILES))


def read_dir(path: Path, rules: Path | None = None) -> dict[str, str]:
    """The texts of a hall's files by name, ``rules`` in place of its rules.yaml. Raises ConfigError."""
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for name in KNOWN_FILES:
        file = rules if rules is not None and name == RULES_FILE else path / name
        if file.is_file() or file is rules:
            _read(file, name, texts, problems)
    if HALL_FILE not in texts and not problems:
        got = "no such directory" if not path.is_dir() else f"none in {path}"
        hint = f"run `hall init {path}` for a commented one to start from"
        problems.append(Problem(str(path / HALL_FILE), None, "", "the file that says what the hall is", got, hint))
    if problems:
        raise ConfigError(problems)
    return texts


def _read(file: Path, name: str, texts: dict[str, str], problems: list[Problem]) -> None:
    try:
        texts[name] = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        got = f"the byte 0x{error.object[error.start]:02x}"
        problems.append(Problem(str(file), line, "", "text in UTF-8", got, "save the file as UTF-8"))
    except OSError as error:
        problems.append(Problem(str(file), None, "", "a file that can be read", error.strerror or str(error)))


def load_halls(root: Path) -> dict[str, dict[str, str]]:
    """The files of every hall under ``root``, by hall id, in the order of ids.

    ``root`` is a directory of hall directories, or itself a hall's. Files are read and their ids compared; what else
    they say is for ``load_files``. Raises ConfigError: no hall there, an id that two have, a hall without a sound id.
    """
    problems: list[Problem] = []
    halls: dict[str, tuple[Path, dict[str, str]]] = {}
    for directory in hall_dirs(root):
        try:
            files = read_dir(directory)
            hall_id = _hall_id(files[HALL_FILE])
        except ConfigError as error:
            problems += [_under(directory, problem) for problem in error.problems]
            continue
        if hall_id in halls:
            got = f"{hall_id!r} in {halls[hall_id][0]} too"
            file = str(directory / HALL_FILE)
            problems.append(Problem(file, None, "id", "an id of its own", got, "rename one of the two"))
            continue
        halls[hall_id] = directory, files
    if problems:
        raise ConfigError(problems)
    return {hall_id: halls[hall_id][1] for hall_id in sorted(halls)}


def hall_dirs(root: Path) -> tuple[Path, ...]:
    """The hall directories that ``root`` stands for, in the order of their names. Raises ConfigError: none there."""
    if (root / HALL_FILE).is_file():
        return (root,)
    found = tuple(sorted(file.parent for file in root.glob(f"*/{HALL_FILE}") if file.is_file()))
    if not found:
        got = "none" if root.is_dir() else "no such directory"
        hint = f"run `hall init {root / 'my-hall'}` for a commented hall to start from"
        raise ConfigError([Problem(str(root), None, "", f"directories with a {HALL_FILE}", got, hint)])
    return found


def _hall_id(text: str) -> str:
    """The id in a hall.yaml; on any doubt the whole file is checked, which tells what is wrong with it."""
    document = read_yaml(HALL_FILE, text)
    if isinstance(document.data, dict) and isinstance(found := document.data.get("id"), str):
        return found
    return load_files({HALL_FILE: text}).hall.id


def _under(directory: Path, problem: Problem) -> Problem:
    return problem if problem.file not in KNOWN_FILES else replace(problem, file=str(directory / problem.file))
