"""How the verbs that look at a log print times, sizes and tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from rich.table import Table

from commands.common import Ended
from commands.console import Console
from streams.log import Runner

Column = tuple[str, str]
"""Heading, and "left" or "right"."""

_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def console() -> Console:
    """As wide as the terminal; wide enough for a table where the output goes somewhere else."""
    return Console(highlight=False, width=None if os.isatty(1) else 200)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, justify in columns:
        side: Literal["left", "right"] = "right" if justify == "right" else "left"
        table.add_column(heading, justify=side, header_style="dim", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def when(at_ms: int | None) -> str:
    """Local time to the millisecond; a number that is no time is shown as it is."""
    if at_ms is None:
        return "-"
    try:
        return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(" ", "milliseconds")[:23]
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"


def span(seconds: float) -> str:
    """``0.3 s``, ``42 s``, ``5.5 min``, ``2 d``."""
    for unit_s, name in _SPANS:
        if abs(seconds) >= unit_s:
            return f"{seconds / unit_s:.3g} {name}"
    return f"{seconds:.1f} s" if abs(seconds) < 10 else f"{seconds:.0f} s"


def size(count: int) -> str:
    """Bytes, in units of 1000."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def retention(compact: bool, age_ms: int | None, count: int | None) -> str:
    """What is kept of a topic: for how long, at most how many bytes."""
    if compact:
        return "newest of each key"
    age, volume = None if age_ms is None else span(age_ms / 1000), None if count is None else size(count)
    return ", ".join(limit for limit in (age, volume) if limit) or "for ever"


def runner_text(runner: Runner) -> str:
    """Who runs the engine, for a sentence."""
    if runner.since_ms is not None:
        return f"{runner.name}, since {when(runner.since_ms)}"
    return runner.name if runner.partitions is None else f"{runner.name} (partitions {_numbers(runner.partitions)})"


def _numbers(numbers: Sequence[int]) -> str:
    """Ranges where there are some: 0-3, 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs) or "none"


NOTES_SHOWN = 10


def shortened(notes: Sequence[str], what: str) -> list[str]:
    """The first ten, and how many there are, where there are more."""
    rest = [f"... {len(notes):,} {what} in all"] if len(notes) > NOTES_SHOWN else []
    return [*notes[:NOTES_SHOWN], *rest]


NO_TOPICS = "expected the engine's topics, but there is none. What to do: `hall topics create`"


def topic_named(text: str, topics: Iterable[str]) -> str:
    """The topic that is meant: its name, with or without ``hall.``, or ``LANE-state``."""
    known = sorted(topics)
    if not known:
        raise Ended(NO_TOPICS, 75)
    for name in (text, f"hall.{text}", f"hallstream-{text}-changelog"):
        if name in known:
            return name
    raise Ended(f"expected a topic among {', '.join(known)}; got {text!r}", 64)
