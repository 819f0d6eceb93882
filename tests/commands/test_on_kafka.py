"""The verbs on a real Kafka: what an operator types there does what it does on the embedded log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.topology import SENSING
from commands.common import now_ms
from streams.codec import id_of
from streams.recording import read_recording
from streams.topics import JOURNAL
from tests.support.engine_process import ROOT, EngineProcess
from tests.support.kafka_broker import KafkaBroker, running
from tests.support.kafka_site import Site, hall
from tests.support.system import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

PARTITIONS = 3


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve simulated minutes of the demo hall."""
    out = tmp_path_factory.mktemp("day")
    hall({}, "simulate", "--hours", "0.2", "--out", str(out / "day"))
    return out / "day" / "recording.jsonl.gz"


@pytest.fixture
def site(tmp_path: Path, kafka: KafkaBroker) -> Iterator[Site]:
    made = Site(tmp_path, kafka, PARTITIONS)
    yield made
    made.close()


def concluded(recording: Path) -> list[bytes]:
    """What the sensing lane said, repeats and ids left out: an era and offsets are the log's own."""
    seen: dict[str, bytes] = {}
    for record in read_recording(recording):
        name = id_of(record.value) if record.topic == JOURNAL and record.key and record.value else None
        if name is not None and f":{SENSING.name}:" in name and record.value is not None:
            seen[name] = record.value.partition(b'",')[2]
    return sorted(value for value in seen.values() if not value.startswith(b'"type":"configured"'))


def report(site: Site, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.hall("status", "--json", code=code))
    return found


def test_a_day_is_fed_watched_explained_recorded_and_proved(site: Site, day: Path, tmp_path: Path) -> None:
    assert report(site, 3)["verdict"] == "stopped"
    site.start(tmp_path, 2)
    site.hall("feed", str(day), "--speed", "max")

    found = report(site)
    assert len(found["engines"]) == 2
    assert sorted(p for engine in found["engines"] for p in engine["partitions"]) == list(range(PARTITIONS))
    assert [state["lag"] for state in found["lanes"]] == [0] * 2 * PARTITIONS
    assert [one["hall"] for one in found["halls"]] == ["demo"]
    assert "demo" in site.hall("config", "show", "demo")

    entered = json.loads(site.hall("log", "cat", "--type", "zone_entered", "--raw").splitlines()[-1])
    assert "proved: replaying" in site.hall("explain", entered["id"])
    stats = {
        (part["topic"], part["partition"]): part
        for part in json.loads(site.hall("log", "stats", "--json"))["partitions"]
    }
    assert max(part["records"] for (topic, _), part in stats.items() if topic == "hall.observations") > 7_000

    # Two workers leave in good order, and the boundary is told partition by partition.
    assert site.hall("drain", "--wait", "30").count("is processed and on disk") == 2 * PARTITIONS
    assert [worker.ended() for worker in site.workers] == [0, 0]
    site.hall("drain", code=3)

    site.hall("record", str(tmp_path / "day.jsonl.gz"))
    site.hall("replay", str(tmp_path / "day.jsonl.gz"), "--prove")


def test_a_configuration_is_compared_applied_and_refused(site: Site, tmp_path: Path) -> None:
    demo = ROOT / "config" / "examples" / "demo"
    site.start(tmp_path, 1)
    assert "demo: new" in site.hall("config", "apply", str(demo), "--dry-run")
    assert "demo: in force" in site.hall("config", "apply", str(demo))
    assert "as it is in force" in site.hall("config", "apply", str(demo))
    # What the tests of the embedded log show of a bad one is refused before any log is asked.
    (bad := tmp_path / "bad").mkdir()
    (bad / "hall.yaml").write_text("id: demo\n")
    site.hall("config", "apply", str(bad), code=78)


def test_a_reset_needs_that_no_worker_runs_and_keeps_what_fits(site: Site, day: Path, tmp_path: Path) -> None:
    site.start(tmp_path, 1)
    site.hall("feed", str(day), "--speed", "max")
    site.hall("reset", "--yes", code=75)
    site.hall("drain", "--wait", "30")
    before = eras(report(site, 3))
    assert site.hall("reset", "--yes").count("the state is kept") == 2 * PARTITIONS
    site.start(tmp_path / "again", 1)
    found = report(site)
    assert [one["hall"] for one in found["halls"]] == ["demo"]
    assert all(era > before[part] for part, era in eras(found).items())


def eras(found: dict[str, Any]) -> dict[tuple[str, int], int]:
    return {(state["lane"], state["partition"]): state["era"] for state in found["lanes"]}


def test_a_hall_moves_from_the_embedded_log_to_kafka_and_back(site: Site, day: Path, tmp_path: Path) -> None:
    """
    embedded ──record──▶ a.jsonl.gz ──feed──▶ Kafka ──record──▶ b.jsonl.gz ──feed──▶ embedded ──record──▶ c.jsonl.gz
    """
    files = [tmp_path / f"{name}.jsonl.gz" for name in "abc"]
    on_box(tmp_path / "first", day, files[0])
    site.start(tmp_path, 1)
    site.hall("feed", str(files[0]), "--speed", "max")
    site.hall("record", str(files[1]))
    on_box(tmp_path / "second", files[1], files[2])
    first, *others = map(concluded, files)
    assert len(first) > 200
    assert others == [first, first]


def on_box(directory: Path, recording: Path, file: Path) -> None:
    """Feed a recording to an engine on the embedded log, and record what there is then."""
    env = {"HALL_VAR": str(directory / "var")}
    hall(env, "topics", "create", "--time", "producer")
    engine = EngineProcess(directory, {}, env)
    engine.start(bare=False)
    try:
        assert engine.url
        hall(env, "feed", str(recording), "--speed", "max")
        hall(env, "record", str(file))
    finally:
        engine.kill()


def test_a_tracker_sends_frames_and_its_hall_is_removed(tmp_path: Path, kafka: KafkaBroker) -> None:
    # hall in force | frames through a pipe | removed | a frame of it: dead | in force again, with nothing
    site = Site(tmp_path, kafka, PARTITIONS, time="log")
    try:
        site.start(tmp_path, 2)
        demo = ROOT / "config" / "examples" / "demo"
        site.hall("config", "apply", str(demo))
        frames = [
            {"camera": "east", "at_ms": now_ms() - 4000 + 200 * n, "people": [{"id": 7, "at_m": [16 + 0.1 * n, 6]}]}
            for n in range(20)
        ]
        assert "20 frames are in the log" in site.hall("feed", "-", given=lines(frames))
        until("the track", lambda: '"track_started"' in site.hall("log", "cat", "--raw"))
        assert "demo: removed" in site.hall("config", "remove", "demo", "--yes")
        ended = [json.loads(line) for line in site.hall("log", "cat", "--type", "track_ended", "--raw").splitlines()]
        assert [event["reason"] for event in ended] == ["config"]
        assert report(site)["halls"] == []
        site.hall("feed", "-", given=lines(frames[:1]), code=64)
        site.hall("config", "apply", str(demo))
        site.hall("drain", "--wait", "30")
        assert site.hall("log", "cat", "dead", "--raw") == ""
        site.hall("record", str(tmp_path / "log.jsonl.gz"))
        site.hall("replay", str(tmp_path / "log.jsonl.gz"), "--prove")
    finally:
        site.close()


def lines(frames: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(frame) + "\n" for frame in frames)
