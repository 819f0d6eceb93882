"""A ``tests.support.system.System`` on Kafka: one partition, one worker that keeps its name over restarts."""

from __future__ import annotations

import time
from pathlib import Path

from confluent_kafka.admin import AdminClient

from agents.topology import TOPOLOGY
from streams.kafka.log import KafkaLog
from streams.kafka.topics import Made, ensure_topics, needed
from tests.support.log_system import LogSystem
from tests.support.system import PATIENCE_S, Halls


class KafkaHall(LogSystem):
    """``servers``: a broker whose topics are removed first, so that every test finds it new."""

    def __init__(self, directory: Path, halls: Halls, servers: str) -> None:
        forget(servers)
        log = KafkaLog(servers)
        ensure_topics(log, TOPOLOGY, Made(partitions=1))
        # A name: the group takes it back at once, also after kill -9.
        super().__init__(directory, halls, {"HALL_BROKER": f"kafka://{servers}", "HALL_WORKER": "behaviour"}, log)


def forget(servers: str) -> None:
    """Remove the engine's topics, and with them what the group committed; returns when they are gone."""
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    mine = {topic.name for topic in needed(TOPOLOGY)}
    there = [name for name in admin.list_topics(timeout=10).topics if name in mine]
    for future in admin.delete_topics(there).values() if there else ():
        future.result(PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while mine & admin.list_topics(timeout=10).topics.keys():
        assert time.monotonic() < deadline, f"{servers}: topics are still there"
        time.sleep(0.05)
