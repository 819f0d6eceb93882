"""What the verbs share: settings, logging, errors as one clear line, and the log they work on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import click

from config.loading import ConfigError
from config.settings import Settings
from streams.embedded.errors import LogError, LogMissing, TopicMissing
from streams.embedded.log import Log
from streams.kafka.access import Access
from streams.kafka.log import KafkaLog
from streams.kafka.naming import Naming
from streams.log import EventLog
from streams.recording import RecordingError
from streams.recordings import OptionsError, PositionsError
from streams.worker.failure import EXITS, Fatal

DEMO = Path(__file__).parents[1] / "config" / "examples" / "demo"


CODES: tuple[tuple[tuple[type[BaseException], ...], int], ...] = (
    ((OptionsError,), 64),  # before its kind
    ((RecordingError, PositionsError), 65),
    *((row.causes, row.code) for row in EXITS),
    ((TopicMissing,), 75),
    ((LogError,), 70),
    ((OSError,), 74),
)
"""Causes and exit codes of a verb; the first row that fits counts. Anything else is a fault of ours."""


class Ended(click.ClickException):
    """Ends the program with an exit code of the table in ``streams.worker.failure``."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Where nobody reads the message, the exit code still stands."""
        with suppress(BrokenPipeError):
            super().show(file)


@contextmanager
def clear_errors() -> Iterator[None]:
    """What goes wrong inside becomes one message and an exit code; faults of ours keep their traceback."""
    try:
        yield
    except Fatal as e:
        raise Ended(str(e), e.code) from e
    except tuple(cause for causes, _ in CODES for cause in causes) as e:
        if isinstance(e, BrokenPipeError):  # whoever read the output has gone: Click ends quietly then
            raise
        code = next(code for causes, code in CODES if isinstance(e, causes))
        raise Ended(_said(e), code) from e


def _said(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:  # its own text begins with a number
        where = "the output, or a file, could not be written or read" if error.filename is None else error.filename
        return f"{where}: {error.strerror}"
    return str(error) or type(error).__name__


def settings() -> Settings:
    """The environment's settings, or an end with everything that is wrong with them. Warnings go to stderr."""
    try:
        found = Settings.from_env(os.environ)
    except ConfigError as e:
        raise Ended(str(e), 64) from e
    for warning in found.warnings():
        click.echo(warning, err=True)
    return found


def log_path(found: Settings) -> Path:
    """The embedded log's file; Kafka is not for this verb."""
    if found.broker.path is None:
        raise Ended(f"HALL_BROKER is {found.broker.servers}: this verb works on the embedded log only", 64)
    return found.broker.path


def open_log(found: Settings, *, read_only: bool = False) -> EventLog:
    """The log of HALL_BROKER, which must be there."""
    if found.broker.servers is not None:
        return KafkaLog(kafka_access(found))
    return open_embedded(found, read_only=read_only)


def kafka_access(found: Settings) -> Access:
    """Where Kafka is, how to come in, and what our topics are called there; the embedded log is not for this verb."""
    if found.broker.servers is None:
        raise Ended(
            "HALL_BROKER is the embedded log: this verb works on Kafka (HALL_BROKER=kafka://host:port). On one box, "
            "`hall run` does all of it.", 64,
        )  # fmt: skip
    return Access(found.broker.servers, found.security(), Naming(found.topic_prefix or ""))


def open_embedded(found: Settings, *, create: bool = False, read_only: bool = False) -> Log:
    path = log_path(found)
    if not create and not path.exists():
        raise LogMissing(_where(found, path))
    return Log.open(path, sync=found.sync, max_bytes=found.log_max_bytes, create=create, read_only=read_only)


def _where(found: Settings, path: Path) -> str:
    """Where a log was looked for, why there, and how to have it looked for elsewhere."""
    if os.environ.get("HALL_BROKER"):
        why, how = "HALL_BROKER says so", "set HALL_BROKER to where it is"
    else:
        given = "" if os.environ.get("HALL_VAR") else ", the default"
        here = "" if path.is_absolute() else f", seen from {Path.cwd()}"
        why = f"HALL_VAR is {found.var}{given}{here}"
        how = "set HALL_VAR to the directory that `hall run` names at its start, or HALL_BROKER=kafka://host:port"
    return f"{path.absolute()}: there is no log here ({why}). What to do: {how}; or let `hall run` make one here."


def now_ms() -> int:
    return time.time_ns() // 1_000_000
