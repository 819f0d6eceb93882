"""Looking into a log on Kafka, and sending to it: on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import count
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from faust.types import TP

from streams.kafka.errors import SendFailed, TopicsWrong, Unreachable
from streams.kafka.log import KafkaLog
from streams.kafka.sender import Row, Sender, make_producer
from streams.kafka.topics import Made, check_topics, ensure_topics
from streams.kafka.writing import LARGEST_RECORD
from streams.log import Place
from streams.partitioner import partition_of
from streams.topics import OBSERVATIONS
from tests.support.kafka_broker import KafkaBroker, free_port, remove_topics
from tests.support.toy import TOPOLOGY

pytestmark = pytest.mark.live
PARTITIONS = 7
_numbers = count()


@pytest.fixture
def log(broker: KafkaBroker) -> Iterator[KafkaLog]:
    with KafkaLog(broker.servers) as opened:
        yield opened


@pytest.fixture
def topic(log: KafkaLog) -> str:
    name = f"topic-{next(_numbers)}"
    # Kept for ever: some of the records say that they are of 1970, and retention goes by that.
    config = {"max.message.bytes": str(LARGEST_RECORD), "retention.ms": "-1"}
    log.create([NewTopic(name, PARTITIONS, 1, config=config)])
    return name


def send(servers: str, tp: TP, rows: list[Row]) -> None:
    async def work() -> None:
        producer = make_producer(servers)
        await producer.start()
        sender = Sender(producer)
        try:
            sender.append(tp, rows)
            await sender.settle()
        finally:
            await sender.close()
            await producer.stop()

    asyncio.run(work())


def test_what_was_sent_is_read_at_its_offsets(log: KafkaLog, topic: str) -> None:
    send(log.servers, TP(topic, 3), [Row(b"k", b"%d" % n, 1_000 + n) for n in range(2_500)])
    assert (log.start(topic, 3), log.end(topic, 3)) == (0, 2_500)
    assert [r.value for r in log.read(topic, 3, 2_000, limit=3)] == [b"2000", b"2001", b"2002"]
    everything = log.read(topic, 3, 0, limit=10_000)
    assert [(r.offset, r.timestamp_ms) for r in everything] == [(n, 1_000 + n) for n in range(2_500)]
    assert log.read(topic, 3, 2_500) == []
    assert log.read(topic, 4, 0) == []


def test_one_record_of_each_partition_is_read_and_what_is_not_there_is_left_out(log: KafkaLog, topic: str) -> None:
    """
    partition  0: 0 1 2 3 4      1: . . . 3 4      2: (empty)
                    ^                 ^                ^
    """
    for partition in (0, 1):
        send(log.servers, TP(topic, partition), [Row(b"k", b"%d" % n) for n in range(5)])
    removed = log.admin.delete_records([TopicPartition(topic, 1, 3)])
    for future in removed.values():
        future.result(10)
    asked = [Place(topic, 0, 1), Place(topic, 1, 1), Place(topic, 2, 1)]
    assert {place: record.value for place, record in log.read_each(asked).items()} == {asked[0]: b"1"}
    last = [Place(topic, 0, 4), Place(topic, 1, 4)]
    assert {place: record.value for place, record in log.read_each(last).items()} == dict.fromkeys(last, b"4")
    assert [r.value for r in log.read(topic, 0, 3)] == [b"3", b"4"]


def test_a_tombstone_and_a_record_without_key_come_back_as_they_were(log: KafkaLog, topic: str) -> None:
    send(log.servers, TP(topic, 0), [Row(b"gone", None), Row(None, b"tick")])
    assert [(r.key, r.value) for r in log.read(topic, 0, 0)] == [(b"gone", None), (None, b"tick")]


def test_a_state_of_nine_megabytes_fits_and_one_of_eleven_is_refused(log: KafkaLog, topic: str) -> None:
    send(log.servers, TP(topic, 1), [Row(b"hall", bytes(9_000_000))])
    assert len(log.read(topic, 1, 0)[0].value or b"") == 9_000_000
    with pytest.raises(SendFailed, match=f"{topic}/1"):
        send(log.servers, TP(topic, 1), [Row(b"hall", bytes(11_000_000))])


def test_every_client_puts_a_hall_into_the_same_partition(log: KafkaLog, topic: str) -> None:
    """librdkafka as cameras use it, aiokafka's own partitioner, and ours."""
    halls = [f"hall-{n}".encode() for n in range(300)]
    producer = Producer({"bootstrap.servers": log.servers, "partitioner": "murmur2_random", "log_level": 0})
    for hall in halls:
        producer.produce(topic, hall, hall)
    assert producer.flush(20) == 0
    placed = {r.key: r.partition for p in range(PARTITIONS) for r in log.read(topic, p, 0)}
    every = list(range(PARTITIONS))
    assert placed == {hall: partition_of(hall, PARTITIONS) for hall in halls}
    assert placed == {hall: DefaultPartitioner()(hall, every, every) for hall in halls}


