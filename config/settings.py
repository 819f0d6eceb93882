"""Where an engine runs: the ``HALL_*`` variables of its environment, each with a default, a meaning and a check.

``TABLE`` is the one list of them: reading, documentation and spelling help all come from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from config.problems import ConfigError, Problem, did_you_mean

PREFIX = "HALL_"
FILE_SUFFIX = "_FILE"

Sync = Literal["FULL", "NORMAL"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


@dataclass(frozen=True)
class Broker:
    """Where the log is: ``path``, the embedded log's file, or ``servers``, a Kafka bootstrap list ``host:port,...``."""

    path: Path | None = None
    servers: str | None = None

    @property
    def embedded(self) -> bool:
        return self.path is not None


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int


Value = Any
"""What a setting is read as: each row of the table has a type of its own, that of its field."""


class Setting(NamedTuple):
    """A row of the table. ``read`` takes the text and raises ValueError with what it expected."""

    name: str
    field: str
    default: str | None
    meaning: str
    read: Callable[[str], Value]


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = {choice.lower(): choice for choice in choices}.get(text.lower())
        if found is None:
            raise ValueError(f"one of {', '.join(choices)}")
        return found

    return read


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not port.isascii() or int(port) > 65_535:
        raise ValueError("host:port, such as 127.0.0.1:9464 (0.0.0.0 to be reached from outside)")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def _broker(text: str) -> Broker:
    scheme, _, rest = text.partition("://")
    if text == "embedded":
        return Broker(path=Path(EMBEDDED_FILE))
    if scheme == "embedded" and rest.startswith("/"):
        return Broker(path=Path(rest))
    if scheme == "kafka" and all(_address(server) for server in rest.split(",")):
        return Broker(servers=rest)
    raise ValueError("embedded, embedded:///path/file.db or kafka://host:port[,host:port]")


def _worker(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,200}", text) or text in (".", ".."):
        raise ValueError("1 to 200 letters, digits, dots, hyphens or underscores")
    return text


def _bytes(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,15})\s*([kMGT]i?B?|B)?", text)
    if not found or int(found[1]) == 0:
        raise ValueError("a number of bytes, such as 5000000000, 5GB or 5GiB")
    unit = found[2] or "B"
    base = 1024 if "i" in unit else 1000
    return int(found[1]) * int(base ** "BkMGT".index(unit[0]))


EMBEDDED_FILE = "hall.db"

TABLE: tuple[Setting, ...] = (
    Setting("HALL_CONFIG", "config", None, "directory of hall directories (or one hall's own directory)", Path),
    Setting("HALL_VAR", "var", "var", "directory for what the engine keeps: the embedded log, locks", Path),
    Setting(
        "HALL_BROKER", "broker", "embedded",
        "the log: embedded (HALL_VAR/hall.db), embedded:///path/file.db, or kafka://host:port[,host:port]", _broker,
    ),
    Setting(
        "HALL_HTTP", "http", "127.0.0.1:9464",
        "where /metrics, /healthz and /readyz are served; port 0: any", _address,
    ),
    Setting(
        "HALL_WORKER", "worker", None,
        "Kafka: this worker's own name, the same after a restart (static membership); not set: a new one each time", _worker,
    ),
    Setting(
        "HALL_SYNC", "sync", "FULL",
        "embedded log: FULL survives a power cut; NORMAL may lose the last second at a power cut, never at a crash",
        _one_of("FULL", "NORMAL"),
    ),
    Setting(
        "HALL_LOG_MAX_BYTES", "log_max_bytes", None,
        "embedded log: the file grows to this size at the most, such as 5GB; then the engine ends with exit code 74", _bytes,
    ),
    Setting(
        "HALL_LOG_LEVEL", "log_level", "INFO",
        "DEBUG, INFO, WARNING or ERROR", _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Setting(
        "HALL_LOG_FORMAT", "log_format", "text",
        "text for people, json for a log collector", _one_of("text", "json"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """The environment, checked. Made by ``from_env``."""

    config: Path | None
    var: Path
    broker: Broker
    http: Address
    worker: str | None
    sync: Sync
    log_max_bytes: int | None
    log_level: LogLevel
    log_format: LogFormat

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """The settings in ``env``; others' variables are ignored. Raises ConfigError with all that is wrong.

        ``NAME_FILE`` names a file that holds the value of ``NAME`` (for secrets). An empty value counts as not given.
        """
        problems: list[Problem] = [_unknown(name) for name in sorted(env) if _is_unknown(name)]
        values = {row.field: _value(row, env, problems) for row in TABLE}
        if problems:
            raise ConfigError(problems)
        if values["broker"] == Broker(path=Path(EMBEDDED_FILE)):
            values["broker"] = Broker(path=values["var"] / EMBEDDED_FILE)
        return cls(**values)

    def hall_config(self) -> Path:
        """``config``, where a command cannot do without. Raises ConfigError."""
        if self.config is None:
            hint = "set it, e.g. HALL_CONFIG=config/examples/demo, or make a hall with `hall init halls/my-hall`"
            raise ConfigError([_problem("HALL_CONFIG", "a directory of hall directories", "nothing", hint)])
        return self.config


def table() -> tuple[tuple[str, str, str], ...]:
    """(name, default, meaning) of every setting, for help texts and documentation."""
    return tuple((row.name, row.default or "not set", row.meaning) for row in TABLE)


def _value(row: Setting, env: Mapping[str, str], problems: list[Problem]) -> Value:
    text = _text(row.name, env, problems) or row.default
    if text is None:
        return None
    try:
        return row.read(text)
    except ValueError as error:
        # The value itself is not shown: it may have come from a file of secrets.
        got = "what its file holds" if not env.get(row.name) else repr(text)
        problems.append(_problem(row.name, str(error), got, f"it means: {row.meaning}"))
        return None


def _text(name: str, env: Mapping[str, str], problems: list[Problem]) -> str | None:
    file = env.get(name + FILE_SUFFIX)
    if not file:
        return env.get(name)
    if env.get(name):
        problems.append(_problem(name, f"{name} or {name}{FILE_SUFFIX}", "both", "remove one of the two"))
        return None
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        problems.append(_problem(name + FILE_SUFFIX, "a text file that can be read", f"{file}: {error}", ""))
        return None


def _is_unknown(name: str) -> bool:
    known = {row.name for row in TABLE}
    return name.startswith(PREFIX) and name not in known and name.removesuffix(FILE_SUFFIX) not in known


def _unknown(name: str) -> Problem:
    known = [row.name for row in TABLE]
    hint = did_you_mean(name, known, f"known are {', '.join(known)}")
    return _problem(name, "a known setting", "an unknown one", hint)


def _problem(key: str, expected: str, got: str, hint: str) -> Problem:
    return Problem("environment", None, key, expected, got, hint)
