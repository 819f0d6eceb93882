"""Hallstream: the job as an agent, on the lane that ``hall worker`` would run, with all that a worker has."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import ClassVar

import msgspec

from benchmarks.peers.job import Tracks, ZoneChanged, step
from benchmarks.peers.task import Task, begin
from config.hall import Hall
from config.rules import Rules
from streams.events import Configured, Event, Frame
from streams.kafka.service import KafkaService
from streams.lane import Lane, Topology
from streams.topics import OBSERVATIONS


class Places(msgspec.Struct):
    tracks: Tracks = {}


class Zoning:
    """Does the job."""

    name: ClassVar[str] = "zoning"
    reads: ClassVar[tuple[type[Event], ...]] = (Frame,)
    writes: ClassVar[tuple[type[Event], ...]] = (ZoneChanged,)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        pass

    def initial(self) -> Places:
        return Places()

    def on_event(self, state: Places, event: Event) -> tuple[Event, ...]:
        assert isinstance(event, Frame)
        if not state.tracks:
            begin()
        return tuple(step(state.tracks, event))


TOPOLOGY = Topology(1, (Lane("sensing", OBSERVATIONS, (Frame, Configured), (Zoning,), origin=True),))


async def run(task: Task) -> None:
    service = KafkaService(task.servers, Path(task.directory), TOPOLOGY, http=("127.0.0.1", 0))
    await service.start()
    await service.run()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(Task.from_env()))
