"""Plain data to checked models, and pydantic's errors in the words of whoever wrote the file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.problems import Finding, Loc, did_you_mean, dotted, shown
from config.reading import Data, Document

M = TypeVar("M", bound=BaseModel)


def validate(document: Document, model: type[M]) -> tuple[M | None, list[Finding]]:
    """The document's data as ``model``, or everything that is wrong with it. Types are strict: ``'1'`` is no number."""
    found, errors = checked(model, document.data)
    return found, _once([_finding(document, model, error) for error in errors])


def _once(findings: list[Finding]) -> list[Finding]:
    """Who thinks in another unit did so in every point: of each item's the first is told, with how many there are."""
    counts = Counter(finding.loc[:2] for finding in findings if finding.hint == MILLIMETRES)
    first: set[Loc] = set()
    told: list[Finding] = []
    for finding in findings:
        item = finding.loc[:2]
        if finding.hint != MILLIMETRES:
            told.append(finding)
        elif item not in first:
            first.add(item)
            more = f" (and {counts[item] - 1} more of {dotted(item)})" if counts[item] > 1 else ""
            told.append(replace(finding, got=finding.got + more))
    return told


MILLIMETRES = "lengths are in metres: are these millimetres?"


def checked(model: type[M], data: Data) -> tuple[M | None, list[ErrorDetails]]:
    try:
        # By way of JSON: pydantic is strict about texts and numbers there, and still takes a list for a tuple.
        return model.model_validate_json(json.dumps(data), strict=True), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _finding(document: Document, model: type[BaseModel], error: ErrorDetails) -> Finding:
    loc: Loc = tuple(part for part in error["loc"] if part != "[key]")
    expected, got, hint = _WORDS.get(error["type"], _other)(error, model)
    if error["type"] == "missing" and isinstance(loc[-1], str):
        # It has no line of its own: `located` falls back to that of the thing it is missing from.
        hint = f"add {loc[-1]}"
    return Finding(document.file, loc, expected, got, hint)


Words = tuple[str, str, str]
"""Expected, got, hint."""


def _bound(words: str, name: str) -> Callable[[ErrorDetails, type[BaseModel]], Words]:
    return lambda error, _model: (f"{words} {error['ctx'][name]:g}", shown(error["input"]), _unit_hint(error))


def _unit_hint(error: ErrorDetails) -> str:
    """No hall is that long: its writer thinks in another unit."""
    key = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
    return MILLIMETRES if key.endswith("_m") and abs(error["input"]) > 1e4 else ""


def _typed(words: str, hint: str = "") -> Callable[[ErrorDetails, type[BaseModel]], Words]:
    def of(error: ErrorDetails, _model: type[BaseModel]) -> Words:
        value = error["input"]
        empty = "remove the key, or give it a value" if value is None else ""
        return words, shown(value), empty or hint

    return of


def _text(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    return "a text", shown(error["input"]), "" if error["input"] is None else "put it in quotes"


def _missing(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    if isinstance(error["loc"][-1], int):
        return "one more number", shown(error["input"]), ""
    return "a value", "nothing", ""


def _extra(error: ErrorDetails, model: type[BaseModel]) -> Words:
    parent = model_at(model, error["loc"][:-1])
    known = tuple(parent.model_fields) if parent else ()
    key = str(error["loc"][-1])
    return "a known key", f"{key!r}", did_you_mean(key, known, f"known are {', '.join(known)}")


def _short(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    least, actual = error["ctx"]["min_length"], error["ctx"]["actual_length"]
    return f"at least {least} {_unit(error, int(least))}", str(actual), ""


def _long(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    most, actual = error["ctx"]["max_length"], error["ctx"]["actual_length"] or len(error["input"])
    return f"at most {most} {_unit(error, int(most))}", str(actual), ""


def _unit(error: ErrorDetails, count: int) -> str:
    named = next((str(part) for part in reversed(error["loc"]) if isinstance(part, str)), "")
    unit = (
        "number"
        if _is_numbers(error["input"])
        else "point"
        if named in ("polygon_m", "floor_m", "via_m", "points")
        else "item"
    )
    return unit if count == 1 else f"{unit}s"


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, int | float) for v in value)


def _pattern(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    hint = "names that people read go into name"
    return "an id of small letters a-z, digits, - and _ (64 at most, no - or _ first)", shown(error["input"]), hint


def _choice(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    choices = str(error["ctx"]["expected"]).replace("'", "")
    words = choices.replace(" or ", ", ").split(", ")
    return f"one of {choices}", shown(error["input"]), did_you_mean(str(error["input"]), words)


def _value(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    return str(error["ctx"]["error"]), shown(error["input"]), ""


def _other(error: ErrorDetails, _model: type[BaseModel]) -> Words:
    return error["msg"].removeprefix("Input should be ").removeprefix("Value error, "), shown(error["input"]), ""


_LIST = _typed("a list", "start each item with '- ', or write [a, b]")
_NUMBER = _typed("a number", "without quotes and units")
_WORDS: dict[str, Callable[[ErrorDetails, type[BaseModel]], Words]] = {
    "bool_type": _typed("true or false"),
    "dict_type": _typed("a mapping (key: value)"),
    "enum": _choice,
    "extra_forbidden": _extra,
    "float_type": _NUMBER,
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "int_from_float": _typed("a whole number"),
    "int_type": _typed("a whole number", "without quotes and units"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "list_type": _LIST,
    "literal_error": _choice,
    "missing": _missing,
    "model_attributes_type": _typed("a mapping (key: value)"),
    "model_type": _typed("a mapping (key: value)"),
    "string_pattern_mismatch": _pattern,
    "string_type": _text,
    "too_long": _long,
    "too_short": _short,
    "tuple_type": _LIST,
    "value_error": _value,
}


def model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model class that checks what stands at ``loc`` of ``model``; None where none does."""
    here: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int):
            continue
        if here is None or part not in here.model_fields:
            return None
        here = _inner_model(here.model_fields[part].annotation)
    return here


def _inner_model(annotation: object) -> type[BaseModel] | None:
    """``tuple[Zone, ...] | None`` -> ``Zone``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := _inner_model(part)) is not None), None)
