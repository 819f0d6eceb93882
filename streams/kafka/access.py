"""Where Kafka is and how to come in, once; and the same in the words of each of the three clients that we use."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from config.security import Security
from streams.kafka.naming import Naming

PATIENCE_S = 10.0
"""For one question to the cluster."""
ATTEMPT_S = 2.0
"""For one broker to answer it; then it is asked who is there now, and who leads."""

OPEN, OWN_NAMES = Security(), Naming()
PROTOCOLS = {"plaintext": "PLAINTEXT", "tls": "SSL", "sasl_plaintext": "SASL_PLAINTEXT", "sasl_tls": "SASL_SSL"}


@dataclass(frozen=True)
class Access:
    """``servers``: host:port,...; ``naming``: what our topics are called there. Its passwords do not show when it is printed."""

    servers: str
    security: Security = OPEN
    naming: Naming = OWN_NAMES

    @classmethod
    def to(cls, place: Access | str) -> Access:
        """Servers alone: a Kafka that lets everybody in, such as that of ``make kafka``."""
        return cls(place) if isinstance(place, str) else place

    @property
    def who(self) -> str:
        """As whom we come, for messages."""
        security = self.security
        if security.sasl:
            return f"user {security.user}"
        return f"the client of {security.cert}" if security.cert else "a client without a name"

    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each server."""
        split = (server.strip().rpartition(":") for server in self.servers.split(","))
        return [(host.removeprefix("[").removesuffix("]"), int(port)) for host, _, port in split]

    def librdkafka(self) -> dict[str, Any]:
        """For its consumers, producers and administrators."""
        security = self.security
        found: dict[str, Any] = {"bootstrap.servers": self.servers, "security.protocol": PROTOCOLS[security.mode]}
        if security.tls:
            found |= {"ssl.ca.location": self._authorities(), "ssl.endpoint.identification.algorithm": "https"}
            found |= _given("ssl.certificate.location", security.cert) | _given("ssl.key.location", security.key)
        if security.tls and security.key_password:
            found["ssl.key.password"] = security.key_password.get_secret_value()
        if security.sasl:
            found |= {
                "sasl.mechanism": security.mechanism,
                "sasl.username": security.user,
                "sasl.password": self._password,
            }
        return found

    def aiokafka(self) -> dict[str, Any]:
        """For its producer. Raises OSError for files that are gone since the settings were read."""
        security = self.security
        found: dict[str, Any] = {"bootstrap_servers": self.servers, "security_protocol": PROTOCOLS[security.mode]}
        if security.tls:
            found["ssl_context"] = security.context()
        if security.sasl:
            found |= {
                "sasl_mechanism": security.mechanism, "sasl_plain_username": security.user,
                "sasl_plain_password": self._password,
            }  # fmt: skip
        return found

    def faust(self) -> dict[str, Any]:
        """For its app, which hands it to its consumer, and to a producer of its own. Raises OSError, as above."""
        from faust import SASLCredentials, SSLCredentials  # here: verbs that only look at a log do without it

        security = self.security
        context = security.context() if security.tls else None
        if security.sasl:
            user, password = security.user, self._password
            return {
                "broker_credentials": SASLCredentials(
                    username=user, password=password, mechanism=security.mechanism, ssl_context=context
                )
            }
        return {} if context is None else {"broker_credentials": SSLCredentials(context)}

    @property
    def _password(self) -> str:
        return self.security.password.get_secret_value() if self.security.password else ""

    def _authorities(self) -> str:
        """What Python trusts by default, so that all clients trust the same; else what librdkafka finds."""
        return str(self.security.ca or ssl.get_default_verify_paths().cafile or "probe")


def _given(name: str, value: object | None) -> dict[str, Any]:
    return {} if value is None else {name: str(value)}
