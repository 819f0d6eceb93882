"""`hall run` as a process: a minute of the demo hall, Ctrl-C, and what is wrong before it even starts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agents.topology import TOPOLOGY
from streams.embedded.log import Log
from streams.operating.admin import in_log, lane_states
from streams.topics import JOURNAL, OBSERVATIONS
from tests.support.hall_files import FILES, HALL
from tests.support.operating import ROOT, Box, walk
from tests.support.scraping import get, scrape
from tests.support.system import until

CLEANLY = "stopped cleanly: everything is on disk, and the next run goes on from here"
LISTENS = re.compile(r"running; (http://\S+)/metrics")


def environment(directory: Path, **env: str) -> dict[str, str]:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("HALL_")}
    return {**outer, "HALL_VAR": str(directory), "HALL_HTTP": "127.0.0.1:0", "PYTHONUNBUFFERED": "1", **env}


def hall_run(directory: Path, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    """To its end, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "hall", "run", *options], cwd=ROOT, env=environment(directory, **env),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


class Running:
    """A process that was started, and what it has printed so far."""

    def __init__(self, directory: Path, *options: str, **env: str) -> None:
        self._file = directory / "said.txt"
        with self._file.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hall", "run", *options], cwd=ROOT, env=environment(directory, **env),
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self._file.read_text()

    @property
    def url(self) -> str:
        until("it to serve HTTP", lambda: bool(LISTENS.search(self.said)) or self.process.poll() is not None)
        found = LISTENS.search(self.said)
        assert found, self.said
        return found[1]


@contextmanager
def running(directory: Path, *options: str, **env: str) -> Iterator[Running]:
    made = Running(directory, *options, **env)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def ends(directory: Path) -> dict[str, int]:
    with Log.open(directory / "hall.db", read_only=True) as log:
        return {lane.topic: log.end(lane.topic, 0) for lane in TOPOLOGY.lanes}


def halls(directory: Path, *names: str) -> Path:
    """A directory of hall directories."""
    for name in names:
        (directory / name).mkdir(parents=True)
        (directory / name / "hall.yaml").write_text(HALL.replace("id: small", f"id: {name}"))
        (directory / name / "rules.yaml").write_text(FILES["rules.yaml"])
    return directory


