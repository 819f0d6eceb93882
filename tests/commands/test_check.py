"""``hall check`` as its user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from commands.check import command
from tests.support.hall_files import HALL, RULES

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"


def check(*args: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(command, [str(arg) for arg in args], env=env or {"HALL_CONFIG": ""})


def write(directory: Path, hall: str = HALL, rules: str = RULES) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "hall.yaml").write_text(hall, encoding="utf-8")
    (directory / "rules.yaml").write_text(rules, encoding="utf-8")
    return directory


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_a_sound_hall_is_shown_as_tables() -> None:
    result = check(EXAMPLES / "demo")
    assert result.exit_code == 0
    lines = squeezed(result.output)
    assert lines[0].startswith("demo 示范营业厅 24 x 14 m Asia/Shanghai")
    assert "waiting 等候区 waiting 60.0 4" in lines
    assert "main-door 大门 8, 13 13, 13 into the hall" in lines
    assert "west 1920 x 1080 168.0 8 points, off by 2.7 cm 3 0 2 3 5 2 3 2" in lines
    assert "waiting-full waiting occupancy over 25 people 30 20 warning" in lines
    assert lines[-1] == "the hall is sound"


def test_errors_name_file_line_and_key_and_the_exit_code_is_one(tmp_path: Path) -> None:
    hall = write(tmp_path / "h", HALL.replace("kind: desks", "kind: desk"), RULES.replace("zone: west", "zone: wst"))
    result = check(hall)
    assert result.exit_code == 1
    first, second, last = result.output.splitlines()
    assert first.startswith(f"{hall}/hall.yaml:12: zones[1].kind: expected one of")
    assert second.startswith(
        f"{hall}/rules.yaml:6: limits[0].zone: expected a zone of hall.yaml, got 'wst'; did you mean west?"
    )
    assert last == "the hall cannot be used: correct the errors above"


def test_warnings_do_not_stop(tmp_path: Path) -> None:
    result = check(write(tmp_path / "h", HALL.replace("entrance: true", "entrance: false")))
    assert result.exit_code == 0
    assert "hall.yaml:14: warning: lines: expected a line with entrance: true, got none" in result.output


def test_nothing_is_called_sound_beside_a_warning_or_an_error(tmp_path: Path) -> None:
    doubtful = HALL.replace("entrance: true", "entrance: false")
    alone = check(write(tmp_path / "one", doubtful))
    assert squeezed(alone.output)[-1] == "the hall can be used, but read the warning above"
    write(tmp_path / "two", HALL.replace("id: small", "id: other"))
    both = check(tmp_path)
    assert both.exit_code == 0
    assert squeezed(both.output)[-1] == "1 of 2 halls are sound, 1 can be used: read the warnings above"
    write(tmp_path / "three", HALL.replace("id: small", "id: other"))
    assert squeezed(check(tmp_path).output)[-1] == "the halls cannot be used together: correct the errors above"


def test_a_calibration_that_cannot_be_fails_the_check(tmp_path: Path) -> None:
    """The same spots in an image of twice the size: their fit is perfect, and nobody would be on the floor."""
    spots = ((0, 0), (2000, 0), (2000, 1600), (0, 1600), (1000, 800), (500, 600))
    points = "".join(f"      - {{px: [{x}, {y}], floor_m: [{x / 200}, {y / 200}]}}\n" for x, y in spots)
    hall = HALL.replace("    homography: [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]\n", f"    points:\n{points}")
    result = check(write(tmp_path / "h", hall))
    assert result.exit_code == 1
    assert "px inside the image of 1000 x 800" in result.output
    assert "2000" in result.output
    assert squeezed(result.output)[-1] == "the hall cannot be used: correct the errors above"


@pytest.mark.parametrize("name", ["rule.yaml", "rules.yml"])
def test_a_file_that_is_nearly_named_right_is_not_passed_over_in_silence(tmp_path: Path, name: str) -> None:
    hall = write(tmp_path / "h")
    (hall / name).write_text("")
    (hall / "rules.raw.yaml").write_text("")  # a variant, on purpose
    result = check(hall)
    assert [line for line in result.output.splitlines() if "warning:" in line] == [
        f"{hall}/{name}: warning: expected files named hall.yaml, rules.yaml, got {name}; "
        "it is not read: did you mean rules.yaml?"
    ]


def test_other_rules_are_checked_in_place_of_the_halls_own(tmp_path: Path) -> None:
    hall, rules = write(tmp_path / "h"), tmp_path / "other.yaml"
    rules.write_text("flow: {inertia_m: far}\n")
    assert f"{rules}:1: flow.inertia_m: expected a number, got 'far'" in check(hall, "--rules", rules).output
    assert check(EXAMPLES / "forum", "--rules", EXAMPLES / "forum" / "rules.raw.yaml").exit_code == 0


def test_a_directory_of_halls_is_checked_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "a", HALL.replace("id: small", "id: other"))
    write(tmp_path / "b", HALL.replace("size_m: [10, 8]", "size_m: [10]"))
    result = check(tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path}/b/hall.yaml:4: size_m[1]" in result.output
    assert squeezed(result.output)[-1] == "1 of 2 halls are sound"


def test_two_halls_of_one_id_fail_the_check(tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b")
    result = check(tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path}/b/hall.yaml: id: expected an id of its own, got 'small' in {tmp_path}/a too" in result.output


def test_the_plan_is_drawn(tmp_path: Path) -> None:
    result = check(EXAMPLES / "demo", "--plan", tmp_path / "plan.png")
    assert result.exit_code == 0
    with Image.open(tmp_path / "plan.png") as image:
        assert image.format == "PNG"
        assert image.width > 1400


def test_several_halls_get_a_plan_each(tmp_path: Path) -> None:
    assert check(EXAMPLES, "--plan", tmp_path / "plan.png").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan-demo.png", "plan-forum.png"]


@pytest.mark.parametrize("name", ["no/such/directory/plan.png", "plan.xyz"])
def test_a_plan_that_cannot_be_written_is_an_error_in_words(tmp_path: Path, name: str) -> None:
    result = check(EXAMPLES / "demo", "--plan", tmp_path / name)
    assert result.exit_code == 1
    assert f"Error: cannot write the plan {tmp_path / name}: " in result.output


def test_without_a_directory_the_configured_one_is_checked() -> None:
    assert check(env={"HALL_CONFIG": str(EXAMPLES / "demo")}).exit_code == 0
    nothing = check()
    assert nothing.exit_code == 1
    assert "HALL_CONFIG: expected a directory of hall directories, got nothing; set it" in nothing.output


def test_a_directory_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    result = check(tmp_path / "nowhere")
    assert result.exit_code == 1
    assert result.output.startswith(f"{tmp_path}/nowhere: expected directories with a hall.yaml, got no such directory")
