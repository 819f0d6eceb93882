"""One access, in the words of three clients."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import errors as client
from confluent_kafka import KafkaError as Refusal
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from pydantic import SecretStr

from config.security import MECHANISMS, Mechanism, Security
from streams.kafka import denial
from streams.kafka.access import Access
from streams.kafka.errors import AccessDenied, SendFailed
from tests.support.certificates import Authority, Pair


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "authority")


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Pair:
    return authority.sign("ours", password="opens")


def test_servers_alone_are_a_kafka_that_lets_everybody_in() -> None:
    access = Access.to("a:1,[::1]:2")
    assert Access.to(access) is access
    assert access.addresses() == [("a", 1), ("::1", 2)]
    assert access.librdkafka() == {"bootstrap.servers": "a:1,[::1]:2", "security.protocol": "PLAINTEXT"}
    assert access.aiokafka() == {"bootstrap_servers": "a:1,[::1]:2", "security_protocol": "PLAINTEXT"}
    assert access.faust() == {}


def test_by_certificate(authority: Authority, ours: Pair) -> None:
    access = Access("a:1", Security("tls", authority.root, ours.cert, ours.key, SecretStr("opens")))
    assert access.librdkafka() == {
        "bootstrap.servers": "a:1", "security.protocol": "SSL", "ssl.ca.location": str(authority.root),
        "ssl.endpoint.identification.algorithm": "https", "ssl.certificate.location": str(ours.cert),
        "ssl.key.location": str(ours.key), "ssl.key.password": "opens",
    }  # fmt: skip
    for found in (access.aiokafka(), credentials_to_aiokafka_auth(access.faust()["broker_credentials"])):
        assert found["security_protocol"] == "SSL"
        assert found["ssl_context"].check_hostname, "a certificate of somebody else's is none"
    assert access.who == f"the client of {ours.cert}"


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_by_password_over_tls(authority: Authority, mechanism: Mechanism) -> None:
    security = Security("sasl_tls", authority.root, user="hall", password=SecretStr("hunter2"), mechanism=mechanism)
    access = Access("a:1", security)
    of = access.librdkafka()
    assert (of["security.protocol"], of["sasl.mechanism"]) == ("SASL_SSL", mechanism)
    assert (of["sasl.username"], of["sasl.password"]) == ("hall", "hunter2")
    for found in (access.aiokafka(), credentials_to_aiokafka_auth(access.faust()["broker_credentials"])):
        assert (found["security_protocol"], found["sasl_mechanism"]) == ("SASL_SSL", mechanism)
        assert (found["sasl_plain_username"], found["sasl_plain_password"]) == ("hall", "hunter2")
        assert found["ssl_context"].check_hostname
    assert "hunter2" not in f"{access!r} {access.who} {access.faust()}"


def test_by_password_without_tls() -> None:
    access = Access("a:1", Security("sasl_plaintext", user="hall", password=SecretStr("hunter2")))
    assert access.librdkafka()["security.protocol"] == "SASL_PLAINTEXT"
    found = credentials_to_aiokafka_auth(access.faust()["broker_credentials"])
    assert (found["security_protocol"], found["ssl_context"]) == ("SASL_PLAINTEXT", None)


def test_verbs_that_only_look_do_without_faust() -> None:
    """Half a second, and what else it brings along."""
    code = "import sys, streams.kafka.log; sys.exit('faust' in sys.modules or 'aiokafka' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False).returncode == 0


# -- what clients say, in our words ------------------------------------------------------------------------------------

HALL = Access("a:1", Security("sasl_plaintext", user="hall", password=SecretStr("hunter2")))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (client.TopicAuthorizationFailedError({"b", "a"}), "a:1: user hall may not use topic a, b. What to do: `hall topics acl`"),
        (client.GroupAuthorizationFailedError("hallstream"), "a:1: user hall may not use group hallstream."),
        (client.ClusterAuthorizationFailedError(), "a:1: user hall may not write to any topic."),
    ],
)  # fmt: skip
def test_rights_that_aiokafka_misses(error: Exception, said: str) -> None:
    wrapped = client.KafkaError("Unexpected error during batch delivery")
    wrapped.__cause__ = error
    for found in (error, wrapped):
        assert str(denial.of_client(HALL, found)).startswith(said)


def test_what_is_no_matter_of_rights_stays_what_it_is() -> None:
    assert denial.of_client(HALL, client.KafkaConnectionError("gone")) is None
    assert denial.of_proof(HALL, Refusal(Refusal._TRANSPORT)) is None
    assert denial.of_rights(HALL, Refusal(Refusal.UNKNOWN_TOPIC_OR_PART), "a") is None
    failed = denial.of_send(HALL, "hall.journal", 3, client.MessageSizeTooLargeError())
    assert isinstance(failed, SendFailed)
    assert str(failed).startswith("hall.journal/3: the broker did not take what was sent")
    assert isinstance(denial.of_send(HALL, "t", 0, client.TopicAuthorizationFailedError("t")), AccessDenied)