def test_a_topic_made_again_has_another_id(log: KafkaLog, topic: str) -> None:
    before = log.identity(topic)
    assert log.identity(topic) == before
    remove_topics(log.servers, topic)
    log.create([NewTopic(topic, 1, 1)])
    assert log.identity(topic) != before


class Hesitant:
    """The admin client of a cluster that has to elect somebody first."""

    def __init__(self, admin: AdminClient) -> None:
        self._admin, self.asked = admin, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._admin, name)

    def describe_topics(self, *args: Any, **options: Any) -> dict[str, Future[Any]]:
        self.asked += 1
        answers: dict[str, Future[Any]] = self._admin.describe_topics(*args, **options)
        if self.asked > 1:
            return answers
        not_yet: Future[Any] = Future()
        not_yet.set_exception(KafkaException(Refusal(Refusal.LEADER_NOT_AVAILABLE)))
        return dict.fromkeys(answers, not_yet)


def test_what_the_cluster_will_know_in_a_moment_is_asked_anew(
    log: KafkaLog, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a question that failed stays a failure, however often one looks at it."""
    hesitant = Hesitant(log.admin)
    monkeypatch.setattr(log._directory, "_admin", hesitant)
    assert log.partitions(topic) == PARTITIONS
    assert hesitant.asked == 2


def test_a_topic_that_is_not_there(log: KafkaLog) -> None:
    with pytest.raises(TopicsWrong, match="hall topics create"):
        log.identity("no-such-topic")


def test_nobody_answers() -> None:
    with pytest.raises(Unreachable, match="check HALL_BROKER"):
        KafkaLog(f"127.0.0.1:{free_port()}")


def test_the_newest_of_each_key_and_what_comes_next(log: KafkaLog, broker: KafkaBroker, topic: str) -> None:
    """
    0   a=1  b=1  a=2  b=✝        1   c=1        2 …   nothing
    """
    send(broker.servers, TP(topic, 0), [Row(b"a", b"1"), Row(b"b", b"1"), Row(b"a", b"2"), Row(b"b", None)])
    send(broker.servers, TP(topic, 1), [Row(b"c", b"1")])
    newest = {number: {key: record.value for key, record in of.items()} for number, of in log.newest(topic).items()}
    assert newest == {0: {b"a": b"2"}, 1: {b"c": b"1"}} | {number: {} for number in range(2, PARTITIONS)}
    behind, empty = Place(topic, 0, 1), Place(topic, 2, 0)
    assert {place: record.offset for place, record in log.next_of_each([behind, empty]).items()} == {behind: 1}
    assert log.next_of_each([Place(topic, 1, 1)]) == {}, "the end"
    assert log.next_of_each([]) == {}


def test_a_name_that_leads_nowhere_is_not_called_silent() -> None:
    with pytest.raises(
        Unreachable, match=r"finds no address for no-such-host\.invalid\. What to do: check HALL_BROKER"
    ):
        KafkaLog("no-such-host.invalid:9092")


def test_the_engines_topics_are_made_once_and_fit(log: KafkaLog) -> None:
    with pytest.raises(TopicsWrong, match=f"there is no .*{OBSERVATIONS}.*hall topics create"):
        check_topics(log, TOPOLOGY)
    assert OBSERVATIONS in ensure_topics(log, TOPOLOGY, Made(3, 1, "producer"))
    assert ensure_topics(log, TOPOLOGY, Made(5, 1)) == [], "those that stand keep their kind"
    found = check_topics(log, TOPOLOGY)
    assert {topic.partitions for topic in found.values()} == {3}
    assert found[OBSERVATIONS].time == "producer"
    states = [topic for topic in found.values() if topic.compact]
    assert len(states) == len(TOPOLOGY.lanes)
    assert {topic.time for topic in states} == {"log"}, "the engine's own states are stamped by the broker"


def test_topics_with_different_numbers_of_partitions_are_refused(own_broker: KafkaBroker) -> None:
    with KafkaLog(own_broker.servers) as log:
        log.create([NewTopic(OBSERVATIONS, 2, 1)])
        ensure_topics(log, TOPOLOGY, Made(3, 1))
        with pytest.raises(TopicsWrong, match=f"one number of partitions.*{OBSERVATIONS} 2"):
            check_topics(log, TOPOLOGY)
