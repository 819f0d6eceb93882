"""What an engine's process is told, in its environment, and the one thing that it says: when it began.

Runs in every engine's own environment: msgspec and the standard library only.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import Self

import msgspec

VARIABLE = "PEERS_TASK"
BEGAN = re.compile(r"^began (\d+\.\d+)$", re.MULTILINE)


class Task(msgspec.Struct, frozen=True):
    """``run`` names the run: consumer groups and states are called after it. ``directory`` is the run's own."""

    servers: str
    source: str
    target: str
    run: str
    directory: str

    def to_env(self) -> dict[str, str]:
        return {VARIABLE: msgspec.json.encode(self).decode()}

    @classmethod
    def from_env(cls) -> Self:
        return msgspec.json.decode(os.environ[VARIABLE], type=cls)


_begun = False


def begin() -> None:
    """Say that the first frame has arrived; nothing the second time."""
    global _begun
    if not _begun:
        _begun = True
        # Not sys.stdout: Faust's worker turns what is printed there into log lines.
        print(f"\nbegan {time.time():.6f}", file=sys.__stdout__, flush=True)


def began_at(said: str) -> float | None:
    """When it began, in seconds since the epoch, from what a process has printed so far."""
    found = BEGAN.search(said)
    return float(found[1]) if found else None
