"""The engine on an embedded log as a process of its own: what ``hall run`` runs, without the screen.

    python -m benchmarks.engine_process LOG LANES CLOCK UNTIL

LANES: ``sensing``, or ``all``. CLOCK: ``own``, the records bring their time; ``wall``, a ticker runs beside. UNTIL:
``stop`` runs until SIGTERM; ``end``, until all that stood in the log at the start is processed and on disk. It says
``ready`` once it has recovered, and at its end one line of JSON (``Done``).
"""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from agents.topology import SENSING, TOPOLOGY
from streams.embedded.log import Log
from streams.embedded.service import EmbeddedService
from streams.engine.partition import METER_EVERY
from streams.lane import Topology
from streams.worker.partition import LanePartition

LOOK_EVERY_S = 0.01
READY = "ready"


class Done(msgspec.Struct):
    """What was done since ``ready``, by all lanes and all threads.

    ``checkpoint_s``: in which nothing else went on, as /metrics tells it; ``agents_s``: by agent, scaled up from a
    sample; ``rss_mib``: at the end, ``peak_mib``: ever.
    """

    records: int
    outputs: int
    wall_s: float
    cpu_s: float
    checkpoint_s: float
    agents_s: dict[str, float]
    rss_mib: float
    peak_mib: float


async def run(path: Path, topology: Topology, *, ticker: bool, to_end: bool) -> Done:
    with Log.open(path, create=False) as log:
        service = EmbeddedService(log, path, topology, http=None, ticker=ticker)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, service.stop)
        await service.start()
        started, cpu = time.perf_counter(), time.process_time()
        print(READY, flush=True)
        finished: list[float] = []
        if to_end:
            service.spawn(_finish(service, log, finished))
        await service.run()
        return _done(service, (finished or [time.perf_counter()])[0] - started, time.process_time() - cpu)


async def _finish(service: EmbeddedService, log: Log, finished: list[float]) -> None:
    """Stop when every lane has seen all of its topic, once it is checkpointed; ``finished`` gets the time."""
    parts = list(service.lanes.parts.values())
    while service.embedded.writer.backlog or any(_behind(part, log) for part in parts):
        await asyncio.sleep(LOOK_EVERY_S)
    await service.lanes.finish()
    finished.append(time.perf_counter())
    service.stop()


def _behind(part: LanePartition, log: Log) -> bool:
    return part.engine.next_offset < log.end(part.engine.lane.topic, part.engine.partition)


def _done(service: EmbeddedService, wall_s: float, cpu_s: float) -> Done:
    parts = service.lanes.parts.values()
    agents = {agent: s * METER_EVERY for meter in service.metrics.meters.values() for agent, s in meter.seconds.items()}
    return Done(
        records=sum(part.engine.counts["records"] for part in parts),
        outputs=sum(part.engine.counts["outputs"] for part in parts),
        wall_s=wall_s, cpu_s=cpu_s, checkpoint_s=sum(part.checkpoint_s for part in parts), agents_s=agents,
        rss_mib=_rss_mib(), peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )  # fmt: skip


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def main(path: str, lanes: str, clock: str, until: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    topology = TOPOLOGY if lanes == "all" else replace(TOPOLOGY, lanes=(SENSING,))
    done = asyncio.run(run(Path(path), topology, ticker=clock == "wall", to_end=until == "end"))
    print(msgspec.json.encode(done).decode(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
