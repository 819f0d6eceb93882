"""Where verbs print to: a reader may leave (``hall log cat | head``), and a disk be full. Imports next to nothing.

A verb whose reader has left ends as other tools do, by SIGPIPE (a shell calls that 141), and says nothing: 1 would be an
answer of `hall explain`. Only `hall run` has something to lose, and looks after itself (``commands.run``).
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STDOUT, STDERR = 1, 2
NOT_WRITTEN = 74


@contextmanager
def looked_after() -> Iterator[None]:
    """Around a whole verb: nothing that goes wrong with its output is left to the interpreter's own last words."""
    _open_what_is_closed()
    try:
        try:
            yield
        finally:
            _flush_errors()
            sys.stdout.flush()
    except (OSError, SystemExit) as error:
        if _of_a_reader_that_left(error):
            leave_as_tools_do()
        if isinstance(error, OSError):
            not_written(error)
        raise


def _open_what_is_closed() -> None:
    """``hall ... >&-``: else the next file that is opened would stand where we print to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in this order each gets its own number
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for as long as the process lives


def _of_a_reader_that_left(error: BaseException) -> bool:
    """Click makes an exit of it."""
    return isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError)


def leave_as_tools_do() -> None:
    """Does not return."""
    silence(STDOUT)
    silence(STDERR)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    os._exit(128 + signal.SIGPIPE)  # a container's first process does not die of it


def not_written(error: OSError) -> None:
    """The output's disk is full, its terminal has gone. Does not return."""
    silence(STDOUT)
    with suppress(OSError):
        print(f"Error: the output could not be written: {error.strerror or error}", file=sys.stderr, flush=True)
    _flush_errors()
    sys.exit(NOT_WRITTEN)


def silence(descriptor: int) -> None:
    """What is printed from here on goes nowhere, also what the interpreter still has in hand."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def check_reader() -> None:
    """For whoever waits for something to print. Raises BrokenPipeError when nobody would read it."""
    looking = select.poll()
    looking.register(STDOUT, 0)
    if any(event & select.POLLERR for _, event in looking.poll(0)):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def say_if_read(text: str) -> None:
    """For a process that has better to do than to end because nobody reads this."""
    try:
        print(text, flush=True)
    except OSError:
        silence(STDOUT)


def _flush_errors() -> None:
    """Messages that nobody reads do not change how a verb ends."""
    try:
        sys.stderr.flush()
    except OSError:
        silence(STDERR)
