"""How the process ends, as a table: the exit code, what it means, and whether starting again can help.

The codes are those of sysexits.h. A supervisor restarts on any but the final ones
(systemd: ``RestartPreventExitStatus=64 65 78``).
"""

from __future__ import annotations

import asyncio
import errno
import logging
from typing import Any, NamedTuple

from config.problems import ConfigError
from streams.checkpoint import StateUnreadable
from streams.embedded import errors
from streams.engine import OtherLog
from streams.kafka import errors as kafka
from streams.traces import StateGone

log = logging.getLogger(__name__)


class Exit(NamedTuple):
    code: int
    final: bool
    meaning: str
    causes: tuple[type[BaseException], ...] = ()


EXITS = (  # the first row that fits counts
    Exit(0, True, "asked to stop, and everything is on disk"),
    Exit(64, True, "wrong options or settings", (kafka.NameTaken, kafka.WrongPort)),
    Exit(
        65, True, "the state or the log's file does not fit: another log, a newer version, a damaged file, one that is gone",
        (OtherLog, StateUnreadable, StateGone, kafka.TopicsChanged, errors.LogDamaged, errors.LogTooNew, errors.LogGone),
    ),
    Exit(70, False, "a fault of ours: the log says what and where"),
    Exit(
        74, False, "the log, or the output, could not be written or read: disk full, I/O error, a reader that left",
        (errors.LogFull, errors.LogRefused, kafka.SendFailed),
    ),
    # Before 75, which is for whatever else is wrong with Kafka. Rights and users are given there, without anything changing here.
    Exit(
        77, False, "Kafka does not let us in, or not do that: TLS, certificate, user, password, rights", (kafka.AccessDenied,)
    ),
    Exit(
        75, False, "not now: somebody else has the log or the address, the log is not there or does not answer, or no progress",
        (errors.LogLocked, errors.LogInUse, errors.LogMissing, kafka.KafkaError),
    ),
    Exit(78, True, "a hall's configuration cannot be used", (ConfigError,)),
)  # fmt: skip
UNEXPECTED = 70
OF_THE_BOX = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EROFS))
"""What the system has run out of, wherever that shows: no fault of ours."""


class Fatal(Exception):
    """Ends the process with ``code``; the message is for the operator."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def as_fatal(error: BaseException) -> Fatal:
    """The exit code for what went wrong, and the message for the operator."""
    if isinstance(error, Fatal):
        return error
    for row in EXITS:
        if isinstance(error, row.causes):
            return Fatal(row.code, str(error))
    if isinstance(error, OSError) and error.errno in OF_THE_BOX:
        return Fatal(74, f"{error.filename or 'this process'}: {error.strerror}")
    log.error("unexpected failure", exc_info=error)
    return Fatal(UNEXPECTED, f"{type(error).__name__}: {error}")


def say_in_one_line(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For asyncio's event loop: what libraries leave behind in tasks nobody waits for, and connections that cannot be taken.

    What ends the process comes as ``Fatal`` and is said by that; a traceback beside it would only hide it. With
    HALL_LOG_LEVEL=DEBUG it is there.
    """
    error = context.get("exception")
    what = f"{context['message']}: {error!r}" if error is not None else context["message"]
    log.warning("%s", what)
    if error is not None:
        log.debug("where that was", exc_info=error)
