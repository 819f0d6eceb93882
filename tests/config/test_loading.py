"""A hall's files to models; every problem at once, each at its line."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.hall import ZoneKind
from config.loading import ConfigError, HallFiles, Problem, examine, load_dir, load_files, load_halls, read_dir
from config.rules import Rules
from tests.support.hall_files import FILES, HALL, RULES, hall_with, problems, rules_with, the_problem

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"


def test_a_sound_hall_loads() -> None:
    loaded = load_files(FILES)
    assert loaded.hall.id == "small"
    assert loaded.hall.zones[0].kind is ZoneKind.WAITING
    assert loaded.hall.zones[0].polygon_m[2] == (5.0, 8.0)
    assert loaded.rules.limits[0].over == 10
    assert examine(FILES) == (loaded, ())


@pytest.mark.parametrize("text", ["", "# limits will come here\n"])
def test_rules_may_be_left_out(text: str) -> None:
    assert load_files({"hall.yaml": HALL}).rules == Rules()
    assert load_files({"hall.yaml": HALL, "rules.yaml": text}).rules == Rules()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (hall_with("[[0, 0], [5, 0], [5, 8], [0, 8]]", "[[0, 0], [5, 0]]"),
         "hall.yaml:9: zones[0].polygon_m: expected at least 3 points, got 2"),
        (hall_with("kind: desks", "kind: desk"),
         "hall.yaml:12: zones[1].kind: expected one of entrance, guide, tickets, waiting, desks, kiosks, "
         "payment, experience "
         "or open, got 'desk'; did you mean desks?"),
        (hall_with("    name: Door\n", ""), "hall.yaml:15: lines[0].name: expected a value, got nothing; add name"),
        (hall_with("name: Door", "name: 7"), "hall.yaml:16: lines[0].name: expected a text, got 7; put it in quotes"),
        (hall_with("name: Door", "name:"),
         "hall.yaml:16: lines[0].name: expected a text, got nothing"),
        (hall_with("entrance: true", "entrance: yes"), "hall.yaml:19: lines[0].entrance: expected true or "
         "false, got 'yes'"),
        (hall_with("entrance: true", "entrnce: true"),
         "hall.yaml:19: lines[0].entrnce: expected a known key, got 'entrnce'; did you mean entrance?"),
        (hall_with("id: small", "id: Halle 1"),
         "hall.yaml:1: id: expected an id of small letters a-z, digits, - and _ (64 at most, no - or _ first), "
         "got 'Halle 1'; "
         "names that people read go into name"),
        (hall_with("size_m: [10, 8]", "size_m: 10 x 8"),
         "hall.yaml:4: size_m: expected a list, got '10 x 8'; start each item with '- ', or write [a, b]"),
        (hall_with("size_m: [10, 8]", "size_m: [10]"), "hall.yaml:4: size_m[1]: expected one more number, got [10]"),
        (hall_with("size_m: [10, 8]", "size_m: [10, 8, 3]"), "hall.yaml:4: size_m: expected at most 2 numbers, got 3"),
        (hall_with("size_m: [10, 8]", "size_m: [10, 8 m]"),
         "hall.yaml:4: size_m[1]: expected a number, got '8 m'; without quotes and units"),
        (hall_with("size_px: [1000, 800]", "size_px: [1000, 800.5]"),
         "hall.yaml:22: cameras[0].size_px[1]: expected a whole number, got 800.5"),
        (rules_with("over: 10", "over: -1"), "rules.yaml:8: limits[0].over: expected at least 0, got -1"),
        (rules_with("over: 10", "over: 1e999"), "rules.yaml:8: limits[0].over: expected a number, got '1e999'"),
        (rules_with("over: 10", "over: 10\n    clear_at: 11"),
         "rules.yaml:9: limits[0].clear_at: expected at most over, 10, got 11; above it the alarm would clear while it is "
         "raised; give a value below over, or leave clear_at out"),
        (rules_with("metric: occupancy", "metric: ocupancy"),
         "rules.yaml:7: limits[0].metric: expected one of occupancy, density, dwell or inside, got 'ocupancy'; did you "
         "mean occupancy?"),
        (rules_with("dwell:", "heat: 3\ndwell:"),
         "rules.yaml:1: heat: expected a mapping (key: value), got 3"),
        (FILES | {"hall.yaml": ""}, "hall.yaml:1: expected keys with values (id, name, size_m, zones, cameras, "
         "...), got an empty file"),
        (FILES | {"hall.yaml": "- a\n"}, "hall.yaml:1: expected keys with values (id, name, size_m, zones, "
         "cameras, ...), got ['a']"),
        (FILES | {"rules.yaml": "none"}, "rules.yaml:1: expected keys with values, got 'none'"),
        (FILES | {"rule.yaml": ""}, "rule.yaml: expected one of hall.yaml, rules.yaml, got an unknown file; did "
         "you mean rules.yaml?"),
        ({}, "hall.yaml: expected the file, got none; run `hall init DIR`"),
    ],
)  # fmt: skip
def test_a_problem_says_where_what_and_what_to_do(files: dict[str, str], message: str) -> None:
    text = the_problem(files)
    assert text.startswith(message)
    with pytest.raises(ConfigError) as caught:
        load_files(files)
    assert str(caught.value) == text


def test_all_problems_come_at_once_in_the_order_of_lines() -> None:
    """One wrong value hides neither the other values nor what is wrong between the sound ones."""
    hall = (
        HALL.replace("id: small", "id: SMALL").replace("id: east", "id: west").replace("Asia/Shanghai", "Asia/Shangai")
        .replace("to_m: [4, 7]", "to_m: [2, 7]").replace("size_px: [1000, 800]", "size_px: [0, 800]")
    )  # fmt: skip
    rules = RULES.replace("zone: west", "zone: wset").replace("west: [60]", "west: [0]")
    found = problems({"hall.yaml": hall, "rules.yaml": rules})
    assert [(problem.file, problem.line, problem.key) for problem in found] == [
        ("hall.yaml", 1, "id"),
        ("hall.yaml", 3, "timezone"),
        ("hall.yaml", 10, "zones[1].id"),
        ("hall.yaml", 18, "lines[0].to_m"),
        ("hall.yaml", 22, "cameras[0].size_px[0]"),
        ("rules.yaml", 3, "dwell.zones.west[0]"),
        ("rules.yaml", 6, "limits[0].zone"),
    ]


def test_a_zone_that_does_not_read_is_still_known_by_its_id() -> None:
    """Otherwise one mistake would be told twice: once in the zone, once in each rule that names it."""
    files = hall_with("[[0, 0], [5, 0], [5, 8], [0, 8]]", "nowhere")
    assert [problem.key for problem in problems(files)] == ["zones[0].polygon_m"]


def test_a_file_that_is_no_yaml_does_not_hide_the_other() -> None:
    found = problems({"hall.yaml": "a: [", "rules.yaml": "limits: 3"})
    assert [(problem.file, problem.key) for problem in found] == [("hall.yaml", ""), ("rules.yaml", "limits")]


def test_the_same_text_gives_equal_models_every_time() -> None:
    assert load_files(FILES) == load_files(dict(reversed(FILES.items())))


def test_the_largest_example_loads_in_a_few_milliseconds() -> None:
    """The engine loads a thousand halls at its start. The bound is loose, for a busy machine; it takes about one."""
    files = read_dir(EXAMPLES / "demo")
    load_files(files)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        load_files(files)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.02


# --- directories ---


def write(directory: Path, **files: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    return directory


def test_a_directory_is_read_by_known_names_only(tmp_path: Path) -> None:
    write(tmp_path, hall=HALL, rules=RULES, notes="not: read")
    assert read_dir(tmp_path) == FILES
    assert load_dir(tmp_path) == load_files(FILES)


def test_other_rules_take_the_place_of_the_halls_own(tmp_path: Path) -> None:
    write(tmp_path, hall=HALL, rules=RULES, raw="zones: {inertia_m: 0}\n")
    assert load_dir(tmp_path, tmp_path / "raw.yaml").rules.zones.inertia_m == 0
    with pytest.raises(ConfigError, match=r"missing\.yaml: expected a file that can be read, got No such file"):
        read_dir(tmp_path, tmp_path / "missing.yaml")


def test_a_directory_without_a_hall_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=rf"hall\.yaml: expected the file .* got none in .*; run `hall init {tmp_path}`"
    ):
        read_dir(tmp_path)
    with pytest.raises(ConfigError, match="got no such directory"):
        read_dir(tmp_path / "nowhere")


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "hall.yaml").write_bytes("id: a\nname: 营业厅\n".encode("gb18030"))
    with pytest.raises(
        ConfigError, match=r"hall\.yaml:2: expected text in UTF-8, got the byte 0x.*; save the file as UTF-8"
    ):
        read_dir(tmp_path)


def test_a_root_holds_halls_in_directories(tmp_path: Path) -> None:
    write(tmp_path / "b", hall=HALL.replace("id: small", "id: first"))
    write(tmp_path / "a", hall=HALL.replace("id: small", "id: second"), rules=RULES)
    write(tmp_path / "c", notes="no hall here")
    halls = load_halls(tmp_path)
    assert list(halls) == ["first", "second"]
    assert halls["second"]["rules.yaml"] == RULES


def test_a_directory_that_is_itself_a_hall_is_that_one_hall(tmp_path: Path) -> None:
    write(tmp_path, hall=HALL)
    assert list(load_halls(tmp_path)) == ["small"]


def test_two_halls_of_one_id_are_an_error_that_names_both(tmp_path: Path) -> None:
    write(tmp_path / "a", hall=HALL)
    write(tmp_path / "b", hall=HALL)
    with pytest.raises(
        ConfigError, match=rf"{tmp_path}/b/hall\.yaml: id: expected an id of its own, got 'small' in {tmp_path}/a"
    ):
        load_halls(tmp_path)


def test_a_hall_whose_id_cannot_be_read_is_told_with_its_path(tmp_path: Path) -> None:
    write(tmp_path / "a", hall="id: [")
    write(tmp_path / "b", hall="name: x")
    with pytest.raises(ConfigError) as caught:
        load_halls(tmp_path)
    assert {problem.file for problem in caught.value.problems} == {f"{tmp_path}/{name}/hall.yaml" for name in "ab"}


def test_a_root_without_halls_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected directories with a hall\.yaml, got none; run `hall init"):
        load_halls(tmp_path)
    with pytest.raises(ConfigError, match="got no such directory"):
        load_halls(tmp_path / "nowhere")


# --- laws ---


def loads_or_says_why(files: dict[str, str]) -> None:
    """Nothing but ConfigError is ever raised, and never without a reason."""
    problems: tuple[Problem, ...] = ()
    loaded: HallFiles | None = None
    try:
        loaded = load_files(files)
    except ConfigError as error:
        problems = error.problems
    assert (loaded is None) == any(problem.severity == "error" for problem in problems)
    assert all(problem.expected and problem.got for problem in problems)


@given(st.text(), st.text())
def test_any_text_loads_or_says_why(hall: str, rules: str) -> None:
    loads_or_says_why({"hall.yaml": hall, "rules.yaml": rules})


SCRAPS = (
    "null", "~", "[]", "{}", "''", "1e308", "-1e308", "1e-300", "999999999999999999", "0", "-1", "true", "a: "
    "b", "*x", "&x y",
    "!!int 3", "\t", "\n", "- ", "? ", ": ", "#", "[[", "}}", "\u2028", "\x07", "west", "[0, 0]", "[[0, 0], [1, "
    "1], [0, 0]]",
    "[[1e9, 0, 0], [0, 1e-9, 0], [0, 0, 1e-9]]", "[[0, 0, 1], [0, 0, 1], [1, 1, -900]]", "Asia", "../x", "points",
    "floor_m",
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=300)
@given(st.randoms(use_true_random=False), st.sampled_from(["demo", "forum"]))
def test_a_damaged_example_loads_or_says_why(rnd: random.Random, name: str) -> None:
    files = read_dir(EXAMPLES / name)
    for _ in range(rnd.randint(1, 4)):
        file = rnd.choice(sorted(files))
        files[file] = damaged(rnd, files[file])
    loads_or_says_why(files)


def damaged(rnd: random.Random, text: str) -> str:
    """A piece is cut out, doubled or replaced: mostly a whole value, sometimes any stretch of characters."""
    spots = [i for i, character in enumerate(text) if character in " [],:\n"]
    if rnd.random() < 0.7 and len(spots) > 2:
        k = rnd.randrange(len(spots) - 1)
        start, end = spots[k] + 1, spots[k + 1]
    else:
        start = rnd.randrange(len(text) + 1)
        end = min(len(text), start + rnd.randrange(40))
    return text[:start] + rnd.choice(["", text[start:end] * 2, rnd.choice(SCRAPS)]) + text[end:]
