"""Programs that know nothing of us: kcat understands the topics, Prometheus scrapes the workers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from streams.partitioner import partition_of
from tests.support.engine_process import ROOT
from tests.support.kafka_broker import REQUIRED, KafkaBroker, free_port
from tests.support.kafka_site import Site, hall
from tests.support.system import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

PARTITIONS = 4
UNPACKED = ROOT / "var" / "outsiders"


@pytest.fixture(scope="module")
def programs() -> dict[str, str]:
    """Where they are, by name; a skip that says what is missing, or a failure where live tests must run."""
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "outsiders"), str(UNPACKED)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(done.stderr.strip())
    names = ("kcat", "prometheus", "promtool")
    return {name: shutil.which(name) or str(UNPACKED / "usr" / "bin" / name) for name in names}


@pytest.fixture(scope="module")
def site(broker: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two workers that have processed six simulated minutes."""
    directory = tmp_path_factory.mktemp("site")
    hall({}, "simulate", "--hours", "0.1", "--out", str(directory / "day"))
    made = Site(directory, broker, PARTITIONS)
    made.start(directory, 2)
    made.hall("feed", str(directory / "day" / "recording.jsonl.gz"), "--speed", "max")
    yield made
    made.close()


def test_kcat_reads_the_topics_and_understands_them(programs: dict[str, str], site: Site, broker: KafkaBroker) -> None:
    read = [programs["kcat"], "-b", broker.servers, "-C", "-t", "hall.journal", "-e", "-q", "-f", "%p %k %T %s\\n"]
    lines = subprocess.run(read, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    seen = set()
    for line in lines:
        partition, key, timestamp, value = line.split(" ", 3)
        event: dict[str, Any] = json.loads(value)
        seen.add(event["type"])
        if event["type"] != "tick":
            assert key == event["hall"] == "demo"
            assert int(partition) == partition_of(b"demo", PARTITIONS)
            assert int(timestamp) > 0
    assert {"tick", "configured", "zone_entered", "zone_left", "dwell_ended", "line_crossed"} <= seen


def test_what_kcat_sends_is_taken_and_what_it_puts_elsewhere_is_told(
    programs: dict[str, str], site: Site, broker: KafkaBroker
) -> None:
    """Its default partitioner is another one: so it is told to use ours, or its record is dead and says why."""
    send = [programs["kcat"], "-b", broker.servers, "-P", "-t", "hall.observations", "-k", "demo"]
    wrong = (partition_of(b"demo", PARTITIONS) + 1) % PARTITIONS
    for options in (["-X", "partitioner=murmur2_random"], ["-p", str(wrong)]):
        subprocess.run([*send, *options], input="kcat was here", text=True, timeout=60, check=True)
    reasons = {"undecodable", "wrong_partition"}

    def told() -> set[str]:
        return {json.loads(line)["reason"] for line in site.hall("log", "cat", "dead", "--raw").splitlines()}

    until(f"dead letters for {reasons}", lambda: told() >= reasons)


def test_prometheus_scrapes_both_workers(programs: dict[str, str], site: Site, tmp_path: Path) -> None:
    targets = [worker.url.removeprefix("http://") for worker in site.workers]
    with prometheus(programs["prometheus"], targets, tmp_path) as url:
        until("both workers to be up", lambda: sorted(ask(url, "up").values()) == [1.0, 1.0])
        until("their partitions", lambda: ask(url, 'count(hall_mark_age_seconds{lane="sensing"})') == {"": PARTITIONS})
        assert sum(ask(url, 'sum by (instance) (hall_records_total{lane="sensing"})').values()) > 5_000
        assert ask(url, "sum(hall_halls{lane='sensing'})") == {"": 1.0}


def test_promtool_finds_nothing_to_complain_about(programs: dict[str, str], site: Site) -> None:
    for worker in site.workers:
        with urllib.request.urlopen(f"{worker.url}/metrics", timeout=10) as answer:
            text = answer.read()
        done = subprocess.run([programs["promtool"], "check", "metrics"], input=text, capture_output=True, check=False)
        assert (done.returncode, done.stderr.decode()) == (0, "")


@contextmanager
def prometheus(program: str, targets: list[str], directory: Path) -> Iterator[str]:
    """One that scrapes the targets every second; its address."""
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "hallstream", "static_configs": [{"targets": targets}]}],
    }
    (directory / "prometheus.json").write_text(json.dumps(config))  # which is YAML as well
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        f"--config.file={directory / 'prometheus.json'}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={address}",
    ]  # fmt: skip
    with (directory / "prometheus.log").open("w") as output:
        process = subprocess.Popen([program, *arguments], stdout=output, stderr=output)
    try:
        until("Prometheus to be ready", lambda: answers(f"http://{address}/-/ready"))
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(url: str, query: str) -> dict[str, float]:
    """The samples of an instant query, by instance."""
    with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=10) as answer:
        found = json.load(answer)["data"]["result"]
    return {sample["metric"].get("instance", ""): float(sample["value"][1]) for sample in found}
