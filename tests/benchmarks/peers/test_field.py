"""What a run is judged by: when it began, and whether its outputs are those of the job."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.peers.field import bare, difference
from benchmarks.peers.task import Task, began_at

ROOT = Path(__file__).parents[3]
TASK = Task("127.0.0.1:1", "in", "out", "quix-1", "/nowhere")


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("", None),
        ("began soon\n", None),
        ("a warning\nbegan 1772416800.250000\nmore\n", 1772416800.25),
        ("began 1.5\nbegan 2.5\n", 1.5),
        ("it began 1.5\n", None),
    ],
)
def test_the_beginning_is_the_first_line_that_says_so(said: str, at: float | None) -> None:
    assert began_at(said) == at


def test_a_process_says_once_when_it_began_and_finds_its_task_in_the_environment() -> None:
    program = "from benchmarks.peers.task import Task, begin; begin(); begin(); print(Task.from_env().run)"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=TASK.to_env(), capture_output=True, text=True, check=True
    ).stdout
    assert said.count("began") == 1
    assert began_at(said) is not None
    assert "quix-1" in said


def test_the_id_that_our_outputs_have_is_taken_off_and_nothing_else() -> None:
    assert (
        bare(b'{"id":"h:sensing:zoning:1:2:0","type":"zone_changed","hall":"h"}')
        == b'{"type":"zone_changed","hall":"h"}'
    )
    assert bare(b'{"type":"zone_changed","id":"x"}') == b'{"type":"zone_changed","id":"x"}'


def test_outputs_are_compared_with_how_often_each_was_published() -> None:
    expected = Counter({(b"h", b"one"): 1, (b"h", b"two"): 2})
    assert difference(expected.copy(), expected) == ""
    assert "1 missing, 0 too many, such as two" in difference(Counter({(b"h", b"one"): 1, (b"h", b"two"): 1}), expected)
    assert "0 missing, 1 too many, such as one" in difference(expected + Counter({(b"h", b"one"): 1}), expected)
    assert "1 missing, 1 too many" in difference(Counter({(b"g", b"one"): 1, (b"h", b"two"): 2}), expected)


def test_what_runs_in_other_environments_needs_nothing_of_ours_but_the_events() -> None:
    """Without Hallstream's own packages there: only msgspec is installed beside the engine."""
    program = (
        "import sys; import benchmarks.peers.job, benchmarks.peers.task; "
        "print(sorted({'pydantic', 'faust', 'confluent_kafka', 'prometheus_client', 'config', 'yaml'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
