"""``make run-kafka``: the demo hall on a real one-node Kafka, which is started beside it if none answers there yet.

Run as ``python -m tests.support.kafka_demo DIRECTORY PORT [OPTIONS of hall run]``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.kafka_broker import KafkaBroker, answers, place, terminable

PARTITIONS = "4"


def main(directory: str, port: str, *options: str) -> int:
    servers = f"127.0.0.1:{port}"
    broker = None if answers(servers) else KafkaBroker(place(Path(directory), int(port)), int(port))
    with terminable():
        try:
            if broker is not None:
                print(f"starting Kafka on {servers}, data in {broker.directory} ...", flush=True)
                broker.start()
            return _demo(servers, options)
        except KeyboardInterrupt:
            return 130
        finally:
            if broker is not None:
                broker.stop()


def _demo(servers: str, options: tuple[str, ...]) -> int:
    env = {**os.environ, "HALL_BROKER": f"kafka://{servers}"}
    hall = [sys.executable, "-m", "hall"]
    made = subprocess.run([*hall, "topics", "create", "--partitions", PARTITIONS], env=env, check=False)
    if made.returncode:
        return made.returncode
    print(
        f"\nbeside it, in another terminal: HALL_BROKER=kafka://{servers} .venv/bin/hall status   (or log, explain, drain)\n"
    )
    with subprocess.Popen([*hall, "run", *options], env=env) as run:
        while True:
            try:
                return run.wait()
            except KeyboardInterrupt:
                continue  # Ctrl-C goes to both: the engine ends in good order, and then so do we


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
