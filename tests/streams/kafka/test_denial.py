"""A Kafka that lets nobody in unproved: the whole product over TLS, by password and by certificate; and whoever is not let
in, or not any more, is told so within seconds, in one message, with the exit code 77."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from config.security import Mechanism, Mode, Security
from hall import main
from streams.kafka.access import Access
from streams.kafka.acl import Kind
from streams.kafka.errors import AccessDenied
from streams.kafka.log import KafkaLog
from streams.topics import GROUP, JOURNAL
from tests.support.certificates import Authority
from tests.support.kafka_broker import free_port
from tests.support.kafka_guarded import GuardedKafka
from tests.support.kafka_system import Worker
from tests.support.system import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

WORKER, OPERATOR, BY_CERT = "hall-worker", "hall-operator", "hall-certified"
SECRET = "it-is-a-secret"
FORUM = Path(__file__).parents[3] / "config" / "examples" / "forum"
QUICKLY_S = 8.0


class Site(NamedTuple):
    """A guarded Kafka, a directory, and the password of all users in a file."""

    kafka: GuardedKafka
    directory: Path
    password: Path

    def env(self, user: str = WORKER, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        return {
            **self._common, "HALL_BROKER": f"kafka://{self.kafka.users}", "HALL_KAFKA_SECURITY": "sasl_tls",
            "HALL_KAFKA_SASL": mechanism, "HALL_KAFKA_USER": user, "HALL_KAFKA_PASSWORD_FILE": str(self.password),
        }  # fmt: skip

    def certified(self) -> dict[str, str]:
        ours = self.kafka.authority.sign(BY_CERT, password=SECRET)
        return {
            **self._common, "HALL_BROKER": f"kafka://{self.kafka.certs}", "HALL_KAFKA_SECURITY": "tls",
            "HALL_KAFKA_CERT": str(ours.cert), "HALL_KAFKA_KEY": str(ours.key),
            "HALL_KAFKA_KEY_PASSWORD_FILE": str(self.password),
        }  # fmt: skip

    @property
    def _common(self) -> dict[str, str]:
        return {
            "HALL_KAFKA_CA": str(self.kafka.authority.root), "HALL_VAR": str(self.directory / "var"),
            "HALL_HTTP": "127.0.0.1:0", "HALL_LOG_LEVEL": "DEBUG",
        }  # fmt: skip

    def operator(self, *arguments: str, code: int = 0) -> str:
        return hall(self.env(OPERATOR, "SCRAM-SHA-256"), *arguments, code=code)


def hall(env: Mapping[str, str], *arguments: str, code: int) -> str:
    done = CliRunner().invoke(main, arguments, env=env)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def site(jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("guarded")
    kafka = GuardedKafka(directory, {})
    kafka.start()
    kafka.add_user(WORKER, SECRET, "SCRAM-SHA-512")
    kafka.add_user(OPERATOR, SECRET, "SCRAM-SHA-256")
    kafka.allow("worker", f"User:{WORKER}")
    kafka.allow("worker", f"User:CN={BY_CERT}")
    kafka.allow("operator", f"User:{OPERATOR}")
    (password := directory / "password").write_text(f"{SECRET}\n")
    made = Site(kafka, directory, password)
    assert "9 made" in made.operator("topics", "create", "--partitions", "2")
    yield made
    kafka.kill()


def test_the_whole_product_by_password_and_by_certificate(site: Site) -> None:
    assert "forum: new" in site.operator("config", "apply", str(FORUM))
    # One of several servers is enough, for each of the clients.
    servers = f"kafka://127.0.0.1:{free_port()},{site.kafka.users}"
    by_password = Worker("password", site.directory, {**site.env(), "HALL_BROKER": servers})
    by_password.wait_until_up()
    until("the hall in force", lambda: "configured" in site.operator("log", "cat", "journal", "--hall", "forum"))
    assert "worker …" in site.operator("status")
    by_certificate = Worker("certificate", site.directory, site.certified())
    by_certificate.wait_until_up()
    for worker in (by_certificate, by_password):
        assert worker.drain() == 0, worker.heard()
        assert SECRET not in worker.heard(), "not even in the log of somebody who looks for faults"
        assert "Traceback" not in worker.heard()


# -- not let in --------------------------------------------------------------------------------------------------------


def secured(mode: Mode, site: Site, *, password: str = SECRET, mechanism: Mechanism = "SCRAM-SHA-512") -> Security:
    ca = site.kafka.authority.root if "tls" in mode else None
    if "sasl" not in mode:
        return Security(mode, ca)
    return Security(mode, ca, user=WORKER, password=SecretStr(password), mechanism=mechanism)


@pytest.mark.parametrize(
    ("port", "mode", "changed", "said"),
    [
        ("users", "sasl_tls", {"password": "wrong-one"}, f"Kafka refuses user {WORKER} by SCRAM-SHA-512.*HALL_KAFKA_PASSWORD"),
        ("users", "sasl_tls", {"mechanism": "SCRAM-SHA-256"}, f"Kafka refuses user {WORKER} by SCRAM-SHA-256.*that mechanism"),
        ("users", "plaintext", {}, "this port speaks TLS, and we do not.*HALL_KAFKA_SECURITY=tls, or sasl_tls"),
        ("users", "sasl_plaintext", {}, "this port speaks TLS, and we do not"),
        ("plain", "sasl_plaintext", {}, "this port knows no users.*HALL_KAFKA_SECURITY=plaintext"),
        ("certs", "tls", {}, r"does not take our certificate \(none\).*HALL_KAFKA_CERT"),
    ],
)  # fmt: skip
def test_who_is_not_let_in_is_told_why_and_soon(
    site: Site, port: str, mode: Mode, changed: dict[str, str], said: str
) -> None:
    access = Access(getattr(site.kafka, port), secured(mode, site, **changed))  # type: ignore[arg-type]
    began = time.monotonic()
    with pytest.raises(AccessDenied, match=said) as caught:
        KafkaLog(access)
    assert time.monotonic() - began < QUICKLY_S
    assert SECRET not in str(caught.value)
    assert "wrong-one" not in str(caught.value)


def test_a_certificate_of_strangers_is_not_trusted(site: Site, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").root
    with pytest.raises(AccessDenied, match=r"certificate is not trusted: .*HALL_KAFKA_CA"):
        KafkaLog(Access(site.kafka.users, Security("tls", stranger)))


def test_a_certificate_must_be_made_out_to_whom_we_went_to(site: Site) -> None:
    elsewhere = site.kafka.users.replace("127.0.0.1", "localhost")
    with pytest.raises(AccessDenied, match=r"not trusted: Hostname mismatch.*not valid for 'localhost'"):
        KafkaLog(Access(elsewhere, secured("sasl_tls", site)))


@pytest.mark.parametrize(
    ("port", "mode", "said"),
    [
        ("plain", "tls", "expected TLS, but this port does not speak it"),
        ("plain", "sasl_tls", "expected TLS, but this port does not speak it"),
        ("users", "tls", "hangs up on us: it wants a user to prove himself.*HALL_KAFKA_SECURITY=sasl_tls"),
    ],
)
def test_a_kafka_that_hangs_up_has_said_before_that_it_is_one(site: Site, port: str, mode: Mode, said: str) -> None:
    """So it is told at once, and from a proxy whose broker is away (test_looking)."""
    access = Access(getattr(site.kafka, port), secured(mode, site))
    began = time.monotonic()
    with pytest.raises(AccessDenied, match=said):
        KafkaLog(access)
    assert time.monotonic() - began < QUICKLY_S


def test_a_verb_ends_with_one_message(site: Site, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("wrong-one\n")
    env = {**site.env(), "HALL_KAFKA_PASSWORD_FILE": str(tmp_path / "password")}
    for verb in ("status", "worker"):
        [line] = hall(env, verb, code=77).splitlines()
        assert line.startswith(f"Error: {site.kafka.users}: Kafka refuses user {WORKER}")
        assert "wrong-one" not in line


# -- not allowed -------------------------------------------------------------------------------------------------------


def test_a_worker_says_at_once_all_that_it_may_not(site: Site) -> None:
    site.kafka.forbid(f"User:{WORKER}", "topic", JOURNAL, "Write")
    site.kafka.forbid(f"User:{WORKER}", "group", GROUP, "Read")
    try:
        [line] = hall(site.env(), "worker", code=77).splitlines()
    finally:
        site.kafka.allow("worker", f"User:{WORKER}")
    assert f"user {WORKER} may not Write {JOURNAL}; Read group {GROUP}. What to do: `hall topics acl`" in line


@pytest.mark.parametrize(
    ("kind", "name", "operation"),
    [("topic", JOURNAL, "Write"), ("topic", JOURNAL, "Read"), ("group", GROUP, "Read")],
)
def test_a_right_that_is_taken_away_ends_the_worker(site: Site, kind: Kind, name: str, operation: str) -> None:
    worker = Worker(f"without-{operation}", site.directory, site.env())
    worker.wait_until_up()
    site.kafka.forbid(f"User:{WORKER}", kind, name, operation)
    try:
        assert worker.ended(30) == 77, worker.heard()
    finally:
        site.kafka.allow("worker", f"User:{WORKER}")
    assert f"Error: {site.kafka.users}: user {WORKER} may not use {kind} {name}." in worker.heard()
    assert "Traceback" not in worker.heard()
