"""Every producer must put a hall into one and the same partition: ours, Faust's (aiokafka) and librdkafka's."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from confluent_kafka import KafkaError, Message, Producer

from streams.partitioner import murmur2, partition_of

MOCK_PARTITIONS = 4
"""Of every topic of librdkafka's mock brokers; there is no setting for it."""


def keys() -> list[bytes]:
    """Hall ids, Chinese names, and bytes of every length from 0 to 40, high ones among them; always the same."""
    dice = random.Random(7)
    halls = [f"hall-{n:05}" for n in range(1000)]
    chinese = [f"营业厅-{n}-南京东路" for n in range(500)] + ["😀", "ü", "é" * 9, "\x00", "\x7f"]
    noise = [dice.randbytes(n) for n in range(41) for _ in range(60)]
    ends = [bytes([0xFF]) * n for n in range(41)] + [bytes(n) for n in range(41)]
    return [*(text.encode() for text in halls + chinese), *noise, *ends]


KEYS = keys()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        # From Kafka's own UtilsTest.testMurmur2; Java's int is signed.
        (b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829), (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)  # fmt: skip
def test_the_hash_is_that_of_the_java_client(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected % 2**32


def test_the_hash_is_that_of_aiokafka() -> None:
    assert len(KEYS) > 4000
    assert [murmur2(key) for key in KEYS] == [aiokafka_murmur2(key) % 2**32 for key in KEYS]


@pytest.mark.parametrize("partitions", [1, 2, 3, 12, 16, 100])
def test_the_partition_is_that_of_aiokafka(partitions: int) -> None:
    theirs, every = DefaultPartitioner(), list(range(partitions))
    assert [partition_of(key, partitions) for key in KEYS] == [theirs(key, every, every) for key in KEYS]


def test_the_partition_is_where_librdkafka_really_puts_it() -> None:
    """Through its mock brokers: what a camera's producer does, up to the acknowledged record."""
    usable = [key for key in KEYS if key]  # an empty key is none to librdkafka: any partition will do
    ours = [partition_of(key, MOCK_PARTITIONS) for key in usable]
    assert landed(usable, "murmur2_random") == ours


def test_the_default_of_librdkafka_is_another_one() -> None:
    """Why every producer has to be told: with the default, most halls would be split over two partitions."""
    halls = [f"hall-{n:05}".encode() for n in range(300)]
    right = [partition_of(key, MOCK_PARTITIONS) for key in halls]
    assert sum(a != b for a, b in zip(landed(halls, "consistent_random"), right, strict=True)) > 200


def landed(keys: Iterable[bytes], partitioner: str) -> list[int]:
    """The partitions in which the keys' records were acknowledged, in the order of ``keys``."""
    producer = Producer(
        {"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "partitioner": partitioner, "log_level": 0}
    )
    partitions: dict[int, int] = {}

    def acknowledged(number: int, error: KafkaError | None, message: Message) -> None:
        assert error is None
        partitions[number] = message.partition()

    for number, key in enumerate(keys):
        producer.produce("halls", b"", key=key, on_delivery=lambda e, m, number=number: acknowledged(number, e, m))
    assert producer.flush(30) == 0
    return [partitions[number] for number in range(len(partitions))]
