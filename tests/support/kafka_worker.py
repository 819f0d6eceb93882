"""``python -m tests.support.kafka_worker TOPOLOGY``: ``hall worker`` as it is, on another topology."""

from __future__ import annotations

import sys

from commands import worker
from tests.support.topologies import TOPOLOGIES


def main(name: str) -> None:
    vars(worker)["TOPOLOGY"] = TOPOLOGIES[name]
    worker.command(args=[], prog_name="hall worker")


if __name__ == "__main__":
    main(*sys.argv[1:])
