"""The engine of these settings: its log, opened, and the service that runs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from commands.common import kafka_access, open_embedded
from config.settings import Settings
from streams.embedded import topics
from streams.embedded.service import EmbeddedService
from streams.kafka.log import KafkaLog
from streams.kafka.rights import check_rights
from streams.kafka.service import KafkaService
from streams.lane import Topology
from streams.log import EventLog
from streams.topics import OBSERVATIONS
from streams.worker.service import WorkerService


class Engine(NamedTuple):
    """``service`` makes it: a service belongs to the event loop in which it is made. The caller closes the log."""

    log: EventLog
    service: Callable[[], WorkerService]


def engine_of(found: Settings, topology: Topology) -> Engine:
    """On the embedded log, which is made if it is not there, or on Kafka, where the topics must be there."""
    return _embedded(found, topology) if found.broker.embedded else _on_kafka(found, topology)


def _embedded(found: Settings, topology: Topology) -> Engine:
    log = open_embedded(found, create=True)
    topics.ensure_topics(log, topology)
    ticker = log.topics()[OBSERVATIONS].time == "log"  # a played recording is its own clock
    return Engine(log, lambda: EmbeddedService(log, log.path, topology, http=found.http, ticker=ticker))


def _on_kafka(found: Settings, topology: Topology) -> Engine:
    """How many partitions its topics get is for ever, and not for a worker to choose."""
    access = kafka_access(found)
    log = KafkaLog(access)
    check_rights(log, topology, "worker")
    found.var.mkdir(parents=True, exist_ok=True)
    return Engine(log, lambda: KafkaService(access, found.var, topology, http=found.http, worker=found.worker))
