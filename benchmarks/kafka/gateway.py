"""A gateway that writes cameras' frames in transactions: each append is one, and stands when it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Producer

from streams.kafka.log import KafkaLog
from streams.log import Append

PATIENCE_S = 30.0


class Gateway:
    """What ``benchmarks.camera_process`` needs of a log."""

    def __init__(self, servers: str) -> None:
        self._log = KafkaLog(servers)
        self._producer = Producer(
            {"bootstrap.servers": servers, "transactional.id": "benchmarks", "linger.ms": 0, "log_level": 0}
        )
        self._producer.init_transactions(PATIENCE_S)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()

    def partitions(self, topic: str) -> int:
        return self._log.partitions(topic)

    def append(self, rows: Sequence[Append]) -> list[tuple[int, int]]:
        """In one transaction; returns when it is committed. (offset, timestamp) of each row."""
        placed: list[tuple[int, int]] = [(-1, -1)] * len(rows)

        def told(number: int) -> Any:
            def done(error: object, message: Any) -> None:
                assert error is None, error
                placed[number] = message.offset(), message.timestamp()[1]

            return done

        self._producer.begin_transaction()
        for number, row in enumerate(rows):
            self._producer.produce(row.topic, row.value, row.key, row.partition, on_delivery=told(number))
        self._producer.commit_transaction(PATIENCE_S)
        return placed
