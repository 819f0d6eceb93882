"""What it costs to read only what is committed: two consumers of one topic side by side, one of each kind.

Both get every record in one process, so whatever else the machine does falls on both; what is told is by how much later the
one that reads committed records has each of them. Fetches wait as the lanes' do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.figures import Figure, Options, percentile
from benchmarks.kafka.place import broker
from streams.kafka.log import KafkaLog
from streams.kafka.topics import Made, new_topic
from streams.kafka.transport import FETCH_WAIT_MS
from streams.topics import TOPICS

TOPIC = next(topic for topic in TOPICS if topic.name == "hall.observations")
EVERY_S, AT_ONCE = 0.01, 5
"""500 records a second: few enough that nobody waits for a processor."""

TRANSACTIONS_S = (0.0, 0.05, 0.1, 0.5)
"""How long each transaction is open; 0: there is none."""


class Ages(NamedTuple):
    """In nanoseconds, of each record when it was read, by who reads everything and who reads what is committed."""

    all: list[int]
    committed: list[int]


def measure(options: Options) -> Iterator[Figure]:
    seconds = 5.0 if options.quick else 20.0
    with broker(options.directory) as servers, KafkaLog(servers) as log:
        log.create([new_topic(TOPIC, Made(1, 1))])
        for length_s in TRANSACTIONS_S:
            ages = asyncio.run(_ages(servers, seconds, length_s))
            sent = f"in transactions of {length_s * 1000:.0f} ms" if length_s else "without transactions"
            yield Figure(f"read after sent, everything, {sent}", _spread(ages.all), "", f"{len(ages.all):,} records")
            yield Figure(f"read after sent, committed, {sent}", _spread(ages.committed))
            later = [c - a for a, c in zip(ages.all, ages.committed, strict=True)]
            yield Figure(f"committed later by, {sent}", _spread(later))


async def _ages(servers: str, seconds: float, length_s: float) -> Ages:
    async with AsyncExitStack() as stack:
        kinds = ("read_uncommitted", "read_committed")
        readers = [
            await stack.enter_async_context(
                AIOKafkaConsumer(
                    TOPIC.name, bootstrap_servers=servers, isolation_level=kind, fetch_max_wait_ms=FETCH_WAIT_MS
                )
            )
            for kind in kinds
        ]
        for reader in readers:
            await reader.seek_to_end()
        name = f"gateway-{length_s}" if length_s else None
        producer = await stack.enter_async_context(AIOKafkaProducer(bootstrap_servers=servers, transactional_id=name))
        reading = [asyncio.create_task(_read(reader)) for reader in readers]
        count = await _send(producer, seconds, length_s)
        uncommitted, committed = [(await task)[:count] for task in reading]
        return Ages(uncommitted, committed)


async def _send(producer: AIOKafkaProducer, seconds: float, length_s: float) -> int:
    """How many records."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        if not length_s:
            count += await _piece(producer)
            continue
        over = time.monotonic() + length_s
        async with producer.transaction():
            while time.monotonic() < over:
                count += await _piece(producer)
    return count


async def _piece(producer: AIOKafkaProducer) -> int:
    for _ in range(AT_ONCE):
        await producer.send(TOPIC.name, b"%d" % time.monotonic_ns(), partition=0)
    await asyncio.sleep(EVERY_S)
    return AT_ONCE


async def _read(reader: AIOKafkaConsumer) -> list[int]:
    """The ages of all records, until none has come for a second after the first."""
    ages: list[int] = []
    while True:
        found = await reader.getmany(timeout_ms=2000)
        now = time.monotonic_ns()
        records = [record for records in found.values() for record in records]
        if not records and ages:
            return ages
        ages += [now - int(record.value) for record in records]


def _spread(nanoseconds: list[int]) -> str:
    p50, p99 = (percentile(nanoseconds, p) / 1e6 for p in (50, 99))
    return f"p50 {p50:.1f}, p99 {p99:.1f} ms"
