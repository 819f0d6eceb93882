"""Several processes on one log, and processes that are killed in the middle of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from streams.embedded.log import Log
from streams.log import TopicSpec
from streams.record import Record
from tests.support.embedded import TOPIC, everything, start

PROCESSES, EACH = 4, 2_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "halls.log"
    with Log.open(path) as log:
        log.create_topic(TopicSpec(TOPIC))
    return path


def test_four_processes_append_while_one_reads(path: Path) -> None:
    names = [f"camera-{number}" for number in range(PROCESSES)]
    processes = [start("append", path, name, EACH, 10) for name in names]
    seen: list[Record] = []
    with Log.open(path) as log:
        while len(seen) < PROCESSES * EACH and any(process.poll() is None for process in processes):
            seen += log.read(TOPIC, 0, len(seen))
        promised = [process.communicate(timeout=60)[0].splitlines() for process in processes]
        seen += log.read(TOPIC, 0, len(seen), limit=PROCESSES * EACH)
    assert [record.offset for record in seen] == list(range(PROCESSES * EACH))
    assert all(one.timestamp_ms <= next_.timestamp_ms for one, next_ in pairwise(seen))
    for name, lines in zip(names, promised, strict=True):
        own = [record for record in seen if record.key == name.encode()]
        assert [record.value for record in own] == [f"{name} {number}".encode() for number in range(EACH)]
        assert [f"{number} {record.offset}" for number, record in enumerate(own)] == lines


def test_processes_that_make_the_same_log_get_one(tmp_path: Path) -> None:
    path = tmp_path / "new.log"
    processes = [start("make", path) for _ in range(4)]
    ids = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(ids) == 1
    assert ids != {""}
    assert [file.name for file in tmp_path.iterdir()] == ["new.log"]


@pytest.mark.parametrize(("batch", "lines"), [(1, 40), (7, 200), (500, 3_000)])
def test_what_was_promised_survives_a_kill(path: Path, batch: int, lines: int) -> None:
    process = start("append", path, "camera", 10_000_000, batch)
    assert process.stdout is not None
    promised = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    promised += process.stdout.readlines()
    process.communicate()
    with Log.open(path) as log:
        records = everything(log, TOPIC)
        assert [record.offset for record in records] == list(range(log.end(TOPIC, 0)))
        assert [record.value for record in records] == [f"camera {number}".encode() for number in range(len(records))]
        whole = [line for line in promised if line.endswith("\n")]  # the kill may cut the last one short
        assert whole == [f"{number} {number}\n" for number in range(len(whole))]
        assert len(whole) <= len(records)
        assert len(records) % batch == 0
        assert log.position("camera", TOPIC, 0) == len(records)
        assert log.stats()[0].records == len(records)
