"""What aiokafka raises where Faust does not try again, as it ends the worker: with a code that says what to do."""

from __future__ import annotations

import pytest
from aiokafka import errors

from streams.kafka.access import Access
from streams.kafka.service import in_words
from streams.worker.failure import as_fatal

ACCESS = Access.to("broker:9092")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        # A broker that went away between two steps of the start.
        (errors.KafkaConnectionError("Unable to bootstrap from [('broker', 9092, 2)]"), 75, "no Kafka answers at broker:9092"),
        (errors.NodeNotReadyError("node 1"), 75, "no Kafka answers"),
        (errors.GroupCoordinatorNotAvailableError(), 75, "no Kafka answers"),
        (errors.TopicAuthorizationFailedError({"hall.journal"}), 77, "may not use topic hall.journal"),
        (errors.KafkaTimeoutError(), 75, "no Kafka answers"),
        (ZeroDivisionError("ours"), 70, "ours"),
    ],
)  # fmt: skip
def test_it_ends_with(error: Exception, code: int, says: str) -> None:
    fatal = as_fatal(in_words(ACCESS, error))
    assert fatal.code == code
    assert says in str(fatal)
