"""What librdkafka says, in words of ours: what to do is said, where it is known."""

from __future__ import annotations

import socket

from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException

from streams.kafka import denial
from streams.kafka.access import Access
from streams.kafka.errors import KafkaError, TopicsWrong, Unreachable

SOON, SOON_S = (
    Refusal.NOT_LEADER_FOR_PARTITION, Refusal.LEADER_NOT_AVAILABLE, Refusal.NOT_COORDINATOR,
    Refusal.COORDINATOR_NOT_AVAILABLE, Refusal.COORDINATOR_LOAD_IN_PROGRESS, Refusal._DESTROY_BROKER,
), 0.05  # fmt: skip
"""What a broker says while the cluster changes, and how long to wait before it is asked again."""

SILENCE = (
    Refusal._TRANSPORT, Refusal._TIMED_OUT, Refusal._ALL_BROKERS_DOWN, Refusal._RESOLVE, Refusal._UNKNOWN_PARTITION,
)  # fmt: skip
"""What it looks like when nobody answers, or the one that was asked does not, or nobody leads the partition now."""

NO_TOPIC = (Refusal.UNKNOWN_TOPIC_OR_PART, Refusal._UNKNOWN_TOPIC)


def translated(error: KafkaException, place: Access | str, about: str) -> KafkaError:
    """The error as one of ours; ``about``: what was asked for."""
    what, access = error.args[0], Access.to(place)
    code = what.code() if isinstance(what, Refusal) else None
    if code in SILENCE:
        return nobody(access)
    if code in NO_TOPIC:
        return TopicsWrong(
            f"{access.servers}: there is no topic {about}: `hall topics create` makes what the engine needs"
        )
    if code == Refusal.GROUP_AUTHORIZATION_FAILED and not about.startswith("group "):
        about = f"group {access.naming.look}"  # whatever was to be read: reading is where librdkafka asks for its group
    denied = denial.of_rights(access, what, about) if isinstance(what, Refusal) else None
    return denied or KafkaError(f"{access.servers}: {about}: {what}")


def one_silent(access: Access, about: str) -> Unreachable:
    """Somebody answers, but not the broker that the question is for."""
    return Unreachable(
        f"{access.servers}: brokers answer, but not the one that leads {about or 'what is asked for'}. What to do: look whether "
        "all brokers run; others take over what one had some ten seconds after it is gone, where topics have copies"
    )


def counted(number: int, one: str, many: str = "") -> str:
    """``1 copy``, ``3 copies``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def nobody(access: Access) -> Unreachable:
    """Nobody answers: because the name leads nowhere, or because nobody is there."""
    if unknown := [host for host, _ in access.addresses() if not _known(host)]:
        return Unreachable(
            f"no Kafka answers at {access.servers}: this machine finds no address for {', '.join(unknown)}. What to do: "
            f"check HALL_BROKER, and the name in DNS or /etc/hosts"
        )
    return Unreachable(
        f"no Kafka answers at {access.servers}: check HALL_BROKER, and that the broker runs (`make kafka` starts one)"
    )


def _known(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True
