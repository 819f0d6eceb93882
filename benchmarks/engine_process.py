"""The engine on an embedded log as a process of its own, as ``hall run`` has it but without a screen; used by others here.

    python -m benchmarks.engine_process LOG LANES TICKER UNTIL

LANES: ``sensing`` or ``all``. TICKER: 1 for a live log, 0 where records bring their own time. UNTIL: ``stop`` runs until
SIGTERM; ``end`` until the log, as it stood at the start, is processed and checkpointed. Then one line of JSON on the
output says what was done (``Done``).
"""

from __future__ import annotations

import asyncio
import gc
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
from streams.lane import Topology
from streams.topics import OBSERVATIONS

LOOK_EVERY_S = 0.02


class Done(msgspec.Struct):
    """What the process did between the start of its first record and its last checkpoint; CPU time is of all its threads."""

    records: int
    outputs: int
    wall_s: float
    cpu_s: float
    start_s: float
    """From the process's first line to the first record: recovery, first checkpoint."""
    checkpoint_s: float
    agents_s: dict[str, float]
    rss_mib: float
    peak_mib: float


def topology(lanes: str) -> Topology:
    return TOPOLOGY if lanes == "all" else replace(TOPOLOGY, lanes=(SENSING,))


async def run(path: Path, lanes: str, ticker: bool, until: str) -> Done:
    began = time.perf_counter()
    with Log.open(path, create=False) as log:
        end = log.end(OBSERVATIONS, 0) if until == "end" else None
        service = EmbeddedService(log, path, topology(lanes), http=None, ticker=ticker)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, service.stop)
        await service.start()
        started, cpu = time.perf_counter(), time.process_time()
        if end is not None:
            service.spawn(_stop_at(service, log, end))
        await service.run()
        parts = service.lanes.parts.values()
        return Done(
            records=sum(p.engine.counts["records"] for p in parts),
            outputs=sum(p.engine.counts["outputs"] for p in parts),
            wall_s=time.perf_counter() - started, cpu_s=time.process_time() - cpu, start_s=started - began,
            checkpoint_s=sum(p.checkpoint_s for p in parts),
            agents_s={}, rss_mib=0, peak_mib=0
        )
async def _stop_at(service, log, end):
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        ps={tp.topic:p for tp,p in service.lanes.parts.items()}
        if ps[OBSERVATIONS].engine.next_offset>=end: service.stop(); return
if __name__=="__main__":
    print(msgspec.json.encode(asyncio.run(run(Path(sys.argv[1]),sys.argv[2],sys.argv[3]=="1",sys.argv[4]))).decode())
