"""The transport's thread: aiokafka may be stuck in it, and the process ends all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

STUCK = """
import threading
from streams.kafka.transport import ConsumerThread, Leaving

class Stuck:
    def _start_thread(self):
        threading.Event().wait()

assert ConsumerThread.Worker is Leaving
thread = Leaving(Stuck())
thread.start()
thread.stop()
print("left")
"""


def test_a_thread_that_is_stuck_keeps_no_process_that_ends() -> None:
    """A worker had said why it ends, and then stood there for ever: nobody starts such a one again."""
    done = subprocess.run(
        [sys.executable, "-c", STUCK], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "left\n"
