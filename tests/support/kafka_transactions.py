"""Producers that write in transactions, as exactly-once frameworks have them: they commit, abort, are fenced, or hang."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import Producer

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
        self._producer.init_transactions(PATIENCE_S)

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
        self._producer.commit_transaction(PATIENCE_S)

    def abort(self) -> None:
        self._producer.abort_transaction(PATIENCE_S)

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
