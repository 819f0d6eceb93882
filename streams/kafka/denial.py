"""Why Kafka does not let us in, or not do something, in words for the operator.

librdkafka says little where the two ends do not speak the same language (TLS here, none there), and tries again for ever.
So where it gets no answer we go and look: does the port speak TLS, is its certificate good, does it hang up.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka import KafkaError as Refusal

from streams.kafka.access import Access
from streams.kafka.errors import AccessDenied, KafkaError, SendFailed

CONNECT_S = 1.0
HANDSHAKE_S = 3.0
VERDICT_S = 1.0
"""A broker that does not like our certificate says so only after the handshake."""

ASK_NOTHING = struct.pack(">ihhihi", 14, 3, 1, 0, -1, 0)
"""A request of Kafka's (Metadata, version 1), about no topic."""

RIGHTS = "`hall topics acl` prints the rights that each role needs"

MAY_NOT = {
    Refusal.TOPIC_AUTHORIZATION_FAILED: "use topic {about}",
    Refusal.GROUP_AUTHORIZATION_FAILED: "use {about}",
    Refusal.CLUSTER_AUTHORIZATION_FAILED: "do that to the cluster ({about})",
}
UNPROVED = (Refusal._AUTHENTICATION, Refusal.SASL_AUTHENTICATION_FAILED, Refusal.UNSUPPORTED_SASL_MECHANISM)

AIOKAFKA = {
    "TopicAuthorizationFailedError": "use topic {about}",
    "GroupAuthorizationFailedError": "use group {about}",
    "ClusterAuthorizationFailedError": "write to any topic",
}
"""By the name of the error: this module is also for verbs, which do without aiokafka."""


def not_allowed(access: Access, what: str) -> AccessDenied:
    """``what``: what we wanted to do, after "may not"."""
    return AccessDenied(
        f"{access.servers}: {access.who} may not {what}. What to do: {RIGHTS}, and as commands to grant them"
    )


def of_rights(access: Access, error: Refusal, about: str) -> AccessDenied | None:
    """For an answer of the broker's, to librdkafka."""
    what = MAY_NOT.get(error.code())
    return None if what is None else not_allowed(access, what.format(about=about or "it"))


def of_client(access: Access, error: BaseException, about: str = "") -> KafkaError | None:
    """For an error of aiokafka's, or one that it caused; None where it is another."""
    seen: BaseException | None = error
    while seen is not None:
        if (what := AIOKAFKA.get(type(seen).__name__)) is not None:
            return not_allowed(access, what.format(about=about or _names(seen)))
        seen = seen.__cause__ or seen.__context__
    return None


def of_send(access: Access, topic: str, partition: int, error: Exception) -> KafkaError:
    """What it means that a batch was not taken."""
    return of_client(access, error, topic) or SendFailed(
        f"{topic}/{partition}: the broker did not take what was sent ({error!r})"
    )


def _names(error: BaseException) -> str:
    """aiokafka tells one name, or a set of them, or nothing."""
    told = error.args[0] if error.args else ""
    return ", ".join(sorted(map(str, told))) if isinstance(told, set | frozenset | list | tuple) else str(told)


def of_proof(access: Access, error: Refusal) -> AccessDenied | None:
    """For what librdkafka says beside its answers: a user or a password that the broker does not take."""
    if error.code() not in UNPROVED:
        return None
    said = error.str().partition(": ")[2].partition(" (after ")[0]
    if "current SASL state" in said:
        return AccessDenied(
            f"{access.servers}: this port knows no users. What to do: another port in HALL_BROKER, or "
            f"HALL_KAFKA_SECURITY={'tls' if access.security.tls else 'plaintext'}"
        )
    return AccessDenied(
        f"{access.servers}: Kafka refuses {access.who} by {access.security.mechanism}: {said}. What to do: check "
        "HALL_KAFKA_USER, HALL_KAFKA_PASSWORD and HALL_KAFKA_SASL; the user has to exist there for that mechanism"
    )


# -- going to look -----------------------------------------------------------------------------------------------------


class Reason(NamedTuple):
    """``sure``: not so where somebody only hung up, as a proxy does, too, while the broker behind it is away."""

    sure: bool
    text: str


def of_servers(access: Access, *, guess: bool = False) -> AccessDenied | None:
    """Go to the servers, one after the other: what the first that is there has against us; None: nothing that shows."""
    for host, port in access.addresses():
        for reason in _reasons(access, host, port):
            if reason.sure or guess:
                return AccessDenied(f"{host}:{port}: {reason.text}")
    return None


def _reasons(access: Access, host: str, port: int) -> Iterator[Reason]:
    try:
        with socket.create_connection((host, port), CONNECT_S) as line:
            line.settimeout(HANDSHAKE_S)
            if access.security.tls:
                yield from _against_tls(access, line, host)
                return
            yield from _against_plain(line)
        with socket.create_connection((host, port), CONNECT_S) as line:
            yield from _against_strangers(access, line)
    except OSError:
        return  # nobody there, or nobody who answers: that is another message


def _against_tls(access: Access, line: socket.socket, host: str) -> Iterator[Reason]:
    try:
        with access.security.context().wrap_socket(line, server_hostname=host) as wrapped:
            yield from _against_strangers(access, wrapped)
    except TimeoutError:
        return
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        yield Reason(
            True, f"the broker's certificate is not trusted: {why}. What to do: HALL_KAFKA_CA names the authorities that "
            "sign it, and HALL_BROKER the broker by a name that stands in it",
        )  # fmt: skip
    except ssl.SSLError as error:
        yield _certificate_refused(access, error) if "ALERT" in (error.reason or "") else NO_TLS
    except ConnectionError:
        yield NO_TLS


def _against_plain(line: socket.socket) -> Iterator[Reason]:
    """Whether a stranger's handshake works there."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        anybody.wrap_socket(line).close()
    except (ssl.SSLError, ConnectionError):
        return
    yield Reason(
        True, "this port speaks TLS, and we do not. What to do: HALL_KAFKA_SECURITY=tls, or sasl_tls with a user "
        "(HALL_KAFKA_CA: the authorities that sign the broker's certificate)",
    )  # fmt: skip


def _against_strangers(access: Access, line: socket.socket) -> Iterator[Reason]:
    """Whether it hangs up on a question that anybody may ask, except where users have to prove themselves first."""
    line.settimeout(VERDICT_S)
    line.sendall(ASK_NOTHING)
    with contextlib.suppress(TimeoutError):
        if not line.recv(1) and not access.security.sasl:
            mode = "sasl_tls" if access.security.tls else "sasl_plaintext"
            yield Reason(
                False, f"somebody is there, and hangs up: a Kafka that wants a user to prove himself, or no Kafka. What to "
                f"do: HALL_KAFKA_SECURITY={mode}, HALL_KAFKA_USER and HALL_KAFKA_PASSWORD, or another port in HALL_BROKER",
            )  # fmt: skip


def _certificate_refused(access: Access, error: ssl.SSLError) -> Reason:
    said = (error.reason or "").lower().replace("_", " ")
    ours = access.security.cert or "none"
    return Reason(
        True, f"the broker does not take our certificate ({ours}): {said}. What to do: HALL_KAFKA_CERT and HALL_KAFKA_KEY "
        "name one that is signed by an authority that it trusts",
    )  # fmt: skip


NO_TLS = Reason(
    False, "expected TLS, but this port does not speak it. What to do: another port in HALL_BROKER, or "
    "HALL_KAFKA_SECURITY=plaintext (sasl_plaintext with a user)",
)  # fmt: skip