def test_the_demo_hall_runs_by_itself_ends_with_a_summary_and_goes_on_at_the_next_run(tmp_path: Path) -> None:
    first = hall_run(tmp_path, "--for", "3")
    assert first.returncode == 0, first.stderr
    assert CLEANLY in first.stdout
    assert "Ctrl-C stops it" in first.stdout
    assert "\x1b[" not in first.stdout, "no colours and no cursor where there is no terminal"
    before = ends(tmp_path)
    assert before[OBSERVATIONS] > 20
    assert before[JOURNAL] > 5
    second = hall_run(tmp_path, "--for", "3")
    assert second.returncode == 0, second.stderr
    assert all(at > before[topic] for topic, at in ends(tmp_path).items())
    with Log.open(tmp_path / "hall.db", read_only=True) as log:
        names = [json.loads(r.value)["id"] for r in log.read(JOURNAL, 0, 0, limit=10_000) if r.key and r.value]
        states = lane_states(log, TOPOLOGY)
    assert len(set(names)) == len(names), "an orderly end: nothing was published twice"
    assert {name.split(":")[3] for name in names if ":sensing:" in name} == {str(states[0].mark and states[0].mark.era)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_supervisor_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as run:
        assert get(run.url + "/healthz")[0] == 200
        asked = time.monotonic()
        run.process.send_signal(number)
        assert run.process.wait(30) == 0
        assert time.monotonic() - asked < 10
        assert CLEANLY in run.said
        assert "Traceback" not in run.said


def test_the_demo_is_to_be_seen_on_metrics(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        url = run.url
        until("people in the hall", lambda: scrape(url).get(("hall_people", "demo"), 0) > 0)
        found = scrape(url)
    assert {zone for name, *labels in found if name == "hall_zone_people" for zone in labels[1:]} >= {"waiting"}
    assert found["hall_halls", "sensing"] == 1


def test_a_directory_of_two_halls_runs_both_and_simulates_neither(tmp_path: Path) -> None:
    config = halls(tmp_path / "halls", "north", "south")
    with running(tmp_path, HALL_CONFIG=str(config)) as run:
        url = run.url
        until("both to be configured", lambda: scrape(url).get(("hall_halls", "service")) == 2)
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(30) == 0
        assert "Small hall (north)" in run.said
        assert "Small hall (south)" in run.said
    with Log.open(tmp_path / "hall.db", read_only=True) as log:
        assert not [r for r in log.read(OBSERVATIONS, 0, 0, limit=1_000) if b'"frame"' in (r.value or b"")]


def test_ones_own_halls_are_simulated_when_asked_for(tmp_path: Path) -> None:
    config = halls(tmp_path / "halls", "north", "south")
    ended = hall_run(tmp_path, str(config), "--simulate", "--for", "2", "--seed", "3")
    assert ended.returncode == 0, ended.stderr
    with Log.open(tmp_path / "hall.db", read_only=True) as log:
        frames = [r.key for r in log.read(OBSERVATIONS, 0, 0, limit=1_000) if b'"frame"' in (r.value or b"")]
    assert set(frames) == {b"north", b"south"}


def test_a_hall_that_was_configured_long_ago_is_shown_at_once(tmp_path: Path) -> None:
    """The journal tells of a configuration once: what is read of it at the start may not reach back so far."""
    box = Box(tmp_path).made("producer").put(walk(5)).settle()
    ended = hall_run(tmp_path, str(box.hall_dir().parent), "--for", "2")
    assert ended.returncode == 0, ended.stderr
    assert "Small hall (small)" in ended.stdout
    assert "waiting for the first configuration" not in ended.stdout


WRONG = [
    ({"HALL_HTTP": "9464"}, 64, "host:port"),
    ({"HALL_SYNC": "sometimes"}, 64, "one of FULL, NORMAL"),
    ({"HALL_CONFG": "halls"}, 64, "did you mean HALL_CONFIG"),
    ({"HALL_BROKER": "kafka://127.0.0.1:1"}, 75, "no Kafka answers at 127.0.0.1:1"),
    ({"HALL_CONFIG": "no/such/directory"}, 78, "no/such/directory"),
]


@pytest.mark.parametrize(("env", "code", "says"), WRONG, ids=lambda value: str(value)[:30])
def test_wrong_settings_end_it_before_it_starts(tmp_path: Path, env: dict[str, str], code: int, says: str) -> None:
    ended = hall_run(tmp_path, "--for", "1", **env)
    assert ended.returncode == code, ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "hall.db").exists()


def test_a_hall_that_is_not_sound_is_told_with_all_that_is_wrong(tmp_path: Path) -> None:
    config = halls(tmp_path / "halls", "north")
    (config / "north" / "hall.yaml").write_text(
        HALL.replace("kind: waiting", "kind: wating").replace("Shanghai", "Nowhere")
    )
    ended = hall_run(tmp_path, str(config))
    assert ended.returncode == 78
    assert "hall.yaml" in ended.stderr
    assert "wating" in ended.stderr
    assert "Nowhere" in ended.stderr


def test_a_simulated_crowd_does_not_fit_a_log_that_is_fed(tmp_path: Path) -> None:
    Box(tmp_path).made("producer")
    ended = hall_run(tmp_path, "--for", "1")
    assert ended.returncode == 64
    assert "run with --no-simulate" in ended.stderr


# -- whose log it is ---------------------------------------------------------------------------------------------------


def in_force(directory: Path) -> set[str]:
    with Log.open(directory / "hall.db", read_only=True) as log:
        return set(in_log(log, lane_states(log, TOPOLOGY)))


def test_the_demo_never_comes_into_a_log_that_has_a_hall(tmp_path: Path) -> None:
    hall_run(tmp_path, str(halls(tmp_path / "halls", "mine")), "--for", "2")
    bare = hall_run(tmp_path, "--for", "3")
    assert bare.returncode == 0, bare.stderr
    assert "going on with the halls of this log: mine" in bare.stderr
    assert "(mine)" in bare.stdout, "the table shows it"
    assert in_force(tmp_path) == {"mine"}


def test_a_crowd_for_nobody_in_particular_is_refused_there(tmp_path: Path) -> None:
    box = Box(tmp_path).made().put([]).settle()
    refused = hall_run(box.directory, "--simulate", "--for", "2")
    assert refused.returncode == 64
    assert "has halls of its own (small)" in refused.stderr
    assert "HALL_VAR=var/demo hall run" in refused.stderr
    assert in_force(tmp_path) == {"small"}


def test_halls_of_the_log_that_nobody_named_are_told(tmp_path: Path) -> None:
    hall_run(tmp_path, "--for", "2")
    own = hall_run(tmp_path, str(halls(tmp_path / "halls", "mine")), "--for", "2")
    assert "also in force in this log: demo (`hall config remove demo` takes one out)" in own.stderr
    bare = hall_run(tmp_path, "--for", "2")
    assert "going on with the halls of this log: demo, mine" in bare.stderr
    assert "nobody sends frames for it: `hall config remove demo` takes it out" in bare.stderr


def test_it_says_where_its_log_is(tmp_path: Path) -> None:
    absolute = hall_run(tmp_path, "--for", "1")
    assert f"log: {tmp_path / 'hall.db'}\n" in absolute.stderr
    assert "this log has no other hall: it runs the demo hall with a simulated crowd" in absolute.stderr
    relative = os.path.relpath(tmp_path, ROOT)
    again = hall_run(Path(relative), "--for", "1")
    assert f"log: {tmp_path / 'hall.db'} (HALL_VAR={relative}, seen from {ROOT})" in again.stderr
