"""Going to look at a server that does not answer our clients: who is there, and what can really be concluded from it.

Every Kafka answers one question before anybody has proved himself: which questions it understands (ApiVersions). So

* who answers it and then hangs up on an ordinary question wants a user: certain;
* who answers it, and does not understand an ordinary question, is a controller: certain;
* who hangs up on it, or says nothing, may be a proxy whose broker is away, or a broker that hangs: nothing is certain, and the
  broker may be back in a minute.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from typing import NamedTuple

from streams.kafka.access import Access
from streams.kafka.errors import AccessDenied, KafkaError, Unreachable, WrongPort

CONNECT_S = 1.0
HANDSHAKE_S = 3.0
VERDICT_S = 1.0
"""A broker that does not like our certificate says so only after the handshake."""

METADATA = 3
NUMBER = 0x48414C4C
ASK_VERSIONS = struct.pack(">ihhih", 10, 18, 0, NUMBER, -1)
"""Kafka's ApiVersions, version 0; our number comes back with the answer."""
ASK_NOTHING = struct.pack(">ihhihi", 14, METADATA, 1, NUMBER, -1, 0)
"""Kafka's Metadata, version 1, about no topic."""
ANSWER_AT_MOST = 10_000


class Found(NamedTuple):
    """``error``: ``Unreachable`` where nothing is certain."""

    error: type[KafkaError]
    text: str


class Heard(NamedTuple):
    """What came back for ``ASK_VERSIONS``: ``kinds`` of questions where a Kafka answered; else why it was none."""

    kinds: frozenset[int]
    not_kafka: Found | None = None


HANGS_UP = Found(
    Unreachable, "somebody takes the connection, and hangs up without an answer: a proxy or load balancer whose broker is away, "
    "or no Kafka. What to do: look whether the broker behind it runs; else another address in HALL_BROKER",
)  # fmt: skip
SAYS_NOTHING = Found(
    Unreachable, "somebody takes the connection, and says nothing: a broker that hangs, or a proxy whose broker is away. What "
    "to do: look whether the broker runs and what its log says; else another address in HALL_BROKER",
)  # fmt: skip
CONTROLLER = Found(
    WrongPort, "this is the port of a controller (CONTROLLER in the brokers' `listeners`), on which no records are to be had. "
    "What to do: name a broker's port in HALL_BROKER, one of its `advertised.listeners` (9092 by default, not 9093)",
)  # fmt: skip
SPEAKS_TLS = Found(
    AccessDenied, "this port speaks TLS, and we do not. What to do: HALL_KAFKA_SECURITY=tls, or sasl_tls with a user "
    "(HALL_KAFKA_CA: the authorities that sign the broker's certificate)",
)  # fmt: skip
NO_TLS = Found(
    AccessDenied, "expected TLS, but this port does not speak it. What to do: another port in HALL_BROKER, or "
    "HALL_KAFKA_SECURITY=plaintext (sasl_plaintext with a user)",
)  # fmt: skip


def of_servers(access: Access, *, guess: bool = False) -> KafkaError | None:
    """Go to the servers, one after the other: what is certain of the first that is there; None: nothing.

    ``guess``: also what is not certain, as ``Unreachable``, for whoever has waited long enough.
    """
    doubts: list[KafkaError] = []
    for host, port in access.addresses():
        found = _look(access, host, port)
        if found is not None:
            error = found.error(f"{host}:{port}: {found.text}")
            if not isinstance(error, Unreachable):
                return error
            doubts.append(error)
    return doubts[0] if doubts and guess else None


def _look(access: Access, host: str, port: int) -> Found | None:
    try:
        return _over_tls(access, host, port) if access.security.tls else _over_plain(access, host, port)
    except OSError:
        return None  # nobody there: that is another message


def _over_plain(access: Access, host: str, port: int) -> Found | None:
    with socket.create_connection((host, port), CONNECT_S) as line:
        heard = _versions(line)
        if heard.not_kafka is None:
            return _judged(access, line, heard.kinds)
    return SPEAKS_TLS if _speaks_tls(host, port) else heard.not_kafka


