"""A broker that has just been started does not know all topics yet, and a group that is assigned now is assigned too little."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka.cluster import ClusterMetadata

from agents.topology import TOPOLOGY
from streams.kafka.service import METADATA_MS, KafkaService
from streams.topics import OBSERVATIONS
from tests.support.kafka_broker import KafkaBroker
from tests.support.kafka_system import KafkaSystem
from tests.torture.halls import halls

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

WITHIN_S = METADATA_MS / 1000 + 20.0


class Forgetful:
    """What a broker says of the topics, without one of them until it remembers."""

    def __init__(self, topic: str) -> None:
        self._topic, self.remembers = topic, False
        self._update = ClusterMetadata.update_metadata

    def update(self, cluster: ClusterMetadata, said: Any) -> None:
        if not self.remembers:
            said.topics = [topic for topic in said.topics if self._topic not in topic]
        self._update(cluster, said)


async def _worked_on(service: KafkaService, topics: set[str]) -> set[str]:
    """What it works on, once that is these topics, or when they should have been long since."""
    deadline, found = time.monotonic() + WITHIN_S, set[str]()
    while found != topics and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        found = {tp.topic for tp in service.lanes.parts} if hasattr(service, "lanes") else set()
    return found


def test_a_topic_that_the_broker_did_not_know_at_the_assignment_is_assigned_soon(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    the broker says:   journal              journal, observations
    assigned:          journal ........|    journal, observations
                                       |<-- not for five minutes, and nobody says a word
    """
    system = KafkaSystem(tmp_path / "system", broker.servers, halls(1))
    forgetful = Forgetful(OBSERVATIONS)
    monkeypatch.setattr(ClusterMetadata, "update_metadata", lambda cluster, said: forgetful.update(cluster, said))

    async def work() -> None:
        service = KafkaService(broker.servers, tmp_path / "worker", TOPOLOGY, http=None)
        starting = asyncio.create_task(service.start())
        try:
            below = {lane.topic for lane in TOPOLOGY.lanes} - {OBSERVATIONS}
            assert await _worked_on(service, below) == below
            forgetful.remembers = True
            assert await _worked_on(service, below | {OBSERVATIONS}) == below | {OBSERVATIONS}
            await starting
        finally:
            await service.leave()

    try:
        asyncio.run(work())
    finally:
        system.close()
