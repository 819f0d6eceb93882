"""The table of exit codes: what each failure ends the process with, and what a supervisor makes of it."""

from __future__ import annotations

import logging

import pytest

from config.problems import ConfigError, Problem
from streams.checkpoint import StateUnreadable
from streams.embedded import errors
from streams.engine import OtherLog
from streams.kafka import errors as kafka
from streams.worker.failure import EXITS, UNEXPECTED, Fatal, as_fatal

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
