"""``python -m tests.support.engines TOPOLOGY DIRECTORY``: ``hall run DIRECTORY --no-simulate --plain`` on another topology."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from commands.common import halls_of, log_path, now_ms, open_embedded, set_up_logging
from config.settings import Settings
from streams.embedded import topics
from streams.embedded.log import Log
from streams.embedded.service import EmbeddedService
from streams.lane import Topology
from streams.rows import configured
from streams.topics import OBSERVATIONS
from streams.worker.failure import Fatal
from tests.support.topologies import TOPOLOGIES


async def run(store: Log, topology: Topology, directory: Path, found: Settings) -> None:
    topics.ensure_topics(store, topology)
    ticker = store.topics()[OBSERVATIONS].time == "log"
    service = EmbeddedService(store, log_path(found), topology, http=found.http, ticker=ticker)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, service.stop)
    await service.start()
    try:
        await service.append(configured(store, halls_of(directory, found), now_ms()))
        assert service.http is not None
        print(f"the engine is running; {service.http.url}/metrics", flush=True)
        await service.run()
    finally:
        await service.leave()


def main(name: str, directory: str) -> int:
    found = Settings.from_env(os.environ)
    set_up_logging(found)
    store = open_embedded(found)
    try:
        asyncio.run(run(store, TOPOLOGIES[name], Path(directory), found))
    except Fatal as e:
        print(f"Error: {e}", flush=True)
        return e.code
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
