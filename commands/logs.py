"""What a long-running verb writes to its log, and how."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from config.settings import Settings

OURS = ("streams", "commands", "devices")
AGAIN_S = 10.0
"""How long a library has to be silent about what it has just said."""


class Sparing(logging.Filter):
    """What a library says again and again, such as that a broker is away, comes through once in ten seconds, with a count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] in OURS:
            return True
        key, now = (record.name, str(record.msg)), self._clock()
        said, swallowed = self._last.get(key, (float("-inf"), 0))
        if now - said < AGAIN_S:
            self._last[key] = said, swallowed + 1
            return False
        self._last[key] = now, 0
        if swallowed:
            record.msg, record.args = f"{record.getMessage()} (and {swallowed} times more)", ()
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line, for a log collector."""

    def format(self, record: logging.LogRecord) -> str:
        row: dict[str, Any] = {
            "at_ms": int(record.created * 1000), "level": record.levelname, "logger": record.name, "message": record.getMessage()
        }  # fmt: skip
        if record.exc_info:
            row["traceback"] = self.formatException(record.exc_info)
        return json.dumps(row, ensure_ascii=False)


def set_up_logging(found: Settings) -> None:
    """Ours at the level asked for; the libraries' only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.addFilter(Sparing())
    handler.setFormatter(JsonLines() if found.log_format == "json" else text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(found.log_level)
    for name in ("streams.worker.app", "streams.embedded.transport"):  # Faust speaks of its services under these names
        logging.getLogger(name).setLevel(logging.WARNING)
