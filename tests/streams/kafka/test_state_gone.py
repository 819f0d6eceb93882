"""State topics that are removed, made again, emptied, or filled with junk, and partitions that are added, on a real broker.

A lane must not begin again as if there had never been a state, and whoever runs must end with what to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewPartitions

from agents.topology import TOPOLOGY
from streams.codec import id_of
from streams.ids import parse_id
from streams.operating.reading import checkpoint, stretch
from streams.topics import ALERTS, GROUP, JOURNAL, OBSERVATIONS, SNAPSHOTS, state_topic
from tests.support.kafka_broker import KafkaBroker, remove_topics
from tests.support.kafka_hall import forget
from tests.support.kafka_site import hall
from tests.support.kafka_system import Cameras, KafkaSystem, Worker
from tests.support.scraping import families, samples
from tests.support.system import until
from tests.torture.halls import halls

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

STATE, OTHER = state_topic("sensing"), state_topic("service")


@pytest.fixture
def system(broker: KafkaBroker, tmp_path: Path) -> Iterator[KafkaSystem]:
    forget(broker.servers)
    made = KafkaSystem(tmp_path / "system", broker.servers, halls(4))
    remove_group(made)
    yield made
    made.close()


def remove_group(system: KafkaSystem) -> None:
    """As when its positions have expired. It has no members."""

    def gone() -> bool:
        if system.log.group.described().state == "dead":
            return True
        system.log.admin.delete_consumer_groups([GROUP])[GROUP].exception(20)
        return False

    until("the group to be gone", gone)


def verbs(system: KafkaSystem, *arguments: str, code: int = 0) -> str:
    return hall(system.environment({}), *arguments, code=code)


def running(system: KafkaSystem) -> Worker:
    """A worker that has checkpointed the halls in every lane, and written a snapshot of each."""
    system.configure()
    worker = system.start()
    until("snapshots of every lane", lambda: snapshots_of(system) >= len(TOPOLOGY.lanes) * len(system.busy()))
    until("marks", lambda: all(system.marked(lane.name, p) > 0 for lane in TOPOLOGY.lanes for p in system.busy()))
    return worker


def snapshots_of(system: KafkaSystem) -> int:
    keys = [r.key or b"" for p in system.busy() for r in stretch(system.log, SNAPSHOTS, p)]
    return sum(b"/" not in key for key in keys)


def published(system: KafkaSystem) -> list[str]:
    """The ids of all that stands in the journal, in order of partitions and offsets."""
    records = [r for p in range(system.partitions) for r in stretch(system.log, JOURNAL, p)]
    return [name for r in records if r.key and r.value and (name := id_of(r.value)) is not None]


def refused(worker: Worker, *words: str) -> None:
    """It has ended for good, in one line that says what to do."""
    assert worker.ended(90) == 65, worker.heard()[-3000:]
    said = worker.heard()
    assert "Traceback" not in said
    assert "AssertionError" not in said
    for word in words:
        assert word in said.partition("Error: ")[2], said[-3000:]


# -- removed while nobody runs -----------------------------------------------------------------------------------------


def test_a_state_topic_made_again_stops_a_worker_and_reset_rebuilds_the_state(system: KafkaSystem) -> None:
    """
    era 1 ... snapshot ...... topic removed, made again | worker: 65 | reset: from the snapshot on, under known ids | era 2 ...
    """
    cameras = Cameras(system, 3)
    worker = running(system)
    cameras.start()
    until("entries", lambda: bool(system.told("zone_entered")))
    cameras.stop()
    system.wait_until_marked()
    system.wait_until_read(JOURNAL)
    assert worker.drain() == 0
    before = published(system)
    remove_topics(system.servers, STATE)
    said = verbs(system, "topics", "create", "--partitions", str(system.partitions))
    assert "The state of sensing is gone with the topic that was missing, in 4 partitions" in said
    assert "`hall reset`" in said
    refused(
        system.start("again"),
        "expected its state in hallstream-sensing-state-changelog",
        "`hall reset`",
        "is processed up to",
    )
    assert "its state is gone" in verbs(system, "status", code=3)
    assert published(system) == before, "nothing was published twice"
    said = verbs(system, "reset", "--yes")
    assert "the state is REBUILT from that snapshot" in said
    assert "the state is kept" in said, "of the other lane"
    after = published(system)
    assert set(after) == set(before), "all under ids that readers know"
    assert len(after) > len(before)
    eras = {parse_id(name).era for name in after}
    go_on(system, eras)


def go_on(system: KafkaSystem, eras: set[int]) -> None:
    """A worker takes up the work, knows its halls, and names things by a new era."""
    cameras = Cameras(system, 5)
    worker = system.start("later")
    cameras.start()

    def later() -> bool:
        return any(parse_id(event["id"]).era > max(eras) for event in system.told("zone_entered"))

    until("entries of a new era", later)
    cameras.stop()
    system.wait_until_marked()
    assert worker.drain() == 0, worker.heard()[-3000:]
    assert not [event for event in dead(system) if event["reason"] == "no_such_hall"]
    assert "running" not in verbs(system, "status", code=3)


def dead(system: KafkaSystem) -> list[dict[str, object]]:
    records = [r for p in range(system.partitions) for r in stretch(system.log, "hall.dead", p)]
    return [json.loads(r.value) for r in records if r.value]


def test_a_snapshot_tells_where_positions_have_expired(system: KafkaSystem) -> None:
    """Nobody ran for a week: the group is forgotten. Snapshots are kept for a month."""
    assert running(system).drain() == 0
    system.make_again(STATE)
    remove_group(system)
    assert system.committed(OBSERVATIONS, system.busy()[0]) == 0
    refused(system.start("again"), "hall.snapshots has it as it was at offset", "`hall reset`")


def test_the_position_tells_where_there_is_no_snapshot_and_reset_begins_anew(system: KafkaSystem) -> None:
    assert running(system).drain() == 0
    eras = {parse_id(name).era for name in published(system)}
    system.make_again(STATE)
    system.lose(SNAPSHOTS)
    refused(system.start("again"), "is processed up to offset")
    said = verbs(system, "reset", "--yes")
    assert "There is no snapshot of it" in said
    assert "hall config apply" in said
    system.configure()
    go_on(system, eras)


# -- without state, and no trace of one --------------------------------------------------------------------------------


def test_whoever_begins_without_a_state_on_a_log_that_has_lost_its_beginning_says_so(system: KafkaSystem) -> None:
    """No position, no snapshot, and a log that does not begin at 0: nothing forbids to begin, but it is no first start."""
    system.put(OBSERVATIONS, [(hall.encode(), b"lost before anybody came") for hall in system.halls])
    system.lose(OBSERVATIONS)
    worker = system.start()
    worker.wait_until_up()
    assert "begins without a state: the log begins at offset" in worker.heard()
    bare = {("hall_lane_without_state", "sensing", str(p)) for p in system.busy()}
    until("the metric", lambda: {labels for labels, value in gauges(worker).items() if value} == bare)
    until("a fault", lambda: "began without a state" in status(system))
    system.configure()
    until("the halls", lambda: not any(gauges(worker).values()))
    until("no fault", lambda: "began without a state" not in status(system))
    assert worker.drain() == 0


def status(system: KafkaSystem) -> str:
    try:
        return verbs(system, "status", code=4)
    except AssertionError as e:  # the code is another one
        return str(e)


def gauges(worker: Worker) -> dict[tuple[str, ...], float]:
    found = samples(families(worker.url))
    return {labels: value for labels, value in found.items() if labels[0] == "hall_lane_without_state"}


def test_an_ordinary_first_start_of_several_workers_alarms_nobody(system: KafkaSystem) -> None:
    workers = [system.start(name) for name in "abc"]
    system.configure()
    for worker in workers:
        worker.wait_until_up()
    until("marks", lambda: all(system.marked(lane.name, p) > 0 for lane in TOPOLOGY.lanes for p in system.busy()))
    for worker in workers:
        assert "WARNING streams" not in worker.heard()
        assert not any(gauges(worker).values())
    until("the group to be stable, and fine", lambda: "running: worker" in verbs_of_any_code(system))
    assert "state" not in verbs(system, "status").partition("lane")[0]


def verbs_of_any_code(system: KafkaSystem) -> str:
    try:
        return verbs(system, "status")
    except AssertionError:
        return ""


# -- while somebody runs -----------------------------------------------------------------------------------------------

Change = Callable[[KafkaSystem], None]


def _removed(system: KafkaSystem) -> None:
    remove_topics(system.servers, STATE)


def _made_again(system: KafkaSystem) -> None:
    system.make_again(STATE)


@pytest.mark.parametrize("change", [_removed, _made_again])
def test_a_state_topic_that_goes_while_a_worker_runs_ends_it_with_what_to_do(
    system: KafkaSystem, change: Change
) -> None:
    worker = running(system)
    change(system)
    refused(worker, "`hall reset`", STATE)
    remove_topics(system.servers, STATE)  # what it still wrote into the new one may be whole, and then is a state
    verbs(system, "topics", "create", "--partitions", str(system.partitions))
    refused(system.start("again"), "`hall reset`")
    assert "the state is REBUILT" in verbs(system, "reset", "--yes")
    again = system.start("once-more")
    again.wait_until_up()
    assert again.drain() == 0


@pytest.mark.parametrize("topic", [ALERTS, JOURNAL, STATE])
def test_partitions_that_are_added_while_a_worker_runs_end_it_and_check_names_them(
    system: KafkaSystem, topic: str
) -> None:
    worker = running(system)
    more = system.partitions + 1
    system.log.admin.create_partitions([NewPartitions(topic, more)])[topic].result(20)
    refused(worker, "partitions", "`hall topics check`", topic)
    assert topic in verbs(system, "topics", "check", code=65)


# -- junk --------------------------------------------------------------------------------------------------------------

JUNK = {
    "a tombstone": (b"hello", None),
    "bytes": (b"\xff\xfe\x00", b"\xc1\xc1"),
    "no slash": (b"hello world", b"junk"),
    "a slash": (b"hello/world", b"junk"),
    "an empty key": (b"", b""),
    "a mark of nobody's": (b"sensing", b"\x93\x01\x02\x03"),
    "huge": (b"k" * 200_000, b"j" * 9_000_000),
}


def test_junk_in_a_state_topic_is_left_out_told_and_removed(system: KafkaSystem) -> None:
    """While a worker runs nobody reads it; the next one that starts does."""
    worker = running(system)
    for key, value in JUNK.values():
        send(system, key, value)
    system.wait_until_marked()
    assert worker.drain() == 0, worker.heard()[-3000:]
    partition = system.busy()[0]
    states = checkpoint(system.log, TOPOLOGY.lane("sensing"), partition)
    assert states.strange
    verbs(system, "status", code=3)
    again = system.start("again")
    until("a mark of the next owner", lambda: not checkpoint(system.log, TOPOLOGY.lane("sensing"), partition).strange)
    assert "are none of the engine's" in again.heard()
    assert checkpoint(system.log, TOPOLOGY.lane("sensing"), partition).halls.keys() == states.halls.keys()
    assert again.drain() == 0


def send(system: KafkaSystem, key: bytes, value: bytes | None) -> None:
    producer = Producer({"bootstrap.servers": system.servers, "message.max.bytes": 20_000_000, "log_level": 0})
    producer.produce(STATE, value, key, partition=system.busy()[0])
    assert producer.flush(20) == 0


def test_a_mark_of_our_own_that_cannot_be_read_is_never_passed_over(system: KafkaSystem) -> None:
    assert running(system).drain() == 0
    send(system, b"0123456789ab", b"\xc1")
    refused(system.start("again"), "checkpoint record '0123456789ab' cannot be read", "`hall reset`")
    assert "the state is DROPPED" in verbs(system, "reset", "--yes")
