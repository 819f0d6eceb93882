"""What the verbs share: settings, logging, errors as one clear line, and the log they work on."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from config.loading import ConfigError, load_halls, read_dir
from config.settings import Settings
from streams.embedded.log import Log
from streams.recording import RecordingError
from streams.worker.failure import EXITS, Fatal, as_fatal

DEMO = Path(__file__).parents[1] / "config" / "examples" / "demo"


class Ended(click.ClickException):
    """Ends the program with an exit code of the table in ``streams.worker.failure``."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


@contextmanager
def clear_errors() -> Iterator[None]:
    """What goes wrong inside becomes one message and an exit code; faults of ours keep their traceback in the log."""
    try:
        yield
    except (ConfigError, RecordingError, Fatal) as e:
        fatal = Fatal(65, str(e)) if isinstance(e, RecordingError) else as_fatal(e)
        raise Ended(str(fatal), fatal.code) from e
    except Exception as e:
        if not any(isinstance(e, row.causes) for row in EXITS if row.causes) and not type(e).__module__.startswith(
            "streams.embedded"
        ):
            raise
        fatal = as_fatal(e)
        raise Ended(str(fatal), fatal.code) from e


def settings() -> Settings:
    """The environment's settings, or an end with everything that is wrong with them."""
    try:
        return Settings.from_env(os.environ)
    except ConfigError as e:
        raise Ended(str(e), 64) from e


def log_path(found: Settings) -> Path:
    """The embedded log's file; another log is not for this verb (yet)."""
    if found.broker.path is None:
        raise Ended(f"HALL_BROKER is {found.broker.servers}: this verb works on the embedded log only", 64)
    return found.broker.path


def kafka_servers(found: Settings) -> str:
    """Where Kafka is; the embedded log is not for this verb."""
    if found.broker.servers is None:
        raise Ended(
            "HALL_BROKER is the embedded log: this verb works on Kafka (HALL_BROKER=kafka://host:port). On one box, "
            "`hall run` does all of it.", 64,
        )  # fmt: skip
    return found.broker.servers


def open_log(found: Settings, *, create: bool = False, read_only: bool = False) -> Log:
    path = log_path(found)
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    return Log.open(path, sync=found.sync, max_bytes=found.log_max_bytes, create=create, read_only=read_only)


def halls_of(directory: Path | None, found: Settings) -> dict[str, dict[str, str]]:
    """The files of the halls in a directory, or in HALL_CONFIG, or of the demo hall; by hall id."""
    return load_halls(directory or found.config or DEMO)


def one_hall(directory: Path, rules: Path | None = None) -> Mapping[str, str]:
    return read_dir(directory, rules)


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
    handler.setFormatter(JsonLines() if found.log_format == "json" else text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("streams", "commands", "devices"):
        logging.getLogger(name).setLevel(found.log_level)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
