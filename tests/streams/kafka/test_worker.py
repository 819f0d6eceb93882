"""`hall worker` on a real broker where something is wrong for good: it says what, ends, and never goes on silently.

That it is exact whatever happens is shown in tests/torture/kafka.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.topology import TOPOLOGY
from streams.codec import TICK
from streams.lane import Lane
from streams.operating.reading import snapshots
from streams.topics import JOURNAL, OBSERVATIONS, SNAPSHOTS, state_topic
from tests.support import kafka_verdict
from tests.support.kafka_broker import KafkaBroker, free_port, remove_topics
from tests.support.kafka_system import Cameras, KafkaSystem, Worker
from tests.support.scraping import families, samples
from tests.support.system import until
from tests.torture.halls import halls

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture
def system(own_broker: KafkaBroker, tmp_path: Path) -> Iterator[KafkaSystem]:
    made = KafkaSystem(tmp_path / "system", own_broker.servers, halls(4))
    yield made
    made.close()


def running(system: KafkaSystem) -> Worker:
    """A worker that has checkpointed the halls. Who finds no broker on a busy machine is started again."""
    system.configure()
    workers = [system.start()]

    def marked() -> bool:
        if not workers[-1].running:
            assert workers[-1].process.returncode == 75, workers[-1].heard()[-3000:]
            workers.append(system.start())
        return all(system.marked(lane.name, p) > 0 for lane in TOPOLOGY.lanes for p in system.busy())

    until("marks", marked)
    return workers[-1]


def start_over(system: KafkaSystem) -> None:
    """As if nothing had ever run: neither states nor snapshots, and what is committed of a topic goes with it."""
    system.make_again(SNAPSHOTS)
    for lane in TOPOLOGY.lanes:
        for topic in (lane.topic, state_topic(lane.name)):
            system.make_again(topic)


def ended_for_good(system: KafkaSystem, worker: Worker) -> Worker:
    """Who finds no topic ends for now, and is started again, as a supervisor does."""
    while worker.ended() == 75 and "there is no" in worker.heard():
        worker = system.start(worker.name)
    return worker


def test_without_broker_or_topics_it_says_where_it_looked_and_how_to_make_them(system: KafkaSystem) -> None:
    alone = system.start("alone", {"HALL_BROKER": f"kafka://127.0.0.1:{free_port()}"})
    assert alone.ended(40) == 75
    assert "no Kafka answers" in alone.heard()
    remove_topics(system.servers, OBSERVATIONS)
    worker = system.start()
    assert worker.ended(40) == 75
    assert "hall topics create" in worker.heard()


def test_a_topic_made_again_stops_it_while_it_runs_and_whenever_it_starts(system: KafkaSystem) -> None:
    """Going on would skip what the new topic holds below the old position, or take its records for the old ones."""
    for topic in (OBSERVATIONS, JOURNAL):
        first = running(system)
        system.make_again(topic)
        for begun in (first, system.start("again"), system.start("once-more")):
            worker = ended_for_good(system, begun)
            assert worker.process.returncode == 65, f"{topic}: {worker.heard()[-2000:]}"
            assert "`hall reset` starts a new era" in worker.heard()
            assert "Traceback" not in worker.heard().partition("Error: ")[0]
        start_over(system)


def test_a_topic_made_again_while_nobody_ran_stops_it_when_it_starts(system: KafkaSystem) -> None:
    """Also when the new one has grown past the old position: its id is another, whatever its offsets are."""
    for topic in (OBSERVATIONS, JOURNAL):
        worker = running(system)
        assert worker.drain() == 0
        system.make_again(topic)
        system.put(topic, [(None, b"other")] * 200)
        worker = system.start("again")
        assert worker.ended() == 65, f"{topic}: {worker.heard()[-2000:]}"
        assert "the state belongs to log" in worker.heard()
        assert "`hall reset` starts a new era" in worker.heard()
        start_over(system)


def test_what_retention_took_before_it_was_read_is_told_and_counted_and_it_goes_on(system: KafkaSystem) -> None:
    cameras = Cameras(system, 3)
    worker = running(system)
    cameras.start()
    until("entries", lambda: bool(system.told("zone_entered")))
    for lane in TOPOLOGY.lanes:
        worker.kill()
        worker = lose_unread(system, lane)
    # A replay begins at a snapshot behind what was lost: there has to be something behind that.
    until("a snapshot of every lane", lambda: replayable(system))
    before = len(system.told("zone_entered"))
    until("entries behind it", lambda: len(system.told("zone_entered")) > before + 2)
    cameras.stop()
    system.wait_until_marked()
    assert worker.drain() == 0, worker.heard()
    verdict = kafka_verdict.replayed(system.log, system.partitions)
    assert verdict.compared > 0
    states = kafka_verdict.states_equal(system.log, verdict, system.partitions)
    assert len(states) == len(TOPOLOGY.lanes) * len(system.halls)


def replayable(system: KafkaSystem) -> bool:
    return all(snapshots(system.log, lane, p, None) for lane in TOPOLOGY.lanes for p in system.busy())


def lose_unread(system: KafkaSystem, lane: Lane) -> Worker:
    """Take all that a lane has not read, and more; the worker that was started then, and has told and counted it."""
    marks = {p: system.marked(lane.name, p) for p in range(system.partitions)}
    system.put(lane.topic, [(hall.encode(), b"never read") for hall in system.halls])
    starts = system.lose(lane.topic)
    expected = {(lane.name, marks[p], starts[p]) for p in system.busy()}
    worker = system.start()
    until(f"log_lost {expected}", lambda: expected <= losses(system))
    worker.wait_until_up()
    # Partitions without halls have lost ticks: nobody is told, and at the next tick they are counted.
    gone = sum(starts[p] - mark for p, mark in marks.items())
    until(f"{gone} lost records of {lane.name} counted", lambda: lost_records(worker.url, lane.name) == gone)
    return worker


def losses(system: KafkaSystem) -> set[tuple[str, int, int]]:
    return {(event["lane"], event["first_offset"], event["next_offset"]) for event in system.told("log_lost")}


def lost_records(url: str, lane: str) -> float:
    found = samples(families(url))
    return sum(
        value for labels, value in found.items() if labels[0] == "hall_log_lost_records_total" and lane in labels
    )


# -- a full disk at the broker -----------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 256 MB."""
    directory = tmp_path / "disk"
    directory.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"no small file system can be made here, for that needs root: {made.stderr.strip()}")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


