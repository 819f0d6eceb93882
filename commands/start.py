"""What ``hall run`` begins with: which halls it puts in force, which go on, and whether a crowd is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commands.common import DEMO
from config.loading import ConfigError, load_files, load_halls
from config.settings import Settings
from streams.log import EventLog
from streams.worker.failure import Fatal

Halls = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Start:
    """``apply``: the halls whose files are put in force; ``show``: those, or the log's own, which go on.

    ``said``: what the user should hear first.
    """

    apply: dict[str, dict[str, str]]
    show: dict[str, dict[str, str]]
    simulate: bool
    said: tuple[str, ...] = ()


def named_halls(directory: Path | None, found: Settings) -> dict[str, dict[str, str]] | None:
    """The halls of DIRECTORY or HALL_CONFIG; None where nobody named any. Raises Fatal."""
    path = directory or found.config
    return None if path is None else _sound(load_halls(path))


def _sound(halls: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    for hall, files in halls.items():
        try:
            load_files(files)
        except ConfigError as e:
            raise Fatal(78, f"hall {hall}:\n{e}") from e
    return halls


def start_of(
    log: EventLog, named: dict[str, dict[str, str]] | None, known: dict[str, dict[str, str]], *, simulate: bool | None
) -> Start:  # fmt: skip
    """``known``: the log's own halls; ``simulate``: what was asked for, None if nothing was. Raises Fatal."""
    if named is not None:
        return Start(named, named, bool(simulate), _also(named, known))
    demo = load_halls(DEMO)
    others = sorted(known.keys() - demo.keys())
    if others and simulate:
        raise Fatal(
            64, f"{log.name} has halls of its own ({', '.join(others)}): expected the directory of those that are to get a "
            "simulated crowd (`hall run DIR --simulate`). The demo runs in a log of its own: `HALL_VAR=var/demo hall run`",
        )  # fmt: skip
    if others:
        text = f"going on with the halls of this log: {', '.join(sorted(known))}"
        return Start({}, known, False, (text, *_demo_in(known)))
    if simulate is False:
        return Start({}, known, False)
    return Start(demo, demo, True, ("this log has no other hall: it runs the demo hall with a simulated crowd",))


def _demo_in(known: Halls) -> tuple[str, ...]:
    if not load_halls(DEMO).keys() & known.keys():
        return ()
    return (f"the demo is one of them, and nobody sends frames for it: `{_remove('demo')}` takes it out",)


def _also(named: Halls, known: Halls) -> tuple[str, ...]:
    """Halls of the log that nobody named go on as well, which may not be meant."""
    rest = sorted(known.keys() - named.keys())
    if not rest:
        return ()
    return (f"also in force in this log: {', '.join(rest)} (`{_remove(rest[0])}` takes one out)",)


def _remove(hall: str) -> str:
    return f"hall config remove {hall}"


def log_text(found: Settings, log: EventLog) -> str:
    """Where the log is; and how it came to be there, if that hangs on where one stands."""
    path = found.broker.path
    if path is None:
        return f"log: {log.name}"
    seen_from = "" if path.is_absolute() else f" (HALL_VAR={found.var}, seen from {Path.cwd()})"
    return f"log: {path.resolve()}{seen_from}"
