"""YAML text to data with lines: an exact part of YAML, and every way to leave it told in words."""

from __future__ import annotations

import pytest

from config.reading import MAX_CHARACTERS, MAX_DEPTH, MAX_PROBLEMS, read_yaml


def test_every_key_and_item_has_its_line() -> None:
    document = read_yaml("f", "a: 1\nb:\n  - x\n  - c: 2\n    d: [3,\n        4]\n")
    assert document.data == {"a": 1, "b": ["x", {"c": 2, "d": [3, 4]}]}
    assert document.lines == {
        (): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("b", 1, "c"): 4, ("b", 1, "d"): 5,
        ("b", 1, "d", 0): 5, ("b", 1, "d", 1): 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-3", -3), ("+3", 3), ("007", 7), ("0.5", 0.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0),
        ("-1.5E-3", -0.0015), ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        # What YAML 1.1 takes for something else is text here, and so is a number that no double holds.
        ("no", "no"), ("on", "on"), ("12:30", "12:30"), ("2024-01-01", "2024-01-01"), ("1_000", "1_000"),
        ("0x10", "0x10"),
        (".nan", ".nan"), (".inf", ".inf"), ("1e999", "1e999"), ("'12'", "12"), ('"true"', "true"),
        ("营业厅", "营业厅"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    document = read_yaml("f", f"key: {text}\n")
    assert document.problems == []
    assert document.data == {"key": value}
    assert type(document.data["key"]) is type(value)


def test_a_key_is_always_a_text() -> None:
    assert read_yaml("f", "1: a\ntrue: b\n").data == {"1": "a", "true": "b"}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_file_is_no_data_and_no_problem(text: str) -> None:
    document = read_yaml("f", text)
    assert (document.data, document.problems) == (None, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3: a: expected the key once, got a second one after line 1; remove one of the two"),
        ("a: &x 1\n", "f:1: a: expected a value without an anchor, got the anchor &x"),
        ("a: 1\nb: *x\n", "f:2: b: expected the value itself, got the alias *x"),
        ("a: !!python/object:os.system 1\n", "f:1: a: expected a value without a tag, got the tag"),
        ("a: 1\n---\nb: 2\n", "f:2: expected one document, got a second one; remove the '---'"),
        ("? [1, 2]\n: 3\n", "f:1: expected a text as key, got a list, a mapping or an alias"),
        ("a:\n\t- 1\n", "f:2: expected YAML, got an error: while scanning for the next token found character that "
         "cannot start any token; YAML allows no tab in front of a value: indent with spaces"),
        ("a: 1\nb: 'x\nc: 2\n", "f:2: expected YAML, got an error: while scanning a quoted scalar found unexpected end "
         "of stream; a quote, '[' or '{' is opened and never closed"),
        ("a: 1\nb: [1, 2\nc: 2\n", "f:2: expected YAML, got an error: while parsing a flow sequence"),
        ("a: b: c\n", "f:1: expected YAML, got an error: mapping values are not allowed in this context; a text with"),
        ("a: 1\n b: 2\n", "f:2: expected YAML, got an error: mapping values are not allowed"),
        ("a: @b\n", "f:1: expected YAML, got an error: while scanning for the next token found character that cannot "
         "start any token; a text that starts with this character needs quotes"),
        ("%YAML 3.0\n---\na: 1\n", "f:1: expected YAML, got an error: found incompatible YAML document"),
        ("a: 1\nb: x\x00y\n", "f:2: expected text, got the control character '\\x00'; remove it"),
        ("a: 1\nb: \ud800\n", "f:2: expected text, got half a character ('\\ud800')"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(text: str, message: str) -> None:
    document = read_yaml("f", text)
    assert document.data is None
    assert str(document.problems[0]).startswith(message)


def test_all_refused_values_are_told_at_once() -> None:
    found = read_yaml("f", "a: &x 1\na: 2\nb: *x\n").problems
    assert [(problem.line, problem.key) for problem in found] == [(1, "a"), (2, "a"), (3, "b")]


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    levels = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    document = read_yaml("f", "\n".join(levels))
    assert document.data is None
    assert len(document.problems) == MAX_PROBLEMS


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 50_000, "{a: " * 50_000, "? " * 50_000])
def test_bottomless_nesting_is_refused_without_falling_in(text: str) -> None:
    document = read_yaml("f", text)
    assert document.data is None
    assert len(document.problems) == 1


def test_nesting_up_to_the_limit_is_read() -> None:
    assert read_yaml("f", "[" * MAX_DEPTH + "]" * MAX_DEPTH).problems == []
    assert f"at most {MAX_DEPTH} levels" in str(
        read_yaml("f", "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2)).problems[0]
    )


def test_a_huge_file_is_refused_unread() -> None:
    (problem,) = read_yaml("f", "#" * (MAX_CHARACTERS + 1)).problems
    assert str(problem) == "f: expected at most 1,000,000 characters, got 1,000,001"