def test_a_full_disk_ends_the_broker_and_the_worker_goes_on_when_it_is_back(
    jars: None, small_disk: Path, tmp_path: Path
) -> None:
    """Kafka ends by itself when none of its disks can be written to. To a worker that is a broker that is away."""
    broker = KafkaBroker(small_disk / "broker")
    broker.start()
    system = KafkaSystem(tmp_path / "system", broker.servers, halls(4))
    cameras = Cameras(system, 4)
    try:
        worker = running(system)
        cameras.start()
        until("entries", lambda: bool(system.told("zone_entered")))
        fill(small_disk)
        broker.wait()
        cameras.stop(wait=False)
        (small_disk / "ballast").unlink()
        broker.restart()
        system.put(OBSERVATIONS, [])
        system.wait_until_marked()
        assert worker.drain() == 0, worker.heard()
        verdict = kafka_verdict.replayed(system.log, system.partitions)
        assert verdict.compared > 0
        states = kafka_verdict.states_equal(system.log, verdict, system.partitions)
        assert len(states) == len(TOPOLOGY.lanes) * len(system.halls)
    finally:
        system.close()
        broker.kill()


def fill(directory: Path) -> None:
    with (directory / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(65536)) == 65536:
                pass
        except OSError:
            pass


def test_of_two_workers_of_one_name_the_newer_goes_on_and_the_older_says_why_it_ends(system: KafkaSystem) -> None:
    system.configure()
    name = {"HALL_WORKER": "gamma"}
    older = system.start("older", name)
    older.wait_until_up()
    until("marks", lambda: all(system.marked("sensing", p) > 0 for p in system.busy()))
    newer = system.start("newer", name)
    assert older.ended(40) == 64
    assert "HALL_WORKER=gamma" in older.heard()
    assert "Traceback" not in older.heard()
    newer.wait_until_up()
    system.put(OBSERVATIONS, [(None, TICK)])
    system.wait_until_marked()
    assert newer.running
