"""``hall worker``: the engine on Kafka, as one of any number of processes."""

from __future__ import annotations

import asyncio
import logging
import signal

import click

from agents.topology import TOPOLOGY
from commands.common import clear_errors, kafka_access, settings
from commands.logs import set_up_logging
from commands.output import say_if_read
from commands.serving import Engine, engine_of

log = logging.getLogger(__name__)


@click.command("worker")
@click.option("--for", "seconds", type=click.FloatRange(min=0.1), help="End by itself after so many seconds.")
def command(seconds: float | None) -> None:
    """Run the engine on Kafka. Start as many as there are partitions at the most; add and remove them at any time.

    Which halls there are is said in the log itself (`hall config apply`). The topics must be there (`hall topics
    create`). With HALL_WORKER set to a name of its own, a worker that is restarted gets its partitions back at once;
    without it they go to the others after six seconds.

    \b
      HALL_BROKER=kafka://127.0.0.1:9092 hall topics create
      HALL_BROKER=kafka://127.0.0.1:9092 hall worker
    """
    found = settings()
    set_up_logging(found)
    with clear_errors():
        kafka_access(found)
        engine = engine_of(found, TOPOLOGY)
        with engine.log:
            asyncio.run(_run(engine, seconds))


async def _run(engine: Engine, seconds: float | None) -> None:
    service = engine.service()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, service.stop)
    await service.start()
    if seconds is not None:
        loop.call_later(seconds, service.stop)
    url = service.http.url if service.http else ""
    say_if_read(f"the worker is running; {url}/metrics; Ctrl-C stops it")
    await service.run()
    say_if_read("stopped cleanly: everything is on Kafka, and whoever goes on does so from here")
