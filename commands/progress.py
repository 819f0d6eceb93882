"""Progress of long work, on stderr: a bar in a terminal, nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.console import Console

T = TypeVar("T")
EVERY = 500


def tracked(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items, shown as they pass."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=total)
        for number, item in enumerate(items, 1):
            yield item
            if number % EVERY == 0:
                progress.update(task, completed=min(number, total))
        progress.update(task, completed=total)
