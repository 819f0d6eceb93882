"""How to come in to a Kafka that does not let everybody in: TLS, a certificate of one's own, a user and a password.

Files are looked at when the settings are read: a path that leads nowhere is told before anything starts.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import SecretStr

from config.problems import Problem

Mode = Literal["plaintext", "tls", "sasl_plaintext", "sasl_tls"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
MODES: tuple[Mode, ...] = ("plaintext", "tls", "sasl_plaintext", "sasl_tls")
MECHANISMS: tuple[Mechanism, ...] = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True)
class Security:
    """``ca`` None: the authorities that the system trusts. ``cert`` and ``key``: who we are, where a broker wants to know
    it that way. Passwords show themselves to nobody who does not ask for them by name."""

    mode: Mode = "plaintext"
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    key_password: SecretStr | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    user: str | None = None
    password: SecretStr | None = None

    @property
    def tls(self) -> bool:
        return self.mode in ("tls", "sasl_tls")

    @property
    def sasl(self) -> bool:
        return self.mode in ("sasl_plaintext", "sasl_tls")

    def context(self) -> ssl.SSLContext:
        """Checks the broker's certificate, and that it is made out to the name or address we went to.

        Raises OSError, of which ssl.SSLError is one.
        """
        made = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
        if self.cert is not None:
            # Without a password at hand OpenSSL would ask for one on the terminal.
            secret = self.key_password.get_secret_value() if self.key_password else ""
            made.load_cert_chain(self.cert, self.key, lambda: secret)
        return made


class _Rule(NamedTuple):
    """``broken``: whether this is wrong; ``setting``: the one to look at."""

    setting: str
    broken: Callable[[Security], bool]
    expected: str
    got: str
    hint: str


RULES: tuple[_Rule, ...] = (
    _Rule(
        "HALL_KAFKA_USER", lambda s: s.sasl and s.user is None,
        "a user, since HALL_KAFKA_SECURITY asks for one", "nothing", "",
    ),
    _Rule(
        "HALL_KAFKA_PASSWORD", lambda s: s.sasl and s.password is None,
        "the user's password, since HALL_KAFKA_SECURITY asks for one", "nothing",
        "HALL_KAFKA_PASSWORD_FILE names a file that holds it",
    ),
    _Rule(
        "HALL_KAFKA_USER", lambda s: not s.sasl and s.user is not None,
        "HALL_KAFKA_SECURITY=sasl_tls (or sasl_plaintext) with it", "a security without users", "",
    ),
    _Rule(
        "HALL_KAFKA_PASSWORD", lambda s: not s.sasl and s.password is not None,
        "HALL_KAFKA_SECURITY=sasl_tls (or sasl_plaintext) with it", "a security without users", "",
    ),
    _Rule(
        "HALL_KAFKA_CA", lambda s: not s.tls and s.ca is not None,
        "HALL_KAFKA_SECURITY=tls or sasl_tls with it", "a security without TLS", "",
    ),
    _Rule(
        "HALL_KAFKA_CERT", lambda s: not s.tls and s.cert is not None,
        "HALL_KAFKA_SECURITY=tls or sasl_tls with it", "a security without TLS", "",
    ),
    _Rule(
        "HALL_KAFKA_KEY", lambda s: s.cert is not None and s.key is None,
        "the key of HALL_KAFKA_CERT", "nothing", "it may be the same file",
    ),
    _Rule(
        "HALL_KAFKA_CERT", lambda s: s.key is not None and s.cert is None,
        "the certificate of HALL_KAFKA_KEY", "nothing", "it may be the same file",
    ),
    _Rule(
        "HALL_KAFKA_KEY_PASSWORD", lambda s: s.key_password is not None and s.key is None,
        "HALL_KAFKA_KEY with it", "nothing that it could open", "the user's password is HALL_KAFKA_PASSWORD",
    ),
)  # fmt: skip


def problems(security: Security) -> Iterator[Problem]:
    """What does not go together, and files that are not what they should be."""
    broken = [_problem(r.setting, r.expected, r.got, r.hint) for r in RULES if r.broken(security)]
    yield from broken or _of_files(security)


def warnings(security: Security) -> Iterator[Problem]:
    """What works, and should not be done."""
    if security.mode == "sasl_plaintext":
        clear = "the password and all records" if security.mechanism == "PLAIN" else "all records"
        yield Problem(
            "environment", None, "HALL_KAFKA_SECURITY", "sasl_tls", "sasl_plaintext",
            f"everybody on the way can read {clear}", "warning",
        )  # fmt: skip


def _of_files(security: Security) -> Iterator[Problem]:
    files = (
        ("HALL_KAFKA_CA", security.ca, "certificates"),
        ("HALL_KAFKA_CERT", security.cert, "certificates"),
        ("HALL_KAFKA_KEY", security.key, "a key"),
    )
    found = [_unreadable(setting, file, what) for setting, file, what in files if file is not None]
    unreadable = [problem for problem in found if problem is not None]
    yield from unreadable
    if not unreadable:
        yield from _unfit(security)


def _unreadable(setting: str, file: Path, what: str) -> Problem | None:
    expected = f"a file that can be read, with {what} in PEM"
    try:
        text = file.read_bytes()
    except OSError as error:
        return _problem(setting, expected, f"{file}: {error.strerror}", "")
    mark = b"-----BEGIN CERTIFICATE-----" if what == "certificates" else b"PRIVATE KEY-----"
    if mark not in text:
        hint = "openssl x509 -in FILE -inform DER converts one from DER, openssl pkcs12 -in FILE from a key store"
        return _problem(setting, expected, f"{file}, which holds none", hint)
    return None


def _unfit(security: Security) -> Iterator[Problem]:
    """OpenSSL's opinion, which is what counts in the end."""
    try:
        if security.ca is not None:
            ssl.create_default_context(cafile=str(security.ca))
    except ssl.SSLError:
        yield _problem("HALL_KAFKA_CA", "certificates in PEM", f"{security.ca}, which OpenSSL cannot read", "")
        return
    try:
        security.context()
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        got = f"{security.key}, " + ("the key of another one" if mismatch else "which OpenSSL cannot open")
        hint = "" if mismatch else "where the key is encrypted, HALL_KAFKA_KEY_PASSWORD (or _FILE) opens it"
        yield _problem("HALL_KAFKA_KEY", f"the key of {security.cert}", got, hint)


def _problem(setting: str, expected: str, got: str, hint: str) -> Problem:
    return Problem("environment", None, setting, expected, got, hint)
