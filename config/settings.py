"""Where an engine runs: the ``HALL_*`` variables of its environment, each with a default, a meaning and a check.

``TABLE`` is the one list of them: reading, documentation and spelling help all come from it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import SecretStr

from config.problems import ConfigError, Problem, did_you_mean
from config.security import MECHANISMS, MODES, Mechanism, Mode, Security, problems, warnings

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
    """A row of the table. ``read`` takes the text and raises ValueError with what it expected.

    ``secret``: the text is never shown, whatever is wrong with it.
    """

    name: str
    field: str
    default: str | None
    meaning: str
    read: Callable[[str], Value]
    secret: bool = False


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
    if scheme == "kafka" and "@" in rest:
        raise ValueError("kafka://host:port without a user: that is HALL_KAFKA_USER, and HALL_KAFKA_PASSWORD_FILE")
    if scheme == "kafka":
        with contextlib.suppress(ValueError):  # what is expected here is said below
            for server in rest.split(","):
                _address(server)
            return Broker(servers=rest)
    raise ValueError("embedded, embedded:///path/file.db or kafka://host:port[,host:port]")


def _worker(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,200}", text) or text in (".", ".."):
        raise ValueError("1 to 200 letters, digits, dots, hyphens or underscores")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"(?!__)[a-zA-Z0-9._-]{1,100}", text):  # Kafka's own topics begin with __
        raise ValueError("1 to 100 letters, digits, dots, hyphens or underscores, not two underscores first")
    return text


def _pem(text: str) -> Path:
    if "-----BEGIN" in text:
        raise ValueError("the path of a file in PEM, not what is in it (and no _FILE: it is a path already)")
    return Path(text)


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
        "HALL_TOPIC_PREFIX", "topic_prefix", None,
        "Kafka: stands before the names of all topics and groups, such as acme. (acme.hall.journal), where several share a "
        "cluster", _prefix,
    ),
    Setting(
        "HALL_KAFKA_SECURITY", "kafka_security", "plaintext",
        "Kafka: plaintext, tls, sasl_plaintext (a user and a password, readable on the way) or sasl_tls", _one_of(*MODES),
    ),
    Setting(
        "HALL_KAFKA_CA", "kafka_ca", None,
        "Kafka, TLS: file of the authorities that sign the brokers' certificates, in PEM; not set: those the system trusts", _pem,
    ),
    Setting(
        "HALL_KAFKA_CERT", "kafka_cert", None,
        "Kafka, TLS: file of our own certificate, in PEM, where brokers know their clients by it", _pem,
    ),
    Setting("HALL_KAFKA_KEY", "kafka_key", None, "Kafka, TLS: file of that certificate's key, in PEM", _pem, secret=True),
    Setting(
        "HALL_KAFKA_KEY_PASSWORD", "kafka_key_password", None,
        "Kafka, TLS: what that key is encrypted with, if it is", SecretStr, secret=True,
    ),
    Setting(
        "HALL_KAFKA_SASL", "kafka_sasl", "SCRAM-SHA-512",
        "Kafka, SASL: how the password is proved: SCRAM-SHA-512, SCRAM-SHA-256, or PLAIN, which hands it over",
        _one_of(*MECHANISMS),
    ),
    Setting("HALL_KAFKA_USER", "kafka_user", None, "Kafka, SASL: the user", str),
    Setting(
        "HALL_KAFKA_PASSWORD", "kafka_password", None,
        "Kafka, SASL: the user's password; better HALL_KAFKA_PASSWORD_FILE", SecretStr, secret=True,
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
    topic_prefix: str | None
    kafka_security: Mode
    kafka_ca: Path | None
    kafka_cert: Path | None
    kafka_key: Path | None
    kafka_key_password: SecretStr | None
    kafka_sasl: Mechanism
    kafka_user: str | None
    kafka_password: SecretStr | None
    sync: Sync
    log_max_bytes: int | None
    log_level: LogLevel
    log_format: LogFormat

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """The settings in ``env``; others' variables are ignored. Raises ConfigError with all that is wrong.

        ``NAME_FILE`` names a file that holds the value of ``NAME`` (for secrets). An empty value counts as not given.
        """
        wrong: list[Problem] = [_unknown(name) for name in sorted(env) if _is_unknown(name)]
        values = {row.field: _value(row, env, wrong) for row in TABLE}
        if not wrong and values["broker"].servers is not None:
            wrong.extend(problems(_security(values)))
        if wrong:
            raise ConfigError(wrong)
        if values["broker"] == Broker(path=Path(EMBEDDED_FILE)):
            values["broker"] = Broker(path=values["var"] / EMBEDDED_FILE)
        return cls(**values)

    def security(self) -> Security:
        """How to come in to Kafka."""
        return _security(vars(self))

    def warnings(self) -> list[Problem]:
        """What is no error, and probably not meant."""
        if not self.broker.embedded:
            return list(warnings(self.security()))
        idle = [row for row in TABLE if row.field.startswith("kafka_") and getattr(self, row.field) != _default(row)]
        got, hint = "the embedded log", "it is of no use there"
        return [
            Problem("environment", None, row.name, "HALL_BROKER=kafka://host:port with it", got, hint, "warning")
            for row in idle
        ]

    def hall_config(self) -> Path:
        """``config``, where a command cannot do without. Raises ConfigError."""
        if self.config is None:
            hint = "set it, e.g. HALL_CONFIG=config/examples/demo, or make a hall with `hall init halls/my-hall`"
            raise ConfigError([_problem("HALL_CONFIG", "a directory of hall directories", "nothing", hint)])
        return self.config


def table() -> tuple[tuple[str, str, str], ...]:
    """(name, default, meaning) of every setting, for help texts and documentation."""
    return tuple((row.name, row.default or "not set", row.meaning) for row in TABLE)


def _security(values: Mapping[str, Value]) -> Security:
    names = ("security", "ca", "cert", "key", "key_password", "sasl", "user", "password")
    return Security(*(values[f"kafka_{name}"] for name in names))


def _default(row: Setting) -> Value:
    return None if row.default is None else row.read(row.default)


def _value(row: Setting, env: Mapping[str, str], wrong: list[Problem]) -> Value:
    text = _text(row.name, env, wrong) or row.default
    if text is None:
        return None
    try:
        return row.read(text)
    except ValueError as error:
        wrong.append(_problem(row.name, str(error), _shown(row, text, env), f"it means: {row.meaning}"))
        return None


def _shown(row: Setting, text: str, env: Mapping[str, str]) -> str:
    """The value itself is not shown where it may be a secret: from a file of secrets, or with somebody's password in it."""
    if not env.get(row.name):
        return "what its file holds"
    return "a value that is not shown" if row.secret or "@" in text or "-----BEGIN" in text else repr(text)


def _text(name: str, env: Mapping[str, str], wrong: list[Problem]) -> str | None:
    file = env.get(name + FILE_SUFFIX)
    if not file:
        return env.get(name)
    if env.get(name):
        wrong.append(_problem(name, f"{name} or {name}{FILE_SUFFIX}", "both", "remove one of the two"))
        return None
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        wrong.append(_problem(name + FILE_SUFFIX, "a text file that can be read", f"{file}: {error}", ""))
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
