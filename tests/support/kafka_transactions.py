"""Producers that write in transactions, as exactly-once frameworks have them: they commit, abort, are fenced, or hang."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from confluent_kafka import KafkaException, Producer

from streams.topics import OBSERVATIONS
from tests.support.kafka_system import Cameras, KafkaSystem
from tests.support.system import PATIENCE_S, Pair


class Transactional:
    """A producer with a ``transactional.id``. Whoever comes later under the same id fences it, and ends what it had open."""

    def __init__(self, servers: str, name: str, timeout_s: float = PATIENCE_S) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": servers, "transactional.id": name, "transaction.timeout.ms": int(timeout_s * 1000),
                "partitioner": "murmur2_random", "linger.ms": 2, "log_level": 0,
            }
        )  # fmt: skip
        self._again(self._producer.init_transactions)

    def open(self, topic: str, pairs: Sequence[Pair], *, partition: int = -1, at_ms: int = 0) -> None:
        """Begin a transaction, and write into it; returns when the broker has it all. ``at_ms``: 0 is now."""
        self._producer.begin_transaction()
        self.more(topic, pairs, partition=partition, at_ms=at_ms)

    def more(self, topic: str, pairs: Sequence[Pair], *, partition: int = -1, at_ms: int = 0) -> None:
        """Into the transaction that is open."""
        for key, value in pairs:
            self._producer.produce(topic, value, key, partition=partition, timestamp=at_ms)
        assert self._producer.flush(PATIENCE_S) == 0

    def commit(self) -> None:
        """Raises KafkaException when it is not ours to commit any more."""
        self._again(self._producer.commit_transaction)

    def abort(self) -> None:
        self._again(self._producer.abort_transaction)

    def _again(self, call: Callable[[float], None]) -> None:
        """A coordinator that has just been started is asked again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return call(PATIENCE_S)
            except KafkaException as e:
                if not e.args[0].retriable() or time.monotonic() > deadline:
                    raise

    def committed(self, topic: str, pairs: Sequence[Pair], *, partition: int = -1, at_ms: int = 0) -> None:
        """A whole one."""
        self.open(topic, pairs, partition=partition, at_ms=at_ms)
        self.commit()

    def aborted(self, topic: str, pairs: Sequence[Pair], *, partition: int = -1, at_ms: int = 0) -> None:
        """One that never was."""
        self.open(topic, pairs, partition=partition, at_ms=at_ms)
        self.abort()


class ExactlyOnce(Cameras):
    """Cameras whose gateway writes in transactions, one every 50 ms; of four, one is aborted first, and written again."""

    def __init__(self, system: KafkaSystem, seed: int, name: str = "gateway") -> None:
        super().__init__(system, seed)
        self._gateway = Transactional(system.servers, name)
        self.transactions = 0

    def send(self, pairs: Sequence[Pair]) -> None:
        if not pairs:
            return
        self.transactions += 1
        if self.transactions % 4 == 0:
            self._gateway.aborted(OBSERVATIONS, pairs)
        self._gateway.committed(OBSERVATIONS, pairs)
