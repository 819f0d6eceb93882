"""What can be wrong with a Kafka log, in words for the operator. Imports nothing: the table of exit codes names these."""

from __future__ import annotations


class KafkaError(Exception):
    """Something about the log on Kafka."""


class Unreachable(KafkaError):
    """No broker answers."""


class TopicsWrong(KafkaError):
    """Topics are missing, or are not what the engine needs."""


class WrongPort(KafkaError):
    """A Kafka is there, and this is not the port for us: a controller's."""


class TopicsChanged(KafkaError):
    """Topics are not what they were when somebody began with them: removed, or with other partitions."""


class NameTaken(KafkaError):
    """Another worker runs under our name."""


class SendFailed(KafkaError):
    """The broker refused what was sent, for good."""


class AccessDenied(KafkaError):
    """A broker is there, and does not let us in, or not do that: TLS, certificate, user, password, rights."""
