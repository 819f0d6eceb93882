"""Engines of other topologies, as programs: ``python -m tests.support.engines TOPOLOGY DIRECTORY``, as ``hall run`` would."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from commands.common import DEMO, Ended, clear_errors, now_ms
from commands.logs import set_up_logging
from commands.serving import Engine, engine_of
from config.loading import load_halls
from config.settings import Settings
from streams.rows import configured
from tests.support.topologies import TOPOLOGIES


async def run(engine: Engine, directory: Path, found: Settings) -> None:
    service = engine.service()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, service.stop)
    await service.start()
    try:
        await service.append(configured(engine.log, load_halls(directory or found.config or DEMO), now_ms()))
        assert service.http is not None
        print(f"the engine is running; {service.http.url}/metrics", flush=True)
        await service.run()
    finally:
        await service.leave()


def main(name: str, directory: str) -> int:
    found = Settings.from_env(os.environ)
    set_up_logging(found)
    try:
        with clear_errors():
            engine = engine_of(found, TOPOLOGIES[name])
            with engine.log:
                asyncio.run(run(engine, Path(directory), found))
    except Ended as e:
        print(f"Error: {e.message}", flush=True)
        return e.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
