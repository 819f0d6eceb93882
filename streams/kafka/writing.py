"""Appends to Kafka from outside the engine: what a verb has to say, acknowledged before it goes on. On librdkafka, blocking."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException, Message, Producer

from streams.kafka import denial
from streams.kafka.access import Access
from streams.kafka.errors import KafkaError, SendFailed, Unreachable
from streams.log import Append

WITHIN_S = 30.0
"""For one append to be acknowledged."""

POLL_S = 0.1
LARGEST_RECORD = 10 * 2**20
"""Bytes: a hall's whole state has to fit. What the engine publishes is a tenth of that at the most."""

Placed = tuple[int, int]
"""Offset and timestamp of a record, as the broker told them."""


class Writer:
    """In order within each partition, each row once (idempotence), acknowledged by all replicas in sync."""

    def __init__(self, access: Access, common: Mapping[str, object]) -> None:
        """``common``: what the clients of a log have in common, access included."""
        self._access = access
        self._producer = Producer(
            {
                **common, "acks": "all", "enable.idempotence": True, "linger.ms": 2, "message.max.bytes": LARGEST_RECORD,
                # Rows carry their partition; whoever adds a keyed one must agree with all other producers.
                "partitioner": "murmur2_random", "message.timeout.ms": int(WITHIN_S * 1000),
            }
        )  # fmt: skip

    def append(self, rows: Sequence[Append]) -> list[Placed]:
        """Returns when all are acknowledged. Raises Unreachable or SendFailed; some may have been written then."""
        placed: list[Placed | None] = [None] * len(rows)
        refused: list[tuple[Refusal, str]] = []

        def noting(number: int) -> Callable[[Refusal | None, Message], None]:
            def note(error: Refusal | None, message: Message) -> None:
                if error is not None:
                    refused.append((error, rows[number].topic))
                else:
                    placed[number] = message.offset(), message.timestamp()[1]

            return note

        for number, row in enumerate(rows):
            self._produce(row, noting(number))
        left = self._serve(lambda: self._producer.flush(WITHIN_S + 1))
        if refused or left:
            raise self._failure(refused, left)
        return [place for place in placed if place is not None]

    def _produce(self, row: Append, note: Callable[[Refusal | None, Message], None]) -> None:
        topic = self._access.naming.outside(row.topic)
        stamp = {} if row.timestamp_ms is None else {"timestamp": row.timestamp_ms}
        deadline = time.monotonic() + WITHIN_S
        while True:
            try:
                self._producer.produce(topic, row.value, row.key, partition=row.partition, on_delivery=note, **stamp)
            except BufferError:
                if time.monotonic() > deadline:
                    raise Unreachable(
                        f"no Kafka answers at {self._access.servers}: nothing was taken for {WITHIN_S:.0f} s"
                    ) from None
                self._serve(lambda: self._producer.poll(POLL_S))
            except KafkaException as e:
                raise SendFailed(f"{row.topic}/{row.partition}: {e.args[0]}. Nothing of it was sent.") from e
            else:
                self._serve(lambda: self._producer.poll(0))
                return

    def _serve(self, call: Callable[[], int]) -> int:
        """What is fatal to the producer comes out of such a call: as it is, or, past a delivery report, as a SystemError."""
        try:
            return call()
        except (KafkaException, SystemError) as e:
            fatal = e if isinstance(e, KafkaException) else e.__cause__
            if not isinstance(fatal, KafkaException):
                raise
            raise self._failure([(fatal.args[0], "it")], 0) from e

    def _failure(self, refused: list[tuple[Refusal, str]], left: int) -> KafkaError:
        count, servers = len(refused) + left, self._access.servers
        timed_out = not refused or refused[0][0].code() in (Refusal._MSG_TIMED_OUT, Refusal._TRANSPORT)
        if timed_out:
            return Unreachable(
                f"no Kafka answers at {servers}: {count} records were not acknowledged within {WITHIN_S:.0f} s"
            )
        error, topic = refused[0]
        if error.code() == Refusal.CLUSTER_AUTHORIZATION_FAILED:
            # What a producer hears that may write to no topic at all: it gets no number for its sequence.
            return denial.not_allowed(self._access, "write to any topic")
        return denial.of_rights(self._access, error, topic) or SendFailed(
            f"{servers}: the broker refused {count} records: {error}"
        )
