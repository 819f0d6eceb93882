"""Putting halls' files in force on Kafka: they are appended to the log, and workers take them from there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from faust.types import TP

from streams.codec import encode
from streams.events import Configured
from streams.kafka.log import KafkaLog
from streams.kafka.sender import Row, Sender, make_producer
from streams.partitioner import partition_of
from streams.topics import OBSERVATIONS

Files = Mapping[str, str]


def put(servers: str, halls: Mapping[str, Files], at_ms: int) -> None:
    """Append the files of halls, each in the partition of its hall; returns when they are acknowledged.

    Raises KafkaError.
    """
    with KafkaLog(servers) as log:
        partitions = log.partitions(OBSERVATIONS)
    asyncio.run(_send(servers, halls, at_ms, partitions))


async def _send(servers: str, halls: Mapping[str, Files], at_ms: int, partitions: int) -> None:
    producer = make_producer(servers)
    await producer.start()
    sender = Sender(producer)
    try:
        for hall, files in sorted(halls.items()):
            key, value = hall.encode(), encode(Configured(hall=hall, at_ms=at_ms, files=dict(files)))
            sender.append(TP(OBSERVATIONS, partition_of(key, partitions)), [Row(key, value, at_ms)])
        await sender.settle()
    finally:
        await sender.close()
        await producer.stop()
