"""How to come in to Kafka: what goes together, what the files must be, and that no secret is ever shown."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.loading import ConfigError
from config.security import Security
from config.settings import TABLE, Settings
from tests.support.certificates import Authority

BROKER = {"HALL_BROKER": "kafka://a:9092"}
TLS = {**BROKER, "HALL_KAFKA_SECURITY": "tls"}
SASL = {**BROKER, "HALL_KAFKA_SECURITY": "sasl_tls", "HALL_KAFKA_USER": "hall", "HALL_KAFKA_PASSWORD": "hunter2"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "authority")


def refused(env: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    return [str(problem) for problem in caught.value.problems]


def test_without_settings_everybody_may_come_in() -> None:
    assert Settings.from_env(BROKER).security() == Security()


def test_all_of_it(authority: Authority) -> None:
    ours = authority.sign("all", password="opens")
    found = Settings.from_env(
        {
            **SASL, "HALL_KAFKA_SASL": "plain", "HALL_KAFKA_CA": str(authority.root), "HALL_KAFKA_CERT": str(ours.cert),
            "HALL_KAFKA_KEY": str(ours.key), "HALL_KAFKA_KEY_PASSWORD": "opens",
        }
    ).security()  # fmt: skip
    assert found == Security(
        "sasl_tls", authority.root, ours.cert, ours.key, SecretStr("opens"), "PLAIN", "hall", SecretStr("hunter2")
    )
    assert (found.tls, found.sasl) == (True, True)
    context = found.context()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({**TLS, "HALL_KAFKA_SECURITY": "ssl"}, "HALL_KAFKA_SECURITY: expected one of plaintext, tls, sasl_plaintext"),
        ({**SASL, "HALL_KAFKA_SASL": "GSSAPI"}, "HALL_KAFKA_SASL: expected one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
        ({**SASL, "HALL_KAFKA_USER": ""}, "HALL_KAFKA_USER: expected a user, since HALL_KAFKA_SECURITY asks for one"),
        ({**SASL, "HALL_KAFKA_PASSWORD": ""}, "HALL_KAFKA_PASSWORD: expected the user's password"),
        ({**BROKER, "HALL_KAFKA_USER": "hall"}, "HALL_KAFKA_USER: expected HALL_KAFKA_SECURITY=sasl_tls"),
        ({**TLS, "HALL_KAFKA_PASSWORD": "x"}, "HALL_KAFKA_PASSWORD: expected HALL_KAFKA_SECURITY=sasl_tls"),
        ({**BROKER, "HALL_KAFKA_CA": "ca.pem"}, "HALL_KAFKA_CA: expected HALL_KAFKA_SECURITY=tls"),
        ({**BROKER, "HALL_KAFKA_CERT": "c", "HALL_KAFKA_KEY": "k"}, "HALL_KAFKA_CERT: expected HALL_KAFKA_SECURITY=tls"),
        ({**TLS, "HALL_KAFKA_CERT": "c"}, "HALL_KAFKA_KEY: expected the key of HALL_KAFKA_CERT, got nothing"),
        ({**TLS, "HALL_KAFKA_KEY": "k"}, "HALL_KAFKA_CERT: expected the certificate of HALL_KAFKA_KEY, got nothing"),
        ({**TLS, "HALL_KAFKA_KEY_PASSWORD": "x"}, "HALL_KAFKA_KEY_PASSWORD: expected HALL_KAFKA_KEY with it"),
        ({**TLS, "HALL_KAFKA_CA": "none.pem"}, "HALL_KAFKA_CA: expected a file that can be read, with certificates in PEM, "
         "got none.pem: No such file or directory"),
        ({"HALL_BROKER": "kafka://hall:hunter2@a:9092"}, "HALL_BROKER: expected kafka://host:port without a user: that is "
         "HALL_KAFKA_USER, and HALL_KAFKA_PASSWORD_FILE"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(env: dict[str, str], said: str) -> None:
    [problem] = refused(env)
    assert problem.startswith(f"environment: {said}")
    assert "hunter2" not in problem


def test_files_that_are_something_else(authority: Authority, tmp_path: Path) -> None:
    ours, other = authority.sign("ours", password="opens"), authority.sign("other")
    (tmp_path / "der").write_bytes(b"\x30\x82")
    (tmp_path / "torn").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n")
    pair = {**TLS, "HALL_KAFKA_CERT": str(ours.cert), "HALL_KAFKA_KEY": str(ours.key)}
    assert "which holds none; openssl x509 -in FILE" in refused({**TLS, "HALL_KAFKA_CA": str(tmp_path / "der")})[0]
    assert "which OpenSSL cannot read" in refused({**TLS, "HALL_KAFKA_CA": str(tmp_path / "torn")})[0]
    assert "Is a directory" in refused({**TLS, "HALL_KAFKA_CA": str(tmp_path)})[0]
    assert "with a key in PEM" in refused({**pair, "HALL_KAFKA_KEY": str(ours.cert)})[0]
    assert "the key of another one" in refused({**pair, "HALL_KAFKA_KEY": str(other.key)})[0]
    assert "HALL_KAFKA_KEY_PASSWORD (or _FILE) opens it" in refused(pair)[0], "and nobody is asked on the terminal"
    assert "cannot open" in refused({**pair, "HALL_KAFKA_KEY_PASSWORD": "wrong"})[0]


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_a_password_comes_from_a_file_and_is_not_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    found = Settings.from_env(
        {**SASL, "HALL_KAFKA_PASSWORD": "", "HALL_KAFKA_PASSWORD_FILE": str(tmp_path / "password")}
    )
    assert found.kafka_password == SecretStr("hunter2")
    logging.getLogger().warning("%s %r", found.security(), found)
    assert "hunter2" not in f"{found} {found!r} {found.security()!r} {caplog.text}"


def test_a_key_in_place_of_its_path_is_not_shown(authority: Authority) -> None:
    key = authority.sign("shown").key.read_text()
    [problem] = refused({**TLS, "HALL_KAFKA_KEY": key})
    assert "expected the path of a file in PEM, not what is in it" in problem
    assert key.splitlines()[1] not in problem


def test_all_that_is_secret_is_marked_so() -> None:
    assert [row.name for row in TABLE if row.secret] == [
        "HALL_KAFKA_KEY",
        "HALL_KAFKA_KEY_PASSWORD",
        "HALL_KAFKA_PASSWORD",
    ]


# -- warnings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mechanism", "clear"), [("PLAIN", "the password and all records"), ("SCRAM-SHA-256", "all records")]
)
def test_a_password_without_tls_is_warned_of(mechanism: str, clear: str) -> None:
    env = {**SASL, "HALL_KAFKA_SECURITY": "sasl_plaintext", "HALL_KAFKA_SASL": mechanism}
    [warning] = Settings.from_env(env).warnings()
    assert str(warning).startswith("environment: warning: HALL_KAFKA_SECURITY: expected sasl_tls, got sasl_plaintext")
    assert str(warning).endswith(f"everybody on the way can read {clear}")
    assert Settings.from_env(SASL).warnings() == []


def test_on_the_embedded_log_they_are_of_no_use() -> None:
    found = Settings.from_env({**SASL, "HALL_BROKER": "embedded"}).warnings()
    assert [problem.key for problem in found] == ["HALL_KAFKA_SECURITY", "HALL_KAFKA_USER", "HALL_KAFKA_PASSWORD"]
    assert {problem.hint for problem in found} == {"it is of no use there"}
    assert "hunter2" not in str(found)
    assert Settings.from_env({}).warnings() == []
