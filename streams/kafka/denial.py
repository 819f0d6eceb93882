"""Why Kafka does not let us in, or not do something, in words for the operator: what our clients say, translated.

librdkafka says little where the two ends do not speak the same language (TLS here, none there), and tries again for ever.
So where it gets no answer we go and look (``streams.kafka.looking``).
"""

from __future__ import annotations

from confluent_kafka import KafkaError as Refusal

from streams.kafka.access import Access
from streams.kafka.errors import AccessDenied, KafkaError, SendFailed

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
