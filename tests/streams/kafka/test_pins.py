"""What we rely on inside Faust and aiokafka. An update that changes one of these needs a look at ``streams/kafka``."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.producer import AIOKafkaProducer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from faust.tables.recovery import Recovery
from faust.transport import consumer
from faust.transport.drivers import aiokafka as driver
from mode.threads import WorkerThread

RELIED_ON = (
    # The drain loop is ours; it fetches through these.
    (consumer.Consumer, "_drain_messages", ["self", "fetcher"]),
    (consumer.Consumer, "_wait_next_records", ["self", "timeout"]),
    (consumer.ThreadDelegateConsumer, "_getmany", ["self", "active_partitions", "timeout"]),
    # Where a lane starts is asked after the recovery of its tables, and when an assignment begins and ends we are told.
    (consumer.Consumer, "perform_seek", ["self"]),
    (consumer.Consumer, "on_partitions_revoked", ["self", "revoked"]),
    (consumer.Consumer, "on_partitions_assigned", ["self", "assigned", "generation_id"]),
    (Recovery, "on_recovery_completed", ["self", "generation_id"]),
    # A position is committed as a member of one generation: the request is made in the call's first step.
    (GroupCoordinator, "_do_commit_offsets", ["self", "assignment", "offsets"]),
    (GroupCoordinator, "ensure_coordinator_known", ["self"]),
    # What is fetched becomes records of ours here, one at a time; the class is looked up in its module.
    (PartitionRecords, "_consumer_record", ["self", "tp", "record"]),
    # The thread that must not keep a process which has ended.
    (driver.Consumer, "_new_consumer_thread", ["self"]),
    (WorkerThread, "stop", ["self"]),
    # A fetch's patience is set between the consumer's making and its start, when the fetcher takes it over.
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
    # What is committed is chosen there, too; and a fetch's answer, with or without records, passes through these two.
    (FetchResult, "getall", ["self", "max_records"]),
    (
        driver.AIOKafkaConsumerThread,
        "_fetch_records",
        ["self", "consumer", "active_partitions", "timeout", "max_records"],
    ),
    (AIOKafkaConsumer, "last_stable_offset", ["self", "partition"]),
    # Sending whole batches.
    (AIOKafkaProducer, "send_batch", ["self", "batch", "topic", "partition"]),
    (AIOKafkaProducer, "create_batch", ["self"]),
)


def test_the_versions_are_those_that_were_read() -> None:
    assert version("faust-streaming") == "0.15.3"
    assert version("aiokafka") == "0.14.0"


@pytest.mark.parametrize(("owner", "name", "parameters"), RELIED_ON)
def test_a_method_that_we_call_or_override_is_as_it_was(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_an_empty_set_of_partitions_means_all_of_them_to_the_fetcher() -> None:
    """So the transport never asks with an empty one."""
    assert "if partitions and tp not in partitions" in inspect.getsource(Fetcher.fetched_records)


def test_the_fetcher_takes_its_patience_from_the_consumer_when_that_starts() -> None:
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.start)


def test_what_is_fetched_is_unpacked_by_the_class_that_stands_in_the_module() -> None:
    assert "PartitionRecords(" in inspect.getsource(Fetcher._proc_fetch_request)
    assert "self._consumer_record(tp, record)" in inspect.getsource(PartitionRecords._unpack_records)


def test_the_fetcher_takes_its_isolation_from_the_consumer_when_that_starts() -> None:
    assert "isolation_level=self._isolation_level" in inspect.getsource(AIOKafkaConsumer.start)


def test_an_answer_is_handed_on_if_it_is_true_and_without_waiting_in_between() -> None:
    """So a stretch without records says that it is true, and nobody seeks between it and what it was asked for."""
    source = inspect.getsource(Fetcher.fetched_records)
    assert "if not records:\n" in source
    drained = source[source.index("getall(max_records)") : source.index("return drained\n\n")]
    assert "await" not in drained
    assert "self._records[tp] = FetchResult(" in inspect.getsource(Fetcher._proc_fetch_request)


def test_an_answer_to_another_position_is_not_taken() -> None:
    assert "position != self._partition_records.next_fetch_offset" in inspect.getsource(FetchResult.check_assignment)


def test_what_was_taken_back_is_passed_over_where_records_are_unpacked() -> None:
    source = inspect.getsource(PartitionRecords._unpack_records)
    assert "next_batch.producer_id in self._aborted_producers" in source
    assert source.count("self.next_fetch_offset = next_batch.next_offset") == 3


def test_the_unpacked_are_gone_through_by_their_own_iterator() -> None:
    """So one may be given that does without a call for each."""
    assert "for msg in self._partition_records" in inspect.getsource(FetchResult.getall)
    assert "return next(self._records_iterator)" in inspect.getsource(PartitionRecords.__next__)


def test_librdkafka_knows_a_setting_that_it_does_not_document() -> None:
    """Without it an administrator's handle hammers a broker that is down (``streams.kafka.log``)."""
    nowhere = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}
    assert isinstance(AdminClient({**nowhere, "enable.sparse.connections": False}), AdminClient)
    with pytest.raises(KafkaException, match="No such configuration property"):
        AdminClient({**nowhere, "enable.no.such.connections": False})


def test_the_commit_request_is_put_together_before_anything_is_awaited() -> None:
    before = inspect.getsource(GroupCoordinator._do_commit_offsets).partition("await ")[0]
    assert "self.generation" in before
    assert "OffsetCommitRequest(" in before


def test_the_generation_is_set_before_the_assignment_is_told() -> None:
    source = inspect.getsource(driver.ConsumerRebalanceListener.on_partitions_assigned)
    assert source.index("consumer_generation_id") < source.index("thread.on_partitions_assigned")