def _over_tls(access: Access, host: str, port: int) -> Found | None:
    try:
        with socket.create_connection((host, port), CONNECT_S) as line:
            line.settimeout(HANDSHAKE_S)
            with access.security.context().wrap_socket(line, server_hostname=host) as wrapped:
                heard = _versions(wrapped)
                return heard.not_kafka or _judged(access, wrapped, heard.kinds)
    except ssl.SSLCertVerificationError as error:
        return _not_trusted(error)
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            return _certificate_refused(access, error)
    except (TimeoutError, ConnectionResetError, BrokenPipeError):
        pass
    with socket.create_connection((host, port), CONNECT_S) as line:
        heard = _versions(line)
    return heard.not_kafka or (NO_TLS if METADATA in heard.kinds else CONTROLLER)


def _speaks_tls(host: str, port: int) -> bool:
    """Whether a stranger's handshake works there."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), CONNECT_S) as line:
        line.settimeout(HANDSHAKE_S)
        try:
            anybody.wrap_socket(line).close()
        except (ssl.SSLError, ConnectionError, TimeoutError):
            return False
        return True


def _versions(line: socket.socket) -> Heard:
    """Ask which questions are understood there. Raises SSLError."""
    try:
        answer = _asked(line, ASK_VERSIONS)
    except TimeoutError:
        return Heard(frozenset(), SAYS_NOTHING)
    except ssl.SSLError:
        raise
    except ConnectionError:
        answer = b""
    if not answer:
        return Heard(frozenset(), HANGS_UP)
    kinds = _kinds(answer)
    return Heard(frozenset(), _no_kafka(answer)) if kinds is None else Heard(kinds)


def _asked(line: socket.socket, question: bytes) -> bytes:
    """The answer, as far as it comes; nothing where the other side hangs up."""
    line.settimeout(VERDICT_S)
    line.sendall(question)
    answer = b""
    while len(answer) < 4 or len(answer) < min(ANSWER_AT_MOST, 4 + int.from_bytes(answer[:4])):
        try:
            piece = line.recv(ANSWER_AT_MOST)
        except TimeoutError:
            if not answer:
                raise
            break
        if not piece:
            break
        answer += piece
    return answer


def _kinds(answer: bytes) -> frozenset[int] | None:
    """The questions that are understood, by Kafka's numbers; None where this is no Kafka's answer.

    Size, our number, error (2 bytes), count; then kind, lowest and highest version (2 bytes each) of every question.
    """
    if len(answer) < 14:
        return None
    size, number, error, count = struct.unpack_from(">iihi", answer)
    if number != NUMBER or error or size != len(answer) - 4 or size != 10 + 6 * count:
        return None
    return frozenset(kind for kind, _, _ in struct.iter_unpack(">hhh", answer[14:]))


def _judged(access: Access, line: socket.socket, kinds: frozenset[int]) -> Found | None:
    """What a Kafka has against us, as far as it shows before anybody has proved himself."""
    if METADATA not in kinds:
        return CONTROLLER
    if access.security.sasl:
        return None
    with contextlib.suppress(TimeoutError):
        try:
            answered = bool(_asked(line, ASK_NOTHING))
        except ConnectionError:
            answered = False
        return None if answered else _wants_a_user(access)
    return None


def _wants_a_user(access: Access) -> Found:
    mode = "sasl_tls" if access.security.tls else "sasl_plaintext"
    return Found(
        AccessDenied, "a Kafka is there, and hangs up on us: it wants a user to prove himself. What to do: "
        f"HALL_KAFKA_SECURITY={mode}, HALL_KAFKA_USER and HALL_KAFKA_PASSWORD, or another port in HALL_BROKER",
    )  # fmt: skip


def _no_kafka(answer: bytes) -> Found:
    said = answer[:40].decode("ascii", errors="replace").partition("\r")[0]
    return Found(
        Unreachable, f"somebody answers, but not as a Kafka does: {said!r}. What to do: check host and port in HALL_BROKER; "
        "if that is a proxy, look whether the broker behind it runs",
    )  # fmt: skip


def _not_trusted(error: ssl.SSLCertVerificationError) -> Found:
    return Found(
        AccessDenied, f"the broker's certificate is not trusted: {error.verify_message.rstrip('.')}. What to do: HALL_KAFKA_CA "
        "names the authorities that sign it, and HALL_BROKER the broker by a name that stands in it",
    )  # fmt: skip


def _certificate_refused(access: Access, error: ssl.SSLError) -> Found:
    said, ours = (error.reason or "").lower().replace("_", " "), access.security.cert or "none"
    return Found(
        AccessDenied, f"the broker does not take our certificate ({ours}): {said}. What to do: HALL_KAFKA_CERT and "
        "HALL_KAFKA_KEY name one that is signed by an authority that it trusts",
    )  # fmt: skip
