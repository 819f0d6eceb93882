"""A ``tests.support.system.System`` on Kafka: one partition, one worker that keeps its name over restarts."""

from __future__ import annotations

from pathlib import Path

from agents.topology import TOPOLOGY
from streams.kafka.log import KafkaLog
from streams.kafka.topics import Made, ensure_topics, needed
from tests.support.kafka_broker import remove_topics
from tests.support.log_system import LogSystem
from tests.support.system import Halls


class KafkaHall(LogSystem):
    """``servers``: a broker whose topics are removed first, so that every test finds it new."""

    def __init__(self, directory: Path, halls: Halls, servers: str) -> None:
        forget(servers)
        log = KafkaLog(servers)
        ensure_topics(log, TOPOLOGY, Made(partitions=1))
        # A name: the group takes it back at once, also after kill -9.
        super().__init__(directory, halls, {"HALL_BROKER": f"kafka://{servers}", "HALL_WORKER": "behaviour"}, log)


def forget(servers: str) -> None:
    """Remove the engine's topics; returns when they are gone."""
    remove_topics(servers, *(topic.name for topic in needed(TOPOLOGY)))
