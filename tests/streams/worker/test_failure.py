"""The table of exit codes: what each failure ends the process with, and what a supervisor makes of it."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging

import pytest

from config.problems import ConfigError, Problem
from streams.checkpoint import StateUnreadable
from streams.embedded import errors
from streams.engine import OtherLog
from streams.kafka import errors as kafka
from streams.worker.failure import EXITS, UNEXPECTED, Fatal, as_fatal, say_in_one_line

CODES = [
    (OtherLog("it is another log"), 65),
    (StateUnreadable("a newer version wrote it"), 65),
    (errors.LogDamaged("bytes"), 65),
    (errors.LogTooNew("version 9"), 65),
    (errors.LogFull("no room"), 74),
    (errors.LogRefused("read only"), 74),
    (errors.LogLocked("somebody"), 75),
    (errors.LogInUse("process 5"), 75),
    (errors.LogMissing("gone"), 75),
    (kafka.SendFailed("too large"), 74),
    (kafka.Unreachable("nobody answers"), 75),
    (kafka.TopicsWrong("there is none"), 75),
    (kafka.WrongPort("a controller"), 64),
    (kafka.AccessDenied("wrong password"), 77),
    (ConfigError([Problem("hall.yaml", 1, "id", "a value", "nothing", "")]), 78),
]


@pytest.mark.parametrize(("error", "code"), CODES, ids=lambda value: type(value).__name__)
def test_each_failure_has_its_code_and_keeps_its_words(error: Exception, code: int) -> None:
    fatal = as_fatal(error)
    assert (fatal.code, str(fatal)) == (code, str(error))


def test_what_is_fatal_already_stays_as_it_is() -> None:
    fatal = Fatal(64, "wrong options")
    assert as_fatal(fatal) is fatal


def test_what_nobody_foresaw_is_a_fault_of_ours_and_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        fatal = as_fatal(KeyError("zone"))
    assert (fatal.code, str(fatal)) == (UNEXPECTED, "KeyError: 'zone'")
    assert caplog.records[0].exc_info is not None


def test_the_table_is_what_a_supervisor_is_told() -> None:
    """systemd: RestartPreventExitStatus=64 65 78."""
    assert len({row.code for row in EXITS}) == len(EXITS)
    assert [row.code for row in EXITS if row.final] == [0, 64, 65, 78]
    assert UNEXPECTED in {row.code for row in EXITS if not row.final}
    assert all(row.meaning for row in EXITS)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.EIO, errno.EROFS])
def test_what_the_box_has_run_out_of_is_no_fault_of_ours(number: int, caplog: pytest.LogCaptureFixture) -> None:
    fatal = as_fatal(OSError(number, "it said", "/var/lib/x"))
    assert (fatal.code, str(fatal)) == (74, "/var/lib/x: it said")
    assert not caplog.records


def test_what_a_library_leaves_in_a_task_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    # Else asyncio prints a traceback of it, above or below the one line that says why the process ends.
    async def abandon() -> None:
        asyncio.get_running_loop().set_exception_handler(say_in_one_line)

        async def fail() -> None:
            raise ConnectionResetError("the broker has gone")

        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    with caplog.at_level(logging.INFO):
        asyncio.run(abandon())
    [record] = caplog.records
    assert record.getMessage() == ("Task exception was never retrieved: ConnectionResetError('the broker has gone')")
    assert record.exc_info is None
